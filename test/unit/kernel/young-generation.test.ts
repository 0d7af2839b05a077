import { expect, test } from 'vitest';
import { YoungGeneration } from '../../../runtime/kernel/young-generation.ts';

/** What V8 is told while so many processes live, one number after the other. */
function triggers(...processes: number[]): number[] {
  const set: number[] = [];
  const young = new YoungGeneration((percent) => set.push(percent));
  for (const count of processes) young.fit(count);
  return set;
}

test('few processes leave the young generation as it is', () => {
  expect(triggers(0, 1, 30, 49)).toEqual([]);
});

test('the more processes there are, the more of it is used', () => {
  expect(triggers(50, 300, 600, 1000, 5999, 6000, 9000)).toEqual([12, 20, 40, 75]);
});

test('many processes at once get as much as they need at once', () => {
  expect(triggers(5, 1200)).toEqual([40]);
  expect(triggers(5, 30_000, 40_000)).toEqual([75]);
});

test('it stays as it is when processes end', () => {
  expect(triggers(600, 10, 600)).toEqual([20]);
});
