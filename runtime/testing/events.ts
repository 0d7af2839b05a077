import type { Exit } from '../kernel/exit.ts';
import type { TestFailure } from './failure.ts';
import type { OutputGroup } from './output-group.ts';
import type { SelectedTest } from './selection.ts';
import type { TestCase } from './test-case.ts';

/** How a test went. */
export interface TestResult {
  readonly test: TestCase;
  /** What it is called for people: its own name, unless it has given itself another one. */
  readonly name: string;
  /** Cancelled: the run was given up before the test had ended. */
  readonly outcome: 'passed' | 'failed' | 'cancelled';
  /** What is wrong, the most telling first. At least one where the test failed, otherwise none. */
  readonly failures: readonly TestFailure[];
  /** Whether it had to fail to pass. */
  readonly shouldFail: boolean;
  readonly exit: Exit;
  /** Still grows while processes live on that the test has left behind. */
  readonly output: OutputGroup;
  /** Milliseconds. */
  readonly duration: number;
}

/** What became of the tests of a module. */
export interface TestSummary {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
  /** Given up, or not even started, since the run was cancelled. */
  readonly cancelled: number;
  readonly filteredOut: number;
}

/**
 * What happens while the tests of a module run. `discovered` comes first and `done` last; for each test that runs
 * `started` and `finished`, and between them `named` where it names itself; for each that does not, `ignored`.
 */
export type TestEvent =
  | { readonly kind: 'discovered'; readonly selected: readonly SelectedTest[]; readonly filteredOut: number }
  | { readonly kind: 'started'; readonly test: TestCase }
  | { readonly kind: 'named'; readonly test: TestCase; readonly name: string }
  | { readonly kind: 'ignored'; readonly test: TestCase }
  | { readonly kind: 'finished'; readonly result: TestResult }
  | ({ readonly kind: 'done' } & TestSummary);
