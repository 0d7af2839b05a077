/**
 * Integers of any size, without overflow: a number where that is exact, else a BigInt. Results of more than 128 bits are
 * refused, so an expression cannot make huge ones.
 */
import { ExpressionError } from './expression-error.ts';

export type Integer = number | bigint;

const LIMIT = 1n << 128n;

export function exact(value: bigint): Integer {
  if (value >= -0x1f_ffff_ffff_ffffn && value <= 0x1f_ffff_ffff_ffffn) return Number(value);
  if (value >= LIMIT || value < -LIMIT) throw new ExpressionError('the number has more than 128 bits');
  return value;
}

export function add(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return exact(BigInt(a) + BigInt(b));
}

export function subtract(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (Number.isSafeInteger(difference)) return difference;
  }
  return exact(BigInt(a) - BigInt(b));
}

export function multiply(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product + 0;
  }
  return exact(BigInt(a) * BigInt(b));
}

/** Rounds towards zero, as C and Rust do. */
export function divide(a: Integer, b: Integer): Integer {
  if (b === 0) throw new ExpressionError('it divides by zero');
  if (typeof a === 'number' && typeof b === 'number') return (a - (a % b)) / b + 0;
  return exact(BigInt(a) / BigInt(b));
}

export function remainder(a: Integer, b: Integer): Integer {
  if (b === 0) throw new ExpressionError('it divides by zero');
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return exact(BigInt(a) % BigInt(b));
}

export function and(a: Integer, b: Integer): Integer {
  return areSmall(a, b) ? Number(a) & Number(b) : exact(BigInt(a) & BigInt(b));
}

export function or(a: Integer, b: Integer): Integer {
  return areSmall(a, b) ? Number(a) | Number(b) : exact(BigInt(a) | BigInt(b));
}

export function xor(a: Integer, b: Integer): Integer {
  return areSmall(a, b) ? Number(a) ^ Number(b) : exact(BigInt(a) ^ BigInt(b));
}

export function shiftLeft(a: Integer, b: Integer): Integer {
  return exact(BigInt(a) << BigInt(distance(b)));
}

export function shiftRight(a: Integer, b: Integer): Integer {
  return exact(BigInt(a) >> BigInt(distance(b)));
}

function distance(b: Integer): number {
  if (b < 0 || b > 128) throw new ExpressionError('it shifts by more than 128 bits, or less than none');
  return Number(b);
}

export function negate(a: Integer): Integer {
  return typeof a === 'number' ? 0 - a : exact(-a);
}

export function not(a: Integer): Integer {
  return typeof a === 'number' ? -1 - a : exact(~a);
}

/** What is left of it in an integer of so many bytes. */
export function wrap(value: Integer, bytes: number, isSigned: boolean): Integer {
  if (bytes <= 4 && typeof value === 'number' && (value | 0) === value) {
    if (bytes === 4) return isSigned ? value : value >>> 0;
    const shift = 32 - 8 * bytes;
    return isSigned ? (value << shift) >> shift : (value << shift) >>> shift;
  }
  const bits = 8 * bytes;
  return exact(isSigned ? BigInt.asIntN(bits, BigInt(value)) : BigInt.asUintN(bits, BigInt(value)));
}

/** Whether both are integers of 32 bits with a sign. */
function areSmall(a: Integer, b: Integer): boolean {
  return typeof a === 'number' && typeof b === 'number' && (a | 0) === a && (b | 0) === b;
}

/** Equal as numbers, also where one is a BigInt. NaN equals nothing. */
export function equal(a: number | bigint, b: number | bigint): boolean {
  if (typeof a === typeof b) return a === b;
  return !(a < b) && !(a > b) && !Number.isNaN(a) && !Number.isNaN(b);
}
