import { expect, test } from 'vitest';
import {
  NO_PROCESS,
  processId,
  processIdFromGuest,
  type SchedulerIndex,
  schedulerOf,
} from '../../../runtime/kernel/ids.ts';

test.each([
  [0, 1, 1],
  [0, 12_345, 12_345],
  [3, 1, 3 * 2 ** 44 + 1],
  [511, 2 ** 44 - 1, 2 ** 53 - 1],
])('an id carries its scheduler: process %i:%i is %i', (scheduler, counter, id) => {
  expect(processId(scheduler as SchedulerIndex, counter)).toBe(id);
  expect(schedulerOf(processIdFromGuest(BigInt(id)))).toBe(scheduler);
});

test.each([[0n], [-1n], [2n ** 53n], [2n ** 63n - 1n], [-(2n ** 63n)]])('%i names no process', (id) => {
  expect(processIdFromGuest(id)).toBe(NO_PROCESS);
});
