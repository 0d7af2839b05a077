import type { OptionModel, ProgramModel, Values } from './command-model.ts';

/** A script for bash 3.2 and newer. */
export function bashCompletions({ options, commands }: ProgramModel): string {
  const names = commands.map(({ name }) => name);
  const flags = (list: readonly OptionModel[]) => list.flatMap((option) => option.flags).join(' ');
  return `# Completions of the command lunatic for bash: source this file, or what prints it.

# Adds the files and folders that fit: _lunatic_files FILTER...
_lunatic_files() {
  local filter found
  for filter in "$@"; do
    while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -f -X "$filter" -- "$cur")
  done
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -d -- "$cur")
  compopt -o filenames 2>/dev/null
}

_lunatic_words() {
  local found
  while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -W "$1" -- "$cur")
}

_lunatic() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${names.join('|')}) command="\${COMP_WORDS[i]}"; break ;;
      *.wasm|*.wat|--dir|--bench) command=run; break ;;
    esac
  done
  for ((; i < COMP_CWORD; i++)); do
    # What follows is for the program.
    if [[ "\${COMP_WORDS[i]}" == -- ]]; then compopt -o default 2>/dev/null; return; fi
  done
  case "$command $previous" in
${commands.flatMap(({ name, options: own }) => own.flatMap((option) => valueCase(name, option))).join('')}  esac
  if [[ "$cur" == -* ]]; then
    case "$command" in
      '') _lunatic_words '${flags(options)}' ;;
${commands.map((command) => `      ${command.name}) _lunatic_words '${flags(command.options)}' ;;\n`).join('')}    esac
    return
  fi
  case "$command" in
    '') _lunatic_words '${names.join(' ')}'; ${complete({ kind: 'modules' })} ;;
${commands.map((command) => `    ${command.name}) ${complete(command.operands)} ;;\n`).join('')}  esac
}

complete -F _lunatic lunatic
`;
}

function valueCase(command: string, { flags, values }: OptionModel): string[] {
  if (values === null) return [];
  return [`    ${flags.map((flag) => `'${command} ${flag}'`).join('|')}) ${complete(values)}; return ;;\n`];
}

function complete(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `_lunatic_words '${values.words.join(' ')}'`;
    case 'modules':
      return "_lunatic_files '!*.wasm' '!*.wat'";
    case 'directories':
      return '_lunatic_files';
    case 'anything':
      return ':';
  }
}
