import { Portions } from './portions.ts';
import { type Sharer, Shares } from './shares.ts';

/** Bytes that all streams together may hold which the system has not taken. */
const MOST_UNSENT = 64 * 2 ** 20;
/** What one write takes at most beyond that: streams are charged for so much. */
export const LITTLE = 2 ** 14;
/** Closed streams that wait until their peers take what was written: of all processes. Nobody is charged for them. */
const MOST_LINGERING = 2048;
/** Those that each process may have beyond its share, and how many all of them may have so. */
const LEAST_LINGERING = 4;
const MOST_BEYOND = 2048;

/** Bytes that streams hold since their peers do not read them. Nobody is charged for more of them than a stream costs. */
export class Unsent {
  #bytes = 0;
  readonly #lingering = new Shares(MOST_LINGERING);
  readonly #beyond = new Portions(MOST_BEYOND, LEAST_LINGERING);

  /** Adds what a stream holds. */
  hold(bytes: number): void {
    this.#bytes += bytes;
  }

  /** The system has taken it, or never will. */
  letGo(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Whether all streams together hold as much as they may. */
  get isMuch(): boolean {
    return this.#bytes >= MOST_UNSENT;
  }

  /** How many of so many bytes a write takes. */
  limit(most: number): number {
    return this.isMuch ? Math.min(most, LITTLE) : most;
  }

  /**
   * Called for a closed stream whose peer does not take what was written. Returns what must be called when it waits no longer, or
   * null if it may not wait.
   * @param owner whose stream it is
   */
  linger(owner: Sharer): (() => void) | null {
    const shares = this.#lingering.hasRoom(owner) ? this.#lingering : this.#beyond;
    if (shares === this.#beyond && !shares.hasRoom(owner)) return null;
    shares.take(owner);
    return () => shares.giveBack(owner);
  }
}

export const unsent = new Unsent();
