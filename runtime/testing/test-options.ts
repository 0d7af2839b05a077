import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { InputStream, OutputStream } from '../kernel/stdio.ts';
import type { Where } from '../kernel/where.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import type { StackFrame } from '../symbols/stack-frame.ts';
import type { SourcePlace } from '../symbols/symbols.ts';
import type { OtherSchedulers } from './other-schedulers.ts';
import type { Selection } from './selection.ts';
import type { TestCase } from './test-case.ts';

/** A stack whose calls have been looked up in the sources. */
export interface LocatedStack {
  /** Calls that are inlined are frames of their own. */
  readonly frames: readonly StackFrame[];
  /** The place of the innermost call in code that the author of the module wrote; null if it is not known. */
  readonly own: SourcePlace | null;
  /** As they are printed. */
  readonly lines: readonly string[];
}

/** Finds stacks in the sources. */
export interface StackSources {
  /** Returns null if nothing can be known of the sources of the module. */
  locate(module: LoadedModule, frames: readonly StackFrame[]): Promise<LocatedStack> | null;
}

/** Looks at tests while they run, and may hold their processes. */
export interface TestWatcher {
  /** Called with the root process of each test when it has been made, before it runs. */
  onRoot(root: Process): void;
  /** Called with what the processes of tests print. The bytes may be reused afterwards. */
  onOutput(bytes: Uint8Array): void;
  /** Called when all tests have ended, before the processes are killed that they have left. Resolves when they may be. */
  beforeKill(): Promise<void>;
}

/** Notes what tests execute. */
export interface TestCoverage {
  /** Called when all processes of a test have ended. */
  ended(test: TestCase, environment: object): void;
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
  /** Where the children of tests begin, if there are several schedulers. Default: beside their parents. */
  readonly childrenWhere?: Where;
  /** The other schedulers; null as long as there are none. */
  readonly others?: () => OtherSchedulers | null;
  readonly watcher?: TestWatcher;
  readonly coverage?: TestCoverage;
  /** Finds the stacks of failures in the sources. Default: stacks name functions alone. */
  readonly sources?: StackSources;
}
