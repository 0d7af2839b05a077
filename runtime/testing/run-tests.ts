import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ProcessConfig } from '../kernel/config.ts';
import { isNormal } from '../kernel/exit.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { InputStream, OutputStream } from '../kernel/stdio.ts';
import { type Root, type Runtime, SpawnError } from '../runtime.ts';
import { discoverTests, setupExport } from './discovery.ts';
import type { TestEvent, TestResult } from './events.ts';
import { OutputGroup } from './output-group.ts';
import { panicText } from './panic-text.ts';
import { type Selection, selectTests } from './selection.ts';
import type { TestCase } from './test-case.ts';
import { judge } from './verdict.ts';

/** Environment id of every test; each has an environment of its own. */
const TEST_ENVIRONMENT = 0;

/** Tests that are started before those that are short may end, so that thousands need not fit into memory at once. */
const STARTED_AT_ONCE = 64;

export interface TestOptions {
  readonly selection: Selection;
  /** Config of the root process of each test. */
  readonly config: ProcessConfig;
  readonly input: InputStream;
  /** Gets a copy of what tests print, as they print it. */
  readonly echo?: OutputStream;
  /** Tests that run at the same time. Default: all of them. */
  readonly jobs?: number;
  /** Seconds after which a test is killed and has failed. Default: never. */
  readonly timeout?: number;
}

/** A test could not be instantiated, or what has to run before the tests failed. The others are not awaited. */
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

/**
 * Runs tests of a module concurrently, each as the root process of an environment of its own (cli.md 3.4).
 * Processes that tests leave behind go on.
 * @param onEvent called as things happen; must not throw
 * @returns whether no test failed
 * @throws TestNameError, TestStartError
 */
export async function runTests(
  runtime: Runtime,
  module: LoadedModule,
  options: TestOptions,
  onEvent: (event: TestEvent) => void,
): Promise<boolean> {
  const all = discoverTests(module);
  const selected = selectTests(all, options.selection);
  const filteredOut = all.length - selected.length;
  const jobs = options.jobs ?? Number.POSITIVE_INFINITY;
  onEvent({ kind: 'discovered', selected, filteredOut });
  if (selected.some(({ runs }) => runs)) await runSetup(runtime, module, options);

  const counts = { passed: 0, failed: 0, ignored: 0 };
  const running = new Set<Promise<void>>();
  let started = 0;
  for (const { test, runs } of selected) {
    if (!runs) {
      counts.ignored++;
      onEvent({ kind: 'ignored', test });
      continue;
    }
    while (running.size >= jobs) await Promise.race(running);
    const output = new OutputGroup(options.input, options.echo ?? null);
    const root = await startExport(runtime, module, options, output, test.exportName, test.name);
    onEvent({ kind: 'started', test });
    const finished = finish(test, root, output, options).then((result) => {
      running.delete(finished);
      counts[result.passed ? 'passed' : 'failed']++;
      onEvent({ kind: 'finished', result });
    });
    running.add(finished);
    if (++started % STARTED_AT_ONCE === 0) await whileTestsEnd(running);
  }
  await Promise.all(running);
  onEvent({ kind: 'done', ...counts, filteredOut });
  return counts.failed === 0;
}

/** Lets processes have turns as long as each turn ends a test. */
async function whileTestsEnd(running: ReadonlySet<unknown>): Promise<void> {
  let before: number;
  do {
    before = running.size;
    await nextTurn();
  } while (running.size < before);
}

async function startExport(
  runtime: Runtime,
  module: LoadedModule,
  { config }: TestOptions,
  output: OutputGroup,
  exportName: string,
  name: string,
): Promise<Root> {
  try {
    return await runtime.run(module, {
      config,
      stdio: output.nextStdio(),
      entry: { name: exportName, params: [] },
      environment: TEST_ENVIRONMENT,
    });
  } catch (error) {
    if (!(error instanceof SpawnError)) throw error;
    throw new TestStartError(name, error.message, { cause: error });
  }
}

/** Waits for the end of a test and judges it. */
async function finish(
  test: TestCase,
  root: Root,
  output: OutputGroup,
  { echo, timeout }: TestOptions,
): Promise<TestResult> {
  const start = performance.now();
  let timedOut: number | null = null;
  const giveUp = () => {
    timedOut = timeout ?? null;
    root.stop();
  };
  const timer = timeout === undefined ? undefined : setTimeout(giveUp, timeout * 1000);
  const exit = await root.ended;
  clearTimeout(timer);
  const verdict = judge({
    expectedPanic: test.expectedPanic,
    endedNormally: isNormal(exit),
    panic: panicText(output.rootText),
    echoed: echo !== undefined,
    timedOut,
  });
  if (verdict.note !== null) output.addNote(verdict.note);
  return { test, passed: verdict.passed, exit, output, duration: performance.now() - start };
}

/** Runs what the older encoding wants to run first. */
async function runSetup(runtime: Runtime, module: LoadedModule, options: TestOptions): Promise<void> {
  const name = setupExport(module);
  if (name === null) return;
  const output = new OutputGroup(options.input, options.echo ?? null);
  const root = await startExport(runtime, module, options, output, name, name);
  const exit = await root.ended;
  if (isNormal(exit)) return;
  const reason = 'message' in exit ? exit.message : exit.kind;
  throw new TestStartError(name, `it runs before the tests, and failed: ${reason}\n${output.text}`.trimEnd());
}
