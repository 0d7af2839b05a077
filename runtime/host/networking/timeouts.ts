import type { Process, ProcessSlot } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import { TIMED_OUT } from '../../kernel/scheduler.ts';
import { Timer } from '../../kernel/timer.ts';

/** Errors of operations that timed out that a process keeps. Beyond that the oldest are dropped. */
const MAX_KEPT = 1024;

/** Error ids of operations that timed out, oldest first. */
const TIMEOUTS: ProcessSlot<number[]> = { make: () => [] };

/**
 * Stores an error id where the guest looks for one, and returns the code for "timed out". Some guests drop such an
 * error and some never look at it (abi 19, number 8), so a process keeps only a limited number of them.
 */
export function timeOut(process: Process, idPointer: number): number {
  const id = process.errors.add('The operation timed out');
  const kept = process.slot(TIMEOUTS);
  if (kept.push(id) > MAX_KEPT) process.errors.delete(kept.shift() ?? id);
  process.memory.writeId(idPointer, id);
  return TIMED_OUT;
}

/**
 * Suspends a process until an operation is done or its time is up.
 * @param idPointer the address that the id of the error goes to if the time is up
 * @param timeout milliseconds, Infinity for no limit
 * @param start begins the operation and returns a function that gives it up; calls `wake` later, with the result of
 *   the host call
 */
export function waitWithTimeout(
  scheduler: Scheduler,
  process: Process,
  idPointer: number,
  timeout: number,
  start: (wake: (code: number) => void) => () => void,
): Promise<number> {
  return scheduler.waitForEvent(process, (wake) => {
    const giveUp = start(wake);
    armTimeout(process, timeout, () => {
      giveUp();
      wake(timeOut(process, idPointer));
    });
    return giveUp;
  });
}

/**
 * Starts the timer of a process that waits. It is stopped when the process becomes ready. Whatever arrived before the
 * time was up still counts: the event loop handles it before `expired` is called.
 * @param timeout milliseconds, Infinity for no limit
 */
export function armTimeout(process: Process, timeout: number, expired: () => void): void {
  if (timeout === Number.POSITIVE_INFINITY) return;
  const timer = new Timer(timeout, () => {
    setImmediate(() => {
      if (process.waitTimer === timer) expired();
    });
  });
  process.waitTimer = timer;
}

/** Stops the timer of a process that goes on waiting, now without a limit. */
export function disarmTimeout(process: Process): void {
  process.waitTimer?.cancel();
  process.waitTimer = null;
}

/** Converts a timeout of releases up to 0.9 to the present form. It was a `u32`, and 0 was no limit. */
export function oldTimeout(timeout: number): bigint {
  return timeout === 0 ? -1n : BigInt(timeout >>> 0);
}
