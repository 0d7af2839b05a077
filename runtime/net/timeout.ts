import type { Process } from '../kernel/process.ts';
import type { ProcessSlot } from '../kernel/process-slot.ts';
import { TIMED_OUT } from '../kernel/scheduler.ts';
import { Timer } from '../kernel/timer.ts';

/** Errors of operations that timed out that a process keeps; with more, the oldest are dropped. */
const MAX_KEPT = 1024;

/** Error ids of operations that timed out, oldest first. */
const TIMEOUTS: ProcessSlot<number[]> = { make: () => [] };

/**
 * Stores an error id where the guest looks for one, and returns the code for "timed out". Some guests drop such an
 * error and some never look at it (semantics 19, number 8): only so many are kept that the table does not grow.
 */
export function timeOut(process: Process, idPointer: number): number {
  const id = process.errors.add('The operation timed out');
  const kept = process.slot(TIMEOUTS);
  if (kept.push(id) > MAX_KEPT) process.errors.delete(kept.shift() ?? id);
  process.memory.writeId(idPointer, id);
  return TIMED_OUT;
}

/**
 * Arms the timer of a process that waits; what makes the process ready stops it. What had arrived by then counts: the
 * event loop looks for it once more.
 * @param timeout milliseconds, Infinity for none
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

/** A `u64` of milliseconds as a number; all bits set means without end (semantics 3.5). */
export function timeoutFromGuest(timeout: bigint): number {
  return timeout === -1n ? Number.POSITIVE_INFINITY : Number(BigInt.asUintN(64, timeout));
}

/** A timeout of up to 0.9 as one of now. It was a `u32`, and 0 meant none. */
export function oldTimeout(timeout: number): bigint {
  return timeout === 0 ? -1n : BigInt(timeout >>> 0);
}
