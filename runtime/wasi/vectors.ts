import type { Process } from '../kernel/process.ts';

/** A buffer in guest memory, checked. */
export interface GuestBuffer {
  readonly pointer: number;
  /** Length in bytes. */
  readonly length: number;
}

/** Buffers that one call may have, as on Linux. */
const MAX_VECTORS = 1024;
/** From so many on they count for the process, since a call may wait; and what each takes then. */
const MANY_VECTORS = 64;
const VECTOR_COST = 64;

/** Reads and checks the buffers of an `iovec` array (abi 3.12). Returns undefined if there are too many. */
export function readVectors(process: Process, pointer: number, count: number): GuestBuffer[] | undefined {
  const { memory } = process;
  const start = memory.check(pointer, (count >>> 0) * 8);
  if (count >>> 0 > MAX_VECTORS) return undefined;
  if (count >>> 0 > MANY_VECTORS) process.chargeForWait((count >>> 0) * VECTOR_COST);
  return Array.from({ length: count >>> 0 }, (_, i) => {
    const length = memory.readU32(start + i * 8 + 4);
    return { pointer: memory.check(memory.readU32(start + i * 8), length), length };
  });
}

/** Returns views of the first bytes of buffers, at most `limit` together. Do not keep them across a suspension. */
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
