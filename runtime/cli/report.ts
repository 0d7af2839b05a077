import { snapshots } from '../inspect/snapshot.ts';
import { processLine } from '../inspect/view/index.ts';
import type { Environment } from '../kernel/environment.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { OutputStream } from '../kernel/stdio.ts';

/** Prints reports. While nobody reads them they are only counted: a program may fail faster than somebody reads. */
export class Reports {
  readonly #stream: Pick<OutputStream, 'write'>;
  #full = false;
  #left = 0;

  constructor(stream: Pick<OutputStream, 'write'>) {
    this.#stream = stream;
  }

  print(text: string): void {
    this.printLazily(() => text);
  }

  /** @param make makes the text. It is not called while nobody reads */
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

/** The number of processes that a snapshot lists. */
const SHOWN_PROCESSES = 1000;

/** What the processes of an environment are doing, oldest first. */
export async function describeProcesses(
  environment: Environment<Process>,
  scheduler: Scheduler,
): Promise<string> {
  const { size } = environment;
  const found = await snapshots(environment.processes(), scheduler, SHOWN_PROCESSES);
  const all = scheduler.stacks.kept === 'all' || found.every(({ stack }) => stack.length > 0);
  const lines = [
    `${size} ${size === 1 ? 'process' : 'processes'}${all ? '' : '; --trace shows all stacks'}`,
    ...found.map(processLine),
    ...(size > SHOWN_PROCESSES ? [`... ${size - SHOWN_PROCESSES} more`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
