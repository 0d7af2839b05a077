import { readFile, stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';
import { type BuiltFile, newestBuilds } from './newest-builds.ts';
import { readModuleTests } from './read-module-tests.ts';
import type { TestItems } from './test-items.ts';

/** Files that are read at the same time. */
const READERS = 4;
/** Bytes of a module that is looked into. */
const MAX_SIZE = 256 * 2 ** 20;
/** Milliseconds that a file must have been left alone: builds write in pieces. */
const CALM = 100;
/** Files of a folder that are looked into at most. */
const MAX_FILES = 5000;

interface Candidate extends BuiltFile {
  readonly uri: vscode.Uri;
}

/** Finds the tests of the workspace's modules, and again what changes. */
export class TestFinder implements vscode.Disposable {
  readonly #items: TestItems;
  readonly #log: Log;
  /** All modules that were found, also those that are not shown since there are newer builds. */
  readonly #candidates = new Map<string, Candidate>();
  /** Paths of those of which the tests are shown. */
  #shown = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  #watchers: vscode.Disposable[] = [];
  #scan: Promise<void> | undefined;
  /** The tests of a module have been read anew. */
  readonly onDidChange = this.#changed.event;

  constructor(items: TestItems, log: Log) {
    this.#items = items;
    this.#log = log;
  }

  dispose(): void {
    this.#stopWatching();
    this.#changed.dispose();
  }

  /** Finds the tests of all modules, once. Later calls wait for the same. */
  find(): Promise<void> {
    this.#scan ??= this.#scanFolders();
    return this.#scan;
  }

  /** Finds all anew, as after other settings. */
  async refresh(): Promise<void> {
    await this.#scan;
    this.#scan = undefined;
    await this.find();
  }

  /** Finds the tests of one module, that of an editor, without looking for others. */
  async findIn(uri: vscode.Uri): Promise<void> {
    if (vscode.workspace.isTrusted && (await this.#look(uri))) await this.#read(uri);
  }

  async #scanFolders(): Promise<void> {
    this.#stopWatching();
    if (!vscode.workspace.isTrusted) return;
    const start = performance.now();
    this.#candidates.clear();
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      const { include, exclude } = patterns(folder);
      this.#watch(include);
      await each(await vscode.workspace.findFiles(include, exclude, MAX_FILES), (uri) => this.#look(uri));
    }
    const shown = await this.#showNewest();
    const time = Math.round(performance.now() - start);
    this.#log.info(`Looked for tests in ${shown} ${shown === 1 ? 'module' : 'modules'}, in ${time} ms`);
  }

  /** Reads what is not shown and should be, and takes away what should not. Returns how many there are. */
  async #showNewest(changed?: vscode.Uri): Promise<number> {
    const newest = newestBuilds(this.#candidates.values());
    const before = this.#shown;
    this.#shown = new Set(newest.map(({ path }) => path));
    for (const path of before) if (!this.#shown.has(path)) this.#items.remove(vscode.Uri.file(path));
    const unread = newest.filter(
      ({ path }) => changed === undefined || path === changed.fsPath || !before.has(path),
    );
    await each(unread, ({ uri }) => this.#read(uri));
    return newest.length;
  }

  #watch(pattern: vscode.RelativePattern): void {
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const changed = (uri: vscode.Uri) => {
      const { fsPath } = uri;
      clearTimeout(this.#timers.get(fsPath));
      const reread = () => {
        this.#timers.delete(fsPath);
        this.#reread(uri);
      };
      this.#timers.set(fsPath, setTimeout(reread, CALM));
    };
    this.#watchers.push(
      watcher,
      watcher.onDidCreate(changed),
      watcher.onDidChange(changed),
      watcher.onDidDelete(changed),
    );
  }

  #stopWatching(): void {
    for (const watcher of this.#watchers) watcher.dispose();
    this.#watchers = [];
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #reread(uri: vscode.Uri): Promise<void> {
    const wasKnown = this.#candidates.has(uri.fsPath);
    if (!wasKnown && (await isExcluded(uri))) return;
    await this.#look(uri);
    await this.#showNewest(uri);
    this.#changed.fire(uri);
  }

  /** Whether there is such a file. */
  async #look(uri: vscode.Uri): Promise<boolean> {
    const path = uri.fsPath;
    try {
      const { mtimeMs, size } = await stat(path);
      if (size > MAX_SIZE) {
        this.#log.warn(`${path} is too large to be looked into for tests`);
        return false;
      }
      this.#candidates.set(path, { uri, path, modified: mtimeMs });
      return true;
    } catch {
      this.#candidates.delete(path);
      return false;
    }
  }

  async #read(uri: vscode.Uri): Promise<void> {
    try {
      this.#items.setTests(uri, await readModuleTests(await readFile(uri.fsPath), uri.fsPath));
    } catch (error) {
      const message = messageOf(error);
      this.#log.warn(`No tests could be read from ${uri.fsPath}: ${message}`);
      // Modules without tests need not be right.
      if (this.#items.moduleItem(uri) !== undefined) this.#items.setError(uri, message);
    }
  }
}

/** What the settings say about the modules of a folder. */
function patterns(folder: vscode.WorkspaceFolder): {
  readonly include: vscode.RelativePattern;
  readonly exclude: string | null;
} {
  const config = vscode.workspace.getConfiguration('lunatic.tests', folder);
  const exclude = config.get<string[]>('exclude', []);
  return {
    include: new vscode.RelativePattern(folder, config.get<string>('files', '**/*.{wasm,wat}')),
    exclude: exclude.length === 0 ? null : `{${exclude.join(',')}}`,
  };
}

/** Whether a file of the workspace, which may be gone already, is one that the settings leave out. */
async function isExcluded(uri: vscode.Uri): Promise<boolean> {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder === undefined) return true;
  const path = vscode.workspace.asRelativePath(uri, false).replace(/[[\]{}*?]/g, '[$&]');
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(folder, path),
    patterns(folder).exclude,
    1,
  );
  return found.length === 0;
}

async function each<Item>(items: readonly Item[], action: (item: Item) => Promise<unknown>): Promise<void> {
  const left = items[Symbol.iterator]();
  const work = async () => {
    for (const item of left) await action(item);
  };
  await Promise.all(Array.from({ length: READERS }, work));
}
