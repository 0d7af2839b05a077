import type { Command, Option } from 'commander';

/** The kind of value that is expected. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'modules' }
  | { readonly kind: 'directories' }
  | { readonly kind: 'anything' };

export interface OptionModel {
  /** The option as it is typed: `-h`, `--help`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** The kind of its value; null if it takes none, or only one that follows a `=`. */
  readonly values: Values | null;
  readonly repeatable: boolean;
}

/** What can be completed of a command. */
export interface CommandModel {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionModel[];
  readonly operands: Values;
}

export interface ProgramModel {
  readonly options: readonly OptionModel[];
  readonly commands: readonly CommandModel[];
}

/** Derives what shells can complete from the definition of the command line, so that the two cannot differ. */
export function modelOf(program: Command): ProgramModel {
  const names = program.commands.map((command) => command.name());
  const commands = program.commands.map((command) => ({
    name: command.name(),
    description: command.summary() || command.description(),
    options: optionsOf(command),
    operands: operandsOf(command),
  }));
  const help: CommandModel = {
    name: 'help',
    description: 'print the help of a command',
    options: [],
    operands: { kind: 'words', words: names },
  };
  return { options: optionsOf(program), commands: [...commands, help] };
}

function optionsOf(command: Command): OptionModel[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
      description: option.description,
      values: option.required ? valuesOf(option) : null,
      repeatable: option.variadic || Array.isArray(option.defaultValue),
    }));
}

function valuesOf({ argChoices, flags }: Option): Values {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices };
  return flags.includes('<directory>') ? { kind: 'directories' } : { kind: 'anything' };
}

function operandsOf(command: Command): Values {
  const [first] = command.registeredArguments;
  if (first === undefined) return { kind: 'words', words: [] };
  if (first.argChoices !== undefined) return { kind: 'words', words: first.argChoices };
  if (first.name() === 'directory') return { kind: 'directories' };
  return first.name() === 'url' ? { kind: 'anything' } : { kind: 'modules' };
}
