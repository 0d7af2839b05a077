import { type Command, Option } from 'commander';
import { DEFAULT_LIMIT, DEFAULT_SIZE } from './core-dump-flags.ts';
import { wholeNumber } from './options.ts';

/** Dumps in 4 GiB: larger ones are of no use to other tools. */
const MAX_SIZE = 4000;

export function withCoreDumpOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--core-dump [directory]',
        'write a core dump of each process that traps, to =DIRECTORY, or to a folder of this user that the message names',
      ),
    )
    .addOption(
      new Option(
        '--core-dump-limit <n>',
        `the most core dumps that are written; default: ${DEFAULT_LIMIT}`,
      ).argParser(wholeNumber(1, 1_000_000)),
    )
    .addOption(
      new Option(
        '--core-dump-size <mib>',
        `the most MiB of memory in a core dump; default: ${DEFAULT_SIZE}`,
      ).argParser(wholeNumber(1, MAX_SIZE)),
    )
    .option('--core-dump-fast', 'run at full speed, with core dumps that have no locals', false);
}

/**
 * Gives a `--core-dump` without a folder the default one, so that the word after it is not taken for its value.
 * @returns the command line with that change
 */
export function withCoreDumpFolder(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((word, i) => (word === '--core-dump' && (end < 0 || i < end) ? '--core-dump=' : word));
}
