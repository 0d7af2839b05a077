import { printable } from './printable.ts';

/** Characters of a name that are displayed at most. */
const MAX_LENGTH = 200;

/**
 * Makes a name that a guest chose fit to be displayed: without characters that would move the cursor, colour what
 * follows or begin a line, and no longer than people read.
 * @param most characters that are displayed at most
 */
export function displayName(name: string, most = MAX_LENGTH): string {
  return printable(name.length <= most ? name : `${name.slice(0, most)}…`);
}
