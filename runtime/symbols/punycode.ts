/**
 * Punycode (RFC 3492) as Rust symbols use it for identifiers outside ASCII. It differs from the one in domain
 * names in a single point: `_` separates the ASCII part, since `-` is no symbol character.
 */

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_CODE = 0x80;
const MAX_CODE = 0x10ffff;

/** Past this no further insertion can be valid, and arithmetic is still far from losing precision. */
const MAX_DELTA = 2 ** 31;

/** Decodes an identifier. Returns undefined if it is not a valid encoding or is longer than `maxLength`. */
export function decodePunycode(encoded: string, maxLength: number): string | undefined {
  const separator = encoded.lastIndexOf('_');
  const points = Array.from(encoded.slice(0, Math.max(separator, 0)), (char) => char.codePointAt(0) ?? 0);
  const digits = encoded.slice(separator + 1);
  // Without anything outside ASCII the compiler would not have used punycode.
  if (digits === '') return undefined;

  let code = INITIAL_CODE;
  let bias = INITIAL_BIAS;
  let insertAt = 0;
  let at = 0;
  while (at < digits.length) {
    const before = insertAt;
    let weight = 1;
    for (let k = BASE; ; k += BASE) {
      const digit = digitValue(digits.charCodeAt(at++));
      if (digit === undefined) return undefined;
      insertAt += digit * weight;
      if (insertAt > MAX_DELTA) return undefined;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    const length = points.length + 1;
    if (length > maxLength) return undefined;
    bias = adapt(insertAt - before, length, before === 0);
    code += Math.floor(insertAt / length);
    if (code > MAX_CODE || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    insertAt %= length;
    points.splice(insertAt++, 0, code);
  }
  return points.map((point) => String.fromCodePoint(point)).join('');
}

/** `a`-`z` are 0 to 25 and `0`-`9` are 26 to 35. Returns undefined for the rest, including NaN past the end. */
function digitValue(charCode: number): number | undefined {
  if (charCode >= 0x61 && charCode <= 0x7a) return charCode - 0x61;
  if (charCode >= 0x30 && charCode <= 0x39) return charCode - 0x30 + 26;
  return undefined;
}

/** Guesses the size of the next delta from this one (section 6.1 of the RFC). */
function adapt(delta: number, length: number, isFirst: boolean): number {
  let rest = isFirst ? Math.floor(delta / DAMP) : Math.floor(delta / 2);
  rest += Math.floor(rest / length);
  let k = 0;
  while (rest > ((BASE - T_MIN) * T_MAX) / 2) {
    rest = Math.floor(rest / (BASE - T_MIN));
    k += BASE;
  }
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
