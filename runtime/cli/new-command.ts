import { Argument, Command, Option } from 'commander';
import { LANGUAGES, TEMPLATES } from '../projects/template.ts';

/** `lunatic new`. */
export function newCommand(): Command {
  const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);
  return new Command('new')
    .summary('make a new project')
    .description(
      'Makes a project out of a template, in a new directory or, with . as its name, in this one: a program with ' +
        'supervision and two tests, and a launch.json for VS Code. Nothing that is there is overwritten. On a terminal, ' +
        'it asks for what is not given.',
    )
    .addArgument(new Argument('[directory]', 'where the project is made; its name is that of the directory'))
    .addOption(new Option('-t, --template <name>', 'the program to begin with').choices(names(TEMPLATES)))
    .addOption(new Option('-l, --language <name>', 'its language').choices(names(LANGUAGES)))
    .option('--name <name>', 'name of the project, if it is not that of the directory')
    .option('--list', 'list the templates, with their languages', false)
    .addHelpText('after', '\nExit status: 0, or 1 if the project cannot be made; 2 for a wrong command line.')
    .action(async (directory: string | undefined, options, command: Command) => {
      const { listTemplates, makeProject } = await import('./new.ts');
      if (options.list) {
        process.stdout.write(listTemplates());
        return;
      }
      const missing = await makeProject(directory, options);
      if (missing !== undefined) command.error(`error: ${missing}`);
    });
}
