import type { Process } from './process.ts';

/** Processes whose turn will come, first in, first out. An intrusive list: queueing allocates nothing. */
export class ReadyQueue {
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

  /** Takes the first process. The queue must not be empty. */
  shift(): Process {
    const process = this.#head;
    if (process === null) throw new Error('the ready queue is empty');
    this.#head = process.nextReady;
    process.nextReady = null;
    if (this.#head === null) this.#tail = null;
    return process;
  }
}
