import { clockTime } from './clock.ts';
import type { Process } from './process.ts';
import { ProcessQueue } from './process-queue.ts';

/**
 * Milliseconds for which processes that were killed may end before one of the others has a turn, and how many end in any case: more
 * than a process can kill or spawn in a turn, so that those who do nothing else leave no heap of dead ones behind.
 */
const DEATHS_TIME = 0.5;
const LEAST_DEATHS = 40;

/**
 * The processes that wait for a turn, first in, first out. Those that a kill has woken wait apart: when thousands of linked
 * processes die at once, the others do not wait until the last of them has ended. One that is killed when it is among the others
 * already ends in its turn, or, if many have ended before it, with them.
 */
export class ReadyQueue {
  readonly #alive = new ProcessQueue();
  readonly #killed = new ProcessQueue();
  /** How many of those that were killed have ended since one of the others had a turn, and since when. */
  #deaths = 0;
  #since = 0;

  get isEmpty(): boolean {
    return this.#alive.isEmpty && this.#killed.isEmpty;
  }

  push(process: Process): void {
    (process.killed ? this.#killed : this.#alive).push(process);
  }

  /** Puts a process that is in the queue before all others of its kind, and one that was killed before all others. */
  hurry(process: Process): void {
    this.takeOut((other) => other === process);
    if (process.killed) {
      this.#killed.unshift(process);
      this.#deaths = 0;
    } else {
      this.#alive.unshift(process);
    }
  }

  /** Takes out the processes for which a condition holds. Goes through the whole queue. */
  takeOut(isWanted: (process: Process) => boolean): Process[] {
    return [...this.#killed.takeOut(isWanted), ...this.#alive.takeOut(isWanted)];
  }

  /** Takes the process that has the next turn. The queue must not be empty. */
  shift(): Process {
    if (!this.#killed.isEmpty && !this.#isTimeForOthers()) return this.#killed.shift();
    while (!this.#alive.isEmpty) {
      const process = this.#alive.shift();
      if (!process.killed) {
        this.#deaths = 0;
        return process;
      }
      if (!this.#isTimeForOthers()) return process;
      this.#killed.push(process);
    }
    return this.#killed.shift();
  }

  #isTimeForOthers(): boolean {
    if (this.#deaths++ === 0) this.#since = clockTime();
    if (this.#deaths <= LEAST_DEATHS || this.#alive.isEmpty) return false;
    return clockTime() - this.#since >= DEATHS_TIME;
  }
}
