import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeoutFromHalves } from '../../../runtime/hostcall/conventions.ts';
import { processIdFromGuest, processIdFromHalves } from '../../../runtime/kernel/ids.ts';
import { tagFromGuest, tagFromHalves, tagToGuest } from '../../../runtime/kernel/tag.ts';

const EDGES = [31n, 32n, 52n, 53n, 63n].flatMap((bits) => [-1n, 0n, 1n].map((d) => 2n ** bits + d));
const anyI64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -100n, max: 100n }),
  fc.constantFrom(...EDGES.flatMap((value) => [value, -value])).map((value) => BigInt.asIntN(64, value)),
);

function halves(value: bigint): [low: number, high: number] {
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}

test('a tag keeps its value, in one form only', () => {
  fc.assert(
    fc.property(anyI64, (value) => {
      const tag = tagFromHalves(...halves(value));
      expect(tagToGuest(tag)).toBe(value);
      expect(tagFromGuest(value)).toBe(tag);
      const exact = value >= -(2n ** 53n) && value < 2n ** 53n;
      expect(typeof tag).toBe(exact ? 'number' : 'bigint');
    }),
    { numRuns: 2000 },
  );
});

test('ids and timeouts that arrive in halves equal those that arrive whole', () => {
  fc.assert(
    fc.property(anyI64, (value) => {
      expect(processIdFromHalves(...halves(value))).toBe(processIdFromGuest(value));
      const timeout = value === -1n ? Number.POSITIVE_INFINITY : Number(BigInt.asUintN(64, value));
      expect(timeoutFromHalves(...halves(value))).toBe(timeout);
    }),
    { numRuns: 2000 },
  );
});
