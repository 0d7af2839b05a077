/** One test of a module. */
export interface TestCase {
  /** What is displayed and filtered: `crate::module::function`. */
  readonly name: string;
  /** The export that runs it. */
  readonly exportName: string;
  readonly ignored: boolean;
  /** The test must fail, with a panic that contains this; empty: any failure will do. Null: it must not fail. */
  readonly expectedPanic: string | null;
}

/** The name of an export says that it is a test, but not which. */
export class TestNameError extends Error {
  override readonly name = 'TestNameError';
  readonly code = 'LUNATIC_TEST_NAME';
}
