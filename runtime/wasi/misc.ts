import { andThen } from '../hostcall/conventions.ts';
import { exitTrap, hostTrap } from '../kernel/trap.ts';
import { Errno } from './errno.ts';
import { preview1, SINCE } from './preview1.ts';

/** Functions for random numbers, the end of a process, and giving way. */

/** Loaded when a program first asks for random numbers: loading takes longer than many programs. */
const crypto = () => process.getBuiltinModule('node:crypto');

/** Random bytes that are made before giving way. */
const RANDOM_CHUNK = 2 ** 20;
/** What each of them takes. */
const RANDOM_BYTE_WORK = 4;

preview1.define(
  'random_get',
  '(buffer: i32, length: i32) -> i32',
  { since: SINCE, blocking: true },
  'Fills a buffer with random bytes.',
  ({ scheduler }) =>
    (pointer: number, length: number) => {
      const { memory } = scheduler.current;
      const size = length >>> 0;
      const start = memory.check(pointer, size);
      const fill = (from: number): Errno | Promise<number> => {
        for (let at = from; at < size; at += RANDOM_CHUNK) {
          const count = Math.min(RANDOM_CHUNK, size - at);
          crypto().randomFillSync(memory.slice(start + at, count));
          scheduler.work.charge(RANDOM_BYTE_WORK * count);
          const suspended = scheduler.tick();
          if (suspended !== undefined) return andThen(suspended, () => fill(at + RANDOM_CHUNK));
        }
        return Errno.Success;
      };
      return fill(0);
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
