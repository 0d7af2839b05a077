import { expect, test } from 'vitest';
import { makeZeroScan } from '../../../runtime/kernel/zero-scan.ts';

const SIZE = 65_536;
const PAGE = 4096;

test('finds every byte that is not zero, and none outside of the range', () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const bytes = new Uint8Array(memory.buffer);
  const scan = makeZeroScan(memory);
  const missed: number[] = [];
  const seenOutside: number[] = [];
  expect(scan(0, SIZE)).toBe(0);
  for (let at = 0; at < SIZE; at++) {
    bytes[at] = 1 << (at & 7);
    const page = at - (at % PAGE);
    if (scan(page, page + PAGE) === 0 || scan(0, SIZE) === 0) missed.push(at);
    if (page > 0 && scan(0, page) !== 0) seenOutside.push(at);
    if (page + PAGE < SIZE && scan(page + PAGE, SIZE) !== 0) seenOutside.push(at);
    bytes[at] = 0;
  }
  expect({ missed, seenOutside }).toEqual({ missed: [], seenOutside: [] });
});
