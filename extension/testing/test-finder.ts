import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';
import type { ModuleDiagnostics } from '../modules/module-diagnostics.ts';
import { ModuleReadError } from '../modules/module-error.ts';
import { readTestsApart } from '../modules/read-apart.ts';
import { MAX_SIZE, readWorkspaceFile } from '../modules/read-file.ts';
import { ModuleWatcher } from './module-watcher.ts';
import { type BuiltFile, newestBuilds } from './newest-builds.ts';
import { mayHaveTests } from './read-module-tests.ts';
import type { TestItems } from './test-items.ts';

/** Number of files that are read at the same time. */
const READERS = 4;
/** Maximum number of files of a workspace folder that are read. */
const MAX_FILES = 5000;

interface Candidate extends BuiltFile {
  readonly uri: vscode.Uri;
}

/** Finds the tests of the workspace's modules, and reads modules again that change. */
export class TestFinder implements vscode.Disposable {
  readonly #items: TestItems;
  readonly #diagnostics: ModuleDiagnostics;
  readonly #log: Log;
  /** All modules that were found, including those that are not displayed because there are newer builds. */
  readonly #candidates = new Map<string, Candidate>();
  /** Paths of the modules whose tests are displayed. */
  #shown = new Set<string>();
  /** Modification times of the files that were read, by path. */
  readonly #read = new Map<string, number>();
  readonly #watcher = new ModuleWatcher();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  #scan: Promise<void> | undefined;
  /** Fires when the tests of a module have been read again. */
  readonly onDidChange = this.#changed.event;

  constructor(items: TestItems, diagnostics: ModuleDiagnostics, log: Log) {
    this.#items = items;
    this.#diagnostics = diagnostics;
    this.#log = log;
    this.#watcher.onDidChangeModule((uri) => this.#moduleChanged(uri));
    this.#watcher.onDidAddFolders(() => this.#scanAgain());
  }

  dispose(): void {
    this.#watcher.dispose();
    this.#changed.dispose();
  }

  /** Finds the tests of all modules, once. Later calls wait for the same search. */
  find(): Promise<void> {
    this.#scan ??= this.#scanFolders();
    return this.#scan;
  }

  /** Searches again, for example after a change of the settings. */
  async refresh(): Promise<void> {
    this.#read.clear();
    await this.#scanAgain();
  }

  async #scanAgain(): Promise<void> {
    await this.#scan;
    this.#scan = undefined;
    await this.find();
  }

  /** Finds the tests of the module in an editor, without searching the workspace. */
  async findIn(uri: vscode.Uri): Promise<void> {
    if (!vscode.workspace.isTrusted || (isInWorkspace(uri) && (await isExcluded(uri)))) return;
    const found = await this.#look(uri);
    if (found !== undefined) await this.#readTests(found);
  }

  async #scanFolders(): Promise<void> {
    this.#watcher.stop();
    if (!vscode.workspace.isTrusted) return;
    const start = performance.now();
    this.#candidates.clear();
    for (const folder of vscode.workspace.workspaceFolders ?? []) {
      const { include, exclude } = patterns(folder);
      this.#watcher.watch(folder, include);
      await each(await vscode.workspace.findFiles(include, exclude, MAX_FILES), (uri) => this.#look(uri));
    }
    const shown = await this.#showNewest();
    const time = Math.round(performance.now() - start);
    this.#log.info(`Looked for tests in ${shown} ${shown === 1 ? 'module' : 'modules'}, in ${time} ms`);
  }

  /** Reads modules that have changed, and removes those that are not to be displayed. Returns the number of modules. */
  async #showNewest(): Promise<number> {
    const newest = newestBuilds(this.#candidates.values());
    const before = this.#shown;
    this.#shown = new Set(newest.map(({ path }) => path));
    for (const path of before) {
      if (!this.#shown.has(path)) this.#forget(path);
    }
    await each(
      newest.filter(({ path, modified }) => this.#read.get(path) !== modified),
      (file) => this.#readTests(file),
    );
    return newest.length;
  }

  async #moduleChanged(uri: vscode.Uri): Promise<void> {
    if (!this.#candidates.has(uri.fsPath) && (await isExcluded(uri))) return;
    await this.#look(uri);
    // A file may change without getting another modification time.
    this.#read.delete(uri.fsPath);
    await this.#showNewest();
    this.#changed.fire(uri);
  }

  /** Adds a file to the candidates, or removes it from them if it is gone. */
  async #look(uri: vscode.Uri): Promise<Candidate | undefined> {
    const path = uri.fsPath;
    this.#candidates.delete(path);
    const file = await stat(path).catch(() => undefined);
    if (!file?.isFile()) return undefined;
    if (file.size > MAX_SIZE) {
      this.#log.warn(`${path} is too large to be looked into for tests`);
      return undefined;
    }
    const candidate = { uri, path, modified: file.mtimeMs };
    this.#candidates.set(path, candidate);
    return candidate;
  }

  async #readTests({ uri, path, modified }: Candidate): Promise<void> {
    this.#shown.add(path);
    this.#read.set(path, modified);
    try {
      const bytes = await readWorkspaceFile(path);
      // Modules without tests may have errors.
      const isWanted = mayHaveTests(bytes) || this.#items.moduleItem(uri) !== undefined;
      this.#items.setTests(uri, isWanted ? await readTestsApart(bytes, path) : []);
      this.#diagnostics.clear(uri);
    } catch (error) {
      this.#log.warn(`No tests could be read from ${path}: ${messageOf(error)}`);
      if (!(error instanceof ModuleReadError)) return;
      this.#items.setError(uri, error);
      this.#diagnostics.set(uri, error);
    }
  }

  #forget(path: string): void {
    const uri = vscode.Uri.file(path);
    this.#read.delete(path);
    this.#items.remove(uri);
    this.#diagnostics.clear(uri);
  }
}

/** The glob patterns that the settings have for the modules of a folder. */
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

function isInWorkspace(uri: vscode.Uri): boolean {
  return vscode.workspace.getWorkspaceFolder(uri) !== undefined;
}

/** Whether the settings exclude a file of the workspace. The file may be gone already. */
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
