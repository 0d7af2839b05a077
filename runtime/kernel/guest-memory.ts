import { hostTrap } from './trap.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);

/** Bytes of the longest string that a guest can pass. */
const MAX_STRING = 2 ** 20;

/** Charges a process for what the host does with its memory. */
export interface MemoryWork {
  /** For bytes that were copied. */
  chargeBytes(count: number): void;
  /** For a text of so many bytes. */
  chargeText(count: number): void;
}

/**
 * A process's exported memory as host functions see it. Every range is checked once, here; one that is not all in the memory
 * traps. All values are little endian, and no alignment is required.
 *
 * Strings, and bytes that are written, are charged by their length here; what becomes of a `slice` is charged by whoever takes it.
 *
 * `memory.grow` detaches the old buffer, so each access first checks that the views are still good.
 */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #work: MemoryWork;
  #bytes: Uint8Array = EMPTY;
  #view: DataView = new DataView(EMPTY.buffer);

  /** @param work charged for long strings and writes */
  constructor(memory: WebAssembly.Memory, work: MemoryWork) {
    this.#memory = memory;
    this.#work = work;
  }

  /** All of the memory. Do not keep it across a suspension. */
  get bytes(): Uint8Array {
    // A detached view has length 0. So has a memory of no pages, for which refreshing costs nothing.
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  /** The same, for values of several bytes. */
  get view(): DataView {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  /** Whether the memory has this range. */
  has(pointer: number, length: number): boolean {
    return (pointer >>> 0) + length <= this.bytes.length;
  }

  #refresh(): void {
    const buffer = this.#memory.buffer;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** Returns the offset of a range as an unsigned number. Traps if the memory does not have the range. */
  check(pointer: number, length: number): number {
    const start = pointer >>> 0;
    if (!this.has(pointer, length)) {
      const size = this.bytes.length;
      throw hostTrap(
        `memory access out of bounds: ${length} bytes at 0x${start.toString(16)} in a memory of ${size} bytes`,
      );
    }
    return start;
  }

  /** A view of `length` bytes at `pointer`. Do not keep it across a suspension. */
  slice(pointer: number, length: number): Uint8Array {
    const size = length >>> 0;
    const start = this.check(pointer, size);
    return this.bytes.subarray(start, start + size);
  }

  /** Reads a UTF-8 string. Traps if it is not valid UTF-8, or longer than a mebibyte. */
  string(pointer: number, length: number): string {
    const bytes = this.slice(pointer, length);
    if (bytes.length > MAX_STRING)
      throw hostTrap(`a string of ${bytes.length} bytes is longer than ${MAX_STRING}`);
    this.#work.chargeText(bytes.length);
    try {
      return decoder.decode(bytes);
    } catch {
      throw hostTrap(`the string of ${bytes.length} bytes at 0x${(pointer >>> 0).toString(16)} is not UTF-8`);
    }
  }

  write(pointer: number, bytes: Uint8Array): void {
    const start = this.check(pointer, bytes.length);
    this.#work.chargeBytes(bytes.length);
    this.#bytes.set(bytes, start);
  }

  writeString(pointer: number, text: string): void {
    this.write(pointer, encoder.encode(text));
  }

  readU32(pointer: number): number {
    return this.#at(pointer, 4).getUint32(pointer >>> 0, true);
  }

  readI32(pointer: number): number {
    return this.#at(pointer, 4).getInt32(pointer >>> 0, true);
  }

  readI64(pointer: number): bigint {
    return this.#at(pointer, 8).getBigInt64(pointer >>> 0, true);
  }

  readU64(pointer: number): bigint {
    return this.#at(pointer, 8).getBigUint64(pointer >>> 0, true);
  }

  readU16(pointer: number): number {
    return this.#at(pointer, 2).getUint16(pointer >>> 0, true);
  }

  readU8(pointer: number): number {
    return this.#at(pointer, 1).getUint8(pointer >>> 0);
  }

  writeU8(pointer: number, value: number): void {
    this.#at(pointer, 1).setUint8(pointer >>> 0, value);
  }

  writeU16(pointer: number, value: number): void {
    this.#at(pointer, 2).setUint16(pointer >>> 0, value, true);
  }

  writeU32(pointer: number, value: number): void {
    this.#at(pointer, 4).setUint32(pointer >>> 0, value, true);
  }

  writeU64(pointer: number, value: bigint): void {
    this.#at(pointer, 8).setBigUint64(pointer >>> 0, BigInt.asUintN(64, value), true);
  }

  /** Writes a number below 2^53 as a `u64`: ids and counts, without a BigInt. */
  writeId(pointer: number, value: number): void {
    const view = this.#at(pointer, 8);
    const start = pointer >>> 0;
    view.setUint32(start, value >>> 0, true);
    view.setUint32(start + 4, Math.floor(value / 0x1_0000_0000), true);
  }

  #at(pointer: number, length: number): DataView {
    this.check(pointer, length);
    return this.#view;
  }
}

/** The most bytes of a string that is compared with the one before. */
const MAX_REPEATED = 64;

/** A string that is nearly always the same: it is read once, and then only compared. */
export class RepeatedString {
  readonly #bytes = new Uint8Array(MAX_REPEATED);
  #length = -1;
  #text = '';

  /** Reads a UTF-8 string. Traps like `GuestMemory.string`. */
  read(memory: GuestMemory, pointer: number, length: number): string {
    const size = length >>> 0;
    if (size === this.#length && this.#isAt(memory, memory.check(pointer, size))) return this.#text;
    const text = memory.string(pointer, length);
    if (size <= MAX_REPEATED) {
      this.#bytes.set(memory.slice(pointer, size));
      this.#length = size;
      this.#text = text;
    }
    return text;
  }

  #isAt({ bytes }: GuestMemory, start: number): boolean {
    for (let i = 0; i < this.#length; i++) if (this.#bytes[i] !== bytes[start + i]) return false;
    return true;
  }
}
