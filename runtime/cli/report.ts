import type { Exit } from '../kernel/exit.ts';
import type { Process } from '../kernel/process.ts';
import { formatFrame, guestStack } from '../symbols/stack.ts';

/** Frames of a stack that are printed from each end of it. */
const SHOWN_FRAMES = 24;

/** What is printed about a process that failed; null for an end that needs no words. */
export function describeExit(process: Process, exit: Exit): string | null {
  const who = describeProcess(process);
  switch (exit.kind) {
    case 'returned':
      return null;
    case 'exited':
      return exit.code === 0 ? null : `${who} exited with code ${exit.code}\n`;
    case 'killed':
      // Being killed is what happens to children of a failed process; only the root's end needs an explanation.
      return process.parent === null ? `${who} was killed, or a process it is linked to died\n` : null;
    case 'no-entry':
      return `${who} could not start: ${exit.message}\n`;
    case 'trapped':
      return `${who} trapped: ${exit.message}\n${formatStack(process, exit.error)}`;
    case 'bug':
      return `${who} was ended by an error in the runtime, please report it:\n${exit.error.stack ?? exit.message}\n`;
  }
}

/** `process 3 (logger, db)` */
function describeProcess(process: Process): string {
  const names = process.registry.namesOf(process.id);
  return `process ${process.id}${names.length === 0 ? '' : ` (${names.join(', ')})`}`;
}

function formatStack(process: Process, error: Error): string {
  const { module, config } = process;
  const lines = guestStack(error, module, module.compiledFor(config)).map(
    (frame) => `    ${formatFrame(frame)}\n`,
  );
  if (lines.length > 2 * SHOWN_FRAMES) {
    const left = lines.length - 2 * SHOWN_FRAMES;
    lines.splice(SHOWN_FRAMES, left, `    ... ${left} more\n`);
  }
  return lines.join('');
}
