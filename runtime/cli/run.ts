import { basename } from 'node:path';
import type { Exit } from '../kernel/exit.ts';
import { type Root, Runtime, SpawnError } from '../runtime.ts';
import { STACK_DEPTH } from '../symbols/stack.ts';
import { CommandError, readModuleFile } from './load.ts';
import { type LogOptions, openLog } from './log.ts';
import { logExit } from './process-log.ts';
import { describeProcesses, Reports } from './report.ts';
import { rootConfig } from './root-config.ts';
import { ExitCode, endOnSignals, openStreams } from './session.ts';
import { StandardInput } from './standard-input.ts';

export interface RunOptions extends LogOptions {
  /** Host directories to preopen besides the current one. */
  readonly dir: readonly string[];
  readonly bench: boolean;
  /** Keep where each process waits, for the signal that prints all processes. */
  readonly trace: boolean;
}

/**
 * Runs a program until its root process ends.
 * @returns the exit code: 0 where the root process ended normally, the code of its `proc_exit`, or 1
 * @throws CommandError, or an error of the module
 */
export async function run(
  path: string,
  guestArguments: readonly string[],
  options: RunOptions,
): Promise<number> {
  Error.stackTraceLimit = STACK_DEPTH;
  const streams = openStreams();
  const reports = new Reports(streams.error);
  const log = openLog(reports, 'warn', options);
  const runtime = new Runtime({ observer: { onExit: (ended, exit) => logExit(log, ended, exit) } });
  runtime.scheduler.traces = options.trace ? 'all' : 'none';
  endOnSignals(streams, () => runtime.scheduler.halt());
  let root: Root | undefined;
  // Windows has no such signal.
  if (process.platform !== 'win32') {
    process.on('SIGUSR1', () => {
      if (root !== undefined) reports.print(describeProcesses(root.environment, options.trace));
    });
  }

  const commandLine = [basename(path), ...guestArguments, ...(options.bench ? ['--bench'] : [])];
  const config = rootConfig(commandLine, options.dir);
  const module = runtime.load(await readModuleFile(path));
  const stdio = { input: new StandardInput(), output: streams.output, error: streams.error };
  // A program whose processes all wait for messages is not over.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    root = await runtime.run(module, { config, stdio });
    const exit = await root.ended;
    // Whoever is left is abandoned, and must not print while the rest is written.
    runtime.scheduler.halt();
    return exitCode(exit);
  } catch (error) {
    if (!(error instanceof SpawnError)) throw error;
    throw new CommandError(`Failed to spawn process from ${path}::_start()\n  ${error.message}`, {
      cause: error,
    });
  } finally {
    clearInterval(awake);
    await streams.flush();
  }
}

function exitCode(exit: Exit): number {
  switch (exit.kind) {
    case 'returned':
      return 0;
    case 'exited':
      // The operating system keeps eight bits; a failure must not become 0.
      return exit.code === 0 ? 0 : exit.code & 0xff || ExitCode.Failed;
    default:
      return ExitCode.Failed;
  }
}
