/** The longest delay Node takes, in milliseconds: about 24.8 days. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** Milliseconds that a timer may be early: what remains is less than it takes to arm another one. */
const TOLERANCE = 0.05;

/**
 * A call to come, never early and of any delay. Node cuts fractions of milliseconds off, counts from the beginning
 * of the present turn of its event loop, and takes no more than a signed 32-bit number.
 */
export class Timer {
  readonly #due: number;
  readonly #fire: () => void;
  #handle: NodeJS.Timeout | undefined;

  /** @param delay milliseconds, at least 0; may be Infinity, which never fires */
  constructor(delay: number, fire: () => void) {
    this.#due = performance.now() + delay;
    this.#fire = fire;
    this.#arm(delay);
  }

  #arm(delay: number): void {
    this.#handle = setTimeout(this.#check, Math.min(Math.ceil(delay), LONGEST_DELAY));
  }

  readonly #check = (): void => {
    const rest = this.#due - performance.now();
    if (rest > TOLERANCE) this.#arm(rest);
    else this.#fire();
  };

  cancel(): void {
    clearTimeout(this.#handle);
  }
}
