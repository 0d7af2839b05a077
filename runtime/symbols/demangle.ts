/** Makes names of guest functions fit for people: Rust symbols become paths, and nothing is left that a terminal obeys. */

import { printable } from '../text/printable.ts';
import { demangleLegacy } from './legacy-mangling.ts';
import { demangleV0 } from './v0-mangling.ts';

/** Longer names are not demangled: the guest chose them, perhaps to keep the host busy. */
const MAX_INPUT = 16 * 1024;

/** A path longer than this helps nobody. Back references could make it grow far beyond the symbol. */
const MAX_OUTPUT = 4 * 1024;

/**
 * Returns the readable path of a Rust symbol in either mangling, without hashes. Any other name, and a symbol that is
 * malformed or beyond the limits, is returned as it is. All of them are made printable. Never throws.
 */
export function demangle(name: string): string {
  return printable(demangled(name) ?? name);
}

function demangled(name: string): string | undefined {
  if (name.length > MAX_INPUT) return undefined;
  const path = demangleLegacy(name) ?? demangleV0(name, MAX_OUTPUT);
  return path === undefined || path.length > MAX_OUTPUT ? undefined : path;
}
