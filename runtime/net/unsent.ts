import { type Sharer, Shares } from './shares.ts';

/** Bytes that all streams together may hold which the system has not taken. */
const MOST_UNSENT = 64 * 2 ** 20;
/** What one write takes at most beyond that: streams are charged for so much. */
export const LITTLE = 2 ** 14;
/** Closed streams that wait until their peers take what was written: of all processes. Nobody is charged for them. */
const MOST_LINGERING = 2048;

/** Bytes that streams hold since their peers do not read them. Nobody is charged for more of them than a stream costs. */
export class Unsent {
  #bytes = 0;
  readonly #lingering = new Shares(MOST_LINGERING);

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
   * Called for a closed stream whose peer does not take what was written. Returns whether it may wait; then `left` must be called.
   * @param owner whose stream it is
   */
  linger(owner: Sharer): boolean {
    if (!this.#lingering.hasRoom(owner)) return false;
    this.#lingering.take(owner);
    return true;
  }

  left(owner: Sharer): void {
    this.#lingering.giveBack(owner);
  }
}

export const unsent = new Unsent();
