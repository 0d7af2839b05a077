import { shellQuoted } from '../shell-quoted.ts';
import type { OptionModel, ProgramModel, Values } from './command-model.ts';

/** A script for zsh. It can be sourced, or be put as `_lunatic` into a folder of `fpath`. */
export function zshCompletions({ options, commands }: ProgramModel): string {
  return `#compdef lunatic
# Completions of the command lunatic for zsh.

_lunatic_modules() { _files -g '*.(wasm|wat)' }

_lunatic_commands() {
  local -a commands=(
${commands.map(({ name, description }) => `    ${shellQuoted(`${name}:${description}`)}\n`).join('')}  )
  _describe -t commands command commands
}

_lunatic() {
  local curcontext="$curcontext" state line
  _arguments -C -S ${options.flatMap(specs).join(' ')} '1:command:->command' '*::argument:->arguments'
  case $state in
    command) _alternative 'commands:command:_lunatic_commands' 'modules:module:_lunatic_modules' ;;
    arguments)
      case $words[1] in
${commands
  .map(
    ({ name, options: own, operands }) => `        ${pattern(name)})
          _arguments -S \\
${own
  .flatMap(specs)
  .map((spec) => `            ${spec} \\\n`)
  .join('')}            ${shellQuoted(`*:argument:${action(operands)}`)} ;;
`,
  )
  .join('')}      esac ;;
  esac
}

# Called by the completion system, or sourced.
if [[ $funcstack[1] == _lunatic ]]; then _lunatic "$@"; else compdef _lunatic lunatic; fi
`;
}

/** Completes the first word: a command, or a module, for which `run` is implied. */
function pattern(command: string): string {
  return command === 'run' ? 'run|*.wasm|*.wat' : command;
}

/** An option in the format of `_arguments`: `'(-h --help)-h[description]:value:action'`. */
function specs({ flags, description, values, repeatable }: OptionModel): string[] {
  const text = description.replaceAll(/[[\]\\:]/g, (character) => `\\${character}`);
  const value = values === null ? '' : `:value:${action(values)}`;
  return flags.map((flag) =>
    shellQuoted(`${repeatable ? '*' : `(${flags.join(' ')})`}${flag}[${text}]${value}`),
  );
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'modules':
      return '_lunatic_modules';
    case 'directories':
      return '_files -/';
    case 'anything':
      return '';
  }
}
