import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { runningTests } from '../host/running-tests.ts';
import type { Exit } from '../kernel/exit.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { SchedulerObserver } from '../kernel/observers.ts';
import type { Process } from '../kernel/process.ts';
import { Timer, untilNextTimer } from '../kernel/timer.ts';
import type { Runtime } from '../runtime.ts';
import { discoverTests, setupExport } from './discovery.ts';
import { discovered, type TestEvent, type TestListener, type TestSummary } from './events.ts';
import { RunRoom } from './output-room.ts';
import { Patience } from './patience.ts';
import { type SelectedTest, selectTests } from './selection.ts';
import type { TestCase } from './test-case.ts';
import type { TestOptions } from './test-options.ts';
import { TestRun, TestStartError } from './test-run.ts';

/** The number of tests that are started before short ones get time to end: thousands need not fit into memory at once. */
const STARTED_AT_ONCE = 64;

/** Tests with processes that were left, from which on it is looked whether these have ended meanwhile. */
const MANY_LEFT = 64;

/** Milliseconds between two looks at whether enough tests have begun, if none ends. */
const WAITING_INTERVAL = 5;

/** Milliseconds between two looks at whether processes on other schedulers have ended, and those after which nobody waits for them. */
const LOOKING_INTERVAL = 2;
const ENDING_TIME = 3000;

/**
 * A module with so many functions is the debug code of an SDK, of which each test takes milliseconds to begin: it spawns processes, whose
 * functions are compiled. If all tests did so at the same time, none could do within ten milliseconds what it does in five.
 * Therefore each has this thread for itself until it has ended, or waits for something that takes longer than `SOON`
 * milliseconds. Then, and after `PATIENCE` milliseconds in any case (see `Patience`), the next one is started; of more than `MANY` tests, each
 * next one earlier.
 */
const MANY_FUNCTIONS = 1000;
const SOON = 20;
const PATIENCE = 50;
const MANY = 16;

/**
 * Runs tests of a module concurrently, each as the root process of an environment of its own (abi 21.3.4).
 * Processes that tests leave behind go on until the last test has ended; when the promise settles none is left.
 * @param onEvent called as things happen. It must not throw. While a promise that it has returned is pending it is told of
 *   no result, so that results wait with the tests that they are of, and no further test begins in their place
 * @throws TestNameError, TestStartError
 */
export async function runTests(
  runtime: Runtime,
  module: LoadedModule,
  options: TestOptions,
  onEvent: TestListener,
): Promise<TestSummary> {
  const session = new Session(runtime, module, options, onEvent);
  const cancelled = Promise.withResolvers<void>();
  const cancel = () => {
    session.cancel();
    cancelled.resolve();
  };
  const { observers } = runtime.scheduler;
  options.signal?.addEventListener('abort', cancel);
  observers.add(session);
  try {
    const summary = await session.run();
    if (options.signal?.aborted !== true)
      await Promise.race([options.watcher?.beforeKill(), cancelled.promise]);
    return summary;
  } finally {
    options.signal?.removeEventListener('abort', cancel);
    await session.stop();
    observers.remove(session);
  }
}

/** One run of the tests of a module. */
class Session implements SchedulerObserver {
  readonly #runtime: Runtime;
  readonly #module: LoadedModule;
  readonly #options: TestOptions;
  readonly #onEvent: TestListener;
  readonly #room = new RunRoom();
  /** Pending while whoever is told of the events has enough. */
  #drained: Promise<void> | null = null;
  /** Resolves when the result of the test that has ended last is told: finding failures in the sources does not change the order. */
  #told: Promise<void> = Promise.resolve();
  /** Tests whose processes may live, and the ends of tests that are awaited. */
  readonly #alive = new Set<TestRun>();
  readonly #running = new Set<Promise<void>>();
  /** Tests that have ended, of which processes were left then. */
  #left: TestRun[] = [];
  /** How many there may be until it is looked whether these have ended, too. */
  #mostLeft = MANY_LEFT;
  /** The number of tests that have been started and have not ended, and what is called when one has. */
  #unended = 0;
  #onEnd = () => {};
  /** Rejects when a test cannot be started. */
  readonly #broken = Promise.withResolvers<never>();
  readonly #counts = { passed: 0, failed: 0, ignored: 0, cancelled: 0 };

