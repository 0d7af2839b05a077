import { type FailureReport, type RunningTest, runningTests } from '../host/running-tests.ts';
import { type Snapshot, snapshots } from '../inspect/snapshot.ts';
import { type Exit, isNormal, KILLED_EXIT } from '../kernel/exit.ts';
import { captureCaller, processStack } from '../kernel/guest-stack.ts';
import { killAll } from '../kernel/kill-all.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import { type Runtime, SpawnError } from '../runtime.ts';
import { findPanic, type Panic } from '../symbols/panic-text.ts';
import type { StackFrame } from '../symbols/stack-frame.ts';
import { displayName } from '../text/display-name.ts';
import { type DeathCause, DeathCauses } from './death-causes.ts';
import type { TestResult } from './events.ts';
import { type Ending, failuresOf, type Hanging, locate, notesOf, stackOf } from './failure.ts';
import { OutputGroup } from './output-group.ts';
import type { RunRoom } from './output-room.ts';
import type { TestCase } from './test-case.ts';
import type { TestOptions } from './test-options.ts';
import { TimeLimit } from './time-limit.ts';
import { judge } from './verdict.ts';

/** The number of every test's environment. Each test has an environment of its own. */
const TEST_ENVIRONMENT = 0;

/** The number of failures, and of characters in all of them, that are kept of a test's reports. Further ones are counted. */
const MAX_REPORTS = 100;
const MAX_REPORTED = 2 ** 22;

/** The number of processes of a hanging test that are described. */
const MAX_DESCRIBED = 100;

/** What a test has reported, before the stack is found in the sources. */
interface UnlocatedReport {
  readonly report: FailureReport;
  readonly module: LoadedModule;
  readonly frames: readonly StackFrame[];
}

interface UnlocatedHanging extends Omit<Hanging, 'processes'> {
  readonly processes: readonly Snapshot[];
}

/** A test could not be instantiated, or the export that runs before the tests failed. All other tests are given up. */
export class TestStartError extends Error {
  override readonly name = 'TestStartError';
  readonly code = 'LUNATIC_TEST_START';
  /** The name of the test, or the export that runs before all tests. */
  readonly test: string;

  constructor(test: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.test = test;
  }
}

/** One running test: its processes, and what is known of them. */
export class TestRun implements RunningTest {
  readonly #runtime: Runtime;
  readonly #test: TestCase;
  readonly #options: TestOptions;
  readonly #output: OutputGroup;
  readonly #room: RunRoom;
  #latestRoot: Process | null = null;
  #cancelled = false;
  /** Set when the time is up. */
  #hanging: Promise<UnlocatedHanging> | null = null;

  #title: string;
  #expectedTrap: string | null = null;
  readonly #reports: UnlocatedReport[] = [];
  #reported = 0;
  #charactersReported = 0;

  readonly #causes = new DeathCauses();
  #cause: DeathCause | null = null;

  /** @param room for the outputs and reports of all tests of the run */
  constructor(runtime: Runtime, test: TestCase, options: TestOptions, room: RunRoom) {
    this.#runtime = runtime;
    this.#test = test;
    this.#options = options;
    this.#title = test.name;
    this.#output = new OutputGroup(options.input, options.echo ?? null, options.watcher ?? null, room);
    this.#room = room;
  }

  /**
   * Starts the test at once and waits for its end.
   * @param onEnd called when it has ended, before the result is made
   * @throws TestStartError
   */
  async run(module: LoadedModule, onEnd: () => void = () => {}): Promise<TestResult> {
    const start = performance.now();
    const { timeout, watcher } = this.#options;
    const giveUp = () => {
      if (this.#root !== null) this.#hanging = this.#giveUp(this.#root, timeout ?? 0);
    };
    const limit =
      timeout === undefined ? null : new TimeLimit(timeout * 1000, giveUp, watcher && (() => this.#isHeld));
    try {
      const exit = await this.#end(module);
      const duration = performance.now() - start;
      onEnd();
      return await this.#result(exit, duration, await this.#hanging);
    } finally {
      limit?.stop();
    }
  }

  /** The root process, or the one that has taken its place; null as long as it is not created. */
  get #root(): Process | null {
    this.#latestRoot = this.#latestRoot?.latest ?? null;
    return this.#latestRoot;
  }

  async #end(module: LoadedModule): Promise<Exit> {
    const { config } = this.#options;
    try {
      const root = await this.#runtime.run(module, {
        config,
        stdio: this.#output.nextStdio(),
        entry: { name: this.#test.exportName, params: [] },
        environment: TEST_ENVIRONMENT,
        onCreated: (process) => {
          this.#latestRoot = process;
          runningTests.set(process.environment, this);
          this.#options.watcher?.onRoot(process);
        },
      });
      return await root.ended;
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      // It was killed while its start section ran.
      if (this.#cancelled || this.#hanging !== null) return KILLED_EXIT;
      throw new TestStartError(this.#test.name, error.message, { cause: error });
    }
  }

  async #result(exit: Exit, duration: number, hanging: UnlocatedHanging | null): Promise<TestResult> {
    const output = this.#output;
    const { expectedPanic } = this.#test;
    const { echo, sources } = this.#options;
    const cause = this.#cause;
    const ownPanic = panicIn(output.rootText);
    const panic =
      cause === null || cause.process === this.#root ? ownPanic : panicIn(output.textOf(cause.process));
    const { reason, note } = judge({
      expectedPanic,
      expectedTrap: this.#expectedTrap,
      endedNormally: isNormal(exit),
      panic: ownPanic?.message ?? null,
      cause: panic?.message ?? causeMessage(cause),
      reported: this.#reported > 0,
      echoed: echo !== undefined,
      timedOut: hanging?.timeout ?? null,
    });
    const about = {
      event: 'finished' as const,
      name: this.#test.name,
      export: this.#test.exportName,
      title: this.#title,
      shouldFail: (this.#expectedTrap ?? expectedPanic) !== null,
    };
    if (this.#cancelled && exit.kind === 'killed') {
      output.trim();
      return { ...about, outcome: 'cancelled', failures: [], exit, output, duration };
    }
    if (reason === null) {
      output.trim();
      return { ...about, outcome: 'passed', failures: [], exit, output, duration };
    }
    // Nobody waits for the sources of a test that has passed.
    const ending: Ending = {
      exit,
      cause,
      stack: await stackOf(cause, sources),
      panic: panic ?? ownPanic,
      byLink: cause !== null && cause.process !== this.#root,
      expected: this.#expectedTrap ?? expectedPanic,
      hanging: hanging && (await this.#located(hanging)),
      reports: await Promise.all(
        this.#reports.map(async ({ report, module, frames }) => ({
          ...report,
          stack: await locate(module, frames, sources),
        })),
      ),
      reportsLeft: this.#reported - this.#reports.length,
    };
    const failures = failuresOf(reason, ending);
    output.addNote((note ?? '') + notesOf(reason, ending));
    return { ...about, outcome: 'failed', failures, exit, output, duration };
  }

