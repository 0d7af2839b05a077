/** Whether numbers of the text format are in the range of their type. Source: core specification, 6.3.1 and 6.3.2. */

const INTEGER = /^[+-]?(?:0x[\da-fA-F_]+|[\d_]+)$/;

/** The value of an integer; undefined if the word is none. */
function integerOf(word: string): bigint | undefined {
  if (!INTEGER.test(word)) return undefined;
  const digits = word.replace(/^[+-]/, '').replaceAll('_', '');
  const value = BigInt(digits);
  return word.startsWith('-') ? -value : value;
}

/** An unsigned integer below 2^bits; undefined if the word is none. */
export function unsigned(word: string, bits: number): bigint | undefined {
  if (/^[+-]/.test(word)) return undefined;
  const value = integerOf(word);
  return value === undefined || value >> BigInt(bits) !== 0n ? undefined : value;
}

/** An index or a small count; undefined if the word is no unsigned 32-bit integer. */
export function u32(word: string): number | undefined {
  if (/^\d{1,9}$/.test(word)) return Number(word);
  const value = unsigned(word, 32);
  return value === undefined ? undefined : Number(value);
}

/** Whether a word is an integer of this many bits, signed or unsigned. */
export function isInteger(word: string, bits: number): boolean {
  const value = integerOf(word);
  return value !== undefined && value >= -(1n << BigInt(bits - 1)) && value < 1n << BigInt(bits);
}

const FLOAT_32 = { fraction: 23, limit: (1n << 128n) - (1n << 103n) } as const;
const FLOAT_64 = { fraction: 52, limit: (1n << 1024n) - (1n << 970n) } as const;

/** Whether a word is a floating-point number of this many bits, not so large that it would be an infinity. */
export function isFloat(word: string, bits: 32 | 64): boolean {
  const { fraction, limit } = bits === 32 ? FLOAT_32 : FLOAT_64;
  const number = word.replace(/^[+-]/, '').replaceAll('_', '');
  if (number === 'inf' || number === 'nan') return true;
  if (number.startsWith('nan:')) {
    const payload = /^nan:(0x[\da-fA-F]+)$/.exec(number)?.[1];
    return payload !== undefined && BigInt(payload) > 0n && BigInt(payload) < 1n << BigInt(fraction);
  }
  return number.startsWith('0x') ? isBelowHex(number, limit) : isBelowDecimal(number, limit);
}

function isBelowHex(number: string, limit: bigint): boolean {
  const [, whole = '', part = '', exponent = '0'] =
    /^0x([\da-fA-F]*)\.?([\da-fA-F]*)(?:[pP]([+-]?\d+))?$/.exec(number) ?? [];
  const mantissa = BigInt(`0x${whole}${part}` === '0x' ? '0x0' : `0x${whole}${part}`);
  return isBelow(mantissa, 2n, Number(exponent) - 4 * part.length, limit);
}

function isBelowDecimal(number: string, limit: bigint): boolean {
  const [, whole = '', part = '', exponent = '0'] = /^(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  return isBelow(BigInt(`0${whole}${part}`), 10n, Number(exponent) - part.length, limit);
}

/** More digits than a number below any limit has. Larger exponents need not be computed. */
const MOST_DIGITS = 2000;

/** Whether `mantissa * base ** exponent` is below a limit. */
function isBelow(mantissa: bigint, base: bigint, exponent: number, limit: bigint): boolean {
  if (mantissa === 0n) return true;
  if (exponent >= 0) return exponent < MOST_DIGITS && mantissa * base ** BigInt(exponent) < limit;
  // The mantissa itself may be below.
  if (mantissa < limit) return true;
  return -exponent > mantissa.toString(16).length * 4 || mantissa < limit * base ** BigInt(-exponent);
}
