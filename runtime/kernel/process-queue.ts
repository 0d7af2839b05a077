import type { Process } from './process.ts';

/** A list of processes, first in, first out. It is intrusive, so queueing allocates nothing: a process is in one at a time. */
export class ProcessQueue {
  #head: Process | null = null;
  #tail: Process | null = null;

  get isEmpty(): boolean {
    return this.#head === null;
  }

  push(process: Process): void {
    if (this.#tail === null) this.#head = process;
    else this.#tail.nextReady = process;
    this.#tail = process;
  }

  /** Puts a process before all others. */
  unshift(process: Process): void {
    process.nextReady = this.#head;
    this.#head = process;
    this.#tail ??= process;
  }

  /** Takes out the processes for which a condition holds. Goes through the whole queue. */
  takeOut(isWanted: (process: Process) => boolean): Process[] {
    const taken: Process[] = [];
    let last: Process | null = null;
    for (let process = this.#head; process !== null; ) {
      const next: Process | null = process.nextReady;
      if (isWanted(process)) {
        if (last === null) this.#head = next;
        else last.nextReady = next;
        process.nextReady = null;
        taken.push(process);
      } else {
        last = process;
      }
      process = next;
    }
    this.#tail = last;
    return taken;
  }

  /** Takes the first process. The queue must not be empty. */
  shift(): Process {
    const process = this.#head;
    if (process === null) throw new Error('the queue is empty');
    this.#head = process.nextReady;
    process.nextReady = null;
    if (this.#head === null) this.#tail = null;
    return process;
  }
}