  async #located({ processes, ...others }: UnlocatedHanging): Promise<Hanging> {
    const { sources } = this.#options;
    const located = processes.map(async (process) => {
      const { frames, lines } = await locate(process.module, process.stack, sources);
      return { ...process, stack: frames, lines };
    });
    return { ...others, processes: await Promise.all(located) };
  }

  // -- giving up -----------------------------------------------------------------------------------------

  /** Called when the time is up. Finds out what the processes are doing, and kills them. */
  async #giveUp(root: Process, timeout: number): Promise<UnlocatedHanging> {
    const { environment } = root;
    const count = Math.max(environment.size, 1);
    // Until its start section has run, a process is not in its environment.
    const living = root.initialized ? environment.processes() : [root];
    const processes = await snapshots(living, this.#runtime.scheduler, MAX_DESCRIBED);
    this.kill();
    return { timeout, processes, count };
  }

  /** Whether somebody holds one of its processes. */
  get #isHeld(): boolean {
    const root = this.#root;
    if (root === null) return false;
    if (root.paused) return true;
    for (const { paused } of root.environment.processes()) if (paused) return true;
    return false;
  }

  /** Ends the test as cancelled. */
  cancel(): void {
    this.#cancelled = true;
    this.kill();
  }

  /** Kills all processes of the test, including those that it has left behind. */
  kill(): void {
    const root = this.#root;
    if (root === null) return;
    const { scheduler } = this.#runtime;
    if (root.exit === null) scheduler.kill(root);
    void killAll(root.environment, scheduler);
  }

  /** Notes what its processes have executed. They have all ended. */
  noteCoverage(): void {
    const root = this.#root;
    if (root !== null) this.#options.coverage?.ended(this.#test, root.environment);
  }

  /** Whether any of its processes lives. */
  get lives(): boolean {
    const root = this.#root;
    return root !== null && (root.exit === null || root.environment.size > 0);
  }

  // -- what the test says of itself ----------------------------------------------------------------------

  setName(name: string): void {
    this.#title = name === '' ? this.#test.name : displayName(name);
  }

  shouldTrap(message: string): void {
    this.#expectedTrap = message;
  }

  fail(caller: Process, report: FailureReport): void {
    this.#reported++;
    const { message, expected, actual } = report;
    const length = message.length + (expected?.length ?? 0) + (actual?.length ?? 0);
    this.#charactersReported += length;
    if (this.#reports.length >= MAX_REPORTS || this.#charactersReported > MAX_REPORTED) return;
    // The lines about it in the output are as long again.
    if (!this.#room.take(2 * length)) return;
    const frames = processStack(captureCaller(), caller);
    this.#reports.push({ report, module: caller.module, frames });
  }

  /** Must be called when one of its processes has ended, before linked processes hear of it. */
  onExit(process: Process, exit: Exit): void {
    const cause = this.#causes.observe(process, exit);
    if (process === this.#root) this.#cause = cause;
  }
}

/** The same as `findPanic`. Its parts do not keep the whole text in memory. */
function panicIn(text: string): Panic | null {
  const found = findPanic(text);
  if (found === null) return null;
  const { message, location } = found;
  return {
    message: copyOf(message),
    location: location === null ? null : { ...location, file: copyOf(location.file) },
  };
}

/** V8 makes a part of a text a view of the whole. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

function causeMessage(cause: DeathCause | null): string | null {
  return cause !== null && 'message' in cause.exit ? cause.exit.message : null;
}
