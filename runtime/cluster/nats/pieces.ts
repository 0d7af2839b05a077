import { ClusterError, LARGEST_FRAME } from '../transport.ts';

/** How a piece begins: whether more pieces of the frame follow. */
const LAST = 0;
const MORE = 1;

/** The most bytes of a frame that are taken from one sender before it is whole. */
const MOST_KEPT = LARGEST_FRAME;

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

  /**
   * Takes a piece. Returns the frame that it ends, or null.
   * @throws ClusterError for what no node sends
   */
  take(piece: Uint8Array): Uint8Array | null {
    const kind = piece[0];
    const content = piece.subarray(1);
    if (kind !== LAST && kind !== MORE) throw new ClusterError('a piece of an unknown kind');
    if (this.#pieces.length === 0 && kind === LAST) return content;
    this.#length += content.length;
    if (this.#length > MOST_KEPT) {
      this.forget();
      throw new ClusterError(`a frame of more than ${MOST_KEPT} bytes`);
    }
    this.#pieces.push(content);
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
