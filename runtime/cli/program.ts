import { Command, CommanderError, Help, type Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { withInspectAddress } from '../inspect/address.ts';
import { printable, printableLines } from '../text/printable.ts';
import { similarTo } from '../text/similar.ts';
import { checkCommand } from './check-command.ts';
import { completionsCommand } from './completions-command.ts';
import { controlCommand } from './control-command.ts';
import { withCoreDumpFolder } from './core-dump-options.ts';
import { withCoverageFormat } from './coverage-options.ts';
import { dapCommand } from './dap-command.ts';
import { dumpCommand } from './dump-command.ts';
import { exportsCommand } from './exports-command.ts';
import { initCommand } from './init-command.ts';
import { UsageError } from './load.ts';
import { lspCommand } from './lsp-command.ts';
import { isCargoTest } from './mode.ts';
import { newCommand } from './new-command.ts';
import { nodeCommand } from './node-command.ts';
import { psCommand } from './ps-command.ts';
import { runCommand } from './run-command.ts';
import { ExitCode, outputFailure } from './session.ts';
import { stacksCommand } from './stacks-command.ts';
import { cargoTestCommand, splitGuestArguments, testCommand } from './test-command.ts';

/** Commands that hand arguments to a program. */
const PROGRAM_COMMANDS: ReadonlySet<string> = new Set(['run', 'test']);

/** Whether a command has begun, and not only been parsed: its code is worth keeping. */
export let hasActed = false;

/** The whole command line as a tree of commands. */
export function makeProgram(guestArguments: readonly string[] = []): Command {
  const program = withCommonOptions(new Command('lunatic'))
    .description('Runs WebAssembly programs made of processes: isolated, supervised, preemptively scheduled.')
    .helpCommand('help [command]', 'print the help of a command');
  const commands = [
    newCommand(),
    initCommand(),
    runCommand(),
    testCommand(guestArguments),
    checkCommand(),
    exportsCommand(),
    dapCommand(),
    lspCommand(),
    controlCommand(),
    nodeCommand(),
    psCommand(),
    stacksCommand(),
    dumpCommand(),
    completionsCommand(makeProgram),
  ];
  for (const command of commands) {
    program.addCommand(
      withCommonOptions(command.copyInheritedSettings(program), `lunatic ${command.name()}`),
    );
  }
  return program;
}

/**
 * Runs a command line.
 * @param args the arguments, with the word `run` even if it was implied
 * @returns the exit code
 * @throws whatever the command throws
 */
export async function runProgram(args: readonly string[]): Promise<number> {
  const [own, guestArguments] = splitGuestArguments(args);
  const isForCargo = isCargoTest(args, process.env);
  try {
    if (isForCargo) {
      const command = withCommonOptions(cargoTestCommand(guestArguments), 'lunatic test');
      await command.parseAsync(withOptionalValues(own.slice(1)), { from: 'user' });
    } else {
      const whole = args[0] === 'test' ? own : args;
      const program = makeProgram(guestArguments);
      checkHelp(program, whole);
      await program.parseAsync(withOptionalValues(whole), {
        from: 'user',
      });
    }
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : ExitCode.WrongUsage;
    if (!(error instanceof UsageError)) throw error;
    const [name] = isForCargo ? ['test'] : args;
    process.stderr.write(`error: ${printableLines(error.message)}\n${helpHint(`lunatic ${name}`)}\n`);
    return ExitCode.WrongUsage;
  }
  return 0;
}

/** Ends the command if help is asked for of a command that there is not: commander would print that of all. */
function checkHelp(program: Command, [command, name]: readonly string[]): void {
  if (command !== 'help' || name === undefined || name.startsWith('-')) return;
  const known = ['help', ...program.commands.map((each) => each.name())];
  if (known.includes(name)) return;
  const similar = similarTo(name, known);
  program.error(`error: unknown command '${name}'${similar === null ? '' : `\n(Did you mean ${similar}?)`}`);
}

/** Gives options whose value is missing the usual one, so that the word after them is not taken for it. */
function withOptionalValues(args: readonly string[]): string[] {
  return withCoverageFormat(withCoreDumpFolder(withInspectAddress(args)));
}

/** @param name what a user types for the command */
function withCommonOptions(command: Command, name = 'lunatic'): Command {
  return (
    command
      .version(`lunatic-runtime ${manifest.version}`, '-V, --version', 'print the version')
      .helpOption('-h, --help', 'print this help')
      .showHelpAfterError(helpHint(name))
      .configureHelp({ optionDescription })
      // What is wrong on a command line may be the name of a file.
      .configureOutput({
        outputError: (text, write) => write(oneLine(text) + optionHint(command, text)),
        writeOut: print,
      })
      .hook('preAction', () => {
        hasActed = true;
      })
      .exitOverride()
  );
}

function helpHint(name: string): string {
  return `(see \`${name} --help\`)`;
}

/** Prints help or a version, and ends the command if that fails. */
function print(text: string): void {
  process.stdout.once('error', (error) => {
    const failure = outputFailure(error);
    process.stderr.write(failure.text);
    process.exit(failure.code);
  });
  process.stdout.write(text);
}

/** Without what needs no words: flags are off, and lists are empty, unless they are given. */
function optionDescription(option: Option): string {
  const { defaultValue } = option;
  const isPlain = defaultValue === false || (Array.isArray(defaultValue) && defaultValue.length === 0);
  const shown: Option = isPlain ? Object.create(option, { defaultValue: { value: undefined } }) : option;
  return new Help().optionDescription(shown);
}

/** An error of a wrong command line, with what was perhaps meant on a second line. */
function oneLine(text: string): string {
  return printableLines(text.replaceAll(/\n(?!\(Did you mean |$)/g, '\ufffd'));
}

/** What to do about an unknown option: it has a value but takes none, or was meant for the program. */
function optionHint(command: Command, text: string): string {
  const [, option] = /^error: unknown option '(.*)'\n$/.exec(text) ?? [];
  if (option === undefined) return '';
  const [, flag, value = ''] = /^(--[\w-]+)=(.*)$/.exec(option) ?? [];
  if (flag !== undefined && command.options.some(({ long }) => long === flag)) {
    const instead =
      flag === '--inspect-wait'
        ? `: lunatic ${command.name()} --inspect=${printable(value)} --inspect-wait FILE`
        : '';
    return `(${flag} takes no value${instead})\n`;
  }
  // Commander would compare the value as well.
  const known = command.options.flatMap(({ long, hidden }) =>
    long == null || hidden ? [] : [long.slice(2)],
  );
  const similar = flag === undefined ? null : similarTo(flag.slice(2), known);
  if (similar !== null) return `(Did you mean --${similar}?)\n`;
  if (!PROGRAM_COMMANDS.has(command.name())) return '';
  return `(arguments of the program that start with - follow --: lunatic ${command.name()} FILE -- ${printable(option)})\n`;
}
