import { nextTick } from 'node:process';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { FIRST_SCHEDULER, type SchedulerIndex } from '../kernel/ids.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';
import type { Peers } from './peers.ts';
import type { Program, Programs } from './programs.ts';
import { bytesOf } from './requests.ts';

const PERMIT = 'permit';
const GRANTED = new Uint8Array(0);

/**
 * Counts the processes of programs over all schedulers, for `max_processes`. The first scheduler is told of changes; who is limited asks it
 * before each spawn.
 */
export class Census {
  readonly #mesh: Mesh;
  readonly #peers: Peers;
  readonly #programs: Programs;
  /** How many processes of a program there were when that was told last. */
  readonly #told = new WeakMap<Program, number>();
  #isReporting = false;

  constructor(mesh: Mesh, peers: Peers, programs: Programs) {
    this.#mesh = mesh;
    this.#peers = peers;
    this.#programs = programs;
    peers.answer(PERMIT, (from, body) => this.#permit(from as SchedulerIndex, body));
  }

  /**
   * Asks whether a program may have one more process.
   * @returns null, or how many there are, if that is too many
   */
  async ask(key: number, most: number): Promise<number | null> {
    const body = bytesOf((writer) => {
      writer.varint(key);
      writer.varint(most);
    });
    const answer = new ByteReader(await this.#peers.request(FIRST_SCHEDULER, PERMIT, body), 'an answer');
    return answer.isAtEnd ? null : answer.varint();
  }

  #permit(from: SchedulerIndex, body: Uint8Array): Uint8Array {
    const reader = new ByteReader(body, 'a request for a permit');
    const program = this.#programs.get(reader.varint());
    const most = reader.varint();
    if (program === undefined) return bytesOf((writer) => writer.varint(most));
    const { environment, far } = program;
    const processes = environment.size + environment.starting + far.size;
    if (processes >= most) return bytesOf((writer) => writer.varint(processes));
    far.promise(from);
    return GRANTED;
  }

  /** Takes note of a process that goes to another scheduler: it counts there from now on. */
  passed({ key, far }: Program, to: SchedulerIndex): void {
    if (this.#mesh.index === FIRST_SCHEDULER) far.promise(to);
    else if (to !== FIRST_SCHEDULER)
      this.#mesh.send(FIRST_SCHEDULER, Frame.Passed, (writer) => {
        writer.varint(key);
        writer.varint(to);
      });
    // One fewer is here, and nobody else tells.
    this.changed();
  }

  /** Tells the first scheduler soon how many processes there are here. */
  readonly changed = (): undefined => {
    if (this.#isReporting || this.#mesh.index === FIRST_SCHEDULER) return undefined;
    this.#isReporting = true;
    nextTick(this.#report);
    return undefined;
  };

  readonly #report = (): void => {
    this.#isReporting = false;
    for (const program of this.#programs) {
      const { key, environment, far } = program;
      if (far.counted === 0 && environment.size === this.#told.get(program)) continue;
      this.#told.set(program, environment.size);
      this.#mesh.send(FIRST_SCHEDULER, Frame.Population, (writer) => {
        writer.varint(key);
        writer.varint(environment.size);
        writer.varint(far.counted);
      });
      far.counted = 0;
    }
  };
}
