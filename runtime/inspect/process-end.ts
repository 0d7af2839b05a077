import type { Exit } from '../kernel/exit.ts';
import { printableLines } from '../text/printable.ts';
import type { ProcessEnd } from './protocol.ts';

/** Characters of a message that are told: guests choose them. */
const MAX_MESSAGE = 4000;

/**
 * What the protocol tells of how a process has ended.
 * @param panic what the process had printed about the reason
 */
export function processEnd(exit: Exit, panic: string | null = null): ProcessEnd {
  const said = panic === null ? {} : { panic: displayText(panic) };
  switch (exit.kind) {
    case 'returned':
    case 'killed':
      return { kind: exit.kind };
    case 'exited':
      return { kind: 'exited', code: exit.code, ...said };
    case 'trapped':
      return { kind: 'trapped', message: displayText(exit.message), ...said };
    case 'no-entry':
      return { kind: 'not-started', message: displayText(exit.message) };
    case 'bug':
      return { kind: 'bug', message: displayText(exit.message) };
  }
}

/** A text of several lines that a guest chose, fit to be displayed. */
function displayText(text: string): string {
  return printableLines(text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`);
}
