import {
  ALL_TESTS,
  type Process,
  ProcessConfig,
  Runtime,
  runTests,
  type TestEvent,
  type TestListener,
  type TestOptions,
  type TestResult,
  type TestSummary,
} from '../../runtime/internal.ts';
import { assemble, Feed } from './program.ts';

/** The tests of a module, run in this Node. */
export interface TestedModule {
  readonly events: readonly TestEvent[];
  readonly summary: TestSummary;
  /** Processes that have ended. */
  readonly ended: number;
  /** Processes that were left when the run was over, of all tests of which one has ended. */
  readonly left: number;
  /** The result of a test, by the name that its export tells. */
  resultOf(name: string): TestResult;
}

export interface TestedOptions extends Partial<TestOptions> {
  /** Told of each event as it happens. */
  readonly onEvent?: TestListener;
}

/** Runs the tests of a module given as WAT text or as a binary. */
export async function testsOf(
  source: string | Uint8Array,
  { onEvent, ...options }: TestedOptions = {},
): Promise<TestedModule> {
  let ended = 0;
  const environments = new Set<Process['environment']>();
  const runtime = new Runtime({
    observer: {
      onExit({ environment }) {
        ended++;
        environments.add(environment);
      },
    },
  });
  const module = runtime.load(typeof source === 'string' ? await assemble(source) : source);
  const events: TestEvent[] = [];
  const defaults = { selection: ALL_TESTS, config: ProcessConfig.forRoot(), input: new Feed() };
  const summary = await runTests(runtime, module, { ...defaults, ...options }, (event) => {
    events.push(event);
    return onEvent?.(event);
  });
  const left = [...environments].reduce((sum, { size }) => sum + size, 0);
  const resultOf = (name: string): TestResult => {
    for (const event of events) {
      if (event.event === 'finished' && event.name === name) return event;
    }
    throw new Error(`no test "${name}" has finished`);
  };
  return { events, summary, ended, left, resultOf };
}
