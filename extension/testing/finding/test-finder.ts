import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { type Log, messageOf } from '../../log.ts';
import type { ModuleDiagnostics } from '../../modules/module-diagnostics.ts';
import { ModuleReadError } from '../../modules/module-error.ts';
import { readTestsApart } from '../../modules/read-apart.ts';
import { MAX_SIZE, readWorkspaceFile } from '../../modules/read-file.ts';
import { spareTwins, twinOf } from '../../modules/spare-twins.ts';
import { isInside } from '../../projects/files.ts';
import type { Project } from '../../projects/project.ts';
import type { BuiltTests } from '../running/test-builder.ts';
import type { FoundModule, TestItems } from '../test-items.ts';
import { topFolder } from '../top-folder.ts';
import { crateRoot } from './dep-info.ts';
import { ModuleWatcher } from './module-watcher.ts';
import { type BuiltFile, buildsOf } from './newest-builds.ts';
import { mayHaveTests } from './read-module-tests.ts';
import type { TestProjects } from './test-projects.ts';

/** Number of files that are read at the same time. */
const READERS = 4;
/** Maximum number of files of a workspace folder that are read. */
const MAX_FILES = 5000;

/** Milliseconds for which it is known when projects were built: news of what a build has written comes later than its end. */
const BUILD_MEMORY = 60_000;
/** Milliseconds by which the times of files may be behind the clock. */
const CLOCK_STEP = 20;

interface Candidate extends BuiltFile {
  readonly uri: vscode.Uri;
  readonly size: number;
  /** When it was last written, in milliseconds since 1970, whatever its modification time was set to. */
  readonly written: number;
}

/** A build that is over. */
interface PastBuild {
  readonly folder: string;
  readonly from: number;
  readonly to: number;
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
  /** The search that begins when this one is over. */
  #nextScan: Promise<void> | undefined;
  /** The number of builds that run, those that were over lately, and the modules that have changed since the first began. */
  #builds = 0;
  #pastBuilds: PastBuild[] = [];
  readonly #heldBack = new Map<string, vscode.Uri>();
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
    this.#watcher.onDidRemove((uri) => this.#folderRemoved(uri));
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

