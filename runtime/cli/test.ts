import type { ProcessConfig } from '../permissions/config.ts';
import type { AnyPlugin } from '../plugins/plugin.ts';
import type { Selection } from '../testing/index.ts';
import type { LogOptions } from './log.ts';
import { pluginsOf } from './plugins.ts';
import type { ReporterName } from './reporters/index.ts';
import { type ConfigFlags, rootConfig } from './root-config.ts';
import { ExitCode, endOnSignals, openStreams } from './session.ts';
import { StandardInput } from './standard-input.ts';
import type { StandardOutput } from './standard-output.ts';
import { TestRound } from './test-round.ts';
import { watchFiles } from './watch.ts';

/** What the command line says about a run of tests. */
export interface TestCommand extends LogOptions {
  readonly selection: Selection;
  readonly list: boolean;
  readonly nocapture: boolean;
  readonly showOutput: boolean;
  readonly permissions: ConfigFlags;
  /** Modules with host functions besides the runtime's own. */
  readonly plugin: readonly string[];
  readonly guestArguments: readonly string[];
  /** Whether to colour standard output. */
  readonly colors: boolean;
  readonly reporter: ReporterName;
  /** Run them again whenever a file changes. */
  readonly watch: boolean;
  readonly jobs?: number;
  /** Seconds. */
  readonly timeout?: number;
}

/** What all rounds of a run have in common. */
export interface TestSurroundings {
  readonly config: ProcessConfig;
  readonly plugins: readonly AnyPlugin[];
  readonly input: StandardInput;
  readonly streams: StandardOutput;
}

/**
 * Runs the tests of modules, of one after the other; with `watch` again and again, without an end.
 * @returns the exit code: 1 if any test failed
 * @throws CommandError, or an error of a module
 */
export async function runTestFiles(files: readonly string[], command: TestCommand): Promise<number> {
  const streams = openStreams();
  let round: TestRound | null = null;
  endOnSignals(streams, () => round?.halt());
  // Tests whose processes all wait for messages are not over.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    const config = rootConfig(command.guestArguments, command.permissions);
    const plugins = await pluginsOf(command.plugin);
    const surroundings = { config, plugins, input: new StandardInput(), streams };
    if (command.watch) {
      return await watchFiles(files, (signal) => {
        round = new TestRound(command, surroundings, performance.now(), signal);
        return round.runInTurn(files);
      });
    }
    // The time counts from the start of the program.
    round = new TestRound(command, surroundings, 0);
    return (await round.run(files)) ? 0 : ExitCode.Failed;
  } finally {
    clearInterval(awake);
    await streams.flush();
  }
}
