import { expect, test } from 'vitest';
import { Joiners, piecesOf } from '../../runtime/cluster/nats/pieces.ts';

const MORE = 1;
const begun = (size: number) => new Uint8Array(size).fill(MORE);

test('pieces of frames from several senders and environments are joined, and nothing is kept of what is whole', () => {
  const joiners = new Joiners();
  const frames = [0, 1, 2500].map((size, i) => new Uint8Array(size).fill(i + 1));
  for (const frame of frames) {
    const pieces = [...piecesOf(frame, 1000)];
    for (const piece of pieces.slice(0, -1)) expect(joiners.take(1, 1, piece)).toBeNull();
    // Another environment has frames of its own.
    expect(joiners.take(1, 2, Uint8Array.of(0, 9))).toStrictEqual(Uint8Array.of(9));
    expect(Uint8Array.from(joiners.take(1, 1, pieces.at(-1) ?? new Uint8Array()) ?? [])).toStrictEqual(frame);
  }
  expect(joiners.kept).toBe(0);
});

test('frames that never end take no more memory than they may, whatever senders and environments are made up', () => {
  const joiners = new Joiners(2 ** 20);
  for (let i = 0; i < 10_000; i++) {
    joiners.take(1 + (i % 7), i, begun(1000));
    expect(joiners.kept).toBeLessThanOrEqual(2 ** 20);
  }
  expect(joiners.kept).toBeGreaterThan(2 ** 19);
  // One that is begun now comes whole.
  joiners.take(1, 99_999, begun(3));
  expect(joiners.take(1, 99_999, Uint8Array.of(0, 5))).toHaveLength(3);
  for (let node = 1; node <= 7; node++) joiners.left(node);
  expect(joiners.kept).toBe(0);
  // Pieces without content count, too.
  expect(() => {
    for (let i = 0; i < 10_000; i++) joiners.take(1, 1, begun(1));
  }).toThrow(/frame/);
  expect(() => joiners.take(1, 1, new Uint8Array())).toThrow(/unknown kind/);
});
