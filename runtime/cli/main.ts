import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { isCargoTest, withImpliedRun } from './mode.ts';
import { run } from './run.ts';
import { cargoTestCommand, splitGuestArguments, testCommand } from './test-command.ts';

/** Exit codes of cli.md: a command that failed, and a command line that is wrong. */
const FAILED = 1;
const WRONG_USAGE = 2;

const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const version =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';

const program = new Command('lunatic')
  .description('Runs WebAssembly programs made of processes: isolated, supervised, preemptively scheduled.')
  .version(`lunatic-runtime ${version}`, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .showHelpAfterError('(see `lunatic --help`)')
  .exitOverride();

program
  .command('run', { isDefault: false })
  .summary('run a program')
  .description(
    'Runs a program: spawns a root process from a module and calls its `_start`. The command ends with the root ' +
      'process. `lunatic FILE.wasm` is short for `lunatic run FILE.wasm`.',
  )
  .argument('<path>', 'module to run: a .wasm or .wat file')
  .argument('[wasm_args...]', 'arguments of the program; those that start with - must follow --')
  .option(
    '--dir <directory>',
    'let the program use a directory besides the current one; repeatable',
    collect,
    [],
  )
  .option('--bench', 'append --bench to the arguments of the program', false)
  .option('--trace', 'keep where each process waits; SIGUSR1 prints all processes', false)
  .version(`lunatic-runtime ${version}`, '-V, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .addHelpText(
    'after',
    '\nExit status: 0 if the root process ended normally, otherwise the code it exited with, or 1 if it trapped or was\n' +
      'killed; 1 if the module cannot be read, compiled or instantiated; 2 for a wrong command line; 130 after Ctrl-C.',
  )
  .action(
    async (
      path: string,
      wasmArguments: string[],
      options: { dir: string[]; bench: boolean; trace: boolean },
    ) => {
      process.exit(await run(path, wasmArguments, options));
    },
  );

function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

const args = withImpliedRun(process.argv.slice(2));
const [testArguments, guestArguments] = splitGuestArguments(args);
const test = testCommand(guestArguments).copyInheritedSettings(program);
program.addCommand(withVersion(test));

function withVersion(command: Command): Command {
  return command.version(`lunatic-runtime ${version}`, '-V, --version', 'print the version');
}

try {
  if (isCargoTest(args, process.env)) {
    const cargoTest = withVersion(cargoTestCommand(guestArguments)).exitOverride();
    await cargoTest.parseAsync(testArguments.slice(1), { from: 'user' });
  } else {
    await program.parseAsync(args[0] === 'test' ? testArguments : args, { from: 'user' });
  }
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : WRONG_USAGE);
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(FAILED);
}
