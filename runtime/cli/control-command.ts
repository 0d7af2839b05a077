import { Command, InvalidArgumentError, Option } from 'commander';
import { type BoundAddress, parseBoundAddress } from './bound-address.ts';
import type { ControlOptions } from './control.ts';
import { colorOption, logOption } from './options.ts';

/** `lunatic control` (abi 17.4). */
export function controlCommand(): Command {
  return new Command('control')
    .summary('serve a cluster: nodes register, and reach each other')
    .description(
      'Starts a control server, with which nodes register (`lunatic node`), and over which they reach each other. On this machine ' +
        'anybody may register unless there is a join token; on a network nodes need one.',
    )
    .addOption(
      new Option(
        '--bind-socket <address>',
        'IP:PORT where it listens (default: the first free port of 127.0.0.1 from 3030 on)',
      ).argParser(parseSocket),
    )
    .addOption(
      new Option(
        '--token-file <file>',
        'write a new join token into a file that only this user can read; nodes are given that file. ' +
          'Without it, the token is that of the variable LUNATIC_CLUSTER_TOKEN, if there is one',
      ),
    )
    .addOption(new Option('--open', 'let anybody register who reaches it, also on a network').default(false))
    .addOption(
      new Option(
        '--tls',
        'encrypt, with a certificate of an authority of its own, which the token tells',
      ).default(false),
    )
    .addOption(
      new Option(
        '--ca-file <file>',
        "write the authority's certificate into a file, for nodes without a token file",
      ),
    )
    .addOption(
      new Option('--test-ca', 'sign with the authority for tests, whose key everybody knows').default(false),
    )
    .addOption(logOption('warn'))
    .addOption(colorOption())
    .addHelpText(
      'after',
      '\nIt runs until it is interrupted or terminated, and ends with exit status 0 then; 1 if it cannot listen; 2 for a wrong command line.',
    )
    .action(async (options: ControlOptions) => {
      const { serveCluster } = await import('./control.ts');
      await serveCluster(options);
      // Nothing that nodes still do keeps it.
      process.exit(0);
    });
}

function parseSocket(text: string): BoundAddress {
  const address = parseBoundAddress(text);
  if (address !== null) return address;
  throw new InvalidArgumentError('It must be IP:PORT, such as 127.0.0.1:3030 or [::1]:3030.');
}
