import * as vscode from 'vscode';
import type { Projects } from './projects.ts';

/** Context keys. */
const Key = {
  /** Whether what is in the editor belongs to a project, or is a program by itself. */
  IsInProject: 'lunatic.isInProject',
  /** Whether F5 starts that. */
  StartsProject: 'lunatic.startsProject',
  /** Whether F5 may start it where that is not known yet: an editor was just opened. */
  MayStartProject: 'lunatic.mayStartProject',
} as const;
type Key = (typeof Key)[keyof typeof Key];

const CODE = /\.(rs|c|h|cc|cpp|hpp|ts)$/i;

/**
 * Lets F5 start a program of a project from its sources. VS Code would ask which debugger to use, or take the one of the language,
 * which knows nothing of WebAssembly.
 */
export class ProjectKeys implements vscode.Disposable {
  readonly #projects: Projects;
  readonly #subscriptions: vscode.Disposable;
  /** The keys that are true. */
  readonly #true = new Set<Key>();

  constructor(projects: Projects) {
    this.#projects = projects;
    this.#subscriptions = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTextEditor(() => this.#update()),
      // What is in a source tells whether it is a program by itself.
      vscode.workspace.onDidSaveTextDocument(() => this.#update()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('launch')) this.#updateAll();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#updateAll()),
      projects.onDidChange(() => this.#updateAll()),
    );
    this.#updateAll();
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  #updateAll(): void {
    void this.#update();
    void this.#updateWorkspace();
  }

  async #update(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const isInProject =
      document !== undefined && isCode(document.uri) && (await this.#projects.isForWasm(document.uri));
    // Another editor may be active by now.
    if (vscode.window.activeTextEditor?.document !== document) return;
    this.#set(Key.IsInProject, isInProject);
    this.#set(Key.StartsProject, isInProject && !isConfigured());
  }

  async #updateWorkspace(): Promise<void> {
    const projects = await this.#projects.all();
    this.#set(Key.MayStartProject, projects.length > 0 && !isConfigured());
  }

  #set(key: Key, isTrue: boolean): void {
    if (isTrue === this.#true.has(key)) return;
    if (isTrue) this.#true.add(key);
    else this.#true.delete(key);
    void vscode.commands.executeCommand('setContext', key, isTrue);
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
