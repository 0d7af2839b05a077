import type { Value } from './value.ts';

/** Bytes that a guest passed are not valid bincode. */
export class BincodeError extends Error {
  override readonly name = 'BincodeError';
  readonly code = 'LUNATIC_BINCODE';
}

/** The parameter that a value of a bind list is for: its number or its name, or null for the first one. */
export type BindKey = number | string | null;

/** Variants of keys and values on the wire (abi 9.1). */
const Key = { None: 0, Numeric: 1, String: 2 } as const;
const Variant = { Null: 0, Blob: 1, Text: 2, Double: 3, Int: 4, Int64: 5 } as const;

/** The host writes integers as `Integer`, whose number is that of `Int` in what it reads. */
const INTEGER = 4;

/** Bytes of the shortest pair in a bind list: two variants. */
const SHORTEST_PAIR = 8;
/** The most pairs of a bind list: twice as many as a statement has parameters. */
const MOST_PAIRS = 65_536;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

/** Shorter texts are checked for ASCII, which becomes a string faster than with the decoder. */
const SHORT_TEXT = 256;

/** The memory that bincode is read from. A view of its own for each list would take longer than reading it. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Reads bincode (abi 3.9) within the bounds of its range. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;
  #at: number;

  constructor({ bytes, view }: Source, start: number, length: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#start = this.#at = start;
    this.#end = start + length;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** Reads a `u64` as a number. Above 2^53 it is not exact, but out of any range in any case. */
  u64(): number {
    const at = this.#take(8);
    const low = this.#view.getUint32(at, true);
    const high = this.#view.getUint32(at + 4, true);
    // Most are short, and floating point takes longer.
    return high === 0 ? low : high * 2 ** 32 + low;
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** Reads a number of elements. @param elementSize bytes that an element takes at least */
  count(elementSize: number): number {
    const count = this.u64();
    const left = this.#end - this.#at;
    if (count * elementSize > left) {
      throw new BincodeError(
        `${count} elements do not fit into the ${left} bytes from byte ${this.#offset} on`,
      );
    }
    return count;
  }

  /** Reads bytes, as a copy. */
  bytes(): Uint8Array {
    const length = this.count(1);
    const start = this.#take(length);
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  string(): string {
    const length = this.count(1);
    const start = this.#take(length);
    const end = start + length;
    if (length < SHORT_TEXT) {
      const bytes = this.#bytes;
      let bits = 0;
      for (let i = start; i < end; i++) bits |= bytes[i] ?? 0;
      if (bits < 0x80) return latin1Slice.call(bytes, start, end);
    }
    try {
      return decoder.decode(this.#bytes.subarray(start, end));
    } catch {
      throw new BincodeError(`the string of ${length} bytes before byte ${this.#offset} is not UTF-8`);
    }
  }

  get #offset(): number {
    return this.#at - this.#start;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) {
      throw new BincodeError(`${length} bytes wanted at byte ${this.#offset} of ${this.#end - this.#start}`);
    }
    this.#at = at + length;
    return at;
  }
}

/** Takes values for parameters. */
export interface Binder {
  bind(key: BindKey, value: Value): void;
}

/**
 * Reads a bind list (abi 9.1) and binds each pair in order. Bytes after its end are ignored.
 * @param start the offset in the source, in bytes; the range was checked
 * @throws BincodeError, and whatever the binder throws
 */
export function readBindList(source: Source, start: number, length: number, binder: Binder): void {
  const reader = new Reader(source, start, length);
  const count = reader.count(SHORTEST_PAIR);
  if (count > MOST_PAIRS) throw new BincodeError(`it has ${count} values, more than ${MOST_PAIRS}`);
  for (let left = count; left > 0; left--) {
    const key = readKey(reader);
    binder.bind(key, readValue(reader));
  }
}

function readKey(reader: Reader): BindKey {
  const variant = reader.u32();
  switch (variant) {
    case Key.None:
      return null;
    case Key.Numeric:
      return reader.u64();
    case Key.String:
      return reader.string();
    default:
      throw new BincodeError(`there is no variant ${variant} of keys`);
  }
}

function readValue(reader: Reader): Value {
  const variant = reader.u32();
  switch (variant) {
    case Variant.Null:
      return null;
    case Variant.Blob:
      return reader.bytes();
    case Variant.Text:
      return reader.string();
    case Variant.Double:
      return reader.f64();
    case Variant.Int:
      return BigInt(reader.i32());
    case Variant.Int64:
      return reader.i64();
    default:
      throw new BincodeError(`there is no variant ${variant} of values`);
  }
}

/** Writes bincode of a known size. */
class Writer {
  readonly bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  u8(value: number): void {
    this.#at = this.bytes.writeUInt8(value, this.#at);
  }

  u32(value: number): void {
    this.#at = this.bytes.writeUInt32LE(value, this.#at);
  }

  i64(value: bigint): void {
    this.#at = this.bytes.writeBigInt64LE(value, this.#at);
  }

  f64(value: number): void {
    this.#at = this.bytes.writeDoubleLE(value, this.#at);
  }

  count(value: number): void {
    this.u32(value);
    this.u32(0);
  }

  blob(value: Uint8Array): void {
    this.count(value.length);
    this.bytes.set(value, this.#at);
    this.#at += value.length;
  }

  string(value: string): void {
    const start = this.#at + 8;
    const length = this.bytes.write(value, start);
    this.count(length);
    this.#at = start + length;
  }
}

function sizeOf(value: Value): number {
  if (value === null) return 4;
  if (typeof value === 'string') return 12 + Buffer.byteLength(value);
  return value instanceof Uint8Array ? 12 + value.length : 12;
}

function writeValue(writer: Writer, value: Value): void {
  if (value === null) {
    writer.u32(Variant.Null);
  } else if (typeof value === 'bigint') {
    writer.u32(INTEGER);
    writer.i64(value);
  } else if (typeof value === 'number') {
    writer.u32(Variant.Double);
    writer.f64(value);
  } else if (typeof value === 'string') {
    writer.u32(Variant.Text);
    writer.string(value);
  } else {
    writer.u32(Variant.Blob);
    writer.blob(value);
  }
}

/** Encodes a result value (abi 9.1). */
export function encodeValue(value: Value): Uint8Array {
  const writer = new Writer(sizeOf(value));
  writeValue(writer, value);
  return writer.bytes;
}

/** Encodes a vector of result values. */
export function encodeRow(row: readonly Value[]): Uint8Array {
  let size = 8;
  for (const value of row) size += sizeOf(value);
  const writer = new Writer(size);
  writer.count(row.length);
  for (const value of row) writeValue(writer, value);
  return writer.bytes;
}

/** Encodes a vector of strings. */
export function encodeNames(names: readonly string[]): Uint8Array {
  let size = 8;
  for (const name of names) size += 8 + Buffer.byteLength(name);
  const writer = new Writer(size);
  writer.count(names.length);
  for (const name of names) writer.string(name);
  return writer.bytes;
}

/** Encodes the result of `last_error`. Both fields are options, and present. */
export function encodeError(code: number, message: string): Uint8Array {
  const writer = new Writer(14 + Buffer.byteLength(message));
  writer.u8(1);
  writer.u32(code);
  writer.u8(1);
  writer.string(message);
  return writer.bytes;
}
