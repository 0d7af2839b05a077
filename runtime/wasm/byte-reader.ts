import { hexByte, WasmFormatError } from './format-error.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads the primitives of the binary format from a range of a module.
 *
 * Every method that fails throws a WasmFormatError with the offset of the bytes that are wrong.
 * LEB128 numbers must follow the format: they have no more bytes than the type allows, and no stray bits in the last.
 * Source: WebAssembly core specification, 5.2 "Values".
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  end: number;
  /** The part of the module that is being read, for messages: `type section`, `function 12`. */
  place: string;

  constructor(bytes: Uint8Array, position: number, end: number, place: string) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
    this.place = place;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Makes an error about the bytes at `offset`. */
  fail(offset: number, expected: string, found?: string): WasmFormatError {
    const byte = this.bytes[offset];
    const what = found ?? (offset >= this.end || byte === undefined ? 'the end' : hexByte(byte));
    return new WasmFormatError(offset, expected, what, this.place);
  }

  u8(expected: string): number {
    const byte = this.bytes[this.position];
    if (byte === undefined || this.position >= this.end) throw this.fail(this.position, expected);
    this.position++;
    return byte;
  }

  peek(expected: string): number {
    const byte = this.bytes[this.position];
    if (byte === undefined || this.position >= this.end) throw this.fail(this.position, expected);
    return byte;
  }

  u32(expected: string): number {
    const byte = this.bytes[this.position];
    if (byte !== undefined && byte < 0x80 && this.position < this.end) {
      this.position++;
      return byte;
    }
    return this.#longU32(expected);
  }

  #longU32(expected: string): number {
    const start = this.position;
    let result = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8(expected);
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    const last = this.u8(expected);
    if (last > 0x0f) throw this.fail(start, expected, 'a LEB128 number of more than 32 bits');
    return (result | (last << 28)) >>> 0;
  }

  /** Reads a u64. Beyond 2^53 it gives the nearest number, which is enough to compare sizes. */
  u64(expected: string): number {
    const start = this.position;
    let result = 0;
    let scale = 1;
    for (let i = 0; i < 9; i++) {
      const byte = this.u8(expected);
      result += (byte & 0x7f) * scale;
      if (byte < 0x80) return result;
      scale *= 128;
    }
    const last = this.u8(expected);
    if (last > 1) throw this.fail(start, expected, 'a LEB128 number of more than 64 bits');
    return result + last * scale;
  }

  s32(expected: string): number {
    const start = this.position;
    let result = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8(expected);
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (result << (25 - shift)) >> (25 - shift);
    }
    const last = this.u8(expected);
    if (last > 0x07 && (last < 0x78 || last > 0x7f)) {
      throw this.fail(start, expected, 'a LEB128 number of more than 32 bits');
    }
    return result | (last << 28);
  }

  /** Reads a 33-bit signed number: a type index, or a negative type code. */
  s33(expected: string): number {
    const start = this.position;
    let result = 0;
    let scale = 1;
    for (let i = 0; i < 4; i++) {
      const byte = this.u8(expected);
      result += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return byte & 0x40 ? result - scale : result;
    }
    const last = this.u8(expected);
    if (last > 0x0f && (last < 0x70 || last > 0x7f)) {
      throw this.fail(start, expected, 'a LEB128 number of more than 33 bits');
    }
    return result + (last & 0x10 ? (last & 0x1f) - 0x20 : last) * scale;
  }

  skipS64(expected: string): void {
    const start = this.position;
    for (let i = 0; i < 9; i++) if (this.u8(expected) < 0x80) return;
    const last = this.u8(expected);
    if (last !== 0 && last !== 0x7f) throw this.fail(start, expected, 'a LEB128 number of more than 64 bits');
  }

  skipU64(expected: string): void {
    const start = this.position;
    for (let i = 0; i < 9; i++) if (this.u8(expected) < 0x80) return;
    if (this.u8(expected) > 1) throw this.fail(start, expected, 'a LEB128 number of more than 64 bits');
  }

  skip(count: number, expected: string): void {
    if (count > this.remaining) throw this.fail(this.position, expected, `only ${this.remaining} bytes`);
    this.position += count;
  }

  /**
   * Reads the length of a vector whose elements take at least `elementSize` bytes each. A length for which too few
   * bytes are left is refused here, before anyone allocates memory for it.
   */
  count(of: string, elementSize: number, limit = 0xffffffff): number {
    const start = this.position;
    const count = this.u32(`the number of ${of}`);
    if (count > limit) throw this.fail(start, `at most ${limit} ${of}`, String(count));
    if (count * elementSize > this.remaining) {
      throw this.fail(start, `a number of ${of} that fits the ${this.remaining} bytes left`, String(count));
    }
    return count;
  }

  /** Reads a length-prefixed UTF-8 name. */
  name(of: string): string {
    const length = this.count(`bytes of ${of}`, 1);
    const start = this.position;
    this.position += length;
    try {
      return strictUtf8.decode(this.bytes.subarray(start, this.position));
    } catch {
      throw this.fail(start, `${of} in UTF-8`, 'other bytes');
    }
  }

  /** Reads a name where bad UTF-8 does no harm (custom sections): it gets replacement characters. */
  lenientName(of: string): string {
    const length = this.count(`bytes of ${of}`, 1);
    const start = this.position;
    this.position += length;
    return lenientText(this.bytes.subarray(start, this.position));
  }
}

/** Reads a text of which bytes that are not UTF-8 get replacement characters. */
export function lenientText(bytes: Uint8Array): string {
  return lenientUtf8.decode(bytes);
}
