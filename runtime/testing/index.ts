/**
 * Finds and runs the tests of a module, for a command line or an editor.
 *
 *     const module = runtime.load(bytes);
 *     const tests = discoverTests(module);
 *     const abort = new AbortController();
 *     const selection = { ...ALL_TESTS, exports: new Set(chosen.map((test) => test.exportName)) };
 *     await runTests(runtime, module, { selection, config, input, signal: abort.signal }, (event) => show(event));
 *
 * Events arrive as things happen: results of short tests come while others still run. Aborting the signal cancels the run:
 * every process of every running test is killed, and the promise settles when none of them is left. Stacks hold as many
 * calls as `Error.stackTraceLimit` allows.
 */
export { discoverTests, readTests, testsOf } from './discovery.ts';
export {
  discovered,
  type TestEvent,
  type TestListener,
  type TestResult,
  type TestSummary,
} from './events.ts';
export type { OutputGroup } from './output-group.ts';
export {
  type FailureReason,
  REPORT_SCHEMAS,
  REPORT_VERSION,
  type ReportEvent,
  type ReportEventOf,
  type ReportFrame,
  type ReportProcess,
  reportLine,
  type SourceLocation,
  type TestFailure,
  TestReportError,
  TestReportReader,
} from './report.ts';
export { runTests } from './run-tests.ts';
export { ALL_TESTS, type SelectedTest, type Selection, selectTests } from './selection.ts';
export { type TestCase, TestNameError } from './test-case.ts';
export type { TestCoverage, TestOptions, TestWatcher } from './test-options.ts';
export { TestStartError } from './test-run.ts';
