import { Command } from 'commander';
import type { ColorChoice } from './colors.ts';
import { colorOption, jsonOption, urlArgument } from './options.ts';
import { printAll } from './print.ts';

/** `lunatic ps`. */
export function psCommand(): Command {
  return new Command('ps')
    .summary('list the processes of a running program')
    .description(
      'Lists the processes of a program that was started with `lunatic run --inspect`: children below their parent, with ' +
        'their states and since when, the number of messages in their mailboxes and their memory.',
    )
    .addArgument(urlArgument())
    .addOption(jsonOption())
    .addOption(colorOption())
    .addHelpText(
      'after',
      '\nExit status: 0, or 1 if the program cannot be reached; 2 for a wrong command line.',
    )
    .action(async (url: string, options: { json: boolean; color: ColorChoice }) => {
      const { listProcesses } = await import('./ps.ts');
      await printAll(await listProcesses(url, options));
    });
}
