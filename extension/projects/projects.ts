import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';
import { PROJECT_FILE_NAMES, projectIn, projectOf } from './find-project.ts';
import { type Project, ProjectError, type Target } from './project.ts';

const PROJECT_FILES = `**/{${PROJECT_FILE_NAMES.join(',')}}`;
/** Folders that contain projects of others, or what was built. */
const NOT_SEARCHED = '**/{node_modules,.git,target,build,dist}/**';
/** Files that may make a project and are looked at, at most. */
const MAX_FILES = 100;

/** One of a project's programs. */
export interface Program {
  readonly project: Project;
  readonly target: Target;
}

/** Files of which cargo makes programs when they appear. */
const CRATE_SOURCES = '**/*.rs';

/** The projects of the workspace. They are read when somebody asks, and again when one of their files has changed. */
export class Projects implements vscode.Disposable {
  /** The folder for modules of sources that belong to no project. */
  readonly #builds: string;
  readonly #log: Log;
  readonly #subscriptions: vscode.Disposable;
  readonly #changed = new vscode.EventEmitter<void>();
  /** What was found in folders so far. */
  readonly #read = new Map<string, Promise<Project | undefined>>();
  /** Fires when a file that makes a project has appeared, changed or gone. */
  readonly onDidChange = this.#changed.event;

  constructor(builds: string, log: Log) {
    this.#builds = builds;
    this.#log = log;
    const files = vscode.workspace.createFileSystemWatcher(PROJECT_FILES);
    const sources = vscode.workspace.createFileSystemWatcher(CRATE_SOURCES, false, true, false);
    const forget = () => {
      this.#read.clear();
      this.#changed.fire();
    };
    this.#subscriptions = vscode.Disposable.from(
      files,
      sources,
      files.onDidChange(forget),
      files.onDidCreate(forget),
      files.onDidDelete(forget),
      sources.onDidCreate(forget),
      sources.onDidDelete(forget),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#changed.dispose();
  }

  /** All projects of the workspace, by their files. One that cannot be read is left out, with a word in the log. */
  async all(): Promise<readonly Project[]> {
    if (!vscode.workspace.isTrusted) return [];
    const files = await vscode.workspace.findFiles(PROJECT_FILES, NOT_SEARCHED, MAX_FILES);
    const folders = [...new Set(files.map(({ fsPath }) => dirname(fsPath)))].sort();
    const found = new Map<string, Project>();
    for (const folder of folders) {
      try {
        const project = await this.#in(folder);
        // The crates of a workspace are all in it.
        if (project !== undefined && project.targets.length > 0) found.set(project.file, project);
      } catch (error) {
        if (!(error instanceof ProjectError)) throw error;
        this.#log.warn(`${folder} was not read as a project: ${messageOf(error)}`);
      }
    }
    return [...found.values()];
  }

  /**
   * The project to which a file belongs.
   * @throws ProjectError if it cannot be read
   */
  async of({ scheme, fsPath }: vscode.Uri): Promise<Project | undefined> {
    if (scheme !== 'file' || !vscode.workspace.isTrusted) return undefined;
    const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(fsPath))?.uri.fsPath;
    return await projectOf(fsPath, folder ?? dirname(fsPath), this.#builds, (at) => this.#in(at));
  }

  /**
   * The project that a file makes: a `Cargo.toml`, a single source.
   * @throws ProjectError
   */
  async read(file: string): Promise<Project | undefined> {
    const folder = dirname(file);
    const project = await this.#in(folder);
    return project?.file === file
      ? project
      : await projectOf(file, folder, this.#builds, async () => undefined);
  }

  #in(folder: string): Promise<Project | undefined> {
    const known = this.#read.get(folder);
    if (known !== undefined) return known;
    const reading = projectIn(folder);
    this.#read.set(folder, reading);
    // What was wrong may be mended outside of the folder, as by installing cargo.
    reading.catch(() => this.#read.delete(folder));
    return reading;
  }
}
