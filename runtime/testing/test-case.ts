/** One test of a module. */
export interface TestCase {
  /** The name that people see and filters apply to: `crate::module::function`. */
  readonly name: string;
  /** The export that runs it. */
  readonly exportName: string;
  readonly ignored: boolean;
  /** The test must fail, with a panic whose message contains this. Empty: any failure will do. Null: it must not fail. */
  readonly expectedPanic: string | null;
}

/** The name of an export begins as that of a test does, and is malformed. */
export class TestNameError extends Error {
  override readonly name = 'TestNameError';
  readonly code = 'LUNATIC_TEST_NAME';
}
