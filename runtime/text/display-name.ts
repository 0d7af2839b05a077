import { printable } from './printable.ts';

/** Characters of a name that are displayed at most. */
const MAX_LENGTH = 200;

/**
 * Makes a name that a guest chose fit to be displayed: without characters that would move the cursor, colour what
 * follows or begin a line, and no longer than people read.
 */
export function displayName(name: string): string {
  return printable(name.length <= MAX_LENGTH ? name : `${name.slice(0, MAX_LENGTH)}…`);
}
