/** Bytes that one write takes at most. */
export const MAX_WRITE = 2 ** 18;
/** Bytes of the buffers that serve many writes. */
const SMALL = 2 ** 12;
const LARGE = 2 ** 16;

/**
 * Buffers that bytes are copied to on their way out: the memory that they come from may change or grow while the system
 * still reads. Nearly every write is over at once, and then the same buffer serves the next one.
 */
export class WriteBuffers {
  #small = Buffer.allocUnsafeSlow(SMALL);
  #large = Buffer.allocUnsafeSlow(LARGE);
  /** The buffer that was taken last: most writes are as long as the one before. */
  #last: Buffer = this.#small;

  /** Returns a buffer of this size. Nobody else gets it before the next call. */
  take(size: number): Buffer {
    if (this.#last.length !== size) this.#last = this.#make(size);
    return this.#last;
  }

  #make(size: number): Buffer {
    if (size > LARGE) return Buffer.allocUnsafeSlow(size);
    return (size <= SMALL ? this.#small : this.#large).subarray(0, size);
  }

  /** Gives away the buffer that was taken last: the system still reads it. */
  give(): void {
    const { buffer } = this.#last;
    if (buffer === this.#small.buffer) this.#small = Buffer.allocUnsafeSlow(SMALL);
    else if (buffer === this.#large.buffer) this.#large = Buffer.allocUnsafeSlow(LARGE);
    this.#last = this.#small;
  }

  /** Takes back the buffer that was taken last. One that only a large write needs is not kept. */
  release(): void {
    if (this.#last.length > LARGE) this.#last = this.#small;
  }
}
