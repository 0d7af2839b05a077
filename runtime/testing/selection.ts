import type { TestCase } from './test-case.ts';

/** Which tests to run. */
export interface Selection {
  /** A name must contain one of these parts. Empty: every name is selected. */
  readonly filters: readonly string[];
  /** Whether names must equal a filter. Without filters nothing is selected then. */
  readonly exact: boolean;
  /** Tests whose names contain one of these parts are left out; with `exact`, tests whose names equal one. */
  readonly skip: readonly string[];
  /** What happens to ignored tests: they are only listed, only they run, or they run too. */
  readonly ignored: 'list' | 'only' | 'include';
  /** Only the tests of these exports are selected, whatever their names are. Editors choose so. Default: all. */
  readonly exports?: ReadonlySet<string>;
}

/** Selects every test; ignored ones are only listed. */
export const ALL_TESTS: Selection = { filters: [], exact: false, skip: [], ignored: 'list' };

/** A selected test, and whether it is to run or only listed as ignored. */
export interface SelectedTest {
  readonly test: TestCase;
  readonly runs: boolean;
}

/** The tests that are selected (abi 21.3.3); all others are "filtered out". */
export function selectTests(tests: readonly TestCase[], selection: Selection): SelectedTest[] {
  return tests
    .filter((test) => isSelected(test, selection))
    .map((test) => ({ test, runs: !test.ignored || selection.ignored !== 'list' }));
}

function isSelected(test: TestCase, { filters, exact, skip, ignored, exports }: Selection): boolean {
  if (exports?.has(test.exportName) === false) return false;
  if (ignored === 'only' && !test.ignored) return false;
  const matches = (part: string) => (exact ? test.name === part : test.name.includes(part));
  const wanted = filters.length === 0 ? !exact : filters.some(matches);
  return wanted && !skip.some(matches);
}
