import { Command, Option } from 'commander';

/** `lunatic init`. */
export function initCommand(): Command {
  return new Command('init')
    .summary('set up a project of cargo or AssemblyScript')
    .description(
      'Sets up the project in the current directory so that it is built for this runtime and run by it: a project of ' +
        'cargo (.cargo/config.toml) or AssemblyScript (package.json, asconfig.json). Existing settings are kept. If one ' +
        'of them conflicts with this, nothing is changed.',
    )
    .addOption(new Option('--target <target>', "cargo's target").choices(['wasm32-wasi', 'wasm32-wasip1']))
    .addHelpText(
      'after',
      '\nExit status: 0, or 1 if the project cannot be set up; 2 for a wrong command line.',
    )
    .action(async (options) => {
      const { initProject } = await import('./init.ts');
      const { done, hint } = initProject('', options);
      process.stdout.write(done);
      process.stderr.write(hint);
    });
}
