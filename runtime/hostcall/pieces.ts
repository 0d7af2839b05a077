import type { Scheduler } from '../kernel/scheduler.ts';
import { andThen } from './conventions.ts';

/** Bytes that a host call copies before it looks whether the turn is over: about a turn's work. */
export const PIECE = 2 ** 20;

/**
 * Does the work of a long host call piece by piece, and gives way to others between two pieces if the turn is over. A process
 * that is killed meanwhile does not go on.
 * @param step does a piece, charges for it, and returns undefined as long as something is left, and then the result. It must
 *   expect that other processes have run since its last call
 */
export function inPieces<T extends {}>(scheduler: Scheduler, step: () => T | undefined): T | Promise<T> {
  for (;;) {
    const result = step();
    if (result !== undefined) return result;
    const suspended = scheduler.tick();
    if (suspended !== undefined) return andThen(suspended, () => inPieces(scheduler, step));
  }
}

/** Goes on with the result of `inPieces`. */
export function afterPieces<T extends {}, R>(
  result: T | Promise<T>,
  next: (result: T) => R | Promise<R>,
): R | Promise<R> {
  return result instanceof Promise ? andThen(result, next) : next(result);
}
