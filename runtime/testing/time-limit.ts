/** Milliseconds between two looks at whether the clock is stopped. */
const INTERVAL = 50;

/** Calls back once a time has passed. Time in which something is held does not count. */
export class TimeLimit {
  readonly #onOver: () => void;
  readonly #isHeld: (() => boolean) | undefined;
  /** Milliseconds left when the clock was last looked at, and when that was. */
  #left: number;
  #seen = performance.now();
  #timer: NodeJS.Timeout;

  /**
   * @param duration milliseconds
   * @param isHeld whether the clock is stopped; missing where it never is
   */
  constructor(duration: number, onOver: () => void, isHeld?: () => boolean) {
    this.#onOver = onOver;
    this.#isHeld = isHeld;
    this.#left = duration;
    this.#timer = this.#wait();
  }

  #wait(): NodeJS.Timeout {
    const delay = this.#isHeld === undefined ? this.#left : Math.min(this.#left, INTERVAL);
    return setTimeout(() => this.#look(), delay);
  }

  #look(): void {
    const now = performance.now();
    // Timers of Node may fire a fraction of a millisecond early.
    if (this.#isHeld?.() !== true) this.#left -= Math.ceil(now - this.#seen);
    this.#seen = now;
    if (this.#left > 0) this.#timer = this.#wait();
    else this.#onOver();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
