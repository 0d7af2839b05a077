import type { ProcessConfig } from '../kernel/config.ts';
import { Runtime } from '../runtime.ts';
import { discoverTests, runTests, type Selection, selectTests, TestStartError } from '../testing/index.ts';
import { CommandError, readModuleFile } from './load.ts';
import { describeExit, Reports } from './report.ts';
import { rootConfig } from './root-config.ts';
import { ExitCode, endOnSignals, openStreams } from './session.ts';
import { StandardInput } from './standard-input.ts';
import type { StandardOutput } from './standard-output.ts';
import { TestOutput, testList } from './test-output.ts';

/** What the command line says about a run of tests. */
export interface TestCommand {
  readonly selection: Selection;
  readonly list: boolean;
  readonly nocapture: boolean;
  readonly showOutput: boolean;
  /** Host directories to preopen besides the current one. */
  readonly dir: readonly string[];
  readonly guestArguments: readonly string[];
  readonly colors: boolean | 'on a terminal';
  readonly jobs?: number;
  /** Seconds. */
  readonly timeout?: number;
}

/**
 * Runs the tests of modules, of one after the other.
 * @returns the exit code: 1 if any test failed
 * @throws CommandError, or an error of a module
 */
export async function runTestFiles(files: readonly string[], command: TestCommand): Promise<number> {
  const streams = openStreams();
  const input = new StandardInput();
  let current: Runtime | null = null;
  endOnSignals(streams, () => current?.scheduler.halt());
  // Tests whose processes all wait for messages are not over.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    const config = rootConfig(command.guestArguments, command.dir);
    let passed = true;
    // The first run counts from the start of the program.
    let start = 0;
    for (const file of files) {
      current = makeRuntime(streams);
      const filePassed = await runFile(current, file, command, { config, input, streams, start });
      passed &&= filePassed;
      start = performance.now();
    }
    return passed ? 0 : ExitCode.Failed;
  } finally {
    clearInterval(awake);
    await streams.flush();
  }
}

/** A runtime that says nothing of failing processes: that is the tests' matter. But bugs of its own it reports. */
function makeRuntime({ error }: StandardOutput): Runtime {
  const reports = new Reports(error);
  return new Runtime({
    observer: {
      onExit(ended, exit) {
        const text = exit.kind === 'bug' ? describeExit(ended, exit) : null;
        if (text !== null) reports.print(text);
      },
    },
  });
}

interface Surroundings {
  readonly config: ProcessConfig;
  readonly input: StandardInput;
  readonly streams: StandardOutput;
  /** Of `performance.now()`. */
  readonly start: number;
}

/** Runs or lists the tests of one module. Returns whether none failed. */
async function runFile(
  runtime: Runtime,
  file: string,
  command: TestCommand,
  { config, input, streams, start }: Surroundings,
): Promise<boolean> {
  const { selection, jobs, timeout } = command;
  const print = (text: string) => {
    // Where nobody reads for a while the text waits in memory. A broken stream ends the command elsewhere.
    streams.output.write(Buffer.from(text))?.catch(() => {});
  };
  const module = runtime.load(await readModuleFile(file));
  if (command.list) {
    print(testList(selectTests(discoverTests(module), selection)));
    return true;
  }
  const colors = command.colors === 'on a terminal' ? streams.output.isTerminal : command.colors;
  const output = new TestOutput({ colors, showOutput: command.showOutput }, start, print);
  const options = {
    selection,
    config,
    input,
    ...(command.nocapture ? { echo: streams.output } : {}),
    ...(jobs === undefined ? {} : { jobs }),
    ...(timeout === undefined ? {} : { timeout }),
  };
  try {
    return await runTests(runtime, module, options, output.show);
  } catch (error) {
    if (!(error instanceof TestStartError)) throw error;
    throw new CommandError(`Failed to spawn process from ${file}::${error.test}\n  ${error.message}`, {
      cause: error,
    });
  } finally {
    // Processes that tests left behind are abandoned.
    runtime.scheduler.halt();
  }
}
