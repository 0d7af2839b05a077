import { expect, test } from 'vitest';
import { type RowLook, RowRenewals, type Rows } from '../../../extension/processes/row-renewals.ts';

/** Rows by their numbers, and how they look. */
function drawn(looks: readonly RowLook[], time: number): RowRenewals<number> {
  const rows = new RowRenewals<number>();
  looks.forEach((look, key) => {
    rows.drawn(key, look, time);
  });
  return rows;
}

const going = (text: string): RowLook => ({ text, kind: 'going' });

/** Takes rows of which nobody has asked for a description. */
const take = (rows: RowRenewals<number>, time: number, lookOf: (key: number) => RowLook): number[] =>
  rows.take(time, { lookOf, descriptionOf: () => undefined });

test('a row is drawn anew where it looks different, and only there', () => {
  const rows = drawn([going('waiting'), going('waiting')], 0);
  rows.changed(0);
  rows.changed(1);
  // Nobody has drawn that one yet.
  rows.changed(2);
  expect(take(rows, 5000, (key) => going(key === 1 ? 'sleeping' : 'waiting'))).toEqual([1]);
  expect(rows.waiting.size).toBe(0);
});

test('a row that changes again and again is drawn at a pace that people can read', () => {
  const rows = drawn([going('waiting')], 0);
  rows.changed(0);
  expect(take(rows, 5000, () => going('running'))).toEqual([0]);
  rows.changed(0);
  expect(take(rows, 5250, () => going('waiting'))).toEqual([]);
  expect(rows.waiting).toEqual(new Set([0]));
  expect(take(rows, 5500, () => going('sleeping'))).toEqual([]);
  expect(take(rows, 7000, () => going('waiting'))).toEqual([0]);
});

test('a row that looks as before when it is its turn is left alone', () => {
  const rows = drawn([going('waiting')], 5000);
  rows.changed(0);
  expect(take(rows, 5250, () => going('running'))).toEqual([]);
  expect(take(rows, 5500, () => going('waiting'))).toEqual([]);
  expect(rows.waiting.size).toBe(0);
});

test('what people wait to see is drawn at once', () => {
  const rows = drawn([going('waiting')], 5000);
  rows.changed(0);
  expect(take(rows, 5001, () => ({ text: 'trapped', kind: 'held' }))).toEqual([0]);
});

test('of many rows some are drawn at a time, until all are', () => {
  const rows = drawn(
    Array.from({ length: 50 }, () => going('waiting')),
    0,
  );
  for (let key = 0; key < 50; key++) rows.changed(key);
  const counts = [];
  for (let time = 5000; rows.waiting.size > 0; time += 250)
    counts.push(take(rows, time, () => going('running')).length);
  expect(counts).toEqual([20, 20, 10]);
});

test('a row that is gone is not drawn', () => {
  const rows = drawn([going('waiting')], 0);
  rows.changed(0);
  rows.forget(0);
  expect(take(rows, 5000, () => going('running'))).toEqual([]);
});

test('a row whose description has become wrong is drawn anew when people have had time to read it', () => {
  const rows = drawn([going('waiting'), going('waiting')], 0);
  let name = 'nobody';
  const named: Rows<number> = { lookOf: () => going('waiting'), descriptionOf: () => name };
  rows.described(0, name, 3000);
  name = 'logger';
  rows.changed(0);
  // Nobody has asked what that one is.
  rows.changed(1);
  expect(rows.take(7000, named)).toEqual([]);
  expect(rows.waiting).toEqual(new Set([0]));
  expect(rows.take(8000, named)).toEqual([0]);
  rows.changed(0);
  expect(rows.take(20_000, named)).toEqual([]);
  expect(rows.waiting.size).toBe(0);
});
