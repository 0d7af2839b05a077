import { expect, test } from 'vitest';
import { FairQueue } from '../../../runtime/host/sqlite/fair-queue.ts';

test('a program has at most half of the places, whatever it waits for', () => {
  const queue = new FairQueue<{ readonly program: object; readonly name: string }>(4);
  const [one, other] = [{}, {}];
  const begun: string[] = [];
  const begin = (): void => {
    for (let entry = queue.next(); entry !== null; entry = queue.next()) begun.push(entry.name);
  };
  const first = { program: one, name: 'first' };
  for (const entry of [first, ...['second', 'third', 'fourth'].map((name) => ({ program: one, name }))])
    queue.add(entry);
  begin();
  expect(begun).toEqual(['first', 'second']);
  queue.add({ program: other, name: 'another' });
  begin();
  expect(begun).toEqual(['first', 'second', 'another']);
  queue.end(first);
  begin();
  expect(begun).toEqual(['first', 'second', 'another', 'third']);
});
