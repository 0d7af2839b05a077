import type { MemoryImage } from './memory-image.ts';
import { PAGE_SIZE } from './memory-image.ts';
import type { OwnedMemory } from './owned-memory.ts';
import { makeZeroScan, type ZeroScan } from './zero-scan.ts';

/** How often a memory has been set back when it gets a faster way to do that, which must be instantiated. */
const RESETS_WORTH_A_SCAN = 8;

/** A memory of an instance, which is set back when a process has used it. */
export class UsedMemory {
  readonly #owned: OwnedMemory;
  readonly #image: MemoryImage | null;
  /** All of its bytes; empty once it has grown. */
  readonly #bytes: Buffer;
  #resets = 0;
  #scan: ZeroScan | null = null;

  /**
   * @param bytes all of the memory
   * @param image what it held at first; null if it cannot be set back
   */
  constructor(owned: OwnedMemory, bytes: Buffer, image: MemoryImage | null) {
    this.#owned = owned;
    this.#bytes = bytes;
    this.#image = image;
  }

  /** The estimated bytes of real memory that it takes when it has been set back. */
  get size(): number {
    return this.#image?.writtenSize ?? this.#bytes.length;
  }

  /** Makes the memory what it was at first. Returns false if that is not possible. */
  reset(): boolean {
    const { memory, initial, is64 } = this.#owned;
    // A memory cannot shrink. `bytes` does not tell whether it has grown from nothing: it is empty either way.
    const { byteLength } = memory.buffer;
    const hasGrown = byteLength !== initial * PAGE_SIZE || this.#bytes.length !== byteLength;
    if (this.#image === null || hasGrown) return false;
    if (++this.#resets === RESETS_WORTH_A_SCAN && !is64) this.#scan = makeZeroScan(memory);
    this.#image.restore(this.#bytes, this.#scan);
    return true;
  }
}
