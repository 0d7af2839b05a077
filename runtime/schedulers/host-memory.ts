import { nextTick } from 'node:process';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';
import type { Program } from './programs.ts';

/**
 * Lets `max_host_memory` hold for the processes of a program on all schedulers together: each tells the others what it keeps for them,
 * whenever that has changed much. What all have may exceed the limit by such changes, which are on their way.
 */
export class HostMemory {
  readonly #mesh: Mesh;
  /** What others keep, in bytes, by the number of the program, also of programs that have not come here. */
  readonly #others = new Map<number, Map<SchedulerIndex, number>>();
  readonly #programs = new Map<number, Program>();
  /** Programs of which others are about to be told. */
  readonly #changed = new Set<Program>();

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  /** A program has processes on more than one scheduler from now on. */
  watch(program: Program): void {
    const { account } = program.environment;
    this.#programs.set(program.key, program);
    this.#sum(program.key);
    account.watch(() => {
      if (this.#changed.size === 0) nextTick(this.#tell);
      this.#changed.add(program);
    });
  }

  readonly #tell = (): void => {
    for (const program of this.#changed) this.#mesh.broadcast(Frame.HostMemory, writing(program));
    this.#changed.clear();
  };

  /** Tells a scheduler that has come what is kept here. */
  greet(index: SchedulerIndex): void {
    for (const program of this.#programs.values()) this.#mesh.send(index, Frame.HostMemory, writing(program));
  }

  /** Another scheduler keeps so many bytes for a program. */
  told(from: SchedulerIndex, key: number, bytes: number): void {
    if (bytes === 0 && !this.#others.has(key)) return;
    const others = this.#others.get(key) ?? new Map<SchedulerIndex, number>();
    this.#others.set(key, others);
    others.set(from, bytes);
    this.#sum(key);
  }

  #sum(key: number): void {
    const program = this.#programs.get(key);
    if (program === undefined) return;
    let sum = 0;
    for (const bytes of this.#others.get(key)?.values() ?? []) sum += bytes;
    program.environment.account.elsewhere = sum;
  }

  /** Another scheduler has gone. */
  lose(index: SchedulerIndex): void {
    for (const [key, others] of this.#others) if (others.delete(index)) this.#sum(key);
  }

  /** A program has ended. */
  forget(key: number): void {
    this.#others.delete(key);
    this.#programs.delete(key);
  }
}

/** Writes what is kept here for a program. */
function writing({ key, environment }: Program): (writer: ByteWriter) => void {
  return (writer) => {
    writer.varint(key);
    writer.varint(Math.max(0, environment.account.bytes));
  };
}
