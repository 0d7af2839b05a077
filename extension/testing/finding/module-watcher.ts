import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';

/** Milliseconds without a change after which a module is read: builds write files in pieces. */
const CALM = 100;
/** Milliseconds without another new folder after which the workspace is searched. */
const FOLDER_CALM = 500;

/** Folders in which tools create thousands of folders. */
const BUSY = /[\\/](node_modules|\.git)([\\/]|$)/;

/** Watches the modules of the workspace. */
export class ModuleWatcher implements vscode.Disposable {
  readonly #modules = new vscode.EventEmitter<vscode.Uri>();
  readonly #folders = new vscode.EventEmitter<void>();
  readonly #removed = new vscode.EventEmitter<vscode.Uri>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #watchers: vscode.Disposable[] = [];
  /** Fires when a module has changed, appeared or gone. */
  readonly onDidChangeModule = this.#modules.event;
  /** Fires when there are new folders. VS Code does not report the files that are in a new folder from the start. */
  readonly onDidAddFolders = this.#folders.event;
  /** Fires when a file or a folder is gone. VS Code does not report the files that were in a folder. */
  readonly onDidRemove = this.#removed.event;

  dispose(): void {
    this.stop();
    this.#modules.dispose();
    this.#folders.dispose();
    this.#removed.dispose();
  }

  /** Also watches the modules in a folder of the workspace. */
  watch(folder: vscode.WorkspaceFolder, pattern: vscode.RelativePattern): void {
    const modules = vscode.workspace.createFileSystemWatcher(pattern);
    const all = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(folder, '**/*'),
      false,
      true,
      false,
    );
    const changed = (uri: vscode.Uri) => this.#afterCalm(uri.fsPath, CALM, () => this.#modules.fire(uri));
    this.#watchers.push(
      modules,
      modules.onDidCreate(changed),
      modules.onDidChange(changed),
      modules.onDidDelete(changed),
      all,
      all.onDidCreate((uri) => this.#lookForFolder(uri)),
      all.onDidDelete((uri) => this.#removed.fire(uri)),
    );
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.dispose();
    this.#watchers = [];
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #lookForFolder({ fsPath }: vscode.Uri): Promise<void> {
    // Nearly all files have a dot in their names, and nearly no folders have.
    if (/\.[^\\/]*$/.test(fsPath) || BUSY.test(fsPath)) return;
    const found = await stat(fsPath).catch(() => undefined);
    if (found?.isDirectory()) this.#afterCalm('', FOLDER_CALM, () => this.#folders.fire());
  }

  /** Calls an action when no other was requested under the same name for some milliseconds. */
  #afterCalm(name: string, calm: number, action: () => void): void {
    clearTimeout(this.#timers.get(name));
    const act = () => {
      this.#timers.delete(name);
      action();
    };
    this.#timers.set(name, setTimeout(act, calm));
  }
}