  /** One search after the other: each begins with an empty list. Several requests for the next one are one. */
  async #scanAgain(): Promise<void> {
    this.#nextScan ??= (this.#scan ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        this.#nextScan = undefined;
        this.#scan = this.#scanFolders();
        return this.#scan;
      });
    await this.#nextScan;
  }

  /** Finds the tests of the module in an editor, without searching the workspace. */
  async findIn(uri: vscode.Uri): Promise<void> {
    if (!vscode.workspace.isTrusted || !(await isIncluded(uri))) return;
    const found = await this.#look(uri);
    if (found === undefined) return;
    const twin = twinOf(found.path);
    const hasTwin = await isIncluded(vscode.Uri.file(twin));
    if (hasTwin && (await spareTwins([found.path, twin])).has(found.path)) return;
    await this.#readTests(found);
  }

  /**
   * Reads the modules that a build makes, as far as the settings include them, without telling that they have changed. What else
   * changes meanwhile is told of when the build is over.
   */
  async readBuilt(project: Project, build: () => Promise<BuiltTests>): Promise<BuiltTests> {
    this.#builds++;
    const from = Date.now();
    try {
      const built = await build();
      if ('modules' in built) {
        const modules = built.modules.map((path) => vscode.Uri.file(path));
        await each(await included(modules), (uri) => this.#look(uri));
        // The sources may have other tests than before.
        await Promise.all([this.#showNewest(), this.#showProjects()]);
      }
      return built;
    } finally {
      this.#builds--;
      const to = Date.now();
      this.#pastBuilds = this.#pastBuilds.filter((past) => past.to > to - BUILD_MEMORY);
      this.#pastBuilds.push({ folder: project.folder, from, to });
      if (this.#builds === 0) this.#buildsAreOver();
    }
  }

  #buildsAreOver(): void {
    const modules = [...this.#heldBack.values()];
    this.#heldBack.clear();
    for (const uri of modules) void this.#moduleChanged(uri);
  }

  /** Whether a build has written a module in its folder. Builds may also write modules that they do not name. */
  #isBuilt({ uri, path, written }: Candidate): boolean {
    return (
      !isWrittenByUser(uri) &&
      this.#pastBuilds.some(
        ({ folder, from, to }) => isInside(path, folder) && written >= from - CLOCK_STEP && written <= to,
      )
    );
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
    const spare = await spareTwins(this.#candidates.keys());
    const groups = buildsOf([...this.#candidates.values()].filter(({ path }) => !spare.has(path)));
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
    for (const { project, note } of projects) this.#items.addProject(project, note);
    const files = new Set(projects.map(({ project }) => project.file));
    for (const item of this.#items.tops()) {
      const data = this.#items.dataOf(item);
      if (data?.kind !== 'project' || files.has(data.project.file)) continue;
      if (item.children.size === 0) this.#items.removeProject(item);
      else item.error = undefined;
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
    if (this.#builds > 0 && !isWrittenByUser(uri)) {
      this.#heldBack.set(uri.fsPath, uri);
      return;
    }
    if (!this.#candidates.has(uri.fsPath) && (await isExcluded(uri))) return;
    const file = await this.#look(uri);
    const before = this.#read.get(uri.fsPath);
    // A file may change without getting another modification time.
    this.#read.delete(uri.fsPath);
    await this.#showNewest();
    // What a test run has built was read by it.
    const isRead = before?.modified === file?.modified && before?.size === file?.size;
    if (!isRead && !(file !== undefined && this.#isBuilt(file))) this.#changed.fire(uri);
  }

  /** Removes the modules that were in a folder, as after `cargo clean`. */
  async #folderRemoved({ fsPath }: vscode.Uri): Promise<void> {
    const inside = [...this.#candidates.values()].filter(
      ({ path }) => path !== fsPath && isInside(path, fsPath),
    );
    if (inside.length === 0) return;
    await each(inside, ({ uri }) => this.#look(uri));
    await this.#showNewest();
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
    const { mtimeMs: modified, ctimeMs: written, size } = file;
    const candidate = { uri, path, modified, written, size, root: await crateRoot(path) };
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

/** Whether a module is a text that is open in an editor. Others may be results of builds. */
function isWrittenByUser(uri: vscode.Uri): boolean {
  return (
    /\.wat$/i.test(uri.path) &&
    vscode.workspace.textDocuments.some((document) => document.uri.fsPath === uri.fsPath)
  );
}

function isInWorkspace(uri: vscode.Uri): boolean {
  return vscode.workspace.getWorkspaceFolder(uri) !== undefined;
}

/** Whether there is a file that the settings do not exclude. They say nothing of files outside of the workspace. */
async function isIncluded(uri: vscode.Uri): Promise<boolean> {
  return isInWorkspace(uri) ? !(await isExcluded(uri)) : existsSync(uri.fsPath);
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

/** Those of some modules that the settings include. They say nothing of modules outside of the workspace. */
async function included(modules: readonly vscode.Uri[]): Promise<readonly vscode.Uri[]> {
  const found = new Set<string>();
  const folders = modules.map((uri) => vscode.workspace.getWorkspaceFolder(uri));
  for (const folder of new Set(folders)) {
    if (folder === undefined) continue;
    const { include, exclude } = patterns(folder);
    for (const uri of await vscode.workspace.findFiles(include, exclude)) found.add(uri.fsPath);
  }
  return modules.filter((uri) => !isInWorkspace(uri) || found.has(uri.fsPath));
}

async function each<Item>(items: readonly Item[], action: (item: Item) => Promise<unknown>): Promise<void> {
  const left = items[Symbol.iterator]();
  const work = async () => {
    for (const item of left) await action(item);
  };
  await Promise.all(Array.from({ length: READERS }, work));
}
