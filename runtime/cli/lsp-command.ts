import { Command, Option } from 'commander';
import { importModule } from '../plugins/import-module.ts';

/** `lunatic lsp`. The language server is a script beside the command's bundle; its source is outside of the runtime. */
export function lspCommand(): Command {
  return new Command('lsp')
    .summary('help editors with text modules')
    .description('Serves the Language Server Protocol for text modules (.wat), on standard input and output.')
    .addOption(new Option('--stdio', 'use standard input and output, as it does anyway'))
    .action(async () => {
      await importModule('./language-server.cjs');
      // It ends the process itself, when its client has gone.
      await new Promise<never>(() => {});
    });
}
