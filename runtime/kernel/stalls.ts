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
  /** The same as `total`, with fractions. */
  #exact = 0;
  #total = 0;
  /** The number of schedulers that have something to do: an embedder may have several in one thread. */
  #active = 0;
  /** When the clock was looked at last; Infinity as long as no scheduler has anything to do. */
  #seenAt = Number.POSITIVE_INFINITY;
  /** When a scheduler had something to do last. */
  #endedAt = 0;

  /** How long the thread has been held up so far, in whole milliseconds. Never more than what has passed. */
  get total(): number {
    return this.#total;
  }

  /** Must be called often, with what the clock tells. Does nothing as long as there is nothing to do. */
  look(now: number): void {
    const passed = now - this.#seenAt;
    if (passed < 0) return;
    if (passed > LONGEST_PIECE) {
      this.#exact += passed;
      this.#total = Math.floor(this.#exact);
    }
    this.#seenAt = now;
  }

  /** Must be called when a scheduler has something to do again. */
  begin(now: number): void {
    if (this.#active++ === 0) this.#seenAt = now;
    else this.look(now);
  }

  /**
   * Must be called when Node calls back at last, with the time at which it was to do so: if no scheduler has anything to do, nobody else looks
   * at the clock, and only this tells that the thread was held up.
   */
  lookLate(now: number, expected: number): void {
    if (this.#active === 0) this.#seenAt = Math.max(expected, this.#endedAt);
    this.look(now);
    if (this.#active === 0) this.#rest(now);
  }

  /** Must be called once after each `begin`, when that scheduler has nothing to do any more. */
  end(now: number): void {
    this.look(now);
    if (--this.#active === 0) this.#rest(now);
  }

  #rest(now: number): void {
    this.#seenAt = Number.POSITIVE_INFINITY;
    this.#endedAt = now;
  }
}

/** The stalls of this thread, which all of its schedulers share. */
export const stalls = new Stalls();
