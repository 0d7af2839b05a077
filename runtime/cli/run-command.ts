import type { Command } from 'commander';
import type { RunOptions } from './run.ts';
import { commandOfRun } from './run-options.ts';

/** `lunatic run`. */
export function runCommand(): Command {
  return commandOfRun()
    .addHelpText(
      'after',
      '\nExit status: 0 if the root process ended normally, otherwise the code it exited with, or 1 if it trapped or was\n' +
        'killed; 1 if the module cannot be read, compiled or instantiated; 2 for a wrong command line; 130 after Ctrl-C,\n' +
        '143 after SIGTERM; 141 or 137 if nobody reads the output.',
    )
    .action(async (path: string, wasmArguments: string[], options: RunOptions, command: Command) => {
      if (options.prometheusHttp !== undefined && !options.prometheus) {
        command.error("error: option '--prometheus-http <address>' needs '--prometheus'");
      }
      const { run } = await import('./run.ts');
      process.exit(await run(path, wasmArguments, options));
    });
}
