import type { Process } from '../kernel/process.ts';
import type { InputStream, OutputStream } from '../kernel/stdio.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import type { Selection } from './selection.ts';

/** Looks at tests while they run, and may hold their processes. */
export interface TestWatcher {
  /** Called with the root process of each test when it has been made, before it runs. */
  onRoot(root: Process): void;
  /** Called with what the processes of tests print. The bytes may be reused afterwards. */
  onOutput(bytes: Uint8Array): void;
}

/** How to run tests. */
export interface TestOptions {
  readonly selection: Selection;
  /** Config of the root process of each test. */
  readonly config: ProcessConfig;
  readonly input: InputStream;
  /** Gets a copy of everything that tests print, as they print it. */
  readonly echo?: OutputStream;
  /** The number of tests that run at the same time. Default: all of them. */
  readonly jobs?: number;
  /**
   * Seconds after which a test is killed and has failed, with the stacks of its processes. Time in which a watcher holds one
   * of its processes does not count. Default: never.
   */
  readonly timeout?: number;
  /** Cancels the run when it is aborted: running tests are killed, and no other is started. */
  readonly signal?: AbortSignal;
  readonly watcher?: TestWatcher;
}
