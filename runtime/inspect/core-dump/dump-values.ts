import type { ByteReader } from '../../wasm/index.ts';
import type { LocalInfo } from '../protocol.ts';
import { MISSING_VALUE, VALUE_CODES } from './dump-content.ts';
import { MAX_VALUES } from './dump-limits.ts';

/** A number that a global has. */
export interface DumpedNumber {
  readonly type: 'i32' | 'i64' | 'f32' | 'f64';
  readonly data: string;
}

/** The globals; null for one that is no number. */
export function readGlobals(reader: ByteReader): (DumpedNumber | null)[] {
  const read = () => {
    const type = reader.u8('a type');
    if (type < VALUE_CODES.f64) reference(reader, type);
    reader.u8('whether it can change');
    return constant(reader);
  };
  return vector(reader, 'globals', 4, read, MAX_VALUES);
}

/** The rest of a type of references. */
function reference(reader: ByteReader, type: number): void {
  if (type === 0x63 || type === 0x64) reader.s33('a type of references');
}

/** A constant expression; null if its value is no number. */
function constant(reader: ByteReader): DumpedNumber | null {
  const opcode = reader.u8('a constant');
  const found = constantOf(reader, opcode);
  if (reader.u8('the end of a constant') !== 0x0b)
    throw reader.fail(reader.position - 1, 'the end of a constant');
  return found;
}

function constantOf(reader: ByteReader, opcode: number): DumpedNumber | null {
  switch (opcode) {
    case 0x41:
      return readNumber(reader, 'i32');
    case 0x42:
      return readNumber(reader, 'i64');
    case 0x43:
      return readNumber(reader, 'f32');
    case 0x44:
      return readNumber(reader, 'f64');
    case 0xd0:
      reader.s33('a type of references');
      return null;
    case 0xd2:
      reader.u32('a function');
      return null;
    case 0xfd:
      if (reader.u32('a constant') !== 12) throw reader.fail(reader.position - 1, 'a constant');
      reader.skip(16, 'a vector');
      return null;
    default:
      throw reader.fail(reader.position - 1, 'a constant');
  }
}

/** A number as modules have it: integers as LEB128. */
function readNumber(reader: ByteReader, type: DumpedNumber['type']): DumpedNumber {
  if (type === 'f32' || type === 'f64') return { type, data: take(reader, type === 'f32' ? 4 : 8) };
  const bytes = Buffer.alloc(type === 'i32' ? 4 : 8);
  if (type === 'i32') bytes.writeInt32LE(reader.s32('an i32'));
  else bytes.writeBigInt64LE(signed64(reader));
  return { type, data: bytes.toString('base64') };
}

export function signed64(reader: ByteReader): bigint {
  const start = reader.position;
  reader.skipS64('an i64');
  let value = 0n;
  for (let at = reader.position - 1; at >= start; at--)
    value = (value << 7n) | BigInt((reader.bytes[at] ?? 0) & 0x7f);
  const bits = 7 * (reader.position - start);
  return BigInt.asIntN(Math.min(bits, 64), value);
}

/** A local; null if its value is not known. */
export function readLocal(reader: ByteReader): Pick<LocalInfo, 'type' | 'data'> | null {
  const code = reader.u8('a value');
  switch (code) {
    case MISSING_VALUE:
      return null;
    case VALUE_CODES.i32:
      return readNumber(reader, 'i32');
    case VALUE_CODES.i64:
      return readNumber(reader, 'i64');
    case VALUE_CODES.f32:
      return readNumber(reader, 'f32');
    case VALUE_CODES.f64:
      return readNumber(reader, 'f64');
    default:
      throw reader.fail(reader.position - 1, 'a value');
  }
}

/** Skips what `readLocal` reads. */
export function skipValue(reader: ByteReader): void {
  const code = reader.u8('a value');
  if (code === VALUE_CODES.i32) reader.s32('an i32');
  else if (code === VALUE_CODES.i64) reader.skipS64('an i64');
  else if (code === VALUE_CODES.f32) reader.skip(4, '4 bytes');
  else if (code === VALUE_CODES.f64) reader.skip(8, '8 bytes');
  else if (code !== MISSING_VALUE) throw reader.fail(reader.position - 1, 'a value');
}

function take(reader: ByteReader, size: number): string {
  const start = reader.position;
  reader.skip(size, `${size} bytes`);
  return Buffer.from(reader.bytes.subarray(start, start + size)).toString('base64');
}

/** @param size bytes that each item has at least */
export function vector<Item>(
  reader: ByteReader,
  of: string,
  size: number,
  read: (reader: ByteReader) => Item,
  limit?: number,
): Item[] {
  const count = reader.count(of, size, limit);
  const items: Item[] = [];
  for (let i = 0; i < count; i++) items.push(read(reader));
  return items;
}
