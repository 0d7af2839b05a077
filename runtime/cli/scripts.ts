import * as importing from '../plugins/import-module.ts';
import * as checksum from './checksum.ts';
import { runScript } from './compiled-code.ts';
import * as privateFiles from './private-files.ts';

/** What the build makes of `main.ts`: what most programs run in. */
interface Main {
  run(words: readonly string[]): Promise<number>;
  readonly hasRun: boolean;
  readonly withUsualFlags: <T>(load: () => T) => T;
  /** The modules that the other script needs, too, by their paths in the project. */
  readonly modules: Readonly<Record<string, unknown>>;
}

/** What many programs do without. */
interface Rest {
  /** Its modules, by their paths in the project. */
  readonly modules: Readonly<Record<string, object>>;
}

/** What the build makes of `program.ts`: all commands and options. */
interface Program {
  runProgram(words: readonly string[]): Promise<number>;
  readonly hasActed: boolean;
  /** What `main.ts` loads if it is wanted, by the paths that it has there. */
  readonly later: Readonly<Record<string, unknown>>;
}

/**
 * Scripts of their own, by what they are required as: what opens several schedulers where the code for commands and options has not been
 * loaded, which has that, too; and the client of NATS.
 */
const SEPARATE: Readonly<Record<string, string>> = {
  './schedulers.ts': 'schedulers',
  '../cluster/nats/join.ts': 'nats',
};

/** Commands of which the code is kept: each has its own, since V8 keeps the functions that were called. */
const COMMANDS = /^(run|test|check|exports|ps|stacks|dap|init|completions)$/;

/** How the ids begin by which scripts require modules of each other. */
const SHARED = 'runtime/';

/** Modules that stay with the launcher: it has run the first two already, and scripts cannot import. */
const OWN: Readonly<Record<string, unknown>> = {
  './checksum.ts': checksum,
  './private-files.ts': privateFiles,
  'runtime/plugins/import-module.ts': importing,
};

/** The scripts of the command, which belong together: a class of the runtime must be the same one in all. */
export class Scripts {
  readonly #folder: string;
  readonly #require: NodeJS.Require;
  #main: Main | null = null;
  #rest: Rest | null = null;
  #program: Program | null = null;
  readonly #separate = new Map<string, unknown>();
  /** What the code of the rest is kept for. */
  #name: string | null = 'main';

  /** @param require loads what the scripts load of packages, which must stand beside the caller */
  constructor(folder: string, require: NodeJS.Require) {
    this.#folder = folder;
    this.#require = require;
  }

  main(): Main {
    this.#main ??= runScript<Main>(`${this.#folder}/main.cjs`, {
      name: 'main',
      require: (id) => this.#module(id),
      // Others compile little of what a program needs.
      isWorthKeeping: ({ hasRun }) => hasRun,
    });
    return this.#main;
  }

  /** @param words the command line */
  program(words: readonly string[]): Program {
    const main = this.main();
    this.#name = nameOf(words);
    this.#program = runScript<Program>(`${this.#folder}/program.cjs`, {
      name: this.#name,
      require: (id) => this.#module(id),
      isWorthKeeping: ({ hasActed }, code) => main.hasRun || (hasActed && code === 0),
    });
    return this.#program;
  }

  /** What a script requires. */
  #module(id: string): unknown {
    const found = OWN[id] ?? this.#main?.modules[id] ?? this.#program?.later[id];
    if (found !== undefined) return found;
    const name = SEPARATE[id];
    if (name !== undefined) return this.#loadSeparate(name);
    return id.startsWith(SHARED) ? this.#lazily(id) : this.#require(id);
  }

  #loadSeparate(name: string): unknown {
    let separate = this.#separate.get(name);
    if (separate === undefined) {
      separate = this.main().withUsualFlags(() =>
        runScript(`${this.#folder}/${name}.cjs`, {
          name,
          require: (id) => this.#module(id),
          isWorthKeeping: () => true,
        }),
      );
      this.#separate.set(name, separate);
    }
    return separate;
  }

  /** A module that is loaded when something of it is used. */
  #lazily(id: string): object {
    let module: object | undefined;
    return new Proxy(
      {},
      {
        get: (_, name) => {
          module ??= this.#loadRest().modules[id];
          if (module === undefined) throw new Error(`no script has ${id}`);
          return Reflect.get(module, name);
        },
      },
    );
  }

  #loadRest(): Rest {
    this.#rest ??= this.main().withUsualFlags(() =>
      runScript<Rest>(`${this.#folder}/rest.cjs`, {
        name: this.#name && `${this.#name}-rest`,
        require: (id) => this.#module(id),
        isWorthKeeping: (_, code) =>
          this.#main?.hasRun === true || (this.#program?.hasActed === true && code === 0),
      }),
    );
    return this.#rest;
  }
}

/** What the code is kept for; null if it is not to be kept. */
function nameOf(words: readonly string[]): string | null {
  const [command = ''] = words;
  if (!COMMANDS.test(command)) return null;
  return words.some((word) => word.startsWith('--inspect')) ? `${command}-inspect` : command;
}
