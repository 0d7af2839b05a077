/**
 * Traps that no guest can catch.
 *
 * An ordinary JavaScript error that a host function throws, or that a suspended stack is resumed with, is an exception to
 * wasm, which `catch_all` catches: a guest could survive its own kill. V8 marks the errors of genuine wasm traps as
 * uncatchable for wasm, even if JavaScript throws them again. So every trap made here begins as one: a tiny module executes
 * `unreachable`, and the error gets another message.
 */

/** Why a guest's stack was unwound. */
export type TrapCause =
  /** A host function refused: bad pointer, unknown id, missing permission. */
  | { readonly kind: 'host'; readonly message: string }
  /** `proc_exit(code)`. */
  | { readonly kind: 'exit'; readonly code: number }
  /** A kill signal, or the death of a link. */
  | { readonly kind: 'kill' }
  /** No unit of fuel is left (`max_fuel`). */
  | { readonly kind: 'fuel' }
  /** The entry function is missing or of the wrong type. */
  | { readonly kind: 'no-entry'; readonly message: string }
  /** A host function failed in a way that it should not: a bug of the runtime. */
  | { readonly kind: 'bug'; readonly error: unknown };

const causes = new WeakMap<object, TrapCause>();

// (module (func (export "trap") unreachable))
const TRAP_MODULE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00,
  0x07, 0x08, 0x01, 0x04, 0x74, 0x72, 0x61, 0x70, 0x00, 0x00, 0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b,
]);
const { trap: executeTrap } = new WebAssembly.Instance(new WebAssembly.Module(TRAP_MODULE)).exports as {
  trap: () => never;
};

function raiseTrap(message: string, cause: TrapCause): Error {
  try {
    executeTrap();
  } catch (error) {
    const trap = error as Error;
    trap.message = message;
    causes.set(trap, cause);
    return trap;
  }
  throw new Error('the trap module did not trap');
}

/** A trap without a stack, five times cheaper: for ends that are no failure of the guest. */
function stacklessTrap(message: string, cause: TrapCause): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return raiseTrap(message, cause);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** A trap that a host function raises; throw it. The guest's author reads `message`. */
export function hostTrap(message: string): Error {
  return raiseTrap(message, { kind: 'host', message });
}

/** Ends the process as `proc_exit` asks for; throw it. It has a stack if the code says that the process failed. */
export function exitTrap(code: number): Error {
  const raise = code === 0 ? stacklessTrap : raiseTrap;
  return raise(`exit with code ${code}`, { kind: 'exit', code });
}

/** Ends a process whose entry function cannot be called; throw it. */
export function noEntryTrap(message: string): Error {
  return stacklessTrap(message, { kind: 'no-entry', message });
}

/** Ends a process that has no fuel left; throw it. */
export function fuelTrap(): Error {
  return raiseTrap('all fuel consumed (max_fuel; --max-fuel allows more)', { kind: 'fuel' });
}

/** V8's messages when it cannot make something as large as a guest asked for. */
const OUT_OF_MEMORY = /allocation failed|invalid (typed )?array length|invalid string length/i;

/** Whether a guest, or a host function that it called, ran out of stack. */
export function isStackOverflow(error: unknown): error is RangeError {
  return error instanceof RangeError && error.message.includes('call stack');
}

/** Turns whatever a host function threw into a trap. A trap stays itself; everything else is a bug of the runtime. */
export function asTrap(error: unknown): unknown {
  if (error instanceof WebAssembly.RuntimeError) return error;
  // A guest that recurses without end may run out of stack inside a host function.
  if (isStackOverflow(error)) return hostTrap('call stack exhausted');
  if (error instanceof RangeError && OUT_OF_MEMORY.test(error.message)) return hostTrap('out of memory');
  const message = error instanceof Error ? error.message : String(error);
  return raiseTrap(`internal error: ${message}`, { kind: 'bug', error });
}

/** Unwinds the stack of a process that is killed. One object serves all kills. */
export const KILLED: Error = stacklessTrap('killed', { kind: 'kill' });

/** Unwinds the stack of the process that has the turn, since it has exceeded a limit; throw it. Its stack says where it was then. */
export function limitTrap(reason: string): Error {
  return raiseTrap(reason, { kind: 'kill' });
}

/** The cause of a trap that was made here; undefined for the engine's own traps and for everything else. */
export function trapCause(error: unknown): TrapCause | undefined {
  return typeof error === 'object' && error !== null ? causes.get(error) : undefined;
}
