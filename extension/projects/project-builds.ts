import type { LunaticCommands } from '../node/lunatic-command.ts';
import type { BuildFaults } from './build-faults.ts';
import type { Build, Project } from './project.ts';
import { runBuild } from './run-build.ts';

/**
 * Runs the builds of projects: of each project one at a time, whoever asks for it, since two would write the same files. Shows the
 * faults that compilers report.
 */
export class ProjectBuilds {
  readonly #commands: Pick<LunaticCommands, 'find'>;
  readonly #faults: Pick<BuildFaults, 'clear' | 'add' | 'compiled'>;
  /** Settles when the last build that was asked for is over, by the file of its project. Never rejects. */
  readonly #last = new Map<string, Promise<void>>();

  constructor(
    commands: Pick<LunaticCommands, 'find'>,
    faults: Pick<BuildFaults, 'clear' | 'add' | 'compiled'>,
  ) {
    this.#commands = commands;
    this.#faults = faults;
  }

  /**
   * Builds modules of a project, one after the other, once no other build of it runs.
   * @param builds says how; it is called when it is this one's turn
   * @param line is called with each line for people, with colours
   * @returns the paths of the modules
   * @throws the errors of `runBuild` and `builds`; the signal's reason, at once while others are built
   */
  async run(
    { file }: Pick<Project, 'file'>,
    builds: () => Promise<readonly Build[]>,
    line: (text: string) => void,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const before = this.#last.get(file);
    const own = Promise.withResolvers<void>();
    const last = Promise.all([before, own.promise]).then(() => {
      if (this.#last.get(file) === last) this.#last.delete(file);
    });
    this.#last.set(file, last);
    try {
      if (before !== undefined) {
        line('Waiting for another build of this project to end');
        await unlessAborted(before, signal);
      }
      this.#faults.clear(file);
      const listener = {
        line,
        fault: this.#faults.add.bind(this.#faults, file),
        compiled: this.#faults.compiled.bind(this.#faults, file),
      };
      const modules: string[] = [];
      for (const build of await builds())
        modules.push(...(await runBuild(build, listener, () => this.#commands.find(), signal)));
      return modules;
    } finally {
      own.resolve();
    }
  }
}

/** Waits for a promise, or rejects with the signal's reason. */
async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
