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
  /** What was taken last: most writes are as long as the one before. */
  #last: Buffer = this.#small;

  /** A buffer of so many bytes. Nobody else has it until the next call. */
  take(size: number): Buffer {
    if (this.#last.length !== size) this.#last = this.#make(size);
    return this.#last;
  }

  #make(size: number): Buffer {
    if (size > LARGE) return Buffer.allocUnsafeSlow(size);
    return (size <= SMALL ? this.#small : this.#large).subarray(0, size);
  }

  /** The system still reads what was taken last. */
  give(): void {
    const { buffer } = this.#last;
    if (buffer === this.#small.buffer) this.#small = Buffer.allocUnsafeSlow(SMALL);
    else if (buffer === this.#large.buffer) this.#large = Buffer.allocUnsafeSlow(LARGE);
    this.#last = this.#small;
  }

  /** Keeps nothing that only a large write needs. */
  release(): void {
    if (this.#last.length > LARGE) this.#last = this.#small;
  }
}
