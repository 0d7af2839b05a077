import type { BigIntStats, TimeLike } from 'node:fs';
import type { Process } from '../kernel/process.ts';
import type { FileType } from './descriptor.ts';
import { fileTypeOf } from './directory-reader.ts';
import { Errno } from './errno.ts';

/** Attributes of a file as guests see them (`wasi_snapshot_preview1`, type `filestat`). */
export const FILESTAT_SIZE = 64;

/** Writes the attributes of a stream, of which only the type is known. */
export function writeStreamStat(process: Process, pointer: number, type: FileType): void {
  process.memory.slice(pointer, FILESTAT_SIZE).fill(0);
  process.memory.writeU8((pointer >>> 0) + 16, type);
}

/**
 * Writes the attributes of a file:
 *
 *     0  device u64    16  type u8    32  bytes u64         48  modified, likewise
 *     8  inode u64     24  links u64  40  accessed, ns u64  56  changed, likewise
 */
export function writeFileStat(process: Process, pointer: number, stats: BigIntStats): void {
  const { memory } = process;
  const at = memory.check(pointer, FILESTAT_SIZE);
  memory.writeU64(at, stats.dev);
  memory.writeU64(at + 8, stats.ino);
  memory.writeU64(at + 16, BigInt(fileTypeOf(stats)));
  memory.writeU64(at + 24, stats.nlink);
  memory.writeU64(at + 32, stats.size);
  memory.writeU64(at + 40, stats.atimeNs);
  memory.writeU64(at + 48, stats.mtimeNs);
  memory.writeU64(at + 56, stats.ctimeNs);
}

/** Which times to set, and to what (type `fstflags`). */
const SetTime = { Accessed: 1, AccessedNow: 2, Modified: 4, ModifiedNow: 8 } as const;

/** The times to set. */
export interface FileTimes {
  readonly accessed: TimeLike;
  readonly modified: TimeLike;
}

/** Leaves a time as it is, or sets it to the present, in `utimensat` (libuv 1.51, which came before JSPI). */
const AS_IT_IS = new Date(Number.NaN);
const NOW = 'Infinity';

/**
 * Converts times for `node:fs`. As a number of seconds they have a precision of some 120 nanoseconds in these decades.
 * @param accessed nanoseconds
 * @param modified nanoseconds
 * @returns EINVAL for unknown flags, and for a time together with the present
 */
export function fileTimes(accessed: bigint, modified: bigint, flags: number): FileTimes | Errno {
  if (flags >>> 0 > 15) return Errno.Inval;
  const has = (flag: number) => (flags & flag) !== 0;
  if (has(SetTime.Accessed) && has(SetTime.AccessedNow)) return Errno.Inval;
  if (has(SetTime.Modified) && has(SetTime.ModifiedNow)) return Errno.Inval;
  return {
    accessed: has(SetTime.Accessed) ? seconds(accessed) : has(SetTime.AccessedNow) ? NOW : AS_IT_IS,
    modified: has(SetTime.Modified) ? seconds(modified) : has(SetTime.ModifiedNow) ? NOW : AS_IT_IS,
  };
}

const NANOSECONDS = 1_000_000_000n;

function seconds(time: bigint): number {
  const nanoseconds = BigInt.asUintN(64, time);
  return Number(nanoseconds / NANOSECONDS) + Number(nanoseconds % NANOSECONDS) / 1e9;
}
