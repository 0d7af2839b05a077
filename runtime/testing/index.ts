/** Finds and runs the tests of a module, for a command line or an editor. */
export { discoverTests } from './discovery.ts';
export type { TestEvent, TestResult } from './events.ts';
export type { OutputGroup } from './output-group.ts';
export { runTests, type TestOptions, TestStartError } from './run-tests.ts';
export { type SelectedTest, type Selection, selectTests } from './selection.ts';
export { type TestCase, TestNameError } from './test-case.ts';
