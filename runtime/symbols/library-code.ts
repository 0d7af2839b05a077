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

/** What the linker puts around exported functions: without a place, since nobody has written it. */
const OF_LINKER = /\.command_export$|^__wasm_call_[cd]tors$/;

/** What the macros of the crate `lunatic` append to the name of a function: its body is in one of this name. */
const BODY = '::__with_mailbox';

/** The name of a function as its author has written it, without what the macros of the crate `lunatic` have put into it. */
export function withoutMacros(name: string): string {
  return name.replace(BODY, '');
}

/**
 * Whether a call is one that a macro of the crate `lunatic` has put around the author's function, as `#[lunatic::test]` does.
 * @param inner the call that it makes
 */
export function isOfMacro(name: string | null | undefined, inner: string | null | undefined): boolean {
  return name != null && inner === `${name}${BODY}`;
}

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
  if (file == null && (functionName == null || OF_LINKER.test(functionName))) return false;
  return !isLibraryCode(functionName ?? '') && !isLibraryPath(file ?? '', program);
}
