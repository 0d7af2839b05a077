/** Calls an action at most once per interval: at once, and after the interval again if it was requested meanwhile. */
export class Throttle {
  readonly #interval: number;
  readonly #action: () => void;
  #timer: NodeJS.Timeout | undefined;
  #wanted = false;

  /** @param interval milliseconds */
  constructor(interval: number, action: () => void) {
    this.#interval = interval;
    this.#action = action;
  }

  request(): void {
    if (this.#timer !== undefined) {
      this.#wanted = true;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#wanted) return;
      this.#wanted = false;
      this.request();
    }, this.#interval);
    this.#action();
  }

  /** Calls the action now, even if the interval is not over. */
  flush(): void {
    this.dispose();
    this.request();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wanted = false;
  }
}
