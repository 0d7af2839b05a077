import type { TestEvent } from '../../testing/index.ts';

/** How results of tests can be printed. */
export const REPORTERS = ['pretty', 'terse', 'junit', 'json'] as const;
export type ReporterName = (typeof REPORTERS)[number];

/** Prints what happens in a run of test files: for each file `begin` and its events, or `fail`; `end` at the very end. */
export interface Reporter {
  begin(file: string): void;
  show(event: TestEvent): void;
  /** The tests of the file could not be run, or not to the end. */
  fail(message: string): void;
  /** Nothing follows. */
  end(): void;
  /** Takes away what is on the terminal only for the moment, since something else is to be printed there. */
  clear?(): void;
}

/** What reporters print with, and how. */
export interface ReporterOptions {
  readonly print: (text: string) => void;
  readonly colors: boolean;
  /** Also what passing tests have printed. */
  readonly showOutput: boolean;
  /** When the run began, of `performance.now()`. */
  readonly start: number;
  /** Columns of the terminal on which a line shows what runs; null where there is to be none. */
  readonly columns: (() => number) | null;
}
