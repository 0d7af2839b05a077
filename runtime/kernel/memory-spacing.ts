import { platform } from 'node:process';
import { makeMemory } from './owned-memory.ts';

/** Address space that V8 reserves for a memory of 32 bits, whatever its size. */
const RESERVED = 2 ** 33;
/** How much farther from the one before some memories lie. V8 aligns memories to 64 KiB. */
const SHIFT = 2 ** 25 + 2 ** 16;
/** Every so many memories one is shifted, which takes as long as to make one. */
const EVERY = 2;
/** The memories of which some are shifted. A processor cannot remember the pages of many more. */
const LAST = 256;

/** Reserves address space, and returns what gives it back at once. */
type Reserve = (bytes: number) => () => void;

/**
 * Makes the memories of processes, not all of them at multiples of the same distance.
 *
 * V8 reserves 8 GiB for each memory, and the operating system puts each right below the one before. Processes of one module use
 * the same pages of their memories, and a processor looks up a page that it remembers by the low bits of its number, which
 * would all be the same. So it would remember the pages of twelve or so of the processes that take turns, and search its page
 * tables for each other one: of 150 processes that pass a message on, each took a fifth longer.
 *
 *     | memory 6 | reserved: 8 GiB + SHIFT, then given back |  memory 7  |
 *     | memory 6 |  memory 8   | SHIFT is left free         |  memory 7  | memory 9 ...
 *
 * What is reserved fits into no gap that there is, so it lies below the last memory. The stacks of processes use what is left free.
 */
export class MemorySpacing {
  readonly #reserve: Reserve;
  #made = 0;
  #last: number;

  /**
   * @param reserve throws a RangeError if the address space is used up
   * @param last the number of memories after which none is shifted any more. Systems other than Linux place memories elsewhere
   */
  constructor(reserve: Reserve = reserveAddresses, last = platform === 'linux' ? LAST : 0) {
    this.#reserve = reserve;
    this.#last = last;
  }

  /**
   * Makes a memory of no pages.
   * @throws RangeError if the address space is used up
   */
  make(maximum: number, is64: boolean): WebAssembly.Memory {
    const giveBack = is64 ? null : this.#shift();
    try {
      return makeMemory(maximum, is64);
    } finally {
      giveBack?.();
    }
  }

  #shift(): (() => void) | null {
    const number = ++this.#made;
    if (number > this.#last || number % EVERY !== 0) return null;
    try {
      return this.#reserve(RESERVED + SHIFT);
    } catch {
      // V8 has collected all garbage in vain, which takes long.
      this.#last = 0;
      return null;
    }
  }
}

/** A buffer that can grow has all of its address space from the beginning, and none of it is real memory. */
function reserveAddresses(bytes: number): () => void {
  const buffer = new ArrayBuffer(0, { maxByteLength: bytes });
  return () => {
    buffer.transferToFixedLength();
  };
}
