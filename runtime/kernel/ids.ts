/**
 * Numbers that name things. Wasm sees them as `u64`; inside they are plain numbers, because a BigInt is an
 * allocation and every message carries an id.
 *
 * A process id carries its scheduler's index, so that a signal is routed without a look-up:
 *
 *     bit 52      44 43                      0
 *        +----------+------------------------+
 *        | scheduler | counter, from 1        |
 *        +----------+------------------------+
 *
 * The first scheduler is 0, so that a program on one scheduler sees upstream's ids 1, 2, 3, ...
 */

declare const brand: unique symbol;
type Id<Name extends string> = number & { readonly [brand]: Name };

export type ProcessId = Id<'process'>;
export type EnvironmentId = Id<'environment'>;
export type SchedulerIndex = Id<'scheduler'>;

/** The scheduler that starts the others. Names, limits and standard streams of a program belong to it. */
export const FIRST_SCHEDULER = 0 as SchedulerIndex;

/** Indexes of schedulers that there are. They are not used again, since ids carry them. */
export const SCHEDULER_INDEXES = 511;

/** The index in ids that stand for processes of other nodes. */
export const REMOTE = SCHEDULER_INDEXES as SchedulerIndex;

/** The most schedulers that a program may have at a time: there are 511 indexes, and those that died are counted. */
export const MOST_SCHEDULERS = 256;

/** An id that no process has. Whatever a guest passes that cannot be an id is read as this one. */
export const NO_PROCESS = 0 as ProcessId;

const PROCESSES_PER_SCHEDULER = 2 ** 44;

/** The id of the `counter`-th process (from 1) of an environment on one scheduler. */
export function processId(scheduler: SchedulerIndex, counter: number): ProcessId {
  return (scheduler * PROCESSES_PER_SCHEDULER + counter) as ProcessId;
}

/** The scheduler that a process lives on. */
export function schedulerOf(id: ProcessId): SchedulerIndex {
  return Math.floor(id / PROCESSES_PER_SCHEDULER) as SchedulerIndex;
}

/** Reads an id that a guest passed as a `u64`. Anything outside the range of ids becomes `NO_PROCESS`. */
export function processIdFromGuest(id: bigint): ProcessId {
  const n = Number(id);
  return (n > 0 && n <= Number.MAX_SAFE_INTEGER ? n : NO_PROCESS) as ProcessId;
}

/** Reads an id that was passed as two halves. */
export function processIdFromHalves(low: number, high: number): ProcessId {
  // Most ids are small: V8 makes no object of such a number.
  if (high === 0 && low >= 0) return low as ProcessId;
  if (high < 0 || high >= 2 ** 21) return NO_PROCESS;
  return (high * 2 ** 32 + (low >>> 0)) as ProcessId;
}

/** Reads a resource id or an index that a guest passed as a `u64`. Returns -1 for one that is too large for any table. */
export function indexFromGuest(id: bigint): number {
  const n = Number(id);
  return n >= 0 && n <= Number.MAX_SAFE_INTEGER ? n : -1;
}
