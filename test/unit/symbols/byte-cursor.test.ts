import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteCursor, DwarfError } from '../../../runtime/symbols/dwarf/byte-cursor.ts';

/** LEB128, with more bytes than needed if `padding` says so. */
function leb(value: bigint, signed: boolean, padding = 0): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (;;) {
    const byte = Number(left & 0x7fn);
    left >>= 7n;
    const isLast = signed ? left === (byte & 0x40 ? -1n : 0n) : left === 0n;
    bytes.push(isLast && padding === 0 ? byte : byte | 0x80);
    if (isLast) break;
  }
  const fill = signed && value < 0n ? 0x7f : 0;
  for (let i = 1; i <= padding; i++) bytes.push(i === padding ? fill : fill | 0x80);
  return Uint8Array.from(bytes);
}

describe('LEB128 numbers', () => {
  test('without sign, exact up to 2^53 and as bigint up to 2^64', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(3), (value, padding) => {
        const bytes = leb(value, false, padding);
        const cursor = new ByteCursor(bytes);
        if (value <= Number.MAX_SAFE_INTEGER) expect(cursor.uleb()).toBe(Number(value));
        expect(new ByteCursor(bytes).bigUleb()).toBe(value);
        const skipped = new ByteCursor(bytes);
        skipped.skipLeb();
        expect(skipped.atEnd).toBe(true);
      }),
    );
  });

  test('with sign', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.nat(3), (value, padding) => {
        const bytes = leb(value, true, padding);
        if (value > -(2n ** 53n) && value < 2n ** 53n)
          expect(new ByteCursor(bytes).sleb()).toBe(Number(value));
        expect(new ByteCursor(bytes).bigSleb()).toBe(value);
      }),
    );
  });
});

test.each([
  ['u8', 0],
  ['u16', 1],
  ['u24', 2],
  ['u32', 3],
  ['u64', 7],
  ['uleb', 0],
  ['string', 3],
] as const)('%s does not read beyond the end', (method, length) => {
  const cursor = new ByteCursor(new Uint8Array([1, 1, 1, 1, 1, 1, 1, 1, 0]), 0, length);
  expect(() => cursor[method]()).toThrow(DwarfError);
});

test('a range outside of the bytes is refused, also one that is no number', () => {
  for (const [from, to] of [
    [-1, 1],
    [3, 2],
    [0, 5],
    [Number.NaN, 1],
    [2 ** 60, 2 ** 61],
  ]) {
    expect(() => new ByteCursor(new Uint8Array(4), from, to)).toThrow(DwarfError);
  }
});
