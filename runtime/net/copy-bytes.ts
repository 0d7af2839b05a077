/** Bytes up to which a loop is faster than making a view. */
const SHORT = 64;

/** Copies bytes that both arrays have. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  size: number,
): void {
  if (size > SHORT) target.set(source.subarray(from, from + size), to);
  else for (let i = 0; i < size; i++) target[to + i] = source[from + i] ?? 0;
}
