import { copyBytes } from './copy-bytes.ts';

/** Bytes that keeping a chunk costs besides its own. */
const CHUNK_WEIGHT = 256;

/** Memory that bytes are read into. Its bytes are looked up for each use, since memory that grows moves. */
export interface Memory {
  readonly bytes: Uint8Array;
}

/** Bytes that have arrived and have not been read yet, in the chunks in which they came. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that have been read. */
  #offset = 0;
  length = 0;

  /** Roughly the bytes of memory that the queue takes: a peer may send each byte in a packet of its own. */
  get weight(): number {
    return this.length + this.#chunks.length * CHUNK_WEIGHT;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /**
   * Copies the first bytes, at most `size`, to a range that the memory must have, and removes them unless `peek`.
   * @returns the number of bytes copied
   */
  read(memory: Memory, at: number, size: number, peek: boolean): number {
    let count = 0;
    let taken = 0;
    let offset = this.#offset;
    const { bytes } = memory;
    for (const chunk of this.#chunks) {
      if (count === size) break;
      const part = Math.min(chunk.length - offset, size - count);
      copyBytes(chunk, offset, bytes, at + count, part);
      count += part;
      offset += part;
      if (offset < chunk.length) break;
      offset = 0;
      taken++;
    }
    if (peek) return count;
    this.#offset = offset;
    this.length -= count;
    if (taken === this.#chunks.length) this.#chunks.length = 0;
    else if (taken > 0) this.#chunks.splice(0, taken);
    return count;
  }

  /** Removes the first bytes, at most `count`. */
  discard(count: number): void {
    let left = Math.min(count, this.length);
    this.length -= left;
    for (let chunk = this.#chunks[0]; chunk !== undefined && left > 0; chunk = this.#chunks[0]) {
      const part = Math.min(chunk.length - this.#offset, left);
      left -= part;
      this.#offset += part;
      if (this.#offset < chunk.length) return;
      this.#offset = 0;
      this.#chunks.shift();
    }
  }

  clear(): void {
    this.#chunks = [];
    this.#offset = this.length = 0;
  }
}
