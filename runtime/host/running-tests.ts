import type { Environment } from '../kernel/environment.ts';
import type { Process } from '../kernel/process.ts';

/** A failure as a test reports it. */
export interface FailureReport {
  readonly message: string;
  /** The expected and the actual value; null if the report compares nothing. */
  readonly expected: string | null;
  readonly actual: string | null;
}

/** A test that runs, as the functions of `lunatic::test` know it. */
export interface RunningTest {
  /** Names the test for people. */
  setName(name: string): void;
  /** From now on the test passes only if it fails, with a message that contains this. */
  shouldTrap(message: string): void;
  /** Records that the test has failed, however it ends. */
  fail(caller: Process, report: FailureReport): void;
}

/** The tests that run, by the environment that a test's processes live in. Whoever runs a test enters it. */
export const runningTests = new WeakMap<Environment<Process>, RunningTest>();
