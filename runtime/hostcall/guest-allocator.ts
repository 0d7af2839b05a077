import type { GuestInstance } from '../kernel/guest-instance.ts';
import type { Process, ProcessSlot } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { hostTrap } from '../kernel/trap.ts';
import { andThen } from './conventions.ts';
import { inPieces, PIECE } from './pieces.ts';

/** The export that allocates guest memory for the host (abi 3.8). */
const ALLOCATOR = 'lunatic_alloc';

/** How deep allocations may be nested in a process. Each takes a stack of its own. */
const MAX_DEPTH = 16;

/** The allocators of instances, wrapped to run on stacks of their own. Wrapping costs more than a call. */
const allocators = new WeakMap<GuestInstance, (length: number) => Promise<number>>();

/** The number of calls of the allocator that a process is in. */
const DEPTH: ProcessSlot<{ calls: number }> = { make: () => ({ calls: 0 }) };

/**
 * Gives a guest data of a size that it does not know (abi 3.8). The guest's own allocator makes room, which may
 * suspend; the bytes go there, with turns of others in between if they are many, and their number goes as a `u32` to `lengthPointer`. Upstream writes 8 bytes, over
 * whatever follows the 4 bytes that its SDK has there; guests that read 8 must zero them first.
 *
 * @returns the address. Traps if there is no such export or it has another type, if it traps itself, and if the range
 *   that it returns is outside the memory
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
  const refusal = scheduler.capacity.admit(0);
  if (refusal !== null) throw hostTrap(refusal);
  scheduler.capacity.beginStack();
  depth.calls++;

  let allocate = allocators.get(instance);
  if (allocate === undefined) {
    allocate = WebAssembly.promising(instance.exports[ALLOCATOR] as (length: number) => number);
    allocators.set(instance, allocate);
  }
  const call = allocate;
  // Called from the bottom of the JavaScript stack: if it were nested, a guest could exhaust the stack within the kernel.
  const allocated = Promise.resolve()
    .then(() => call(bytes.length))
    .finally(() => {
      depth.calls--;
      scheduler.capacity.releaseStack(true);
    });
  return andThen(allocated, (address) => {
    const { memory } = process;
    const start = memory.check(address, bytes.length);
    let written = 0;
    return inPieces(scheduler, () => {
      const piece = bytes.subarray(written, written + PIECE);
      memory.write(start + written, piece);
      written += piece.length;
      if (written < bytes.length) return undefined;
      memory.writeU32(lengthPointer, bytes.length);
      return address;
    });
  });
}
