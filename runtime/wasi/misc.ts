import { randomFillSync } from 'node:crypto';
import { exitTrap, hostTrap } from '../kernel/trap.ts';
import { Errno } from './errno.ts';
import { preview1, SINCE } from './preview1.ts';

/** Random numbers, the end of a process, and giving way. */

preview1.define(
  'random_get',
  '(buffer: i32, length: i32) -> i32',
  { since: SINCE },
  'Fills a buffer with random bytes.',
  ({ scheduler }) =>
    (pointer: number, length: number) => {
      randomFillSync(scheduler.current.memory.slice(pointer, length));
      return Errno.Success;
    },
);

preview1.define(
  'proc_exit',
  '(code: i32)',
  { since: SINCE },
  'Ends the process: normally for 0, otherwise as a failure. Does not return.',
  () => (code: number) => {
    throw exitTrap(code);
  },
);

preview1.define(
  'proc_raise',
  '(signal: i32) -> i32',
  { since: SINCE },
  'Traps: a process has no operating system signals.',
  () => (signal: number) => {
    throw hostTrap(`proc_raise(${signal}): processes cannot raise operating system signals`);
  },
);

preview1.define(
  'sched_yield',
  '() -> i32',
  { since: SINCE, blocking: true },
  'Lets the other processes run.',
  ({ scheduler }) =>
    () =>
      scheduler.sleep(scheduler.current, 0),
);
