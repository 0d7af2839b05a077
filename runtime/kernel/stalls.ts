/**
 * Milliseconds that a thread does one thing at most, as long as nothing holds it up. A turn takes one of them, a slice a tenth,
 * timers that fire half of one. Somewhat more hurts nobody, and to leave it out would double what sleepers are late.
 */
export const LONGEST_PIECE = 4;

/**
 * The times during which a thread has been held up: by a collection of garbage, by an instance of a large module that was made, by
 * symbols that were read, by other OS processes that had the processor. Nothing that a process computes takes so long, so it is
 * nobody's turn, and nobody could have done anything meanwhile: timers leave it out.
 */
class Stalls {
  #total = 0;
  /** When the clock was looked at last; Infinity as long as there is nothing to do. */
  #seenAt = Number.POSITIVE_INFINITY;
  /** When there was something to do last. */
  #endedAt = 0;

  /** How long the thread has been held up so far, in whole milliseconds. */
  get total(): number {
    return this.#total;
  }

  /** Must be called often, with what the clock tells. Does nothing as long as there is nothing to do. */
  look(now: number): void {
    const passed = now - this.#seenAt;
    if (passed < 0) return;
    if (passed > LONGEST_PIECE) this.#total += Math.ceil(passed);
    this.#seenAt = now;
  }

  /** Must be called when there is something to do again. */
  begin(now: number): void {
    this.#seenAt = now;
  }

  /** Must be called when something outside happens at last that was to happen at a time. */
  lookLate(now: number, expected: number): void {
    if (this.#seenAt !== Number.POSITIVE_INFINITY) {
      this.look(now);
      return;
    }
    this.#seenAt = Math.max(expected, this.#endedAt);
    this.end(now);
  }

  /** Must be called when there is nothing to do any more. */
  end(now: number): void {
    this.look(now);
    this.#seenAt = Number.POSITIVE_INFINITY;
    this.#endedAt = now;
  }
}

/** Those of this thread. */
export const stalls = new Stalls();
