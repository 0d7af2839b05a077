import type { ByteRange, DumpedMemory, DumpedProcess } from './dump-content.ts';

/** Zeros are left out by so many bytes. */
const BLOCK = 4096;
/** As many zeros as this part two pieces: a dump has no more of them than engines and tools like. */
const GAP = 65_536;

const ZEROS = Buffer.alloc(BLOCK);

/** Collects what is in a memory, without what is zero. */
export class MemoryPieces {
  readonly #pieces: { address: number; bytes: Uint8Array }[] = [];
  readonly #leftOut: [number, number][] = [];
  #room: number;
  /** Where the piece at hand begins, and where its last byte that is not zero may be. */
  #start = -1;
  #end = 0;

  /** @param room how many bytes may be collected */
  constructor(room: number) {
    this.#room = room;
  }

  /** Adds the bytes at an address, from the lowest on. They are not copied. */
  add(address: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const end = Math.min(at + BLOCK, bytes.length);
      if (isZero(bytes, at, end)) {
        if (this.#start >= 0 && at - this.#end >= GAP) this.#finish(address, bytes);
        continue;
      }
      if (this.#start < 0) this.#start = at;
      this.#end = end;
    }
    if (this.#start >= 0) this.#finish(address, bytes);
  }

  #finish(address: number, bytes: Uint8Array): void {
    const start = this.#start;
    const taken = Math.min(this.#end - start, this.#room);
    this.#room -= taken;
    if (taken > 0)
      this.#pieces.push({ address: address + start, bytes: bytes.subarray(start, start + taken) });
    if (start + taken < this.#end) this.#leftOut.push([address + start + taken, address + this.#end]);
    this.#start = -1;
  }

  get pieces(): DumpedMemory['pieces'] {
    return this.#pieces;
  }

  /** What there was no room for. */
  get leftOut(): readonly ByteRange[] {
    return this.#leftOut;
  }
}

/** What a dump says of what there was no room for. @param memories in the order of their indices */
export function leftOutOf(
  memories: readonly Pick<MemoryPieces, 'leftOut'>[],
): Pick<DumpedProcess, 'leftOut' | 'leftOutOfOthers'> {
  const [first = [], ...others] = memories.map(({ leftOut }) => leftOut);
  return { leftOut: first, ...(others.length === 0 ? {} : { leftOutOfOthers: others }) };
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  // The first byte tells most of them.
  if (bytes[start] !== 0) return false;
  return ZEROS.compare(bytes, start, end, 0, end - start) === 0;
}
