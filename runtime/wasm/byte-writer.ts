import { takeWorkMemory } from './work-memory.ts';

const utf8 = new TextEncoder();

/** Bytes that a LEB128 encoding of an unsigned 32-bit number takes. */
export function lebLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** Bytes from which on a buffer is freed at once. */
const LARGE = 2 ** 20;

/** A growing buffer with the primitives of the binary format. */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.max(64, capacity));
  }

  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const narrow = this.bytes;
    const size = Math.max(needed, Math.ceil(narrow.length * 1.5));
    takeWorkMemory(size - narrow.length);
    this.bytes = new Uint8Array(size);
    this.bytes.set(narrow.subarray(0, this.length));
    // The collector would free it long after, since it does not see the size. Fewer bytes are not worth a call.
    if (narrow.length >= LARGE && narrow.buffer instanceof ArrayBuffer) narrow.buffer.transfer?.(0);
  }

  u8(byte: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  u32(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.u8(rest);
  }

  s32(value: number): void {
    let rest = value | 0;
    while (rest < -0x40 || rest > 0x3f) {
      this.u8((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.u8(rest & 0x7f);
  }

  name(text: string): void {
    const bytes = utf8.encode(text);
    this.u32(bytes.length);
    this.copy(bytes, 0, bytes.length);
  }

  copy(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    // Making a view costs more than copying a few dozen bytes one by one, and most pieces between edits are small.
    if (count > 48) {
      this.bytes.set(source.subarray(start, end), this.length);
      this.length += count;
      return;
    }
    const target = this.bytes;
    let at = this.length;
    for (let i = start; i < end; i++) target[at++] = source[i] ?? 0;
    this.length = at;
  }

  /** Writes bytes at a place before the end; what is there moves. */
  splice(at: number, bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.copyWithin(at + bytes.length, at, this.length);
    this.bytes.set(bytes, at);
    this.length += bytes.length;
  }

  /** Opens a length-prefixed part with room for a length of `room` bytes; returns a mark for `closeSize`. */
  openSize(room: number): number {
    this.reserve(room);
    this.length += room;
    return this.length;
  }

  /**
   * Writes the length of what was written since `openSize`. If the length does not fit the room, the contents move.
   * @returns by how many bytes the contents moved
   */
  closeSize(contents: number, room: number): number {
    const size = this.length - contents;
    const needed = lebLength(size);
    const shift = needed - room;
    if (shift !== 0) {
      this.reserve(Math.max(0, shift));
      this.bytes.copyWithin(contents + shift, contents, this.length);
    }
    const end = this.length + shift;
    this.length = contents - room;
    this.u32(size);
    this.length = end;
    return shift;
  }

  /** What was written. Nothing may be written afterwards. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
