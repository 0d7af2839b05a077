import { Command } from 'commander';
import type { ColorChoice } from './colors.ts';
import { colorOption, jsonOption } from './options.ts';
import { printAll } from './print.ts';

/** `lunatic exports`. */
export function exportsCommand(): Command {
  return new Command('exports')
    .summary('list what a module exports')
    .description(
      'Lists what a module exports: functions with their types, tests, memories, tables, globals and tags.',
    )
    .argument('<file>', 'the module: a .wasm or .wat file')
    .addOption(jsonOption())
    .addOption(colorOption())
    .addHelpText('after', '\nExit status: 0, or 1 if the module cannot be read; 2 for a wrong command line.')
    .action(async (file: string, options: { json: boolean; color: ColorChoice }) => {
      const { listExports } = await import('./exports.ts');
      await printAll(await listExports(file, options));
    });
}
