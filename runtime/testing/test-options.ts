import type { InputStream, OutputStream } from '../kernel/stdio.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import type { Selection } from './selection.ts';

/** How to run tests. */
export interface TestOptions {
  readonly selection: Selection;
  /** Config of the root process of each test. */
  readonly config: ProcessConfig;
  readonly input: InputStream;
  /** Gets a copy of what tests print, as they print it. */
  readonly echo?: OutputStream;
  /** Tests that run at the same time. Default: all of them. */
  readonly jobs?: number;
  /** Seconds after which a test is killed and has failed, with the stacks of its processes. Default: never. */
  readonly timeout?: number;
  /** Cancels the run: what runs is killed, the rest is not started. */
  readonly signal?: AbortSignal;
}
