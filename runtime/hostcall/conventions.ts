import type { Process } from '../kernel/process.ts';
import { asTrap } from '../kernel/trap.ts';

/** Result codes (abi 3.4). */
export const OK = 0;
export const FAILED = 1;

/** Whether an id of a config or module, passed as two halves, means the caller's own: all bits are set (abi 10.3). */
export function inherits(low: number, high: number): boolean {
  return (low & high) === -1;
}

/** Converts a `u64` of milliseconds, passed as two halves. All bits set means no limit: Infinity (abi 3.5). */
export function timeoutFromHalves(low: number, high: number): number {
  return (low & high) === -1 ? Number.POSITIVE_INFINITY : (high >>> 0) * 2 ** 32 + (low >>> 0);
}

/** Converts a `u64` of milliseconds. All bits set means no limit: Infinity (abi 3.5). */
export function timeoutFromGuest(timeout: bigint): number {
  return timeout === -1n ? Number.POSITIVE_INFINITY : Number(BigInt.asUintN(64, timeout));
}

/**
 * Continues a host function when what it waits for has arrived. Whatever `next` throws becomes a trap, as in the part of
 * the function that runs at once.
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

/** Puts a message into the caller's error table and its id at `idPointer`. Returns the failure code. */
export function fail(process: Process, idPointer: number, message: string): number {
  process.memory.writeId(idPointer, process.errors.add(message));
  return FAILED;
}

/** Converts a `u64` limit. Above 2^53 it is rounded, which does not matter: no such limit can be reached. */
export function limitFromGuest(value: bigint): number {
  return Number(BigInt.asUintN(64, value));
}

/** Converts a limit back. `limitFromGuest` rounded the largest ones up to 2^64, which is not a `u64`. */
export function limitToGuest(limit: number): bigint {
  return limit >= 2 ** 64 ? 0xffff_ffff_ffff_ffffn : BigInt(limit);
}
