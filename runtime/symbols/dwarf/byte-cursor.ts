/** Thrown where debug information does not follow its format. Look-ups catch it: a program must not fail for what describes it. */
export class DwarfError extends Error {
  override readonly name = 'DwarfError';
  readonly code = 'LUNATIC_DWARF_MALFORMED';
}

/** Returns what `read` returns, or `otherwise` where it comes upon something malformed. */
export function unlessMalformed<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DwarfError)) throw error;
    return otherwise;
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Longer strings are cut: no name of a file or of a function is as long. */
const MAX_STRING = 2 ** 16;

/**
 * Reads little-endian primitives from a range of a debug section. Every read is checked against the end.
 * Numbers beyond 2^53 become the nearest number; what has to be exact is read by `bigUint64`.
 */
export class ByteCursor {
  readonly bytes: Uint8Array;
  position: number;
  readonly end: number;

  /** @throws DwarfError where the range is not inside of `bytes` */
  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    if (!(position >= 0 && position <= end && end <= bytes.length))
      throw new DwarfError('a range outside of its section');
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  u8(): number {
    if (this.position >= this.end) throw new DwarfError('the end of the section');
    return this.bytes[this.position++] ?? 0;
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    const low = this.u8();
    return low | (this.u8() << 8);
  }

  u24(): number {
    const low = this.u16();
    return low | (this.u8() << 16);
  }

  u32(): number {
    const { bytes, position } = this;
    if (this.end - position < 4) throw new DwarfError('the end of the section');
    this.position = position + 4;
    const high = (bytes[position + 3] ?? 0) << 24;
    const low =
      (bytes[position] ?? 0) | ((bytes[position + 1] ?? 0) << 8) | ((bytes[position + 2] ?? 0) << 16);
    return (low | high) >>> 0;
  }

  u64(): number {
    const low = this.u32();
    return low + this.u32() * 2 ** 32;
  }

  bigUint64(): bigint {
    const low = this.u32();
    return (BigInt(this.u32()) << 32n) | BigInt(low);
  }

  /** A number of 1, 2, 4 or 8 bytes. */
  uint(size: number): number {
    switch (size) {
      case 1:
        return this.u8();
      case 2:
        return this.u16();
      case 4:
        return this.u32();
      case 8:
        return this.u64();
      default:
        throw new DwarfError(`a number of ${size} bytes`);
    }
  }

  uleb(): number {
    let byte = this.u8();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let scale = 128;
    while (byte >= 0x80) {
      byte = this.u8();
      // Longer numbers are padded with zeros, or senseless.
      if (scale < 2 ** 70) value += (byte & 0x7f) * scale;
      scale *= 128;
    }
    return value;
  }

  sleb(): number {
    let value = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = this.u8();
      if (scale < 2 ** 70) value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return byte & 0x40 && scale <= 2 ** 70 ? value - scale : value;
  }

  bigUleb(): bigint {
    const start = this.position;
    this.skipLeb();
    let value = 0n;
    for (let at = Math.min(this.position, start + 10) - 1; at >= start; at--) {
      value = (value << 7n) | BigInt((this.bytes[at] ?? 0) & 0x7f);
    }
    return BigInt.asUintN(64, value);
  }

  bigSleb(): bigint {
    const start = this.position;
    const value = this.bigUleb();
    const length = this.position - start;
    return BigInt.asIntN(Math.min(64, 7 * length), value);
  }

  skipLeb(): void {
    while (this.u8() >= 0x80);
  }

  skip(count: number): void {
    if (!(count >= 0 && count <= this.end - this.position)) throw new DwarfError('the end of the section');
    this.position += count;
  }

  skipString(): void {
    const end = this.bytes.indexOf(0, this.position);
    if (end < 0 || end >= this.end) throw new DwarfError('a string without an end');
    this.position = end + 1;
  }

  string(): string {
    const start = this.position;
    this.skipString();
    return utf8.decode(this.bytes.subarray(start, Math.min(this.position - 1, start + MAX_STRING)));
  }

  /** The next bytes, which stay part of the section. */
  view(count: number): Uint8Array {
    const start = this.position;
    this.skip(count);
    return this.bytes.subarray(start, this.position);
  }
}

/** The string at an offset of a section of strings. */
export function stringAt(section: Uint8Array, offset: number): string {
  return new ByteCursor(section, offset).string();
}
