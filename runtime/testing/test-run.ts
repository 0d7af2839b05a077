import { type FailureReport, type RunningTest, runningTests } from '../host/running-tests.ts';
import { describeProcess, snapshots } from '../inspect/snapshot.ts';
import { type Exit, isNormal, KILLED_EXIT } from '../kernel/exit.ts';
import { captureCaller, processStack } from '../kernel/guest-stack.ts';
import type { ProcessId, SchedulerIndex } from '../kernel/ids.ts';
import { killAll } from '../kernel/kill-all.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import { Where } from '../kernel/where.ts';
import { type Runtime, SpawnError } from '../runtime.ts';
import { findPanic, type Panic } from '../symbols/panic-text.ts';
import { displayName } from '../text/display-name.ts';
import { type DeathCause, DeathCauses, type UnlocatedStack } from './death-causes.ts';
import type { TestResult } from './events.ts';
import { type Ending, failuresOf, type Hanging, locate, notesOf, stackOf } from './failure.ts';
import { KeptReports } from './kept-reports.ts';
import type { FarSnapshot, OtherSchedulers } from './other-schedulers.ts';
import { OutputGroup } from './output-group.ts';
import type { RunRoom } from './output-room.ts';
import type { TestCase } from './test-case.ts';
import type { TestOptions } from './test-options.ts';
import { TimeLimit } from './time-limit.ts';
import { judge } from './verdict.ts';

/** The number of every test's environment. Each test has an environment of its own. */
const TEST_ENVIRONMENT = 0;

/** The number of processes of a hanging test that are described. */
const MAX_DESCRIBED = 100;

interface UnlocatedHanging extends Omit<Hanging, 'processes'> {
  readonly processes: readonly FarSnapshot[];
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
  #latestRoot: Process | null = null;
  /** The scheduler to which the root process has gone; null if it has not. */
  #place: SchedulerIndex | null = null;
  #hasBegunElsewhere = false;
  /** Resolves when the root process has ended, wherever it was. */
  readonly #end = Promise.withResolvers<Exit>();
  #hasEnded = false;
  /** Why nobody knows how the root process has ended; null where somebody does. */
  #loss: string | null = null;
  #cancelled = false;
  /** Set when the time is up. */
  #hanging: Promise<UnlocatedHanging> | null = null;

  #title: string;
  #expectedTrap: string | null = null;
  readonly #reports: KeptReports;

  readonly #causes: DeathCauses;
  #cause: DeathCause | null = null;

