import { ClusterError, LARGEST_FRAME } from '../transport.ts';

/** How a piece begins: whether more pieces of the frame follow. */
const LAST = 0;
const MORE = 1;

/** The most bytes of a frame that are taken from one sender before it is whole. */
const MOST_KEPT = LARGEST_FRAME;
/** The most bytes of all frames that are not whole. */
const MOST_KEPT_OF_ALL = 4 * LARGEST_FRAME;
/** The most pieces of a frame: a server's smallest `max_payload` that is of use is 64 KiB. */
const MOST_PIECES = 2048;
/** What a kept piece takes besides its bytes. */
export const OVERHEAD = 256;

/** Cuts a frame into pieces that the server takes. @param most bytes of a piece */
export function* piecesOf(frame: Uint8Array, most: number): Generator<Uint8Array> {
  let from = 0;
  do {
    const end = Math.min(frame.length, from + most - 1);
    const piece = new Uint8Array(1 + end - from);
    piece[0] = end < frame.length ? MORE : LAST;
    piece.set(frame.subarray(from, end), 1);
    yield piece;
    from = end;
  } while (from < frame.length);
}

/** Joins the pieces of one sender in one environment. */
export class Joiner {
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** Bytes that are kept until the frame is whole. */
  get kept(): number {
    return this.#length;
  }

  /**
   * Takes a piece. Returns the frame that it ends, or null.
   * @throws ClusterError for what no node sends
   */
  take(piece: Uint8Array): Uint8Array | null {
    const kind = piece[0];
    const content = piece.subarray(1);
    if (kind !== LAST && kind !== MORE) throw new ClusterError('a piece of an unknown kind');
    if (this.#pieces.length === 0 && kind === LAST) return content;
    this.#length += content.length + OVERHEAD;
    if (
      this.#length - OVERHEAD * (this.#pieces.length + 1) > MOST_KEPT ||
      this.#pieces.length >= MOST_PIECES
    ) {
      this.forget();
      throw new ClusterError(`a frame of more than ${MOST_KEPT} bytes`);
    }
    // A copy: the piece is a view of all that came with it.
    this.#pieces.push(content.slice());
    if (kind === MORE) return null;
    const frame = Buffer.concat(this.#pieces);
    this.forget();
    return frame;
  }

  /** The connection was lost: the rest of a frame may not come. */
  forget(): void {
    this.#pieces = [];
    this.#length = 0;
  }
}

/**
 * Joins the pieces of all senders in all environments. A sender stands in the subject and may be made up, so what is not whole is bounded in
 * total: the frame that was begun first goes first, since a node sends the pieces of one right after each other.
 */
export class Joiners {
  readonly #most: number;
  /** Those with a frame that is not whole. */
  readonly #begun = new Map<string, Joiner>();
  #kept = 0;

  constructor(most = MOST_KEPT_OF_ALL) {
    this.#most = most;
  }

  /** Bytes that are kept. */
  get kept(): number {
    return this.#kept;
  }

  /** Takes a piece. Returns the frame that it ends, or null. @throws ClusterError for what no node sends */
  take(from: number, environment: number, piece: Uint8Array): Uint8Array | null {
    const key = `${from}/${environment}`;
    const joiner = this.#begun.get(key) ?? new Joiner();
    const before = joiner.kept;
    try {
      return joiner.take(piece);
    } finally {
      this.#kept += joiner.kept - before;
      if (joiner.kept > 0) this.#begun.set(key, joiner);
      else this.#begun.delete(key);
      this.#forgetOldest();
    }
  }

  /** Nothing of a sender comes any more. */
  left(from: number): void {
    for (const key of this.#begun.keys()) if (key.startsWith(`${from}/`)) this.#forget(key);
  }

  /** The connection was lost: the rest of what was begun may not come. */
  forget(): void {
    this.#begun.clear();
    this.#kept = 0;
  }

  #forgetOldest(): void {
    for (const key of this.#begun.keys()) {
      if (this.#kept <= this.#most) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#kept -= this.#begun.get(key)?.kept ?? 0;
    this.#begun.delete(key);
  }
}
