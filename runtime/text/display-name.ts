import { printable } from './printable.ts';

/** The most characters of a name that are displayed. */
const MAX_LENGTH = 200;

/**
 * A name that a guest chose, fit to be displayed: without characters that would move the cursor, colour what follows
 * or begin a line, and no longer than a person reads.
 */
export function displayName(name: string): string {
  return printable(name.length <= MAX_LENGTH ? name : `${name.slice(0, MAX_LENGTH)}…`);
}
