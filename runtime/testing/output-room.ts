/** Bytes that outputs may take. */
export interface OutputRoom {
  /** Takes so many bytes; false where there are not as many left. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

/** Bytes of memory for the outputs of all tests of a run, while they run and until they are reported. */
const RUN_ROOM = 256 * 2 ** 20;

/** The room for all outputs of a run. */
export class RunRoom implements OutputRoom {
  readonly #size: number;
  #left: number;

  constructor(size = RUN_ROOM) {
    this.#size = this.#left = size;
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }

  /** Whether less than half of it is left. */
  get isScarce(): boolean {
    return this.#left < this.#size / 2;
  }
}

/** A room without end. */
export const ENDLESS_ROOM: OutputRoom = { take: () => true, give: () => {} };

/**
 * A part of a room. Its first bytes are a reserve that is taken from another room: what one process prints must not take away
 * the last words of another.
 */
export class PartOfRoom implements OutputRoom {
  readonly #whole: OutputRoom;
  readonly #limit: number;
  readonly #reserve: number;
  readonly #reserveOf: OutputRoom;
  #taken = 0;

  constructor(whole: OutputRoom, limit: number, reserve = 0, reserveOf = ENDLESS_ROOM) {
    this.#whole = whole;
    this.#limit = limit;
    this.#reserve = reserve;
    this.#reserveOf = reserveOf;
  }

  take(bytes: number): boolean {
    const after = this.#taken + bytes;
    if (after > this.#limit) return false;
    const beyond = this.#beyondReserve(after) - this.#beyondReserve(this.#taken);
    if (!this.#whole.take(beyond)) return false;
    if (!this.#reserveOf.take(bytes - beyond)) {
      this.#whole.give(beyond);
      return false;
    }
    this.#taken = after;
    return true;
  }

  give(bytes: number): void {
    const after = this.#taken - bytes;
    const beyond = this.#beyondReserve(this.#taken) - this.#beyondReserve(after);
    this.#whole.give(beyond);
    this.#reserveOf.give(bytes - beyond);
    this.#taken = after;
  }

  #beyondReserve(bytes: number): number {
    return Math.max(0, bytes - this.#reserve);
  }
}
