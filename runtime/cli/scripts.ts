import * as importing from '../plugins/import-module.ts';
import * as checksum from './checksum.ts';
import { runScript } from './compiled-code.ts';
import * as privateFiles from './private-files.ts';

/** What the build makes of `main.ts`: what most programs run in. */
interface Main {
  run(words: readonly string[]): Promise<number>;
  readonly hasRun: boolean;
  /** The modules that the other script needs, too, by their paths in the project. */
  readonly modules: Readonly<Record<string, unknown>>;
}

/** What the build makes of `program.ts`: all commands and options. */
interface Program {
  runProgram(words: readonly string[]): Promise<number>;
  readonly hasActed: boolean;
  /** What `main.ts` loads if it is wanted, by the paths that it has there. */
  readonly later: Readonly<Record<string, unknown>>;
}

/** Commands of which the code is kept: each has its own, since V8 keeps the functions that were called. */
const COMMANDS = /^(run|test|check|exports|ps|stacks|dap|init|completions)$/;

/** Modules that stay with the launcher: it has run the first two already, and scripts cannot import. */
const OWN: Readonly<Record<string, unknown>> = {
  './checksum.ts': checksum,
  './private-files.ts': privateFiles,
  'runtime/plugins/import-module.ts': importing,
};

/** The scripts of the command, which belong together: a class of the runtime must be the same one in both. */
export class Scripts {
  readonly #folder: string;
  readonly #require: NodeJS.Require;
  #later: Program['later'] = {};

  /** @param require loads what the scripts load of packages, which must stand beside the caller */
  constructor(folder: string, require: NodeJS.Require) {
    this.#folder = folder;
    this.#require = require;
  }

  main(): Main {
    return runScript<Main>(`${this.#folder}/main.cjs`, {
      name: 'main',
      require: (id) => OWN[id] ?? this.#later[id] ?? this.#require(id),
      // Others compile little of what a program needs.
      isWorthKeeping: ({ hasRun }) => hasRun,
    });
  }

  /** @param words the command line */
  program(words: readonly string[]): Program {
    const main = this.main();
    const program = runScript<Program>(`${this.#folder}/program.cjs`, {
      name: nameOf(words),
      require: (id) => OWN[id] ?? main.modules[id] ?? this.#require(id),
      isWorthKeeping: ({ hasActed }, code) => hasActed && (code === 0 || main.hasRun),
    });
    this.#later = program.later;
    return program;
  }
}

/** What the code is kept for; null if it is not to be kept. */
function nameOf(words: readonly string[]): string | null {
  const [command = ''] = words;
  if (!COMMANDS.test(command)) return null;
  return words.some((word) => word.startsWith('--inspect')) ? `${command}-inspect` : command;
}
