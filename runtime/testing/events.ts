import type { Exit } from '../kernel/exit.ts';
import type { OutputGroup } from './output-group.ts';
import type { SelectedTest } from './selection.ts';
import type { TestCase } from './test-case.ts';

/** How a test went. */
export interface TestResult {
  readonly test: TestCase;
  readonly passed: boolean;
  readonly exit: Exit;
  /** Still grows where processes live on that the test has left behind. */
  readonly output: OutputGroup;
  /** Milliseconds. */
  readonly duration: number;
}

/** What happens while the tests of a module run, in this order; the middle three once for each test. */
export type TestEvent =
  | { readonly kind: 'discovered'; readonly selected: readonly SelectedTest[]; readonly filteredOut: number }
  | { readonly kind: 'started'; readonly test: TestCase }
  | { readonly kind: 'ignored'; readonly test: TestCase }
  | { readonly kind: 'finished'; readonly result: TestResult }
  | {
      readonly kind: 'done';
      readonly passed: number;
      readonly failed: number;
      readonly ignored: number;
      readonly filteredOut: number;
    };
