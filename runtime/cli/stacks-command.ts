import { Command } from 'commander';
import { jsonOption, urlArgument } from './options.ts';
import { printAll } from './print.ts';

/** `lunatic stacks`. */
export function stacksCommand(): Command {
  return new Command('stacks')
    .summary('print the stacks of a running program')
    .description(
      'Prints all processes of a program that was started with `lunatic run --inspect`, with what each is doing, the ' +
        'number of messages in its mailbox and its stack. The program keeps running.',
    )
    .addArgument(urlArgument())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit status: 0, or 1 if the program cannot be reached; 2 for a wrong command line.',
    )
    .action(async (url: string, options: { json: boolean }) => {
      const { listStacks } = await import('./stacks.ts');
      await printAll(await listStacks(url, options));
    });
}
