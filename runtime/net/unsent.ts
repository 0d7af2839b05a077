/** Bytes that all streams together may hold which the system has not taken. */
const MOST_UNSENT = 64 * 2 ** 20;
/** What one write takes at most beyond that: streams are charged for so much. */
const LITTLE = 2 ** 14;
/** Closed streams whose bytes are still on their way. Nobody is charged for them. */
const MOST_LINGERING = 1024;

/** Bytes that streams hold since their peers do not read them. Nobody is charged for more of them than a stream costs. */
export class Unsent {
  #bytes = 0;
  #lingering = 0;

  /** Adds what a stream holds. */
  hold(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The system has taken it, or never will. */
  letGo(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** How many of so many bytes a write takes. */
  limit(most: number): number {
    return this.#bytes < MOST_UNSENT ? most : Math.min(most, LITTLE);
  }

  /** A stream that has unsent bytes is closed. Returns whether it may wait until they are sent; then `left` must be called. */
  linger(): boolean {
    if (this.#bytes >= MOST_UNSENT || this.#lingering >= MOST_LINGERING) return false;
    this.#lingering++;
    return true;
  }

  left(): void {
    this.#lingering--;
  }
}

export const unsent = new Unsent();
