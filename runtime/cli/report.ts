import { describeProcess, describeSnapshot, snapshots } from '../inspect/snapshot.ts';
import type { Environment } from '../kernel/environment.ts';
import type { Exit } from '../kernel/exit.ts';
import type { Process } from '../kernel/process.ts';
import type { OutputStream } from '../kernel/stdio.ts';
import { formatStack } from '../symbols/stack.ts';

/** Prints reports. While nobody reads them they are only counted: a program may fail faster than that. */
export class Reports {
  readonly #stream: OutputStream;
  #full = false;
  #left = 0;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  print(text: string): void {
    this.printLazily(() => text);
  }

  /** @param make makes the text; not called while nobody reads */
  printLazily(make: () => string): void {
    if (this.#full) {
      this.#left++;
      return;
    }
    const drained = this.#stream.write(Buffer.from(make()));
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
    if (left > 0) this.print(`... ${left} more lines of the log are left out, since nobody read them\n`);
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
      return `${describeProcess(process)} trapped: ${exit.message}\n${indented(formatStack(exit.error, process))}`;
    case 'bug':
      return `${describeProcess(process)} was ended by an error in the runtime, please report it:\n${exit.error.stack ?? exit.message}\n`;
  }
}

/** Processes that a snapshot lists. */
const SHOWN_PROCESSES = 1000;

/** What all processes of an environment are at, oldest first. */
export function describeProcesses(environment: Environment, traced: boolean): string {
  const lines = [
    `${environment.size} ${environment.size === 1 ? 'process' : 'processes'}${traced ? '' : '; --trace shows where they wait'}\n`,
  ];
  for (const process of snapshots(environment, SHOWN_PROCESSES)) lines.push(`${describeSnapshot(process)}\n`);
  if (environment.size > SHOWN_PROCESSES) lines.push(`... ${environment.size - SHOWN_PROCESSES} more\n`);
  return lines.join('');
}

/** The text, four spaces further right; empty where there is none. */
function indented(text: string): string {
  return text === '' ? '' : `${text.replaceAll(/^/gm, '    ')}\n`;
}
