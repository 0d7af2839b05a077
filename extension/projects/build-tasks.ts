import { resolve } from 'node:path';
import * as vscode from 'vscode';
import type { BuildDefinition, Builder } from './builder.ts';
import { programsOf } from './program-choice.ts';
import type { Profile } from './project.ts';
import type { Projects } from './projects.ts';

const PROFILES: readonly Profile[] = ['debug', 'release'];

/** Offers a task for each program of the workspace's projects that builds it, for `tasks.json` and `preLaunchTask`. */
export class BuildTasks implements vscode.TaskProvider {
  readonly #projects: Projects;
  readonly #builder: Builder;

  constructor(projects: Projects, builder: Builder) {
    this.#projects = projects;
    this.#builder = builder;
  }

  async provideTasks(): Promise<vscode.Task[]> {
    const projects = (await this.#projects.all()).filter(({ isMeant }) => isMeant);
    return programsOf(projects).flatMap(({ project, target }) =>
      PROFILES.map((profile) => this.#builder.task(project, target, profile)),
    );
  }

  /** @throws ProjectError, of which VS Code tells the user */
  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const { project: file, target: name, profile } = task.definition as Partial<BuildDefinition>;
    if (typeof file !== 'string') return undefined;
    const { scope } = task;
    const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
    const project = await this.#projects.read(resolve(folder?.uri.fsPath ?? '', file));
    const target = project?.targets.find((one) => one.name === name) ?? project?.targets[0];
    if (project === undefined || target === undefined) return undefined;
    const made = this.#builder.task(project, target, profile === 'release' ? profile : 'debug');
    // VS Code wants the definition that it has given.
    return new vscode.Task(
      task.definition,
      scope ?? vscode.TaskScope.Workspace,
      task.name,
      task.source,
      made.execution,
      [],
    );
  }
}
