import { printable } from './demangle.ts';

/** Characters of a name that are shown to people. */
const LONGEST = 200;

/**
 * A name that a guest chose, fit to be shown: without characters that would move the cursor, colour what follows or
 * begin a line, and not longer than a person reads.
 */
export function shown(name: string): string {
  return printable(name.length <= LONGEST ? name : `${name.slice(0, LONGEST)}…`);
}
