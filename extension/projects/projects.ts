import { dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';
import { PROJECT_FILE_NAMES, projectFrom, projectIn, projectOf } from './find-project.ts';
import { isOnlyDebuggerOf } from './other-debuggers.ts';
import { type Program, type Project, ProjectError } from './project.ts';
import { PRESET_FILES } from './tool-projects.ts';

const PROJECT_FILES = `**/{${[...PROJECT_FILE_NAMES, ...PRESET_FILES].join(',')}}`;
/** Those in which crates are told for what they are built. */
const CARGO_CONFIGS = '**/.cargo/{config,config.toml}';
/** Files of which cargo makes programs when they appear. */
const CRATE_SOURCES = '**/*.rs';
/** Folders that contain projects of others, or what was built. */
const FOLDERS = [
  ...['node_modules', '.git', 'target', 'build', 'dist'],
  ...['vendor', 'third_party', 'third-party', '_deps'],
];
/** What is in them. */
export const NOT_SEARCHED = `**/{${FOLDERS.join(',')}}/**`;
/** The same, for the path of a file in the workspace. */
const IN_NOT_SEARCHED = new RegExp(`(^|[\\\\/])(${FOLDERS.join('|').replaceAll('.', '\\.')})[\\\\/]`);
/** Files that may make a project and are looked at, at most. */
const MAX_FILES = 100;
/** Milliseconds without a change after which projects are read again: a checkout changes many files. */
const CALM = 300;

/** The projects of the workspace. They are read when somebody asks, and again when one of their files has changed. */
export class Projects implements vscode.Disposable {
  /** The folder for modules of single sources. */
  readonly #builds: string;
  readonly #log: Log;
  readonly #subscriptions: vscode.Disposable;
  readonly #changed = new vscode.EventEmitter<void>();
  /** What was found in folders so far. */
  readonly #known = new Map<string, Promise<Project | undefined>>();
  #calm: NodeJS.Timeout | undefined;
  /** Fires when files that make projects have appeared, changed or gone. */
  readonly onDidChange = this.#changed.event;

  constructor(builds: string, log: Log) {
    this.#builds = builds;
    this.#log = log;
    const files = vscode.workspace.createFileSystemWatcher(PROJECT_FILES);
    const configs = vscode.workspace.createFileSystemWatcher(CARGO_CONFIGS);
    const sources = vscode.workspace.createFileSystemWatcher(CRATE_SOURCES, false, true, false);
    const forget = (uri: vscode.Uri) => this.#forget(uri);
    this.#subscriptions = vscode.Disposable.from(
      ...[files, configs].flatMap((watched) => [
        watched,
        watched.onDidChange(forget),
        watched.onDidCreate(forget),
        watched.onDidDelete(forget),
      ]),
      sources,
      sources.onDidCreate(forget),
      sources.onDidDelete(forget),
    );
  }

  dispose(): void {
    clearTimeout(this.#calm);
    this.#subscriptions.dispose();
    this.#changed.dispose();
  }

  #forget(file: vscode.Uri): void {
    if (IN_NOT_SEARCHED.test(vscode.workspace.asRelativePath(file, false))) return;
    this.#known.clear();
    clearTimeout(this.#calm);
    this.#calm = setTimeout(() => this.#changed.fire(), CALM);
  }

  /** All programs of the workspace that are for WebAssembly. A project that cannot be read is left out, with a word in the log. */
  async programs(): Promise<readonly Program[]> {
    return (await this.#each(programsOf)).flat();
  }

  /** All projects of the workspace that are for WebAssembly; the same holds for them. */
  async all(): Promise<readonly Project[]> {
    return await this.#each(async (project) => project);
  }

  async #each<Result>(read: (project: Project) => Promise<Result>): Promise<Result[]> {
    if (!vscode.workspace.isTrusted) return [];
    const files = await vscode.workspace.findFiles(PROJECT_FILES, NOT_SEARCHED, MAX_FILES);
    const folders = [...new Set(files.map(({ fsPath }) => dirname(fsPath)))].sort();
    const found: Result[] = [];
    for (const folder of folders) {
      try {
        const project = await this.#in(folder);
        if (project?.isForWasm) found.push(await read(project));
      } catch (error) {
        if (!(error instanceof ProjectError)) throw error;
        this.#log.warn(`The project in ${folder} cannot be read: ${messageOf(error)}`);
      }
    }
    return found;
  }

  /**
   * The project to which a file belongs. A source that belongs to none is one for WebAssembly also if no other debugger could run it.
   * @throws ProjectError if it cannot be read
   */
  async of(file: vscode.Uri): Promise<Project | undefined> {
    if (file.scheme !== 'file' || !vscode.workspace.isTrusted) return undefined;
    const top = vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath ?? dirname(file.fsPath);
    const project = await projectOf(file.fsPath, top, this.#builds, (folder) => this.#in(folder));
    const isOurs = project?.file === file.fsPath && !project.isForWasm && isOnlyDebuggerOf(file);
    return isOurs ? { ...project, isForWasm: true } : project;
  }

  /** Whether the project to which a file belongs is one for WebAssembly. It is none if it cannot be read. */
  async isForWasm(file: vscode.Uri): Promise<boolean> {
    try {
      return (await this.of(file))?.isForWasm === true;
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      return false;
    }
  }

  /** The program that a source makes which belongs to no project, if it is for WebAssembly. */
  async alone(source: vscode.Uri): Promise<readonly Program[]> {
    try {
      const project = await this.of(source);
      return project?.file === source.fsPath && project.isForWasm ? await programsOf(project) : [];
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      return [];
    }
  }

  /**
   * The project that a file makes: one such as `Cargo.toml`, or a single source.
   * @param file its path, which may be relative to the workspace folder
   * @throws ProjectError
   */
  async read(file: string, folder: vscode.WorkspaceFolder | undefined): Promise<Project | undefined> {
    const base = folder ?? vscode.workspace.workspaceFolders?.[0];
    // In VS Code's own spelling: on Windows, paths come in several.
    const { fsPath } = vscode.Uri.file(resolve(base?.uri.fsPath ?? '', file));
    const known = await this.#in(dirname(fsPath)).catch(() => undefined);
    return known?.file === fsPath ? known : await projectFrom(fsPath, this.#builds);
  }

  #in(folder: string): Promise<Project | undefined> {
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    const reading = projectIn(folder);
    this.#known.set(folder, reading);
    reading.catch(() => this.#known.delete(folder));
    return reading;
  }
}

/**
 * All programs of a project.
 * @throws ProjectError
 */
export async function programsOf(project: Project): Promise<Program[]> {
  return (await project.targets()).map((target) => ({ project, target }));
}