  /** @param room for the outputs and reports of all tests of the run */
  constructor(runtime: Runtime, test: TestCase, options: TestOptions, room: RunRoom) {
    this.#runtime = runtime;
    this.#test = test;
    this.#options = options;
    this.#title = test.name;
    this.#output = new OutputGroup(options.input, options.echo ?? null, options.watcher ?? null, room);
    this.#reports = new KeptReports(room);
    this.#causes = new DeathCauses((peer, cause) => {
      const root = this.#root;
      if (root !== null) this.#others?.tellCause(root.environment, peer, cause);
    });
  }

  /** The other schedulers; null as long as none of them has had processes of this test. */
  get #others(): OtherSchedulers | null {
    return this.#latestRoot?.environment.elsewhere == null ? null : (this.#options.others?.() ?? null);
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
    const held = watcher === undefined ? null : () => this.#isHeld;
    const stopped = { before: () => !this.hasBegun, held };
    const limit = timeout === undefined ? null : new TimeLimit(timeout * 1000, giveUp, stopped);
    try {
      const exit = await this.#runRoot(module);
      const duration = performance.now() - start;
      onEnd();
      const root = this.#root;
      if (root !== null) await this.#others?.settle(root.environment);
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

  async #runRoot(module: LoadedModule): Promise<Exit> {
    const { config, childrenWhere = Where.Beside } = this.#options;
    try {
      const root = await this.#runtime.run(module, {
        config,
        stdio: this.#output.nextStdio(),
        entry: { name: this.#test.exportName, params: [] },
        environment: TEST_ENVIRONMENT,
        onCreated: (process) => {
          // Tests often wait for their children for some milliseconds, whatever other tests compute.
          process.where = childrenWhere === Where.Apart ? Where.Apart : Where.Usual;
          process.childrenWhere = childrenWhere;
          this.#latestRoot = process;
          runningTests.set(process.environment, this);
          this.#options.watcher?.onRoot(process);
        },
      });
      void root.ended.then(this.#end.resolve);
      return await this.#end.promise;
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      // It was killed while its start section ran.
      if (this.#cancelled || this.#hanging !== null) return KILLED_EXIT;
      throw new TestStartError(this.#test.name, error.message, { cause: error });
    } finally {
      this.#hasEnded = true;
    }
  }

  async #result(exit: Exit, duration: number, hanging: UnlocatedHanging | null): Promise<TestResult> {
    const output = this.#output;
    const { expectedPanic } = this.#test;
    const { echo, sources } = this.#options;
    const cause = this.#cause;
    const ownPanic = panicIn(output.rootText);
    const failed = cause === null || cause.id === this.#root?.id ? null : cause;
    const panic = failed === null ? ownPanic : failed.stdio && panicIn(output.textOf(failed.stdio));
    const { reason, note } = judge({
      expectedPanic,
      expectedTrap: this.#expectedTrap,
      endedNormally: isNormal(exit),
      panic: ownPanic?.message ?? null,
      cause: panic?.message ?? causeMessage(cause),
      reported: this.#reports.count > 0,
      loss: this.#loss,
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
      failedPeer: failed && this.#describe(failed.id),
      loss: this.#loss,
      expected: this.#expectedTrap ?? expectedPanic,
      hanging: hanging && (await this.#located(hanging)),
      reports: await Promise.all(
        this.#reports.kept.map(async ({ report, stack }) => ({
          ...report,
          stack: await locate(stack, sources),
        })),
      ),
      reportsLeft: this.#reports.count - this.#reports.kept.length,
    };
    const failures = failuresOf(reason, ending);
    output.addNote((note ?? '') + notesOf(reason, ending));
    return { ...about, outcome: 'failed', failures, exit, output, duration };
  }

  async #located({ processes, ...others }: UnlocatedHanging): Promise<Hanging> {
    const { sources } = this.#options;
    const located = processes.map(async (process) => {
      const { frames, lines } = await locate({ module: process.module, frames: process.stack }, sources);
      return { ...process, stack: frames, lines };
    });
    return { ...others, processes: await Promise.all(located) };
  }

  // -- giving up -----------------------------------------------------------------------------------------

  /** Called when the time is up. Finds out what the processes are doing, and kills them. */
  async #giveUp(root: Process, timeout: number): Promise<UnlocatedHanging> {
    const { environment } = root;
    const elsewhere = this.#others?.describe(environment, MAX_DESCRIBED);
    const { size } = environment;
    // Until its start section has run, a process is not in its environment.
    const living = root.initialized ? environment.processes() : [root];
    const here = await snapshots(living, this.#runtime.scheduler, MAX_DESCRIBED);
    const there = await elsewhere;
    this.kill();
    if (there === undefined) return { timeout, processes: here, count: Math.max(size, 1) };
    const processes = [...here, ...there.processes].sort((a, b) => a.id - b.id).slice(0, MAX_DESCRIBED);
    return { timeout, processes, count: Math.max(size + there.count, 1) };
  }

  /** Whether somebody holds one of its processes. */
  get #isHeld(): boolean {
    const root = this.#root;
    if (root === null) return false;
    if (root.paused) return true;
    for (const { paused } of root.environment.processes()) if (paused) return true;
    return this.#others?.isHeld(root.environment) ?? false;
  }

  #describe(id: ProcessId): string {
    const root = this.#root;
    return root === null ? `process ${id}` : describeProcess({ id, registry: root.registry });
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

  /** Whether any of its processes lives. */
  get lives(): boolean {
    return this.livesHere || this.livesElsewhere;
  }

  get livesHere(): boolean {
    const root = this.#root;
    return root !== null && (root.exit === null || root.environment.size > 0);
  }

  get livesElsewhere(): boolean {
    const { size = 0 } = this.#latestRoot?.environment.elsewhere ?? {};
    return size > 0 || (this.#place !== null && !this.#hasEnded);
  }

  /** Whether its root process has had a turn, as far as is known here. */
  get hasBegun(): boolean {
    const root = this.#root;
    if (this.#place !== null) return this.#hasBegunElsewhere || this.#hasEnded;
    return root !== null && (root.turns > 0 || root.paused || root.exit !== null);
  }

  /** Must be called when all its processes have ended. */
  close(): void {
    const root = this.#root;
    if (root === null) return;
    this.#options.coverage?.ended(this.#test, root.environment);
    this.#others?.close(root.environment);
  }

  // -- what the test says of itself ----------------------------------------------------------------------

  setName(name: string): void {
    this.#title = name === '' ? this.#test.name : displayName(name);
  }

  shouldTrap(message: string): void {
    this.#expectedTrap = message;
  }

  fail(caller: Process, report: FailureReport): void {
    this.report(report, () => ({ module: caller.module, frames: processStack(captureCaller(), caller) }));
  }

  /**
   * Takes a failure that the test has reported, on whatever scheduler.
   * @param stack finds out where, if it is to be kept
   */
  report(report: FailureReport, stack: () => UnlocatedStack): void {
    if (this.#reports.takes(report)) this.#reports.kept.push({ report, stack: stack() });
  }

  /** Counts reports that were not kept on another scheduler. */
  countReports(count: number): void {
    this.#reports.count += count;
  }

  /** Must be called when one of its processes has ended here, before linked processes hear of it. */
  onExit(process: Process, exit: Exit): void {
    const cause = this.#causes.observe(process, exit);
    if (process === this.#root) this.#cause = cause;
  }

  // -- other schedulers ----------------------------------------------------------------------------------

  /** Must be called when one of its processes has gone to another scheduler before it began. */
  onDepart(process: Process): void {
    if (process === this.#root) this.#place = process.environment.elsewhere?.place(process.id) ?? null;
  }

  /** Takes what a process here is about to die of, as another scheduler tells. */
  inherit(id: ProcessId, cause: DeathCause): void {
    this.#causes.inherit(this.#root?.environment.get(id), cause);
  }

  /** The root process has its first turn on another scheduler. */
  beginElsewhere(): void {
    this.#hasBegunElsewhere = true;
  }

  /** The root process has ended on another scheduler. */
  endElsewhere(exit: Exit, cause: DeathCause | null): void {
    this.#cause = cause;
    this.#hasEnded = true;
    this.#end.resolve(exit);
  }

  /** A scheduler has gone, with the processes that it had. Those that are linked to them have not heard of it yet. */
  lose(index: SchedulerIndex): void {
    const root = this.#root;
    if (root !== null) this.#causes.lose(root.environment, index);
    if (this.#place !== index || this.#hasEnded) return;
    this.#loss = `scheduler ${index} has ended, on which the test ran`;
    this.#hasEnded = true;
    this.#end.resolve(KILLED_EXIT);
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
