import { printableLines } from '../text/printable.ts';

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a command prints when it fails. Messages may quote modules and other files. */
export function errorText(error: unknown): string {
  return `Error: ${printableLines(messageOf(error))}\n`;
}
