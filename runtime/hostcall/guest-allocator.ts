import type { GuestInstance } from '../kernel/guest-instance.ts';
import type { Process, ProcessSlot } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { hostTrap } from '../kernel/trap.ts';
import { andThen } from './conventions.ts';

/** The export through which a guest gives out its memory (abi 3.8). */
const ALLOCATOR = 'lunatic_alloc';

/** Allocations within allocations that a process may be in: each takes a stack of its own. */
const MAX_DEPTH = 16;

/** The allocators of instances, on stacks of their own: making one costs more than a call. */
const allocators = new WeakMap<GuestInstance, (length: number) => Promise<number>>();

/** How many calls of the allocator a process is in. */
const DEPTH: ProcessSlot<{ calls: number }> = { make: () => ({ calls: 0 }) };

/**
 * Gives a guest data of a size it does not know (abi 3.8): has the guest's own allocator make room, which may
 * suspend, puts the bytes there and their number, 4 bytes, into the cell at `lengthPointer`. Upstream writes 8, over
 * whatever follows the cell of 4 that its SDK has; guests that read 8 must zero the cell first.
 *
 * @returns the address. Traps where there is no such export or it is of another type, where it traps itself, and where
 *   the range it returns is not in memory
 */
export function giveToGuest(
  scheduler: Scheduler,
  process: Process,
  bytes: Uint8Array,
  lengthPointer: number,
): Promise<number> {
  const { module, instance } = process;
  const type = module.exportedFunction(ALLOCATOR);
  if (type === undefined || instance === null) {
    throw hostTrap(
      `the module exports no function "${ALLOCATOR}", through which this host function returns data`,
    );
  }
  if (type.params.join() !== 'i32' || type.results.join() !== 'i32') {
    throw hostTrap(`"${ALLOCATOR}" must take an i32 and return an i32`);
  }
  const depth = process.slot(DEPTH);
  if (depth.calls >= MAX_DEPTH) throw hostTrap(`"${ALLOCATOR}" is nested ${MAX_DEPTH} times`);
  const refusal = scheduler.capacity.admit(false);
  if (refusal !== null) throw hostTrap(refusal);
  depth.calls++;

  let allocate = allocators.get(instance);
  if (allocate === undefined) {
    allocate = WebAssembly.promising(instance.exports[ALLOCATOR] as (length: number) => number);
    allocators.set(instance, allocate);
  }
  const call = allocate;
  // From the bottom of the JavaScript stack: nested on it, a guest could end it in the midst of the kernel.
  const allocated = Promise.resolve()
    .then(() => call(bytes.length))
    .finally(() => {
      depth.calls--;
      scheduler.capacity.releaseStack();
    });
  return andThen(allocated, (address) => {
    const { memory } = process;
    memory.write(address, bytes);
    memory.writeU32(lengthPointer, bytes.length);
    return address;
  });
}
