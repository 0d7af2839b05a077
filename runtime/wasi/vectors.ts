import type { Process } from '../kernel/process.ts';

/** A buffer in guest memory, checked. */
export interface GuestBuffer {
  readonly pointer: number;
  /** Bytes. */
  readonly length: number;
}

/** Buffers that one call may name, as Linux has it. */
const MAX_VECTORS = 1024;

/** The buffers of an `iovec` array (abi 3.12), checked; undefined where there are too many. */
export function readVectors(process: Process, pointer: number, count: number): GuestBuffer[] | undefined {
  const { memory } = process;
  const start = memory.check(pointer, (count >>> 0) * 8);
  if (count >>> 0 > MAX_VECTORS) return undefined;
  return Array.from({ length: count >>> 0 }, (_, i) => {
    const length = memory.readU32(start + i * 8 + 4);
    return { pointer: memory.check(memory.readU32(start + i * 8), length), length };
  });
}

/** The beginning of what buffers hold, as views of at most `limit` bytes together. Do not keep them across a suspension. */
export function viewsOf(
  process: Process,
  buffers: readonly GuestBuffer[],
  skip: number,
  limit: number,
): Uint8Array[] {
  const views: Uint8Array[] = [];
  let skipped = skip;
  let left = limit;
  for (const { pointer, length } of buffers) {
    if (left === 0) break;
    if (skipped >= length) {
      skipped -= length;
      continue;
    }
    const size = Math.min(length - skipped, left);
    views.push(process.memory.slice(pointer + skipped, size));
    skipped = 0;
    left -= size;
  }
  return views;
}
