import type { Exit } from '../kernel/exit.ts';
import type { Process } from '../kernel/process.ts';
import type { OutputStream } from '../kernel/stdio.ts';
import { shown } from '../symbols/shown.ts';
import { formatFrame, guestStack } from '../symbols/stack.ts';

/** Frames of a stack that are printed from each end of it. */
const SHOWN_FRAMES = 24;

/** Registered names of a process that are printed. */
const SHOWN_NAMES = 3;

/** Prints reports. While nobody reads them they are only counted: a program may fail faster than that. */
export class Reports {
  readonly #stream: OutputStream;
  #full = false;
  #left = 0;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  print(text: string): void {
    if (this.#full) {
      this.#left++;
      return;
    }
    const drained = this.#stream.write(Buffer.from(text));
    if (drained === null) return;
    this.#full = true;
    drained.then(
      () => this.#resume(),
      () => {},
    );
  }

  #resume(): void {
    this.#full = false;
    const left = this.#left;
    this.#left = 0;
    if (left > 0) this.print(`... ${left} more processes failed meanwhile\n`);
  }
}

/** What is printed about a process that failed; null for an end that needs no words. */
export function describeExit(process: Process, exit: Exit): string | null {
  switch (exit.kind) {
    case 'returned':
      return null;
    case 'exited':
      return exit.code === 0 ? null : `${describeProcess(process)} exited with code ${exit.code}\n`;
    case 'killed':
      // Being killed is what happens to children of a failed process; only the root's end needs an explanation.
      return process.parent === null
        ? `${describeProcess(process)} was killed, or a process it is linked to died\n`
        : null;
    case 'no-entry':
      return `${describeProcess(process)} could not start: ${exit.message}\n`;
    case 'trapped':
      return `${describeProcess(process)} trapped: ${exit.message}\n${formatStack(process, exit.error)}`;
    case 'bug':
      return `${describeProcess(process)} was ended by an error in the runtime, please report it:\n${exit.error.stack ?? exit.message}\n`;
  }
}

/** `process 3 (logger, db)` */
function describeProcess(process: Process): string {
  const names = process.registry.namesOf(process.id, SHOWN_NAMES).map(shown);
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
