import * as vscode from 'vscode';
import type { BuildDefinition, Builder } from './builder.ts';
import type { Profile } from './project.ts';
import { type Projects, programsOf } from './projects.ts';

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
    const programs = await this.#projects.programs();
    return programs.flatMap((program) => PROFILES.map((profile) => this.#builder.task(program, profile)));
  }

  /** @throws ProjectError, of which VS Code tells the user */
  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const { project: file, target: name, profile } = task.definition as Partial<BuildDefinition>;
    if (typeof file !== 'string') return undefined;
    const scope = task.scope ?? vscode.TaskScope.Workspace;
    const project = await this.#projects.read(file, typeof scope === 'object' ? scope : undefined);
    const programs = project === undefined ? [] : await programsOf(project);
    const program = name === undefined ? programs[0] : programs.find(({ target }) => target.name === name);
    if (program === undefined) return undefined;
    const { execution } = this.#builder.task(program, profile === 'release' ? profile : 'debug');
    // VS Code wants the definition that it has given.
    return new vscode.Task(task.definition, scope, task.name, task.source, execution, []);
  }
}
