import { FULL_STACK_DEPTH, STACK_DEPTH } from '../kernel/guest-stack.ts';
import { SCHEDULER_VARIABLE } from '../kernel/lazy-placement.ts';
import type { CoverageFlags } from './coverage-options.ts';
import { noteRun } from './has-run.ts';
import { leaveThreads } from './leave-threads.ts';
import { openInspection } from './open-inspection.ts';
import { pluginsOf } from './plugins.ts';
import { rootConfig } from './root-config.ts';
import { EndingSignals, ExitCode, mayBlock, openStreams } from './session.ts';
import { standardInput } from './standard-input.ts';
import { TestRound } from './test-round.ts';
import type { TestCommand, TestSurroundings } from './test-settings.ts';
import { watchFiles } from './watch.ts';

/** The code is loaded only if it is needed. */
async function coverageFor(flags: CoverageFlags): Promise<NonNullable<TestSurroundings['collectCoverage']>> {
  const { CommandCoverage, prepareCoverage } = await import('./coverage.ts');
  prepareCoverage(flags);
  return (pathOf) => new CommandCoverage(flags, pathOf);
}

/**
 * Runs the tests of modules, one module after the other. With `watch` they run again and again, without an end.
 * @returns the exit code: 1 if any test failed
 * @throws CommandError, or an error of a module
 */
export async function runTestFiles(files: readonly string[], command: TestCommand): Promise<number> {
  const streams = openStreams();
  const { inspect, coreDumps } = command;
  Error.stackTraceLimit = inspect?.debug || coreDumps !== undefined ? FULL_STACK_DEPTH : STACK_DEPTH;
  // Whoever sets the variable by mistake is not the one who started this.
  if (process.env[SCHEDULER_VARIABLE] !== undefined && process.connected) {
    const { runTestScheduler } = await import('./test-scheduler.ts');
    return await runTestScheduler(files, command, streams);
  }
  let round: TestRound | null = null;
  const blocks = mayBlock({ ...command.permissions, plugin: command.plugin });
  const signals = new EndingSignals(streams, () => round?.interrupt(), blocks);
  signals.take();
  // Tests whose processes all wait for messages are not over.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    const plugins = await pluginsOf(command.plugin);
    const config = rootConfig(command.guestArguments, command.permissions, plugins);
    const dumps =
      command.coreDumps === undefined
        ? undefined
        : new (await import('./core-dumps.ts')).CoreDumps(command.coreDumps, {
            path: files.join(', '),
            arguments: command.guestArguments,
            print: (text) => streams.error.write(Buffer.from(`lunatic: ${text}`)),
          });
    const collectCoverage = command.coverage === undefined ? undefined : await coverageFor(command.coverage);
    const inspection = await openInspection(command, {
      path: files.join(', '),
      arguments: command.guestArguments,
      isOfTests: true,
    });
    const surroundings = {
      ...{ config, plugins, input: standardInput(), streams, signals },
      ...(dumps === undefined ? {} : { dumps }),
      ...(collectCoverage === undefined ? {} : { collectCoverage }),
    };
    if (command.watch) {
      return await watchFiles(files, (signal) => {
        round = new TestRound(command, surroundings, performance.now(), signal);
        return round.runInTurn(files);
      });
    }
    // The time that is printed begins with the command.
    round = new TestRound(command, { ...surroundings, ...(inspection && { inspection }) }, 0);
    const passed = await round.run(files).catch(async (error: unknown) => {
      await inspection?.close(ExitCode.Failed, error instanceof Error ? error.message : String(error));
      throw error;
    });
    noteRun();
    const exitCode = passed ? 0 : ExitCode.Failed;
    await inspection?.close(exitCode, passed ? 'all tests passed' : 'not all tests passed');
    return exitCode;
  } finally {
    await round?.end();
    clearInterval(awake);
    await streams.flush();
    leaveThreads();
  }
}
