import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';
import type { ModuleDiagnostics } from '../modules/module-diagnostics.ts';
import { ModuleReadError } from '../modules/module-error.ts';
import { readTestsApart } from '../modules/read-apart.ts';
import { MAX_SIZE, readWorkspaceFile } from '../modules/read-file.ts';
import { crateRoot } from './dep-info.ts';
import { ModuleWatcher } from './module-watcher.ts';
import { type BuiltFile, buildsOf } from './newest-builds.ts';
import { mayHaveTests } from './read-module-tests.ts';
import type { FoundModule, TestItems } from './test-items.ts';
import type { TestProjects } from './test-projects.ts';
import { topFolder } from './top-folder.ts';

/** Number of files that are read at the same time. */
const READERS = 4;
/** Maximum number of files of a workspace folder that are read. */
const MAX_FILES = 5000;

interface Candidate extends BuiltFile {
  readonly uri: vscode.Uri;
  readonly size: number;
}

/** What was read of a file, when it was last changed before. */
interface Read {
  readonly modified: number;
  readonly size: number;
  /** Whether it is displayed: it has tests, or cannot be read. */
  readonly isShown: boolean;
}

/** Finds the tests of the workspace's modules, and reads modules again that change. */
export class TestFinder implements vscode.Disposable {
  readonly #items: TestItems;
  readonly #projects: TestProjects;
  readonly #diagnostics: ModuleDiagnostics;
  readonly #log: Log;
  /** All modules that were found, including those that are not displayed because there are newer builds. */
  readonly #candidates = new Map<string, Candidate>();
  /** Paths of the modules whose tests are displayed. */
  #shown = new Set<string>();
  /** What was read, by path. */
  readonly #read = new Map<string, Read>();
  readonly #watcher = new ModuleWatcher();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  #scan: Promise<void> | undefined;
  /** Settles when the modules that are known have been read: one reader would forget what another one is about to display. */
  #showing: Promise<number> = Promise.resolve(0);
  /** Fires when the tests of a module have been read again. */
  readonly onDidChange = this.#changed.event;

  constructor(items: TestItems, projects: TestProjects, diagnostics: ModuleDiagnostics, log: Log) {
    this.#items = items;
    this.#projects = projects;
    this.#diagnostics = diagnostics;
    this.#log = log;
    this.#watcher.onDidChangeModule((uri) => this.#moduleChanged(uri));
    this.#watcher.onDidAddFolders(() => this.#scanAgain());
    projects.onDidChange(() => this.#projectsChanged());
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

  /** Reads modules that a build has made, without telling that they have changed. */
  async readBuilt(paths: readonly string[]): Promise<void> {
    await each(paths, (path) => this.#look(vscode.Uri.file(path)));
    await this.#showNewest();
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
    const [shown] = await Promise.all([this.#showNewest(), this.#showProjects()]);
    const time = Math.round(performance.now() - start);
    this.#log.info(`Looked for tests in ${shown} ${shown === 1 ? 'module' : 'modules'}, in ${time} ms`);
  }

  /** Reads modules that have changed, and removes those that are not to be displayed. Returns the number of modules. */
  #showNewest(): Promise<number> {
    this.#showing = this.#showing.then(() => this.#show());
    return this.#showing;
  }

  async #show(): Promise<number> {
    const before = this.#shown;
    this.#shown = new Set();
    const groups = buildsOf(this.#candidates.values());
    await each(groups, async (builds) => {
      // Cargo builds a program without its tests, too.
      for (const file of builds) {
        if (!(await this.#isShown(file))) continue;
        this.#shown.add(file.path);
        return;
      }
    });
    for (const path of before) if (!this.#shown.has(path)) this.#forget(path);
    return groups.length;
  }

  async #isShown(file: Candidate): Promise<boolean> {
    const known = this.#read.get(file.path);
    return known?.modified === file.modified && known.size === file.size
      ? known.isShown
      : await this.#readTests(file);
  }

  /** Displays projects whose tests are not built yet. */
  async #showProjects(): Promise<void> {
    const projects = await this.#projects.withTests();
    for (const project of projects) this.#items.addProject(project);
    const files = new Set(projects.map(({ file }) => file));
    for (const item of this.#items.tops()) {
      const data = this.#items.dataOf(item);
      if (data?.kind === 'project' && item.children.size === 0 && !files.has(data.project.file))
        this.#items.removeProject(item);
    }
  }

  async #projectsChanged(): Promise<void> {
    for (const { data } of [...this.#items.modules()]) {
      const project = await this.#projects.of(data.uri, data.source);
      if (project?.file !== data.project?.file) this.#read.delete(data.uri.fsPath);
    }
    await this.#scanAgain();
  }

  async #moduleChanged(uri: vscode.Uri): Promise<void> {
    if (!this.#candidates.has(uri.fsPath) && (await isExcluded(uri))) return;
    const file = await this.#look(uri);
    const before = this.#read.get(uri.fsPath);
    // A file may change without getting another modification time.
    this.#read.delete(uri.fsPath);
    await this.#showNewest();
    // What a test run has built was read by it.
    if (before?.modified !== file?.modified || before?.size !== file?.size) this.#changed.fire(uri);
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
    const candidate = { uri, path, modified: file.mtimeMs, size: file.size, root: await crateRoot(path) };
    this.#candidates.set(path, candidate);
    return candidate;
  }

  /** Returns whether the file is displayed. */
  async #readTests({ uri, path, modified, size, root }: Candidate): Promise<boolean> {
    const finish = (isShown: boolean) => {
      this.#read.set(path, { modified, size, isShown });
      if (isShown) this.#shown.add(path);
      return isShown;
    };
    const module = async (source = root): Promise<FoundModule> => ({
      ...{ uri, root, source },
      project: await this.#projects.of(uri, source),
    });
    try {
      const bytes = await readWorkspaceFile(path);
      this.#diagnostics.clear(uri);
      // Modules without tests may have errors.
      if (!mayHaveTests(bytes) && this.#items.moduleItem(uri) === undefined) return finish(false);
      const found = await readTestsApart(bytes, path, { top: topFolder(uri) });
      const placed = found.tests.find(({ place }) => place?.file !== undefined);
      this.#items.setTests(await module(root ?? placed?.place?.file), found);
      return finish(found.tests.length > 0);
    } catch (error) {
      this.#log.warn(`No tests could be read from ${path}: ${messageOf(error)}`);
      if (!(error instanceof ModuleReadError)) return finish(false);
      this.#items.setError(await module(), error);
      this.#diagnostics.set(uri, error);
      return finish(true);
    }
  }

  #forget(path: string): void {
    const uri = vscode.Uri.file(path);
    if (!this.#candidates.has(path)) this.#read.delete(path);
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
