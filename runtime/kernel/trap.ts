/**
 * Traps that no guest can catch.
 *
 * An ordinary JavaScript error that a host function throws, or with which a suspended stack is resumed, is an
 * exception to wasm: `catch_all` catches it. A guest could so survive its own kill. V8 marks the error objects
 * of genuine wasm traps as uncatchable for wasm, also when JavaScript throws them again, so every trap made
 * here starts as one: a tiny module executes `unreachable` and the error is dressed up.
 */

/** Why a guest's stack was unwound. */
export type TrapCause =
  /** A host function refused to go on: bad pointer, unknown id, missing permission. */
  | { readonly kind: 'host'; readonly message: string }
  /** `proc_exit(code)`. */
  | { readonly kind: 'exit'; readonly code: number }
  /** A kill signal, or the death of a link. */
  | { readonly kind: 'kill' }
  /** No unit of fuel is left (`max_fuel`). */
  | { readonly kind: 'fuel' }
  /** The entry function is missing or of the wrong type. */
  | { readonly kind: 'no-entry'; readonly message: string }
  /** A host function failed in a way it should not: a bug of the runtime. */
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

/** A trap without a captured stack: five times cheaper, for ends that are no failure of the guest. */
function stacklessTrap(message: string, cause: TrapCause): Error {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return raiseTrap(message, cause);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** A trap raised by a host function; `message` is what the guest's author reads. Throw it. */
export function hostTrap(message: string): Error {
  return raiseTrap(message, { kind: 'host', message });
}

/** The end that `proc_exit` asks for. Throw it. A failure has a stack. */
export function exitTrap(code: number): Error {
  const raise = code === 0 ? stacklessTrap : raiseTrap;
  return raise(`exit with code ${code}`, { kind: 'exit', code });
}

/** The end of a process whose entry function cannot be called. Throw it. */
export function noEntryTrap(message: string): Error {
  return stacklessTrap(message, { kind: 'no-entry', message });
}

/** No fuel left. Throw it. */
export function fuelTrap(): Error {
  return raiseTrap('all fuel consumed', { kind: 'fuel' });
}

/** What V8 says when it cannot make something of a size that a guest asked for. */
const OUT_OF_MEMORY = /allocation failed|invalid (typed )?array length|invalid string length/i;

/** Whether a guest, or a host function that it called, came to the end of the stack. */
export function isStackOverflow(error: unknown): error is RangeError {
  return error instanceof RangeError && error.message.includes('call stack');
}

/** Turns whatever escaped from a host function into a trap: a trap stays itself, all else is our bug. */
export function asTrap(error: unknown): unknown {
  if (error instanceof WebAssembly.RuntimeError) return error;
  // A guest that recursed to the end of its stack finds that end inside a host function as well.
  if (isStackOverflow(error)) return hostTrap('call stack exhausted');
  if (error instanceof RangeError && OUT_OF_MEMORY.test(error.message)) return hostTrap('out of memory');
  const message = error instanceof Error ? error.message : String(error);
  return raiseTrap(`internal error: ${message}`, { kind: 'bug', error });
}

/** Resumes a suspended stack only to unwind it. One object serves all kills. */
export const KILLED: Error = stacklessTrap('killed', { kind: 'kill' });

/** The cause of a trap made here; undefined for the engine's own traps and for everything else. */
export function trapCause(error: unknown): TrapCause | undefined {
  return typeof error === 'object' && error !== null ? causes.get(error) : undefined;
}
