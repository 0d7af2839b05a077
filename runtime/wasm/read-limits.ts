import type { ByteReader } from './byte-reader.ts';
import type { Limits } from './module.ts';

const HAS_MAXIMUM = 1;
const IS_SHARED = 2;
const IS_64_BIT = 4;

/** Source: core specification, 5.3.13 "Limits"; threads and memory64 proposals. */
export function readLimits(reader: ByteReader): Limits {
  const flags = reader.u8('limits flags');
  if (flags > 7) throw reader.fail(reader.position - 1, 'limits flags below 8');
  const is64 = (flags & IS_64_BIT) !== 0;
  const shared = (flags & IS_SHARED) !== 0;
  const initial = is64 ? reader.u64('an initial size') : reader.u32('an initial size');
  if ((flags & HAS_MAXIMUM) === 0) return { initial, shared, is64 };
  return {
    initial,
    maximum: is64 ? reader.u64('a maximum size') : reader.u32('a maximum size'),
    shared,
    is64,
  };
}
