import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RangeCollector } from '../../../runtime/symbols/dwarf/range-map.ts';

const ADDRESSES = 40;

/** Low and high, of which the first is less. */
const range = fc
  .tuple(fc.nat(ADDRESSES - 2), fc.integer({ min: 1, max: ADDRESSES }))
  .map(([low, length]) => [low, Math.min(low + length, ADDRESSES)] as const);

function collect(ranges: readonly (readonly [number, number])[]): RangeCollector {
  const collector = new RangeCollector();
  for (const [owner, [low, high]] of ranges.entries()) collector.add(low, high, owner);
  return collector;
}

const covers =
  (address: number) =>
  ([low, high]: readonly [number, number]) =>
    low <= address && address < high;

test('the least of those who claim an address owns it', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 20 }), (ranges) => {
      const map = collect(ranges).least();
      for (let address = 0; address <= ADDRESSES; address++) {
        expect(map.ownerOf(address)).toBe(ranges.findIndex(covers(address)));
      }
    }),
  );
});

test('of nested ranges the innermost owns an address', () => {
  // Each range is a part of one before it, or stands alone.
  const nested = fc
    .array(fc.tuple(fc.nat(5), fc.nat(ADDRESSES), fc.nat(ADDRESSES)), { maxLength: 12 })
    .map((parts) => {
      const ranges: (readonly [number, number])[] = [[0, ADDRESSES]];
      for (const [parent, a, b] of parts) {
        const [low, high] = ranges[parent % ranges.length] ?? [0, 0];
        const start = low + (a % (high - low));
        const end = start + 1 + (b % (high - start));
        const clashes = ranges.some(
          ([l, h]) => (start < l && l < end && end < h) || (l < start && start < h && h < end),
        );
        if (!clashes && !ranges.some(([l, h]) => start <= l && h <= end)) ranges.push([start, end]);
      }
      return ranges;
    });
  fc.assert(
    fc.property(nested, (ranges) => {
      const map = collect(ranges).innermost();
      for (let address = 0; address <= ADDRESSES; address++) {
        expect(map.ownerOf(address)).toBe(ranges.findLastIndex(covers(address)));
      }
    }),
  );
});

test('addresses beyond 2^31 are in order, too', () => {
  const collector = new RangeCollector();
  collector.add(0xf000_0000, 0xf000_0010, 1);
  collector.add(0x10, 0x20, 0);
  const map = collector.least();
  expect(
    [0x10, 0x20, 0xefff_ffff, 0xf000_0000, 0xf000_000f, 0xf000_0010].map((at) => map.ownerOf(at)),
  ).toEqual([0, -1, -1, 1, 1, -1]);
});
