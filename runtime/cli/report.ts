import { type Snapshot, snapshots } from '../inspect/snapshot.ts';
import { type ProcessSnapshot, processLine } from '../inspect/view/index.ts';
import type { Environment } from '../kernel/environment.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { OutputStream } from '../kernel/stdio.ts';
import type { Sources } from './sources.ts';

/** Reports that wait to be printed; then they are printed as far as they are known. */
const MAX_WAITING = 200;

/** Milliseconds that the command waits for them at its end. */
const SETTLE_TIME = 3000;

/** A report that is not printed yet. */
interface Waiting {
  /** Null while it is being made. */
  text: string | null;
  /** What is printed if that takes too long. */
  readonly otherwise?: string;
}

/** Prints reports. While nobody reads them they are only counted: a program may fail faster than somebody reads. */
export class Reports {
  readonly #stream: Pick<OutputStream, 'write'>;
  #full = false;
  #left = 0;
  #drained: Promise<void> | null = null;
  /** Reports that are not ready, and those that follow them, in their order. */
  readonly #waiting: Waiting[] = [];
  #settled: (() => void) | null = null;

  constructor(stream: Pick<OutputStream, 'write'>) {
    this.#stream = stream;
  }

  /** Whether reports are only counted. */
  get isFull(): boolean {
    return this.#full;
  }

  print(text: string): void {
    this.printLazily(() => text);
  }

  /** @param make makes the text. It is not called while nobody reads */
  printLazily(make: () => string): void {
    if (this.#full) this.#left++;
    else if (this.#waiting.length > 0) this.#enqueue({ text: make() });
    else this.#write(make());
  }

  /**
   * Prints a text that is made in the background. What is printed meanwhile follows it.
   * @param otherwise the text that is printed if too much waits already, or if nobody can wait for the other one any more
   */
  printLater(text: Promise<string>, otherwise: string): void {
    if (this.#full) {
      this.#left++;
      return;
    }
    const report: Waiting = { text: null, otherwise };
    this.#enqueue(report);
    text
      .catch(() => otherwise)
      .then((made) => {
        report.text ??= made;
        this.#printReady();
      });
  }

  /** Resolves when nothing waits to be printed, or when that has taken too long; then it is printed as far as it is known. */
  async settle(limit = SETTLE_TIME): Promise<void> {
    if (this.#waiting.length === 0) return;
    const settled = new Promise<void>((done) => {
      this.#settled = done;
    });
    const timer = setTimeout(() => this.hurry(), limit);
    await settled;
    clearTimeout(timer);
  }

  /** Resolves when somebody has read what was printed, if reports are only counted. */
  whenWritable(): Promise<void> {
    return this.#drained ?? Promise.resolve();
  }

  /** Prints at once what waits, as far as it is known. */
  hurry(): void {
    for (const report of this.#waiting) report.text ??= report.otherwise ?? '';
    this.#printReady();
  }

  #enqueue(report: Waiting): void {
    this.#waiting.push(report);
    if (this.#waiting.length > MAX_WAITING) this.hurry();
  }

  #printReady(): void {
    while (this.#waiting.length > 0 && this.#waiting[0]?.text != null) {
      const text = this.#waiting.shift()?.text ?? '';
      if (this.#full) this.#left++;
      else this.#write(text);
    }
    if (this.#waiting.length === 0) this.#settled?.();
  }

  #write(text: string): void {
    const drained = this.#stream.write(Buffer.from(text));
    if (drained === null) return;
    this.#full = true;
    this.#drained = drained.catch(() => {});
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

/** What processes of one scheduler are doing. */
export interface ProcessesReport {
  /** How many there are. */
  readonly size: number;
  /** Those that are told of, oldest first. */
  readonly processes: readonly ProcessSnapshot[];
  /** Whether all stacks are known. */
  readonly isComplete: boolean;
}

/** What the processes of an environment are doing. */
export async function reportProcesses(
  environment: Environment<Process>,
  scheduler: Scheduler,
  sources: Sources,
): Promise<ProcessesReport> {
  const { size } = environment;
  const seen = await snapshots(environment.processes(), scheduler, SHOWN_PROCESSES);
  const processes = await Promise.all(
    seen.map(async (one) => {
      const { module: _, ...snapshot } = await withSources(one, sources);
      return snapshot;
    }),
  );
  const isComplete = scheduler.stacks.kept === 'all' || processes.every(({ stack }) => stack.length > 0);
  return { size, processes, isComplete };
}

/** The same as text, of all schedulers. */
export function describeProcesses(reports: readonly ProcessesReport[]): string {
  const size = reports.reduce((sum, report) => sum + report.size, 0);
  const found = reports.flatMap(({ processes }) => processes);
  if (reports.length > 1) found.sort((a, b) => a.id - b.id);
  const shown = found.slice(0, SHOWN_PROCESSES);
  const isComplete = reports.every((report) => report.isComplete);
  const lines = [
    `${size} ${size === 1 ? 'process' : 'processes'}${isComplete ? '' : '; --trace shows all stacks'}`,
    ...shown.map(processLine),
    ...(size > shown.length ? [`... ${size - shown.length} more`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

async function withSources(snapshot: Snapshot, sources: Sources): Promise<Snapshot & ProcessSnapshot> {
  const located = await sources.locate(snapshot.module, snapshot.stack);
  return located === null ? snapshot : { ...snapshot, lines: located.lines };
}
