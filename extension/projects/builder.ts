import { stripVTControlCharacters } from 'node:util';
import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';
import { DisplayRoom } from '../terminal-text.ts';
import { type BuildFaults, showFault } from './build-faults.ts';
import { BuildTerminal, type ChooseModule } from './build-terminal.ts';
import type { Fault } from './compiler-messages.ts';
import { type Profile, type Program, ProjectError } from './project.ts';
import type { ProjectBuilds } from './project-builds.ts';
import { tellProjectError } from './tell-project-error.ts';

export const TASK_TYPE = 'lunatic';

/** Characters of what compilers say that the log has. */
const MAX_OUTPUT = 2 ** 16;

/** What a task of ours says: the file of a project, relative to its workspace folder, one of its targets, and how it is built. */
export interface BuildDefinition extends vscode.TaskDefinition {
  readonly project: string;
  readonly target: string;
  readonly profile: Profile;
}

/** Builds targets in a terminal, where a person sees what compilers say. */
export class Builder {
  readonly #builds: ProjectBuilds;
  readonly #faults: BuildFaults;
  readonly #log: Log;

  constructor(builds: ProjectBuilds, faults: BuildFaults, log: Log) {
    this.#builds = builds;
    this.#faults = faults;
    this.#log = log;
  }

  /**
   * A task that builds a target.
   * @param open returns the build that its terminal displays. Default: one that begins with the task
   */
  task(
    program: Program,
    profile: Profile,
    open = () => new BuildTerminal(program, profile, this.#builds),
  ): vscode.Task {
    const { project, target } = program;
    const definition: BuildDefinition = {
      type: TASK_TYPE,
      project: vscode.workspace.asRelativePath(project.file, false),
      target: target.name,
      profile,
    };
    const folder =
      vscode.workspace.getWorkspaceFolder(vscode.Uri.file(project.file)) ?? vscode.TaskScope.Workspace;
    const name = `build ${target.name}${profile === 'release' ? ' (release)' : ''}`;
    const execution = new vscode.CustomExecution(async () => open());
    const task = new vscode.Task(definition, folder, name, TASK_TYPE, execution, []);
    task.group = vscode.TaskGroup.Build;
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Silent, echo: false, showReuseMessage: false };
    return task;
  }

  /**
   * Builds a target, and shows that it does.
   * @returns the path of the module. Undefined if there is none, after telling the user, or if the user gave it up.
   */
  async build(program: Program, profile: Profile, choose: ChooseModule): Promise<string | undefined> {
    const start = performance.now();
    try {
      const build = new BuildTerminal(program, profile, this.#builds, choose);
      await this.#run(build, program, profile);
      const ms = Math.round(performance.now() - start);
      const module = await build.module();
      if (module === undefined) throw new vscode.CancellationError();
      this.#log.info(`Built ${module} in ${ms} ms`);
      return module;
    } catch (error) {
      if (error instanceof vscode.CancellationError) {
        this.#log.info(`The build of ${program.target.name} was given up`);
        return undefined;
      }
      this.#log.error(`${program.target.name} was not built: ${messageOf(error)}`);
      // Not awaited: VS Code must learn that nothing starts before the user answers.
      if (error instanceof ProjectError) void tellProjectError(error);
      else void this.#tellFailure(program, profile, error);
      return undefined;
    }
  }

  /**
   * Builds a target again without a terminal and without a question, for somebody who saves often. What its compilers say is in the log
   * if they fail.
   * @returns the path of the module
   * @throws BuildFailure; ProjectError; the signal's reason
   */
  async rebuild(
    { project, target }: Program,
    profile: Profile,
    choose: ChooseModule,
    signal: AbortSignal,
  ): Promise<string> {
    const start = performance.now();
    const room = new DisplayRoom(MAX_OUTPUT);
    let output = '';
    const line = (text: string) => {
      if (!room.isFull) output += `${room.take(stripVTControlCharacters(text))}\n`;
    };
    try {
      const builds = async () => [await target.build(profile)];
      const modules = await this.#builds.run(project, builds, line, signal);
      const module = (await choose(modules)) ?? '';
      this.#log.info(`Built ${module} in ${Math.round(performance.now() - start)} ms`);
      return module;
    } catch (error) {
      if (!signal.aborted) this.#log.error(`${target.name} was not built: ${messageOf(error)}\n${output}`);
      throw error;
    }
  }

  /** The first error of a project's last build. */
  firstError({ project }: Program): Fault | undefined {
    return this.#faults.errorsOf(project.file)[0];
  }

  /** Tells the user why a target was not built, and leads to the first error. */
  async #tellFailure(program: Program, profile: Profile, error: unknown): Promise<void> {
    const first = this.firstError(program);
    const show = first === undefined ? 'Show Terminal' : 'Show Error';
    const detail =
      first === undefined
        ? messageOf(error)
        : `${first.message}\n\n${vscode.workspace.asRelativePath(first.file)}:${first.line}`;
    const text = `${program.target.name} could not be built.`;
    if ((await vscode.window.showErrorMessage(text, { modal: true, detail }, show)) !== show) return;
    if (first === undefined) await this.#showTerminal(program, profile);
    else await showFault(first);
  }

  /** Shows the terminal of the last build of a target. VS Code calls it as its task. */
  async #showTerminal(program: Program, profile: Profile): Promise<void> {
    const { name } = this.task(program, profile);
    const terminal = vscode.window.terminals.findLast((one) => one.name.includes(name));
    if (terminal === undefined) await vscode.commands.executeCommand('workbench.action.terminal.focus');
    else terminal.show();
  }

  /** The build depends on no terminal: in a window that has just been opened, VS Code may fail to open one. */
  async #run(build: BuildTerminal, program: Program, profile: Profile): Promise<void> {
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: `Building ${program.target.name}`,
      cancellable: true,
    };
    await vscode.window.withProgress(options, async (_, token) => {
      token.onCancellationRequested(() => build.giveUp());
      const result = build.run();
      vscode.tasks
        .executeTask(this.task(program, profile, () => build))
        .then(undefined, (error) => this.#log.error(`No terminal displays the build: ${messageOf(error)}`));
      await result;
    });
  }
}
