import { clockTime } from './clock.ts';

/** The longest delay that Node takes, in milliseconds: about 24.8 days. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** Milliseconds that a timer may be early: to arm another one would take longer. */
export const TOLERANCE = 0.05;

/**
 * A call after a delay of any length, never early. Node's own timers cut off fractions of milliseconds, count from the
 * beginning of the present turn of the event loop, and take no more than a signed 32-bit number.
 */
export class Timer {
  readonly #due: number;
  readonly #fire: () => void;
  #handle: NodeJS.Timeout | undefined;

  /** @param delay milliseconds, at least 0; may be Infinity, which never fires */
  constructor(delay: number, fire: () => void) {
    this.#due = clockTime() + delay;
    this.#fire = fire;
    this.#arm(delay);
  }

  #arm(delay: number): void {
    this.#handle = setTimeout(this.#check, Math.min(Math.ceil(delay), LONGEST_DELAY));
  }

  readonly #check = (): void => {
    const rest = this.#due - clockTime();
    if (rest > TOLERANCE) this.#arm(rest);
    else this.#fire();
  };

  cancel(): void {
    clearTimeout(this.#handle);
  }
}
