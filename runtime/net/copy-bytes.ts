/** Up to this many bytes a loop is faster than a view. */
const SHORT = 32;

/** Copies `size` bytes. Both arrays must have the range. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  size: number,
): void {
  if (size > SHORT) target.set(size === source.length ? source : source.subarray(from, from + size), to);
  else for (let i = 0; i < size; i++) target[to + i] = source[from + i] ?? 0;
}