  constructor(runtime: Runtime, module: LoadedModule, options: TestOptions, onEvent: TestListener) {
    this.#runtime = runtime;
    this.#module = module;
    this.#options = options;
    this.#onEvent = onEvent;
    // It may be rejected while nobody waits for it.
    this.#broken.promise.catch(() => {});
  }

  async run(): Promise<TestSummary> {
    const { selection, timeout } = this.#options;
    const all = discoverTests(this.#module);
    const selected = selectTests(all, selection);
    const filteredOut = all.length - selected.length;
    this.#tell(discovered(selected, filteredOut));
    // Stacks of processes that wait for messages are looked at when the time is up.
    const { scheduler } = this.#runtime;
    if (timeout !== undefined) scheduler.stacks.keepRare();
    if (selected.some(({ runs }) => runs)) await this.#setUp();
    await this.#runAll(selected);
    const summary = { ...this.#counts, filteredOut };
    await this.#tell({ event: 'summary', ...summary });
    return summary;
  }

  /** Runs the export that the older encoding runs before the tests. */
  async #setUp(): Promise<void> {
    const name = setupExport(this.#module);
    if (name === null || this.#isCancelled) return;
    const run = this.#create({ name, exportName: name, ignored: false, expectedPanic: null });
    const { outcome, output } = await run.run(this.#module);
    if (outcome !== 'failed') return;
    output.trim();
    throw new TestStartError(name, `it runs before the tests, and failed:\n${output.text}`.trimEnd());
  }

  async #runAll(selected: readonly SelectedTest[]): Promise<void> {
    const { jobs = Number.POSITIVE_INFINITY } = this.#options;
    const isLarge = this.#module.source.functions.length >= MANY_FUNCTIONS;
    let started = 0;
    for (const { test, runs } of selected) {
      while (this.#running.size >= jobs) await this.#unlessBroken(Promise.race(this.#running));
      if (!runs) {
        this.#counts.ignored++;
        this.#tell({ event: 'ignored', name: test.name, export: test.exportName });
        continue;
      }
      if (this.#isCancelled) {
        this.#counts.cancelled++;
        continue;
      }
      this.#start(test);
      started++;
      if (isLarge) await this.#unlessBroken(this.#untilQuiet(PATIENCE * Math.min(1, MANY / started)));
      else if (started % STARTED_AT_ONCE === 0) await this.#unlessBroken(this.#whileTestsEnd());
      if (started % STARTED_AT_ONCE === 0) await this.#unlessBroken(this.#whileManyWait());
    }
    await this.#unlessBroken(Promise.all(this.#running));
  }

  #start(test: TestCase): void {
    const run = this.#create(test);
    this.#tell({ event: 'started', name: test.name, export: test.exportName });
    const told = Promise.withResolvers<void>();
    let before = this.#told;
    this.#unended++;
    const lineUp = () => {
      this.#unended--;
      this.#onEnd();
      before = this.#told;
      this.#told = told.promise;
    };
    const ended = run.run(this.#module, lineUp).then(
      async (result) => {
        await before;
        told.resolve();
        this.#noteEnd(run);
        const tell = (): Promise<void> | undefined => {
          if (this.#drained !== null) return this.#drained.then(tell);
          this.#running.delete(ended);
          this.#counts[result.outcome]++;
          this.#tell(result);
          return undefined;
        };
        return tell();
      },
      (error: unknown) => {
        told.resolve();
        this.#broken.reject(error);
      },
    );
    this.#running.add(ended);
  }

  /** Called when a test has ended. Its last processes on other schedulers may have ended without having told so yet. */
  #noteEnd(run: TestRun): void {
    if (!run.lives) {
      this.#forget(run);
      return;
    }
    this.#left.push(run);
    if (this.#left.length < this.#mostLeft) return;
    const [living, ended] = [
      this.#left.filter(({ lives }) => lives),
      this.#left.filter(({ lives }) => !lives),
    ];
    for (const left of ended) this.#forget(left);
    this.#left = living;
    this.#mostLeft = Math.max(MANY_LEFT, 2 * living.length);
  }

  /** Called when all processes of a test have ended. */
  #forget(run: TestRun): void {
    if (this.#alive.delete(run)) run.close();
  }

  /** Tells of an event. Resolves when more may follow. */
  #tell(event: TestEvent): Promise<void> | null {
    const told = this.#onEvent(event) ?? null;
    if (told === null) return null;
    const drained = told
      .catch(() => {})
      .then(() => {
        if (this.#drained === drained) this.#drained = null;
      });
    this.#drained = drained;
    return drained;
  }

  #create(test: TestCase): TestRun {
    const run = new TestRun(this.#runtime, test, this.#options, this.#room);
    this.#alive.add(run);
    return run;
  }

  /** Waits as long as many tests have not begun, since they may begin on another scheduler: they take memory. */
  async #whileManyWait(): Promise<void> {
    const waiting = () => {
      let count = 0;
      for (const { hasBegun } of this.#alive) if (!hasBegun) count++;
      return count;
    };
    // Most have begun then.
    await nextTurn();
    while (waiting() >= STARTED_AT_ONCE) await this.#pause(WAITING_INTERVAL);
  }

  /** Lets processes run as long as each turn of the event loop ends a test. */
  async #whileTestsEnd(): Promise<void> {
    let before: number;
    do {
      before = this.#running.size;
      await nextTurn();
    } while (this.#running.size < before);
  }

  /** Waits until all tests have ended that were started, or their processes wait for something that takes long, or for about `time` milliseconds at most. */
  async #untilQuiet(time: number): Promise<void> {
    const { scheduler } = this.#runtime;
    const patience = new Patience(time);
    for (;;) {
      await nextTurn();
      const { left } = patience;
      if (this.#unended === 0 || left <= 0) return;
      if (!scheduler.isIdle) continue;
      const next = untilNextTimer();
      if (next > SOON) return;
      await this.#pause(Math.min(left, Math.max(1, next)));
    }
  }

  /**
   * Waits for some milliseconds, or until a test ends. A timer of Node's own could be called before those of processes that are due as well,
   * and before anybody knows that the thread was held up.
   */
  async #pause(time: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = new Timer(time, resolve);
    this.#onEnd = resolve;
    await promise;
    timer.cancel();
  }

  /** Waits for something. Rejects as soon as a test cannot be started. */
  #unlessBroken(awaited: Promise<unknown>): Promise<unknown> {
    return Promise.race([awaited, this.#broken.promise]);
  }

  /** Called when a process has ended. */
  onExit(process: Process, exit: Exit): void {
    this.#testOf(process)?.onExit(process, exit);
  }

  /** Called when a process has gone to another scheduler. */
  onDepart(process: Process): void {
    this.#testOf(process)?.onDepart(process);
  }

  #testOf({ environment }: Process): TestRun | undefined {
    const test = runningTests.get(environment);
    return test instanceof TestRun && this.#alive.has(test) ? test : undefined;
  }

  get #isCancelled(): boolean {
    return this.#options.signal?.aborted ?? false;
  }

  /** Kills everything that runs. Nothing is started afterwards. */
  cancel(): void {
    for (const run of this.#alive) run.cancel();
  }

  /** Kills the processes that are left, and waits for their end. */
  async stop(): Promise<void> {
    const since = performance.now();
    for (;;) {
      let isHere = false;
      for (const run of this.#alive) {
        isHere ||= run.livesHere;
        if (run.lives) run.kill();
        else this.#forget(run);
      }
      if (this.#alive.size === 0) return;
      // A scheduler that does not answer ends with the command.
      if (!isHere && performance.now() - since > ENDING_TIME) return;
      await (isHere ? nextTurn() : sleep(LOOKING_INTERVAL));
    }
  }
}
