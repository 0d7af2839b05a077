import * as vscode from 'vscode';
import { type Log, messageOf } from '../../log.ts';
import type { BuildFaults } from '../../projects/build-faults.ts';
import type { Fault } from '../../projects/compiler-messages.ts';
import { type Build, type Project, ProjectError } from '../../projects/project.ts';
import type { ProjectBuilds } from '../../projects/project-builds.ts';
import { BuildFailure } from '../../projects/run-build.ts';
import { tellProjectError } from '../../projects/tell-project-error.ts';
import { DisplayRoom, terminalText } from '../../terminal-text.ts';

/** The modules that a build has made, or why there are none. */
export type BuiltTests =
  | { readonly modules: readonly string[] }
  | { readonly failures: readonly vscode.TestMessage[] };

/** Errors of a build that are listed at most, and characters of its output that are displayed. */
const MAX_ERRORS = 20;
const MAX_OUTPUT = 2 ** 20;

/** Builds the tests of projects. What compilers say is in the output of the test run and in the Problems view. */
export class TestBuilder {
  readonly #builds: ProjectBuilds;
  readonly #faults: BuildFaults;
  readonly #log: Log;

  constructor(builds: ProjectBuilds, faults: BuildFaults, log: Log) {
    this.#builds = builds;
    this.#faults = faults;
    this.#log = log;
  }

  /** Builds the modules with the tests of a project. Rejects with the signal's reason if that is given up. */
  async build(project: Project, run: vscode.TestRun, signal: AbortSignal): Promise<BuiltTests> {
    const start = performance.now();
    const room = new DisplayRoom(MAX_OUTPUT);
    const line = (text: string) => {
      if (!room.isFull) run.appendOutput(terminalText(`${room.take(text)}\n`));
    };
    try {
      const modules = await this.#builds.run(project, () => buildsOf(project), line, signal);
      this.#log.info(`Built the tests of ${project.name} in ${Math.round(performance.now() - start)} ms`);
      return { modules };
    } catch (error) {
      signal.throwIfAborted();
      const message = messageOf(error);
      this.#log.error(`The tests of ${project.name} were not built: ${message}`);
      if (error instanceof ProjectError) void tellProjectError(error);
      line(error instanceof BuildFailure ? error.end : message);
      return { failures: this.#failures(project, message) };
    }
  }

  /** A message for each error, at its place. */
  #failures({ file }: Project, otherwise: string): vscode.TestMessage[] {
    const errors: Pick<Fault, 'message' | 'file' | 'line' | 'column'>[] = this.#faults
      .errorsOf(file)
      .slice(0, MAX_ERRORS);
    if (errors.length === 0) errors.push({ message: otherwise, file, line: 1, column: 1 });
    return errors.map(({ message: what, file, line, column }) => {
      const message = new vscode.TestMessage(`The build failed: ${what}`);
      const place = new vscode.Position(line - 1, column - 1);
      message.location = new vscode.Location(vscode.Uri.file(file), place);
      return message;
    });
  }
}

/**
 * How the modules of a project are built that have its tests.
 * @throws ProjectError
 */
async function buildsOf(project: Project): Promise<readonly Build[]> {
  if (project.testBuild !== undefined) return [await project.testBuild()];
  return await Promise.all((await project.targets()).map((target) => target.build('debug')));
}
