import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';
import type { LunaticCommands } from '../node/lunatic-command.ts';
import type { BuildFaults } from './build-faults.ts';
import { BuildTerminal } from './build-terminal.ts';
import { type Profile, type Program, ProjectError } from './project.ts';
import { tellProjectError } from './tell-project-error.ts';

export const TASK_TYPE = 'lunatic';

/** What a task of ours says: the file of a project, relative to its workspace folder, one of its targets, and how it is built. */
export interface BuildDefinition extends vscode.TaskDefinition {
  readonly project: string;
  readonly target: string;
  readonly profile: Profile;
}

/** Builds targets in a terminal, where a person sees what compilers say. */
export class Builder {
  readonly #commands: LunaticCommands;
  readonly #faults: BuildFaults;
  readonly #log: Log;

  constructor(commands: LunaticCommands, faults: BuildFaults, log: Log) {
    this.#commands = commands;
    this.#faults = faults;
    this.#log = log;
  }

  /** A task that builds a target. */
  task(program: Program, profile: Profile, onStart?: (terminal: BuildTerminal) => void): vscode.Task {
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
    const execution = new vscode.CustomExecution(async () => {
      const node = async () => (await this.#commands.find()).node;
      const terminal = new BuildTerminal(program, profile, { faults: this.#faults, node });
      onStart?.(terminal);
      return terminal;
    });
    const task = new vscode.Task(definition, folder, name, TASK_TYPE, execution, []);
    task.group = vscode.TaskGroup.Build;
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Silent, echo: false, showReuseMessage: false };
    return task;
  }

  /**
   * Builds a target, and shows that it does.
   * @returns the path of the module. Undefined if there is none, after telling the user, or if the user gave it up.
   */
  async build(program: Program, profile: Profile): Promise<string | undefined> {
    const start = performance.now();
    try {
      const module = await this.#run(program, profile);
      this.#log.info(`Built ${module} in ${Math.round(performance.now() - start)} ms`);
      return module;
    } catch (error) {
      if (error instanceof vscode.CancellationError) return undefined;
      this.#log.error(`${program.target.name} was not built: ${messageOf(error)}`);
      // Not awaited: VS Code must learn that nothing starts before the user answers.
      if (error instanceof ProjectError) void tellProjectError(error);
      else void this.#tellFailure(program, error);
      return undefined;
    }
  }

  /** Tells the user why a target was not built, and leads to the first error. */
  async #tellFailure({ project, target }: Program, error: unknown): Promise<void> {
    const [first] = this.#faults.errorsOf(project.file);
    const show = first === undefined ? 'Show Terminal' : 'Show Error';
    const detail =
      first === undefined
        ? messageOf(error)
        : `${first.message}\n\n${vscode.workspace.asRelativePath(first.file)}:${first.line}`;
    const text = `${target.name} could not be built.`;
    if ((await vscode.window.showErrorMessage(text, { modal: true, detail }, show)) !== show) return;
    if (first === undefined) {
      await vscode.commands.executeCommand('workbench.action.terminal.focus');
      return;
    }
    const place = new vscode.Position(first.line - 1, first.column - 1);
    const selection = new vscode.Range(place, place);
    await vscode.window.showTextDocument(vscode.Uri.file(first.file), { selection });
  }

  async #run(program: Program, profile: Profile): Promise<string | undefined> {
    const begun = Promise.withResolvers<BuildTerminal>();
    const task = this.task(program, profile, begun.resolve);
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: `Building ${program.target.name}`,
      cancellable: true,
    };
    return await vscode.window.withProgress(options, async (_, token) => {
      const execution = await vscode.tasks.executeTask(task);
      const over = vscode.tasks.onDidEndTask((event) => {
        if (event.execution === execution) begun.reject(new vscode.CancellationError());
      });
      token.onCancellationRequested(() => execution.terminate());
      try {
        const [module] = await (await begun.promise).result;
        return module;
      } finally {
        over.dispose();
      }
    });
  }
}
