import { Argument, Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/**
 * `lunatic completions`.
 * @param makeProgram makes the definition of the whole command line, from which the scripts are made
 */
export function completionsCommand(makeProgram: () => Command): Command {
  return new Command('completions')
    .summary('print a script that completes this command in a shell')
    .description('Prints a script that completes this command in a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addHelpText(
      'after',
      '\nTo use it:\n' +
        '  bash  echo \'eval "$(lunatic completions bash)"\' >> ~/.bashrc\n' +
        '  zsh   echo \'eval "$(lunatic completions zsh)"\' >> ~/.zshrc   (after compinit)\n' +
        '  fish  lunatic completions fish > ~/.config/fish/completions/lunatic.fish\n' +
        '\nExit status: 0, or 2 for a wrong command line.',
    )
    .action(async (shell: (typeof SHELLS)[number]) => {
      const { modelOf } = await import('./completions/command-model.ts');
      const { printAll } = await import('./print.ts');
      await printAll((await scriptMaker(shell))(modelOf(makeProgram())));
    });
}

async function scriptMaker(shell: (typeof SHELLS)[number]) {
  switch (shell) {
    case 'bash':
      return (await import('./completions/bash.ts')).bashCompletions;
    case 'zsh':
      return (await import('./completions/zsh.ts')).zshCompletions;
    case 'fish':
      return (await import('./completions/fish.ts')).fishCompletions;
  }
}
