import type { StackFrame } from '../runtime/inspect/protocol.ts';

/**
 * Functions that came with the language: the crates of Rust's standard library and of Lunatic, with the entry points of
 * panics and allocations; the library of AssemblyScript, and packages that it was compiled with.
 */
const LIBRARY =
  /^(?:[<&*]*(?:std|core|alloc|hashbrown|panic_abort|dlmalloc|compiler_builtins|lunatic)::|__?rust_|__r[dg]l?_|rust_(?:begin_unwind|panic)|~lib\/)/;

/** The functions that Rust calls last in every panic. */
const PANIC = /^(?:rust_panic$|std::panicking::)/;

/** Whether a function came with the language, judging by its name. */
export function isLibraryCode(functionName: string): boolean {
  return LIBRARY.test(functionName);
}

/** Whether a stack is that of a Rust panic. */
export function isPanic([innermost]: readonly StackFrame[]): boolean {
  return PANIC.test(innermost?.functionName ?? '');
}
