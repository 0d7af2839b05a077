import type { Process } from '../kernel/process.ts';
import { asTrap } from '../kernel/trap.ts';

/** What result codes mean (abi 3.4). */
export const OK = 0;
export const FAILED = 1;

/** -1 as config or module id: the caller's own. */
export const INHERIT = -1n;

/** A `u64` of milliseconds, passed as two halves, as a number; all bits set means without end (abi 3.5). */
export function timeoutFromHalves(low: number, high: number): number {
  return (low & high) === -1 ? Number.POSITIVE_INFINITY : (high >>> 0) * 2 ** 32 + (low >>> 0);
}

/** A `u64` of milliseconds as a number; all bits set means no limit (abi 3.5). */
export function timeoutFromGuest(timeout: bigint): number {
  return timeout === -1n ? Number.POSITIVE_INFINITY : Number(BigInt.asUintN(64, timeout));
}

/**
 * Goes on in a host function when what it waits for is there. Whatever `next` throws becomes a trap, as it does in
 * the part of the function that runs at once.
 */
export function andThen<T, R>(awaited: Promise<T>, next: (value: T) => R | Promise<R>): Promise<R> {
  return awaited.then((value) => {
    try {
      return next(value);
    } catch (error) {
      throw asTrap(error);
    }
  });
}

/** Puts a text into the caller's error table and its id into the out cell; returns the failure code. */
export function fail(process: Process, idPointer: number, message: string): number {
  process.memory.writeId(idPointer, process.errors.add(message));
  return FAILED;
}

/** A `u64` limit as a number. Above 2^53 it is rounded, which no limit that can be reached notices. */
export function limitFromGuest(value: bigint): number {
  return Number(BigInt.asUintN(64, value));
}

/** The largest `u64` was rounded up to 2^64, which no `u64` holds. */
export function limitToGuest(limit: number): bigint {
  return limit >= 2 ** 64 ? 0xffff_ffff_ffff_ffffn : BigInt(limit);
}
