import type { Process, ProcessSlot } from '../kernel/process.ts';
import { hostTrap } from '../kernel/trap.ts';
import type { Descriptor } from './descriptor.ts';
import { DirectoryDescriptor } from './directory.ts';
import { attempt, Errno } from './errno.ts';
import { DIRECTORY_RIGHTS, INHERITED_RIGHTS } from './rights.ts';
import { InputDescriptor, OutputDescriptor } from './stream-descriptor.ts';

/** Descriptors that a process may have. The operating system has a limit for all processes together. */
const MAX_DESCRIPTORS = 1024;
/** What an open file or directory takes, here and in the operating system. */
const DESCRIPTOR_COST = 1024;

/** The descriptors of a process. 0, 1 and 2 are its standard streams, and its preopened directories follow. */
export class DescriptorTable {
  readonly #entries: (Descriptor | undefined)[];
  readonly #process: Process;
  /** Those that it has opened itself, which count for it. */
  readonly #opened = new Set<Descriptor>();
  /** No number below this one is free. */
  #free: number;

  constructor(process: Process) {
    const { stdio, config, directories } = process;
    this.#process = process;
    this.#entries = [
      new InputDescriptor(stdio.input),
      new OutputDescriptor(stdio.output),
      new OutputDescriptor(stdio.error),
    ];
    directories?.directories.forEach((directory, i) => {
      const name = config.preopenedDirectories[i]?.guestPath ?? '';
      this.#entries.push(new DirectoryDescriptor(directory, DIRECTORY_RIGHTS, INHERITED_RIGHTS, name));
    });
    this.#free = this.#entries.length;
  }

  /** @param fd as the guest passed it */
  get(fd: number): Descriptor | undefined {
    return this.#entries[fd];
  }

  /** Whether no descriptor can be added. */
  get isFull(): boolean {
    return this.#nextFree() >= MAX_DESCRIPTORS;
  }

  /** Adds a descriptor under the lowest free number, which it returns. Closes it and traps if that exceeds a limit. */
  add(descriptor: Descriptor): number {
    const refusal = this.#process.account.add(DESCRIPTOR_COST);
    if (refusal !== null) {
      descriptor.close();
      throw hostTrap(refusal);
    }
    this.#opened.add(descriptor);
    const fd = this.#nextFree();
    this.#entries[fd] = descriptor;
    return fd;
  }

  #nextFree(): number {
    while (this.#entries[this.#free] !== undefined) this.#free++;
    return this.#free;
  }

  close(fd: number): Errno {
    const descriptor = this.#entries[fd];
    if (descriptor === undefined) return Errno.Badf;
    this.#entries[fd] = undefined;
    this.#free = Math.min(this.#free, fd);
    this.#close(descriptor);
    return Errno.Success;
  }

  /** Gives a descriptor the number of another one, which is closed. */
  renumber(from: number, to: number): Errno {
    const moved = this.#entries[from];
    const replaced = this.#entries[to];
    if (moved === undefined || replaced === undefined) return Errno.Badf;
    if (from === to) return Errno.Success;
    this.#entries[to] = moved;
    this.#entries[from] = undefined;
    this.#free = Math.min(this.#free, from);
    this.#close(replaced);
    return Errno.Success;
  }

  #close(descriptor: Descriptor): void {
    if (this.#opened.delete(descriptor)) this.#process.account.release(DESCRIPTOR_COST);
    descriptor.close();
  }

  /** Closes what is left when the process has ended. Nobody is there any more to get the host's errors. */
  closeAll(): void {
    for (const descriptor of this.#entries) {
      attempt(() => {
        descriptor?.close();
        return Errno.Success;
      });
    }
    this.#entries.length = 0;
  }
}

const DESCRIPTORS: ProcessSlot<DescriptorTable> = {
  make: (process) => new DescriptorTable(process),
  release: (table) => table.closeAll(),
};

export function descriptorsOf(process: Process): DescriptorTable {
  return process.slot(DESCRIPTORS);
}
