import { expect, test } from 'vitest';
import type { Process } from '../../../runtime/kernel/process.ts';
import { Where } from '../../../runtime/kernel/where.ts';
import { Placing } from '../../../runtime/schedulers/placing.ts';
import type { Surroundings } from '../../../runtime/schedulers/surroundings.ts';

/** Places connections on a busy scheduler that has another one beside it. */
function connections() {
  const peers = new Map();
  const placing = new Placing({
    mesh: { index: 0, open: [1], peers },
    isBusy: true,
    isCrowded: false,
    isContended: false,
    isMovable: () => true,
    move: () => {},
  } as unknown as Surroundings);
  /** Begins a process for a connection that ends after so many turns. Returns whether it begins elsewhere. */
  return (turns: number): boolean => {
    const process = { id: 2, parent: 1, where: Where.Usual, hasConnection: true, turns: 0, exit: null };
    const isElsewhere = placing.keeps(process as unknown as Process);
    Object.assign(process, { turns, exit: 0 });
    return isElsewhere;
  };
}

test('connections are divided as long as they last', () => {
  const begin = connections();
  expect(Array.from({ length: 10 }, () => begin(1000)).filter(Boolean)).toHaveLength(5);
});

test('connections that end soon stay, until one lasts again', () => {
  const begin = connections();
  const places = Array.from({ length: 100 }, () => begin(5));
  expect(places.slice(0, 10)).toContain(true);
  expect(places.slice(10)).not.toContain(true);
  begin(1000);
  begin(1000);
  expect(Array.from({ length: 10 }, () => begin(1000)).filter(Boolean)).toHaveLength(5);
});
