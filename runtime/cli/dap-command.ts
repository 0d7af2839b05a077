import { closeSync, openSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { importModule } from '../plugins/import-module.ts';
import { messageOf } from './error-text.ts';

/** What the bundle of the debug adapter exports. It lies beside the command's bundle; its source is outside of the runtime. */
interface AdapterFile {
  runAdapter(options: { readonly port?: number; readonly log?: string }): Promise<void>;
}

const MAX_PORT = 65_535;

/** `lunatic dap`. */
export function dapCommand(): Command {
  return new Command('dap')
    .summary('debug programs from an editor')
    .description(
      'Serves the Debug Adapter Protocol, for editors: on standard input and output, or on a port of this machine.',
    )
    .addOption(
      new Option(
        '--port <port>',
        'port of this machine; 0 for any that is free. Clients need the token that is printed, or the one in LUNATIC_DAP_TOKEN',
      ).argParser(parsePort),
    )
    .addOption(
      new Option(
        '--log <file>',
        'append every message and every error of the adapter to this file',
      ).argParser(checkLog),
    )
    .action(async (options: { readonly port?: number; readonly log?: string }) => {
      const { runAdapter } = (await importModule('./dap.js')) as AdapterFile;
      await runAdapter(options);
      process.exit(0);
    });
}

function checkLog(path: string): string {
  try {
    closeSync(openSync(path, 'a', 0o600));
    return path;
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be written: ${messageOf(error)}`);
  }
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}
