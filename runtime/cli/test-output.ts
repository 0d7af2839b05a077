import type { SelectedTest, TestCase, TestEvent, TestResult } from '../testing/index.ts';

/** What to show, and how. */
export interface TestOutputOptions {
  readonly colors: boolean;
  /** Also what passing tests have printed. */
  readonly showOutput: boolean;
}

const GREEN = '92';
const RED = '91';
const YELLOW = '93';

/** Writes the events of a run as Rust's test harness does (cli.md 3.7), except that the colours are ours. */
export class TestOutput {
  readonly #options: TestOutputOptions;
  readonly #print: (text: string) => void;
  /** When the run began, of `performance.now()`. */
  readonly #start: number;
  readonly #passed: TestResult[] = [];
  readonly #failed: TestResult[] = [];

  constructor(options: TestOutputOptions, start: number, print: (text: string) => void) {
    this.#options = options;
    this.#start = start;
    this.#print = print;
  }

  readonly show = (event: TestEvent): void => {
    switch (event.kind) {
      case 'discovered': {
        const count = event.selected.length;
        this.#print(`\nrunning ${count} ${count === 1 ? 'test' : 'tests'}\n`);
        break;
      }
      case 'started':
        break;
      case 'ignored':
        this.#print(`test ${event.test.name} ... ${this.#colored(YELLOW, 'ignored')}\n`);
        break;
      case 'finished':
        this.#showResult(event.result);
        break;
      case 'done':
        this.#showSummary(event);
        break;
    }
  };

  #showResult(result: TestResult): void {
    const { test, passed } = result;
    (passed ? this.#passed : this.#failed).push(result);
    const mark = test.expectedPanic === null ? '' : ' - should panic';
    this.#print(`test ${test.name}${mark} ... ${this.#verdict(passed)}\n`);
  }

  #showSummary({ passed, failed, ignored, filteredOut }: TestEvent & { kind: 'done' }): void {
    if (this.#options.showOutput) this.#showOutputs('successes', this.#passed);
    if (failed > 0) this.#showOutputs('failures', this.#failed);
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(2);
    this.#print(
      `\ntest result: ${this.#verdict(failed === 0)}. ${passed} passed; ${failed} failed; ${ignored} ignored; ` +
        `0 measured; ${filteredOut} filtered out; finished in ${seconds}s\n\n`,
    );
  }

  #showOutputs(title: string, results: readonly TestResult[]): void {
    this.#print(`\n${title}:\n`);
    for (const { test, output } of results) {
      if (!output.isEmpty) this.#print(`\n---- ${test.name} stdout ----\n${output.text}`);
    }
    this.#print(`\n${title}:\n${results.map(({ test }) => `    ${test.name}\n`).join('')}`);
  }

  #verdict(passed: boolean): string {
    return passed ? this.#colored(GREEN, 'ok') : this.#colored(RED, 'FAILED');
  }

  #colored(color: string, word: string): string {
    return this.#options.colors ? `\x1b[${color}m${word}\x1b[0m` : word;
  }
}

/** The list of tests that harness clients read. */
export function testList(tests: readonly SelectedTest[]): string {
  return tests.map(({ test }: { test: TestCase }) => `${test.name}: test\n`).join('');
}
