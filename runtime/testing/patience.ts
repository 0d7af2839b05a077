import { clockTime } from '../kernel/clock.ts';
import { stalls } from '../kernel/stalls.ts';

/** How many times the time may pass in all, if what holds up the thread is left out: it may be held up all the time. */
const MOST_TIMES = 4;

/** A time to wait, in milliseconds. What holds up the thread meanwhile does not count, up to a bound. */
export class Patience {
  readonly #end: number;
  readonly #latest: number;
  readonly #stalledBefore = stalls.total;

  constructor(time: number) {
    const now = clockTime();
    this.#end = now + time;
    this.#latest = now + MOST_TIMES * time;
  }

  /** The milliseconds that are left; 0 or less if it is over. */
  get left(): number {
    const end = Math.min(this.#end + stalls.total - this.#stalledBefore, this.#latest);
    return end - clockTime();
  }
}
