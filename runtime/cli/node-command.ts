import { Command, InvalidArgumentError } from 'commander';
import type { NodeFlags } from './node.ts';
import { colorOption, dirOption, logOption, wholeNumber } from './options.ts';
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
      .option(
        '--cluster <url>',
        'join over a NATS server with JetStream (nats://HOST:PORT or tls://HOST:PORT) instead of a control server; repeatable for others of the same cluster',
        collectUrls,
      )
      .option('--cluster-name <name>', 'the name of the cluster at NATS, which may have several', 'default')
      .option(
        '--replicas <number>',
        'NATS servers that keep names, modules and the list of nodes',
        wholeNumber(1, 5),
      )
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
      .option(
        '--ca <file>',
        'certificates of authorities, in PEM, for a control server with https, or a NATS server with TLS',
      )
      .option('--cert <file>', 'the certificate of this node for a NATS server, in PEM')
      .option('--key <file>', 'the private key for that, in PEM')
      .option('--nats-creds <file>', 'credentials for NATS: a JWT and a seed')
      .option('--nats-nkey <file>', 'the seed of an NKey for NATS')
      .option('--bind-socket <address>', 'for command lines of upstream; nodes listen on no socket here')
      .addOption(dirOption('the processes')),
  )
    .addOption(logOption('warn'))
    .addOption(colorOption())
    .addHelpText(
      'after',
      '\nSecrets are taken from files and variables alone: LUNATIC_CLUSTER_TOKEN for a control server; LUNATIC_NATS_USER,\n' +
        'LUNATIC_NATS_PASSWORD and LUNATIC_NATS_TOKEN for NATS.\n' +
        '\nExit status: 0 after Ctrl-C or SIGTERM; 1 if the cluster cannot be joined, or has lost this node; 2 for a wrong\ncommand line.',
    )
    .action(async (url: string, options: NodeFlags) => {
      const { runNode } = await import('./node.ts');
      process.exit(await runNode(url, options));
    });
}

function collectUrls(value: string, before: readonly string[] = []): string[] {
  // Words of a command line can be seen by all users of a machine.
  if (/\/\/[^/]*@/.test(value))
    throw new InvalidArgumentError(
      'Passwords and tokens do not belong into a URL: see below for files and variables.',
    );
  if (!/^(nats|tls):\/\/[^/]+\/?$/.test(value))
    throw new InvalidArgumentError('Write nats://HOST:PORT or tls://HOST:PORT.');
  return [...before, value];
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
