import { Command, InvalidArgumentError } from 'commander';
import type { NodeFlags } from './node.ts';
import { colorOption, dirOption, logOption } from './options.ts';
import { withPermissionOptions } from './permission-options.ts';

/** The register URL of a control server with upstream's usual port. */
const USUAL_URL = 'http://127.0.0.1:3030/';

/** `lunatic node`. */
export function nodeCommand(): Command {
  return withPermissionOptions(
    new Command('node')
      .summary('be a node of a cluster')
      .description(
        'Joins a cluster, and runs processes that programs on its nodes spawn here. The options for permissions tell what these may ' +
          'do here at most, whoever spawns them. It ends at Ctrl-C, and then the other nodes hear of it.',
      )
      .argument('[control_url]', 'URL of a control server (`lunatic control`)', USUAL_URL)
      .option('--wasm <module>', 'run this module here, which other nodes can then spawn processes from')
      .option(
        '--tag <key=value>',
        'an attribute by which programs find this node; repeatable',
        collectTags,
        {},
      )
      .option(
        '--environments <numbers>',
        'the environments whose processes may run here, as in 1,2,7; all unless given',
        collectNumbers,
      )
      .option(
        '--token-file <file>',
        'a file with the join token of the control server; the variable LUNATIC_CLUSTER_TOKEN unless given',
      )
      .option('--ca <file>', 'certificates of authorities, in PEM, for a control server with https')
      .option('--bind-socket <address>', 'for command lines of upstream; nodes listen on no socket here')
      .addOption(dirOption('the processes')),
  )
    .addOption(logOption('warn'))
    .addOption(colorOption())
    .addHelpText(
      'after',
      '\nExit status: 0 after Ctrl-C or SIGTERM; 1 if the cluster cannot be joined, or has lost this node; 2 for a wrong\ncommand line.',
    )
    .action(async (url: string, options: NodeFlags) => {
      const { runNode } = await import('./node.ts');
      process.exit(await runNode(url, options));
    });
}

/** As upstream: split at the first `=`. */
function collectTags(value: string, before: Readonly<Record<string, string>>): Record<string, string> {
  const at = value.indexOf('=');
  if (at < 0) throw new InvalidArgumentError('Write KEY=VALUE.');
  return { ...before, [value.slice(0, at)]: value.slice(at + 1) };
}

function collectNumbers(value: string, before: readonly number[] = []): number[] {
  const numbers = value.split(',').map(Number);
  if (!numbers.every((number) => Number.isSafeInteger(number) && number > 0))
    throw new InvalidArgumentError('Write numbers from 1, with commas between them.');
  return [...before, ...numbers];
}
