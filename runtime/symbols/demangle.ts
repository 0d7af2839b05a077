/** Names of guest functions, made fit for people: Rust symbols as paths, and nothing that a terminal obeys. */

import { printable } from '../text/printable.ts';
import { demangleLegacy } from './legacy-mangling.ts';
import { demangleV0 } from './v0-mangling.ts';

/** Longer names do not get looked at. The guest chose them, and may have chosen to keep the host busy. */
const MAX_INPUT = 16 * 1024;

/** A path longer than this helps nobody. Back references could make it grow far beyond the symbol. */
const MAX_OUTPUT = 4 * 1024;

/**
 * Readable path of a Rust symbol in either mangling, without hashes. Any other name comes back unchanged, and so
 * does a symbol that is malformed or beyond the limits; all of them printable. Never throws.
 */
export function demangle(name: string): string {
  return printable(demangled(name) ?? name);
}

function demangled(name: string): string | undefined {
  if (name.length > MAX_INPUT) return undefined;
  const path = demangleLegacy(name) ?? demangleV0(name, MAX_OUTPUT);
  return path === undefined || path.length > MAX_OUTPUT ? undefined : path;
}
