import type { TestEvent } from '../../testing/index.ts';

/** The names of the reporters. */
export const REPORTERS = ['pretty', 'terse', 'junit', 'json'] as const;
export type ReporterName = (typeof REPORTERS)[number];

/**
 * Prints what happens in a run of test files. `begin` is called for each file, then `show` for each of its events, or `fail`.
 * `end` is called at the very end.
 */
export interface Reporter {
  begin(file: string): void;
  /** Returns a promise where nothing more should be shown before that resolves: nobody reads so fast. */
  show(event: TestEvent): Promise<void> | null;
  /** Called if the tests of the file could not be run, or not to the end. */
  fail(message: string): void;
  /** Called when nothing follows. Resolves when everything is printed. */
  end(): Promise<void>;
  /** Removes whatever is on the terminal only temporarily, since something else will be printed there. */
  clear?(): void;
}

/** How reporters print. */
export interface ReporterOptions {
  /** Returns a promise where so much waits to be read that nothing more should be printed before it resolves. */
  readonly print: (text: string) => Promise<void> | null;
  readonly colors: boolean;
  /** Whether to print the output of tests that passed, too. */
  readonly showOutput: boolean;
  /** When the run began, as `performance.now()` tells it. */
  readonly start: number;
  /** The width of the terminal on which a line shows which tests run; null for no such line. */
  readonly columns: (() => number) | null;
}
