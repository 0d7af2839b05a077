import type { Exit } from './exit.ts';
import type { Process } from './process.ts';

/** What a test that has failed says of it. */
export interface FailureReport {
  readonly message: string;
  /** What there should have been, and what there was; null where the report compares nothing. */
  readonly expected: string | null;
  readonly actual: string | null;
}

/** The test that the processes of an environment belong to, as they and the runtime may talk to it. */
export interface RunningTest {
  /** Names the test for people. */
  setName(name: string): void;
  /** The test passes only if it fails, with a message that contains this. */
  shouldTrap(message: string): void;
  /** The test has failed, however it ends. */
  fail(caller: Process, report: FailureReport): void;
  /** One of its processes has ended. Those that are linked to it have not heard of it yet. */
  onExit(process: Process, exit: Exit): void;
}
