import type { Entry, EntryValue } from '../entry.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

const I32 = 0;
const I64 = 1;
const V128 = 2;
const VECTOR_SIZE = 16;

/** Writes what a process begins with: the name of its function, and the number and each of the parameters with its type. */
export function writeEntry(writer: ByteWriter, { name, params }: Entry): void {
  writer.text(name);
  writer.varint(params.length);
  for (const value of params) {
    if (typeof value === 'number') {
      writer.u8(I32);
      writer.u32(value >>> 0);
    } else if (typeof value === 'bigint') {
      writer.u8(I64);
      writer.u32(Number(BigInt.asUintN(32, value)));
      writer.u32(Number(BigInt.asUintN(32, value >> 32n)));
    } else {
      writer.u8(V128);
      writer.bytes(value);
    }
  }
}

/** @throws FormatError */
export function readEntry(reader: ByteReader): Entry {
  const name = reader.text();
  const params = Array.from({ length: reader.count(1) }, () => readValue(reader));
  return { name, params };
}

function readValue(reader: ByteReader): EntryValue {
  const type = reader.u8();
  switch (type) {
    case I32:
      return reader.u32() | 0;
    case I64: {
      const low = BigInt(reader.u32());
      return BigInt.asIntN(64, (BigInt(reader.u32()) << 32n) | low);
    }
    case V128: {
      const bytes = reader.bytes();
      if (bytes.length !== VECTOR_SIZE) throw reader.error('value', `a v128 of ${bytes.length} bytes`);
      return bytes.slice();
    }
    default:
      throw reader.error('kind', `unknown type of a parameter ${type}`);
  }
}
