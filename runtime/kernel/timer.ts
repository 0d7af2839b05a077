/** The longest delay Node takes, in milliseconds: about 24.8 days. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** A call to come. Delays of any length work: a longer one than Node takes is cut into pieces. */
export class Timer {
  #handle: NodeJS.Timeout | undefined;

  /** @param delay milliseconds, at least 0; may be Infinity, which never fires */
  constructor(delay: number, fire: () => void) {
    this.#arm(delay, fire);
  }

  #arm(delay: number, fire: () => void): void {
    if (delay <= LONGEST_DELAY) this.#handle = setTimeout(fire, delay);
    else this.#handle = setTimeout(() => this.#arm(delay - LONGEST_DELAY, fire), LONGEST_DELAY);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}
