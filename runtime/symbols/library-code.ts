import { isLibraryPath } from './short-path.ts';

/**
 * Functions that came with the language: the crates of Rust's standard library and of Lunatic, with the entry points of
 * panics and allocations; the library of AssemblyScript, and packages that it was compiled with.
 */
const LIBRARY =
  /^(?:[<&*]*(?:std|core|alloc|hashbrown|panic_abort|dlmalloc|compiler_builtins|lunatic)::|__?rust_|__r[dg]l?_|rust_(?:begin_unwind|panic)|~lib\/)/;

/** What libraries implement for whatever type it is: a generic one, a tuple, a reference to one. */
const OF_ANY_TYPE =
  /^<[&*]*(?:(?:mut|const) )?(?:[A-Z]\w*|\([\w&, ]*\)|\[\w+\]) as (?:std|core|alloc|lunatic)::/;

/** Whether a function came with the language, judging by its name. */
export function isLibraryCode(functionName: string): boolean {
  return LIBRARY.test(functionName) || OF_ANY_TYPE.test(functionName);
}

/**
 * Whether a call is in code of the module's author: its name or its place is known, and neither is a library's.
 * @param program see `isLibraryPath`
 */
export function isOwnCall(
  functionName: string | null | undefined,
  file: string | null | undefined,
  program?: string,
): boolean {
  if (functionName == null && file == null) return false;
  return !isLibraryCode(functionName ?? '') && !isLibraryPath(file ?? '', program);
}
