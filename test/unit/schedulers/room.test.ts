import { nextTick } from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { SchedulerIndex } from '../../../runtime/kernel/ids.ts';
import type { Process } from '../../../runtime/kernel/process.ts';
import { Where } from '../../../runtime/kernel/where.ts';
import type { Link } from '../../../runtime/schedulers/link.ts';
import { Mesh } from '../../../runtime/schedulers/mesh.ts';
import { Placing } from '../../../runtime/schedulers/placing.ts';
import type { Surroundings } from '../../../runtime/schedulers/surroundings.ts';

/** Places processes that are to begin on other schedulers. These have so much room. */
function apart(rooms: readonly number[], { leaving = 0, isCrowded = false } = {}) {
  const mesh = new Mesh(0 as SchedulerIndex);
  const went = new Map<SchedulerIndex, number>();
  let grown = 0;
  const surroundings: Partial<Surroundings> = {
    mesh,
    leaving,
    isCrowded,
    mayStart: false,
    isMovable: () => true,
    grow: () => ++grown > 0,
    enqueue: () => {},
    move: (processes, to) => void went.set(to, (went.get(to) ?? 0) + processes.length),
  };
  const placing = new Placing(surroundings as Surroundings);
  for (const [i, room] of rooms.entries()) {
    const index = (i + 1) as SchedulerIndex;
    mesh.add({ index, link: {} as Link, isReady: true, isHungry: false, room: 0, sent: 0, arrived: 0 });
    placing.crowd.told(index, room, 0);
  }
  /** Begins so many, and tells how many each scheduler gets, and how often a further one was asked for. */
  return async (count: number) => {
    const process = { id: 2, parent: 1, where: Where.Apart } as unknown as Process;
    const kept = Array.from({ length: count }, () => placing.keeps(process)).filter(Boolean).length;
    await promisify(nextTick)();
    return { kept, went: Object.fromEntries(went), grown };
  };
}

test('no scheduler gets more processes than it has room for', async () => {
  expect((await apart([3, 5, 100])(30)).went).toEqual({ 1: 3, 2: 5, 3: 22 });
  expect((await apart([3, 5])(30)).went).toEqual({ 1: 3, 2: 5 });
});

test('those that are about to leave count', async () => {
  expect((await apart([100, 10], { leaving: 40 })(90)).went).toEqual({ 1: 60 });
});

test('if all others are full, there are further ones once there is little room here', async () => {
  expect(await apart([0])(1)).toEqual({ kept: 0, went: {}, grown: 0 });
  expect(await apart([0], { isCrowded: true })(1)).toMatchObject({ kept: 1, went: {} });
});
