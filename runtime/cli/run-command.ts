import { Command } from 'commander';
import { withCoreDumpOptions } from './core-dump-options.ts';
import { withCoverageOptions } from './coverage-options.ts';
import {
  colorOption,
  dirOption,
  inspectOption,
  inspectWaitOption,
  logOption,
  pluginOption,
  prometheusOptions,
} from './options.ts';
import { withPermissionOptions } from './permission-options.ts';
import type { RunOptions } from './run.ts';

/** `lunatic run`. */
export function runCommand(): Command {
  const command = withCoverageOptions(
    withPermissionOptions(withCoreDumpOptions(withRunOptions(new Command('run')))),
  );
  for (const option of prometheusOptions()) command.addOption(option);
  return command
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

function withRunOptions(command: Command): Command {
  return command
    .summary('run a program')
    .description(
      'Runs a program: spawns a root process from a module and calls its `_start`. The command ends with the root ' +
        'process. `lunatic FILE.wasm` is short for `lunatic run FILE.wasm`.',
    )
    .argument('<path>', 'module to run: a .wasm or .wat file')
    .argument('[wasm_args...]', 'arguments of the program; those that start with - must follow --')
    .addOption(dirOption('the program'))
    .addOption(pluginOption('the program'))
    .option('--bench', 'append --bench to the arguments of the program', false)
    .option(
      '--trace',
      'keep the stacks of all processes that wait, whatever they wait for; SIGUSR1 prints them',
      false,
    )
    .option('--entry <function>', 'exported function that the root process calls', '_start')
    .addOption(inspectOption())
    .addOption(inspectWaitOption())
    .addOption(logOption('warn'))
    .addOption(colorOption());
}
