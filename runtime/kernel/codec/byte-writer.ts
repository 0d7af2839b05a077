import { highHalf, lowHalf, type Tag } from '../tag.ts';

const utf8 = new TextEncoder();

/** Bytes of a number of at most 2^53 - 1, in groups of seven bits. */
const LONGEST_VARINT = 8;

/** Bytes that are copied one by one. */
const SHORT = 64;

/** Appends values to bytes. All numbers of more than one byte are little endian. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  /** @param capacity bytes that it will likely need */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written. The writer must not be used any more, unless it is cleared and nobody reads this. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Where that is, with room behind it. */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Begins anew, in the same memory. */
  clear(): void {
    this.#length = 0;
  }

  /** Four bytes, which `setU32` may write later. Returns where they are. */
  u32(value = 0): number {
    this.reserve(4);
    const at = this.#length;
    this.#view.setUint32(at, value, true);
    this.#length += 4;
    return at;
  }

  /** Writes the lowest 32 bits of a number. */
  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Makes room for so many further bytes. */
  reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** One byte. */
  u8(value: number): void {
    this.reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1, the lowest seven bits first; each byte but the last has its highest bit set. */
  varint(value: number): void {
    this.reserve(LONGEST_VARINT);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Eight bytes: a floating-point number. */
  f64(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Eight bytes: an integer of 64 bits. */
  tag(value: Tag): void {
    this.reserve(8);
    this.#view.setInt32(this.#length, lowHalf(value), true);
    this.#view.setInt32(this.#length + 4, highHalf(value), true);
    this.#length += 8;
  }

  /** The bytes alone. */
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** The first `length` bytes, with their number as a varint before them. */
  beginningOf(value: Uint8Array, length: number): void {
    this.reserve(LONGEST_VARINT + length);
    this.varint(length);
    const bytes = this.#bytes;
    const at = this.#length;
    // A loop is faster than making a view of a few bytes.
    if (length > SHORT) bytes.set(value.subarray(0, length), at);
    else for (let i = 0; i < length; i++) bytes[at + i] = value[i] ?? 0;
    this.#length += length;
  }

  /** The length as a varint, and the bytes. */
  bytes(value: Uint8Array): void {
    this.reserve(LONGEST_VARINT + value.length);
    this.varint(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** As UTF-8, like bytes. A half of a surrogate pair becomes U+FFFD, as it does wherever a guest reads a text. */
  text(value: string): void {
    this.bytes(utf8.encode(value));
  }
}
