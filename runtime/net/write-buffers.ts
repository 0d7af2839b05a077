/** Bytes that one write takes at most; more takes further writes. */
export const MAX_WRITE = 2 ** 18;
/** Bytes of the buffers that serve many writes. */
const SMALL = 2 ** 12;
const LARGE = 2 ** 16;

/**
 * Buffers that bytes are copied to on their way out: the guest may change its memory, or let it grow, while the
 * system still reads. Nearly every write is over at once, and then the same buffer serves the next one.
 */
export class WriteBuffers {
  #small = Buffer.allocUnsafeSlow(SMALL);
  #large = Buffer.allocUnsafeSlow(LARGE);

  /** A buffer of at least this many bytes. Nobody else has it until the next call. */
  take(size: number): Buffer {
    if (size <= SMALL) return this.#small;
    return size <= LARGE ? this.#large : Buffer.allocUnsafeSlow(size);
  }

  /** The system still reads what is in it. */
  give(buffer: Buffer): void {
    if (buffer === this.#small) this.#small = Buffer.allocUnsafeSlow(SMALL);
    else if (buffer === this.#large) this.#large = Buffer.allocUnsafeSlow(LARGE);
  }
}
