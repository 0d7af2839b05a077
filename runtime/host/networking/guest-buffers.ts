import { inPieces } from '../../hostcall/pieces.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import { copyBytes } from '../../net/copy-bytes.ts';

/** Bytes of a buffer's address and length in an array of buffers (abi 3.12). */
export const VECTOR = 8;
/** The number of buffers that one write takes at most, empty ones among them. A guest writes the others with its next call. */
const MAX_VECTORS = 1024;

/** Buffers that are checked before giving way, and what each takes. */
const PIECE = 2 ** 15;
const VECTOR_WORK = 8;

/**
 * Checks an array of buffers of the current process and each of them, and gives way in between if there are many. Traps if
 * anything is outside the memory.
 * @returns the number of empty buffers before the first other one
 */
export function checkVectors(scheduler: Scheduler, pointer: number, count: number): number | Promise<number> {
  const { work } = scheduler;
  const { memory } = scheduler.current;
  const total = count >>> 0;
  const start = memory.check(pointer, total * VECTOR);
  work.charge(VECTOR_WORK * Math.min(PIECE, total));
  if (total <= PIECE) return checkPiece(memory, start, 0, total);
  let empty = -1;
  let checked = 0;
  return inPieces(scheduler, () => {
    const end = Math.min(total, checked + PIECE);
    if (checked > 0) work.charge(VECTOR_WORK * (end - checked));
    const before = checkPiece(memory, start, checked, end);
    if (empty < 0 && before < end) empty = before;
    checked = end;
    if (end < total) return undefined;
    return empty < 0 ? total : empty;
  });
}

/** Checks some buffers of an array, and returns the index of the first one that is not empty, or `to`. */
function checkPiece(memory: GuestMemory, start: number, from: number, to: number): number {
  const { view } = memory;
  const size = view.byteLength;
  let first = to;
  for (let i = to - 1; i >= from; i--) {
    const at = start + i * VECTOR;
    const address = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (address + length > size) memory.check(address, length);
    if (length > 0) first = i;
  }
  return first;
}

/**
 * Counts the bytes of an array of buffers that one write takes, and copies them if there is a target.
 * @param pointer, count checked, and the first of them is not empty unless all are
 * @param limit bytes that are counted at most
 */
export function gather(
  memory: GuestMemory,
  pointer: number,
  count: number,
  limit: number,
  target: Uint8Array | null,
): number {
  const { view, bytes } = memory;
  const start = pointer >>> 0;
  const most = Math.min(count >>> 0, MAX_VECTORS);
  let size = 0;
  for (let i = 0; i < most && size < limit; i++) {
    const address = view.getUint32(start + i * VECTOR, true);
    const length = Math.min(view.getUint32(start + i * VECTOR + 4, true), limit - size);
    if (length === 0) continue;
    if (target !== null) copyBytes(bytes, address, target, size, length);
    size += length;
  }
  return size;
}
