import type { TestEvent, TestResult } from '../../testing/index.ts';
import { printable } from '../../text/printable.ts';
import { HarnessReporter, wordFor } from './harness.ts';
import { ProgressLine } from './progress-line.ts';
import type { ReporterOptions } from './reporter.ts';

/** Prints a line for each test, as `cargo test` does. On a terminal the last line shows which tests run. */
export class PrettyReporter extends HarnessReporter {
  readonly #progress: ProgressLine | null;
  /** The names of running tests by their exports, in the order in which they started. */
  readonly #running = new Map<string, string>();
  #total = 0;
  #ended = 0;

  constructor(options: ReporterOptions) {
    super(options);
    const { print, columns } = options;
    this.#progress =
      columns === null ? null : new ProgressLine(print, columns, () => this.#describeProgress());
  }

  override show(event: TestEvent): Promise<void> | null {
    switch (event.event) {
      case 'discovered':
        this.#total = event.tests.filter(({ runs }) => runs).length;
        this.#ended = 0;
        this.#running.clear();
        this.#progress?.start();
        break;
      case 'started':
        this.#running.set(event.export, event.name);
        break;
      case 'finished':
        this.#running.delete(event.export);
        this.#ended++;
        break;
      case 'summary':
        this.#progress?.stop();
        break;
    }
    return super.show(event);
  }

  override fail(): void {
    this.end();
  }

  override async end(): Promise<void> {
    this.#running.clear();
    this.#progress?.stop();
  }

  clear(): void {
    this.#progress?.clear();
  }

  override showIgnored(name: string): Promise<void> | null {
    return this.print(`test ${printable(name)} ... ${this.colored('ignored')}\n`);
  }

  override showResult(result: TestResult): Promise<void> | null {
    const mark = result.shouldFail ? ' - should panic' : '';
    return this.print(`test ${printable(result.title)}${mark} ... ${this.colored(wordFor(result))}\n`);
  }

  override print(text: string): Promise<void> | null {
    this.#progress?.clear();
    return super.print(text);
  }

  /** The tests that have run longest come first: they may be the ones that hang. */
  *#describeProgress(): Generator<string> {
    yield `${this.#ended}/${this.#total}`;
    let separator = ' running: ';
    for (const name of this.#running.values()) {
      yield `${separator}${name}`;
      separator = ', ';
    }
  }
}
