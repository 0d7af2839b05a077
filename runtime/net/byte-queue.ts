import type { GuestMemory } from '../kernel/guest-memory.ts';
import { copyBytes } from './copy-bytes.ts';

/** What keeping a chunk costs besides its bytes. */
const CHUNK_WEIGHT = 256;

/** Bytes that have arrived and were not read yet, in the chunks they came in. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that were read. */
  #offset = 0;
  length = 0;

  /** Bytes of memory that it keeps, roughly: a peer may send each byte in a packet of its own. */
  get weight(): number {
    return this.length + this.#chunks.length * CHUNK_WEIGHT;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /**
   * Copies the first bytes, at most `size`, to where the memory must have room, and takes them out unless `peek`.
   * @returns how many there were
   */
  read(memory: GuestMemory, at: number, size: number, peek: boolean): number {
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

  clear(): void {
    this.#chunks = [];
    this.#offset = this.length = 0;
  }
}
