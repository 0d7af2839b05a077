import type { TestEvent, TestResult } from '../../testing/index.ts';
import { printable } from '../../text/printable.ts';
import { HarnessReporter, wordFor } from './harness.ts';

/** The number of tests in a line. */
const COLUMNS = 88;

/** Prints a character for each test, and the names of those that fail, as `cargo test -q` does. */
export class TerseReporter extends HarnessReporter {
  #total = 0;
  #shown = 0;
  #column = 0;

  override show(event: TestEvent): void {
    if (event.event === 'discovered') {
      this.#total = event.tests.length;
      this.#shown = this.#column = 0;
    }
    if (event.event === 'summary' && this.#column > 0) this.print('\n');
    super.show(event);
  }

  override showIgnored(): void {
    this.#showCharacter('i');
  }

  override showResult(result: TestResult): void {
    if (result.outcome === 'passed') {
      this.#showCharacter('.');
      return;
    }
    if (this.#column > 0) this.#endLine();
    this.#shown++;
    this.print(`${printable(result.title)} --- ${this.colored(wordFor(result))}\n`);
  }

  #showCharacter(character: string): void {
    this.print(character);
    this.#shown++;
    if (++this.#column === COLUMNS) this.#endLine();
  }

  #endLine(): void {
    this.print(` ${this.#shown}/${this.#total}\n`);
    this.#column = 0;
  }
}
