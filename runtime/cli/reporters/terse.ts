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

  override show(event: TestEvent): Promise<void> | null {
    if (event.event === 'discovered') {
      this.#total = event.tests.length;
      this.#shown = this.#column = 0;
    }
    if (event.event === 'summary' && this.#column > 0) this.print('\n');
    return super.show(event);
  }

  override showIgnored(): Promise<void> | null {
    return this.#showCharacter('i');
  }

  override showResult(result: TestResult): Promise<void> | null {
    if (result.outcome === 'passed') return this.#showCharacter('.');
    if (this.#column > 0) this.#endLine();
    this.#shown++;
    return this.print(`${printable(result.title)} --- ${this.colored(wordFor(result))}\n`);
  }

  #showCharacter(character: string): Promise<void> | null {
    const printed = this.print(character);
    this.#shown++;
    if (++this.#column === COLUMNS) this.#endLine();
    return printed;
  }

  #endLine(): void {
    this.print(` ${this.#shown}/${this.#total}\n`);
    this.#column = 0;
  }
}
