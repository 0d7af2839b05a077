import * as vscode from 'vscode';
import { ProjectError } from './project.ts';
import type { Projects } from './projects.ts';

/** Name of the context key that is true while F5 starts the program of the project in the editor, or the source itself. */
const CONTEXT = 'lunatic.isInProject';

const CODE = /\.(rs|c|h|cc|cpp|hpp|ts)$/i;

/**
 * Lets F5 start a program of a project from its sources. VS Code would ask which debugger to use, or take the one of the language,
 * which knows nothing of WebAssembly.
 */
export class ProjectKeys implements vscode.Disposable {
  readonly #projects: Projects;
  readonly #subscriptions: vscode.Disposable;
  #isInProject = false;

  constructor(projects: Projects) {
    this.#projects = projects;
    this.#subscriptions = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTextEditor(() => this.#update()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('launch')) void this.#update();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#update()),
      projects.onDidChange(() => this.#update()),
    );
    void this.#update();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async #update(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const isInProject = document !== undefined && !isConfigured() && (await this.#belongs(document.uri));
    // Another editor may be active by now.
    if (vscode.window.activeTextEditor?.document !== document || isInProject === this.#isInProject) return;
    this.#isInProject = isInProject;
    await vscode.commands.executeCommand('setContext', CONTEXT, isInProject);
  }

  async #belongs(file: vscode.Uri): Promise<boolean> {
    if (!isCode(file)) return false;
    try {
      const project = await this.#projects.of(file);
      return project?.isForWasm === true;
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      return false;
    }
  }
}

/** Whether a file is in a language of which compilers make modules. */
export function isCode({ path }: vscode.Uri): boolean {
  return CODE.test(path);
}

/** Whether a `launch.json` says what F5 starts. */
export function isConfigured(): boolean {
  const { configurations, compounds } = vscode.workspace.getConfiguration('launch');
  return [configurations, compounds].some((list) => Array.isArray(list) && list.length > 0);
}
