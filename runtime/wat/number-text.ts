/** Numbers as the text format writes them: the shortest decimal that reads back as the same bits. */

/** @param bits those of an f32 */
export function f32Text(bits: number): string {
  const sign = bits < 0 ? '-' : '';
  const fraction = bits & 0x7fffff;
  if ((bits & 0x7f800000) === 0x7f800000) return sign + special(BigInt(fraction), 0x400000n);
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, bits & 0x7fffffff);
  return sign + shortestSingle(view.getFloat32(0));
}

/** @param high, low the halves of an f64's bits, the high one signed */
export function f64Text(high: number, low: number): string {
  const sign = high < 0 ? '-' : '';
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(low >>> 0);
  if ((high & 0x7ff00000) === 0x7ff00000) return sign + special(fraction, 0x8000000000000n);
  const view = new DataView(new ArrayBuffer(8));
  view.setInt32(0, high & 0x7fffffff);
  view.setInt32(4, low);
  return sign + String(view.getFloat64(0));
}

/** The text of an infinity, or of a NaN, with its payload unless that is the canonical one. */
function special(fraction: bigint, canonical: bigint): string {
  if (fraction === 0n) return 'inf';
  return fraction === canonical ? 'nan' : `nan:0x${fraction.toString(16)}`;
}

function shortestSingle(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (readsBackAs(text, value)) return text;
  }
  return String(Number(value.toPrecision(9)));
}

/**
 * Whether every reader of the decimal gets this f32. JavaScript reads it as an f64 first, and other readers do not, so
 * a decimal too near to the middle between two f32s for an f64 to tell does not count.
 */
function readsBackAs(text: string, value: number): boolean {
  const near = Number(text);
  return (
    Math.fround(near * (1 + Number.EPSILON)) === value && Math.fround(near * (1 - Number.EPSILON)) === value
  );
}

/** The signed or unsigned LEB128 number of at most 64 bits at `position`, in decimal. */
export function leb64Text(bytes: Uint8Array, position: number, signed: boolean): string {
  let value = 0n;
  let shift = 0n;
  for (let at = position; ; at++) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) break;
  }
  if (!signed) return String(value);
  return String(BigInt.asIntN(Number(shift < 64n ? shift : 64n), value));
}
