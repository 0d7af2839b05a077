import { printable } from './printable.ts';

/** Characters of a name that are displayed at most. */
const MAX_LENGTH = 200;

/**
 * Makes a name that a guest chose fit to be displayed: without characters that would move the cursor, colour what
 * follows or begin a line, and no longer than people read.
 */
export function displayName(name: string): string {
  return displayText(name, MAX_LENGTH);
}

/**
 * The same for another text.
 * @param most characters that are displayed at most
 */
export function displayText(name: string, most: number): string {
  return printable(name.length <= most ? name : `${name.slice(0, most)}…`);
}
