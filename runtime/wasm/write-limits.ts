import type { ByteWriter } from './byte-writer.ts';
import type { Limits } from './module.ts';

/** Writes the limits of a memory or table. Source: core specification, 5.3.13 "Limits"; threads, memory64 proposals. */
export function writeLimits(out: ByteWriter, { initial, maximum, shared, is64 }: Limits): void {
  out.u8((maximum === undefined ? 0 : 1) | (shared ? 2 : 0) | (is64 ? 4 : 0));
  writeSize(out, initial);
  if (maximum !== undefined) writeSize(out, maximum);
}

/** Writes an unsigned LEB128 number of up to 2^53. */
function writeSize(out: ByteWriter, size: number): void {
  let rest = size;
  while (rest >= 0x80) {
    out.u8((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.u8(rest);
}
