import type { GuestMemory } from '../../kernel/guest-memory.ts';
import { copyBytes } from '../../net/copy-bytes.ts';

/** Bytes of a buffer's address and length in an array of buffers (abi 3.12). */
const VECTOR = 8;
/** The number of buffers that one write takes at most. A guest writes the others with its next call. */
const MAX_VECTORS = 1024;

/** Checks an array of buffers and each of them. Traps if anything is outside the memory. */
export function checkVectors(memory: GuestMemory, pointer: number, count: number): void {
  const total = count >>> 0;
  const start = memory.check(pointer, total * VECTOR);
  const { view } = memory;
  const size = view.byteLength;
  for (let at = start, end = start + total * VECTOR; at < end; at += VECTOR) {
    const address = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (address + length > size) memory.check(address, length);
  }
}

/**
 * Counts the bytes of an array of buffers that one write takes, and copies them if there is a target.
 * @param pointer, count checked
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
  let size = 0;
  let vectors = 0;
  for (let i = 0; i < count >>> 0 && size < limit && vectors < MAX_VECTORS; i++) {
    const address = view.getUint32(start + i * VECTOR, true);
    const length = Math.min(view.getUint32(start + i * VECTOR + 4, true), limit - size);
    if (length === 0) continue;
    if (target !== null) copyBytes(bytes, address, target, size, length);
    size += length;
    vectors++;
  }
  return size;
}
