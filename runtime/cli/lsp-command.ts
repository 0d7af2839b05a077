import { Command, Option } from 'commander';
import { importModule } from '../plugins/import-module.ts';

/** `lunatic lsp`. The language server is a script beside the command's bundle; its source is outside of the runtime. */
export function lspCommand(): Command {
  return new Command('lsp')
    .summary('help editors with text modules')
    .description(
      'Serves the Language Server Protocol on standard input and output: for text modules (.wat), or for the imports of host functions in sources.',
    )
    .addOption(new Option('--stdio', 'use standard input and output, as it does anyway'))
    .addOption(new Option('--sources', 'serve sources in Rust, C and AssemblyScript, and not text modules'))
    .action(async () => {
      await importModule('./language-server.cjs');
      // It ends the process itself, when its client has gone.
      await new Promise<never>(() => {});
    });
}
