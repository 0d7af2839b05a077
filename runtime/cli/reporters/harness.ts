import type { TestEvent, TestResult, TestSummary } from '../../testing/index.ts';
import { printable } from '../../text/printable.ts';
import type { Reporter, ReporterOptions } from './reporter.ts';

const COLORS = { ok: '92', FAILED: '91', ignored: '93', cancelled: '93' } as const;
type Word = keyof typeof COLORS;

/**
 * The common part of the reporters that print as Rust's test harness does: outputs of tests and the summary at the
 * end (abi 21.3.7), except that the colours are ours.
 */
export abstract class HarnessReporter implements Reporter {
  readonly #options: ReporterOptions;
  #start: number;
  #passed: TestResult[] = [];
  #failed: TestResult[] = [];

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#start = options.start;
  }

  abstract showIgnored(name: string): Promise<void> | null;
  abstract showResult(result: TestResult): Promise<void> | null;

  begin(): void {
    this.#passed = [];
    this.#failed = [];
  }

  show(event: TestEvent): Promise<void> | null {
    switch (event.event) {
      case 'discovered': {
        const count = event.tests.length;
        return this.print(`\nrunning ${count} ${count === 1 ? 'test' : 'tests'}\n`);
      }
      case 'started':
        return null;
      case 'ignored':
        return this.showIgnored(event.name);
      case 'finished':
        if (event.outcome === 'failed') this.#failed.push(event);
        else if (event.outcome === 'passed' && this.#options.showOutput) this.#passed.push(event);
        else event.output.drop();
        return this.showResult(event);
      case 'summary':
        return this.#showSummary(event);
    }
  }

  /** Prints nothing: the command prints the message on standard error. */
  fail(): void {}

  async end(): Promise<void> {}

  print(text: string): Promise<void> | null {
    return this.#options.print(text);
  }

  colored(word: Word): string {
    return this.#options.colors ? `\x1b[${COLORS[word]}m${word}\x1b[0m` : word;
  }

  async #showSummary({ passed, failed, ignored, cancelled, filteredOut }: TestSummary): Promise<void> {
    if (this.#options.showOutput) await this.#showOutputs('successes', this.#passed);
    if (failed > 0) await this.#showOutputs('failures', this.#failed);
    const now = performance.now();
    const seconds = ((now - this.#start) / 1000).toFixed(2);
    // The time of the next file begins here. That of the first one began with the command.
    this.#start = now;
    await this.print(
      `\ntest result: ${this.colored(failed > 0 ? 'FAILED' : cancelled > 0 ? 'cancelled' : 'ok')}. ${passed} passed; ${failed} failed; ` +
        `${ignored} ignored; 0 measured; ${filteredOut} filtered out; ` +
        `${cancelled === 0 ? '' : `${cancelled} cancelled; `}finished in ${seconds}s\n\n`,
    );
  }

  /** Prints the outputs one after the other: all of them at once may be more than fits into memory. */
  async #showOutputs(title: string, results: readonly TestResult[]): Promise<void> {
    this.print(`\n${title}:\n`);
    for (const { title, output } of results) {
      if (!output.isEmpty) await this.print(`\n---- ${printable(title)} stdout ----\n${output.text}`);
    }
    await this.print(`\n${title}:\n${results.map((result) => `    ${printable(result.title)}\n`).join('')}`);
  }
}

/** The word for an outcome. */
export function wordFor({ outcome }: TestResult): Word {
  return outcome === 'passed' ? 'ok' : outcome === 'failed' ? 'FAILED' : 'cancelled';
}
