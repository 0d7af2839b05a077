import { expect, test } from 'vitest';
import { type RowLook, RowRenewals } from '../../../extension/processes/row-renewals.ts';

/** Rows by their numbers, and how they look. */
function drawn(looks: readonly RowLook[], time: number): RowRenewals<number> {
  const rows = new RowRenewals<number>();
  looks.forEach((look, key) => {
    rows.drawn(key, look, time);
  });
  return rows;
}

const going = (text: string): RowLook => ({ text, kind: 'going' });

test('a row is drawn anew where it looks different, and only there', () => {
  const rows = drawn([going('waiting'), going('waiting')], 0);
  rows.changed(0);
  rows.changed(1);
  // Nobody has drawn that one yet.
  rows.changed(2);
  expect(rows.take(5000, (key) => going(key === 1 ? 'sleeping' : 'waiting'))).toEqual([1]);
  expect(rows.waiting.size).toBe(0);
});

test('a row that changes again and again is drawn at a pace that people can read', () => {
  const rows = drawn([going('waiting')], 0);
  rows.changed(0);
  expect(rows.take(5000, () => going('running'))).toEqual([0]);
  rows.changed(0);
  expect(rows.take(5250, () => going('waiting'))).toEqual([]);
  expect(rows.waiting).toEqual(new Set([0]));
  expect(rows.take(5500, () => going('sleeping'))).toEqual([]);
  expect(rows.take(7000, () => going('waiting'))).toEqual([0]);
});

test('a row that looks as before when it is its turn is left alone', () => {
  const rows = drawn([going('waiting')], 5000);
  rows.changed(0);
  expect(rows.take(5250, () => going('running'))).toEqual([]);
  expect(rows.take(5500, () => going('waiting'))).toEqual([]);
  expect(rows.waiting.size).toBe(0);
});

test('what people wait to see is drawn at once', () => {
  const rows = drawn([going('waiting')], 5000);
  rows.changed(0);
  expect(rows.take(5001, () => ({ text: 'trapped', kind: 'held' }))).toEqual([0]);
});

test('of many rows some are drawn at a time, until all are', () => {
  const rows = drawn(
    Array.from({ length: 50 }, () => going('waiting')),
    0,
  );
  for (let key = 0; key < 50; key++) rows.changed(key);
  const counts = [];
  for (let time = 5000; rows.waiting.size > 0; time += 250)
    counts.push(rows.take(time, () => going('running')).length);
  expect(counts).toEqual([20, 20, 10]);
});

test('a row that is gone is not drawn', () => {
  const rows = drawn([going('waiting')], 0);
  rows.changed(0);
  rows.forget(0);
  expect(rows.take(5000, () => going('running'))).toEqual([]);
});
