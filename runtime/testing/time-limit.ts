/** Milliseconds between two looks at whether the clock is stopped. */
const INTERVAL = 50;

/** When the clock of a time limit stands still. */
export interface StoppedClock {
  /** Whether it has not begun to run. */
  readonly before: () => boolean;
  /** Whether something is held; null where nothing can be. */
  readonly held: (() => boolean) | null;
}

/** Calls back once a time has passed. Time before something has begun, or in which it is held, does not count. */
export class TimeLimit {
  readonly #onOver: () => void;
  readonly #stopped: StoppedClock;
  /** Milliseconds left when the clock was last looked at, and when that was. */
  #left: number;
  #seen = performance.now();
  #timer: NodeJS.Timeout;

  /**
   * @param duration milliseconds
   */
  constructor(duration: number, onOver: () => void, stopped: StoppedClock) {
    this.#onOver = onOver;
    this.#stopped = stopped;
    this.#left = duration;
    this.#timer = this.#wait();
  }

  #wait(): NodeJS.Timeout {
    const mayStop = this.#stopped.held !== null || this.#stopped.before();
    const delay = mayStop ? Math.min(this.#left, INTERVAL) : this.#left;
    return setTimeout(() => this.#look(), delay);
  }

  #look(): void {
    const now = performance.now();
    // Timers of Node may fire a fraction of a millisecond early.
    if (!this.#stopped.before() && this.#stopped.held?.() !== true) this.#left -= Math.ceil(now - this.#seen);
    this.#seen = now;
    if (this.#left > 0) this.#timer = this.#wait();
    else this.#onOver();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
