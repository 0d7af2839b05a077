import type { OptionModel, ProgramModel, Values } from './command-model.ts';

/** A script for fish 3 and newer. */
export function fishCompletions({ options, commands }: ProgramModel): string {
  const names = commands.map(({ name }) => name).join(' ');
  const atCommand = `not __fish_seen_subcommand_from ${names}`;
  const lines = [
    `complete -c lunatic -n ${quoted(atCommand)} -a '(__lunatic_modules)'`,
    ...commands.map(
      ({ name, description }) =>
        `complete -c lunatic -n ${quoted(atCommand)} -a ${name} -d ${quoted(description)}`,
    ),
    ...options.map((option) => optionLine(atCommand, option)),
    ...commands.flatMap(({ name, options: own, operands }) => {
      const condition = `__fish_seen_subcommand_from ${name}`;
      const files = values(operands);
      return [
        ...(files === '' ? [] : [`complete -c lunatic -n ${quoted(condition)}${files}`]),
        ...own.map((option) => optionLine(condition, option)),
      ];
    }),
  ];
  return `# Completions of the command lunatic for fish.

# Newer ones list other files too, older ones those of one kind alone.
function __lunatic_modules
  begin
    __fish_complete_suffix .wasm
    __fish_complete_suffix .wat
  end | string match -r '^[^\\t]*(?:\\.wasm|\\.wat|/)(?:\\t.*)?$' | sort -u
end

complete -c lunatic -e
complete -c lunatic -f
${lines.join('\n')}
`;
}

function optionLine(condition: string, { flags, description, values: taken }: OptionModel): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`,
  );
  const value = taken === null ? '' : ` -x${values(taken)}`;
  return `complete -c lunatic -n ${quoted(condition)}${names.join('')}${value} -d ${quoted(description)}`;
}

function values(taken: Values): string {
  switch (taken.kind) {
    case 'words':
      return taken.words.length === 0 ? '' : ` -a ${quoted(taken.words.join(' '))}`;
    case 'modules':
      return " -a '(__lunatic_modules)'";
    case 'directories':
      return " -a '(__fish_complete_directories)'";
    case 'anything':
      return '';
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
