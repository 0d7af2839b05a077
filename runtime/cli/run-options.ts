import { Command } from 'commander';
import { withCoreDumpOptions } from './core-dump-options.ts';
import { withCoverageOptions } from './coverage-options.ts';
import {
  colorOption,
  dirOption,
  inspectOption,
  inspectWaitOption,
  logOption,
  placeChildrenOption,
  pluginOption,
  prometheusOptions,
  schedulersOption,
} from './options.ts';
import { withPermissionOptions } from './permission-options.ts';

/** `lunatic run` with its options, without what it does. */
export function commandOfRun(): Command {
  const command = withCoverageOptions(
    withPermissionOptions(withCoreDumpOptions(withRunOptions(new Command('run')))),
  );
  for (const option of prometheusOptions()) command.addOption(option);
  return command;
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
    .addOption(schedulersOption('the program'))
    .addOption(placeChildrenOption('usual'))
    .option('--entry <function>', 'exported function that the root process calls', '_start')
    .addOption(inspectOption())
    .addOption(inspectWaitOption())
    .addOption(logOption('warn'))
    .addOption(colorOption());
}
