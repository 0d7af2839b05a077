import type { Scheduler } from '../kernel/scheduler.ts';
import { Errno, errnoOf } from './errno.ts';

/**
 * Suspends the current process while the operating system does something in a thread, and returns its `Errno`.
 * @param begin begins it, and must not call back synchronously
 * @param giveUp called if the process is killed meanwhile
 */
export function waitForDisk(
  scheduler: Scheduler,
  begin: (done: (error: Error | null) => void) => void,
  giveUp: () => void = () => {},
): Promise<number> {
  return scheduler.waitForEvent(scheduler.current, (wake) => {
    begin((error) => wake(error === null ? Errno.Success : (errnoOf(error) ?? Errno.Io)));
    return giveUp;
  });
}
