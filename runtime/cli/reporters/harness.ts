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

  abstract showIgnored(name: string): void;
  abstract showResult(result: TestResult): void;

  begin(): void {
    this.#passed = [];
    this.#failed = [];
  }

  show(event: TestEvent): void {
    switch (event.event) {
      case 'discovered': {
        const count = event.tests.length;
        this.print(`\nrunning ${count} ${count === 1 ? 'test' : 'tests'}\n`);
        break;
      }
      case 'started':
        break;
      case 'ignored':
        this.showIgnored(event.name);
        break;
      case 'finished':
        if (event.outcome === 'passed') this.#passed.push(event);
        if (event.outcome === 'failed') this.#failed.push(event);
        this.showResult(event);
        break;
      case 'summary':
        this.#showSummary(event);
        break;
    }
  }

  /** Prints nothing: the command prints the message on standard error. */
  fail(): void {}

  end(): void {}

  print(text: string): void {
    this.#options.print(text);
  }

  colored(word: Word): string {
    return this.#options.colors ? `\x1b[${COLORS[word]}m${word}\x1b[0m` : word;
  }

  #showSummary({ passed, failed, ignored, cancelled, filteredOut }: TestSummary): void {
    if (this.#options.showOutput) this.#showOutputs('successes', this.#passed);
    if (failed > 0) this.#showOutputs('failures', this.#failed);
    const now = performance.now();
    const seconds = ((now - this.#start) / 1000).toFixed(2);
    // The time of the next file begins here. That of the first one began with the command.
    this.#start = now;
    this.print(
      `\ntest result: ${this.colored(failed === 0 ? 'ok' : 'FAILED')}. ${passed} passed; ${failed} failed; ` +
        `${ignored} ignored; 0 measured; ${filteredOut} filtered out; ` +
        `${cancelled === 0 ? '' : `${cancelled} cancelled; `}finished in ${seconds}s\n\n`,
    );
  }

  #showOutputs(title: string, results: readonly TestResult[]): void {
    this.print(`\n${title}:\n`);
    for (const { title, output } of results) {
      if (!output.isEmpty) this.print(`\n---- ${printable(title)} stdout ----\n${output.text}`);
    }
    this.print(`\n${title}:\n${results.map((result) => `    ${printable(result.title)}\n`).join('')}`);
  }
}

/** The word for an outcome. */
export function wordFor({ outcome }: TestResult): Word {
  return outcome === 'passed' ? 'ok' : outcome === 'failed' ? 'FAILED' : 'cancelled';
}
