import type { Exit } from '../kernel/exit.ts';
import type { OutputGroup } from './output-group.ts';
import type { ReportEvent, ReportEventOf } from './report.ts';
import type { SelectedTest } from './selection.ts';

/** How a test went: the event `finished` of the test report, while the test's processes are still at hand. */
export interface TestResult extends Omit<ReportEventOf<'finished'>, 'file' | 'output'> {
  readonly exit: Exit;
  /** It still grows while processes live that the test has left behind. */
  readonly output: OutputGroup;
}

/** What became of the tests of a module. */
export type TestSummary = Omit<ReportEventOf<'summary'>, 'event' | 'file' | 'duration'>;

/**
 * What happens while the tests of a module run: the events of the test report without what only a reporter knows, file and
 * time. `discovered` comes first and `summary` last; `started` and `finished` for each test that runs, `ignored` for each
 * that does not.
 */
export type TestEvent =
  | WithoutFile<ReportEventOf<'discovered' | 'started' | 'ignored'>>
  | TestResult
  | ({ readonly event: 'summary' } & TestSummary);

/** Is told what happens; returns a promise where it can take no more before that resolves. */
export type TestListener = (event: TestEvent) => Promise<void> | null | undefined | void;

type WithoutFile<Event extends ReportEvent> = Event extends ReportEvent ? Omit<Event, 'file'> : never;

/** The event that tells which tests are selected. */
export function discovered(selected: readonly SelectedTest[], filteredOut: number): TestEvent {
  const tests = selected.map(({ test: { name, exportName, ignored, expectedPanic }, runs }) => ({
    ...{ name, export: exportName, ignored, runs, expectedPanic },
  }));
  return { event: 'discovered', tests, filteredOut };
}
