/** Up to this many bytes a loop is faster than a call. */
const SHORT = 32;

/** It makes no view of the source, as `set` would need: it is faster, and leaves nothing to collect. */
const { copy } = Buffer.prototype;

/** Copies `size` bytes. Both arrays must have the range. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  size: number,
): void {
  if (size > SHORT) copy.call(source as Buffer, target, to, from, from + size);
  else for (let i = 0; i < size; i++) target[to + i] = source[from + i] ?? 0;
}
