import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';

/** Milliseconds that a file must have been left alone: builds write in pieces. */
const CALM = 100;
/** Milliseconds without another new folder, after which all are looked through. */
const FOLDER_CALM = 500;

/** Folders in which others put thousands of folders. */
const BUSY = /[\\/](node_modules|\.git)([\\/]|$)/;

/** Tells of modules that change, come and go in the workspace. */
export class ModuleWatcher implements vscode.Disposable {
  readonly #modules = new vscode.EventEmitter<vscode.Uri>();
  readonly #folders = new vscode.EventEmitter<void>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #watchers: vscode.Disposable[] = [];
  /** A module is different, or there, or gone. */
  readonly onDidChangeModule = this.#modules.event;
  /** There are new folders. What was in them from the start is not told otherwise: the editor watches too late. */
  readonly onDidAddFolders = this.#folders.event;

  dispose(): void {
    this.stop();
    this.#modules.dispose();
    this.#folders.dispose();
  }

  /** Watches modules in a folder of the workspace, too. */
  watch(folder: vscode.WorkspaceFolder, pattern: vscode.RelativePattern): void {
    const modules = vscode.workspace.createFileSystemWatcher(pattern);
    const created = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(folder, '**/*'),
      false,
      true,
      true,
    );
    const changed = (uri: vscode.Uri) => this.#afterCalm(uri.fsPath, CALM, () => this.#modules.fire(uri));
    this.#watchers.push(
      modules,
      modules.onDidCreate(changed),
      modules.onDidChange(changed),
      modules.onDidDelete(changed),
      created,
      created.onDidCreate((uri) => this.#lookForFolder(uri)),
    );
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.dispose();
    this.#watchers = [];
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #lookForFolder({ fsPath }: vscode.Uri): Promise<void> {
    // Nearly all files have a dot in their names, and nearly no folder has.
    if (/\.[^\\/]*$/.test(fsPath) || BUSY.test(fsPath)) return;
    const found = await stat(fsPath).catch(() => undefined);
    if (found?.isDirectory()) this.#afterCalm('', FOLDER_CALM, () => this.#folders.fire());
  }

  /** Does something once nothing of that name was asked for during a time. */
  #afterCalm(name: string, calm: number, action: () => void): void {
    clearTimeout(this.#timers.get(name));
    const act = () => {
      this.#timers.delete(name);
      action();
    };
    this.#timers.set(name, setTimeout(act, calm));
  }
}
