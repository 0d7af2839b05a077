import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { ProcessConfig } from '../kernel/config.ts';
import type { Exit } from '../kernel/exit.ts';
import { type Root, Runtime, SpawnError } from '../runtime.ts';
import { CommandError, readModuleFile } from './load.ts';
import { describeExit, describeProcesses, Reports } from './report.ts';
import { StandardInput } from './standard-input.ts';
import { StandardOutput } from './standard-output.ts';

/** Exit codes of the command besides the guest's own. */
const ExitCode = { Failed: 1, Interrupted: 130, BrokenPipe: 141, Terminated: 143 } as const;

/** Milliseconds that what was printed may take to be written when the command is interrupted. */
const FLUSH_TIME = 500;

/** Frames that V8 captures for a trap. */
const STACK_DEPTH = 100;

export interface RunOptions {
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
  const streams = new StandardOutput((error) => {
    process.exit(error.code === 'EPIPE' ? ExitCode.BrokenPipe : ExitCode.Failed);
  });
  const reports = new Reports(streams.error);
  const runtime = new Runtime({
    observer: {
      onExit(ended, exit) {
        const text = describeExit(ended, exit);
        if (text !== null) reports.print(text);
      },
    },
  });
  runtime.scheduler.traces = options.trace;
  const stop = (code: number) => {
    runtime.scheduler.halt();
    const leave = () => process.exit(code);
    setTimeout(leave, FLUSH_TIME);
    streams.flush().then(leave);
  };
  process.on('SIGINT', () => stop(ExitCode.Interrupted));
  process.on('SIGTERM', () => stop(ExitCode.Terminated));
  let root: Root | undefined;
  // Windows has no such signal.
  if (process.platform !== 'win32') {
    process.on('SIGUSR1', () => {
      if (root !== undefined) reports.print(describeProcesses(root.environment, options.trace));
    });
  }

  const config = ProcessConfig.forRoot();
  config.commandLineArguments.push(basename(path), ...guestArguments, ...(options.bench ? ['--bench'] : []));
  for (const [key, value] of Object.entries(process.env))
    config.environmentVariables.push([key, value ?? '']);
  for (const directory of ['.', ...options.dir]) {
    config.preopenedDirectories.push({ guestPath: directory, hostPath: checkedDirectory(directory) });
  }
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

function checkedDirectory(path: string): string {
  try {
    if (statSync(path).isDirectory()) return path;
  } catch (error) {
    throw new CommandError(`Directory '${path}' cannot be opened`, { cause: error });
  }
  throw new CommandError(`'${path}' is no directory`);
}
