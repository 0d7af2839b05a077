import { Command } from 'commander';
import { urlArgument } from './options.ts';
import { printAll } from './print.ts';

/** `lunatic dump`. */
export function dumpCommand(): Command {
  return new Command('dump')
    .summary('write a core dump of a process of a running program')
    .description(
      'Writes a core dump of a process of a program that was started with `lunatic run --inspect`. A process that runs is ' +
        'paused meanwhile. A debug configuration with "coreDump" opens the file.',
    )
    .addArgument(urlArgument())
    .argument('<process>', 'its id, or a name under which it is registered')
    .option(
      '-o, --output <file>',
      'the file to write; default: one in the current directory, named after the process',
    )
    .addHelpText(
      'after',
      '\nExit status: 0, or 1 if there is no such process or the dump cannot be written; 2 for a wrong command line.',
    )
    .action(async (url: string, process: string, options: { output?: string }) => {
      const { dumpProcess } = await import('./dump.ts');
      await printAll(await dumpProcess(url, process, options));
    });
}
