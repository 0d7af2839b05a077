import type { ByteReader } from './byte-reader.ts';
import type { Limits } from './module.ts';

const hasMaximum = 1;
const isShared = 2;
const is64Bit = 4;

/** Source: core specification, 5.3.13 "Limits"; threads and memory64 proposals. */
export function readLimits(reader: ByteReader): Limits {
  const flags = reader.u8('limits flags');
  if (flags > 7) throw reader.fail(reader.position - 1, 'limits flags below 8');
  const is64 = (flags & is64Bit) !== 0;
  const shared = (flags & isShared) !== 0;
  const initial = is64 ? reader.u64('an initial size') : reader.u32('an initial size');
  if ((flags & hasMaximum) === 0) return { initial, shared, is64 };
  return {
    initial,
    maximum: is64 ? reader.u64('a maximum size') : reader.u32('a maximum size'),
    shared,
    is64,
  };
}
