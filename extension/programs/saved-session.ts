import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import { readWorkspaceFile } from '../modules/read-file.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { isRunOnSave } from '../projects/run-on-save-setting.ts';
import { isMadeOf } from '../projects/sources.ts';
import { checkProgram } from './check-program.ts';
import { type ProgramActions, SavedProgram, type SavedProgramListener } from './saved-program.ts';

/**
 * The attribute of a configuration that starts a program again which has ended: when its source was saved, as `performance.now` says it.
 * Its module has been built by then.
 */
export const SAVED_AT = '__savedAt';

/** The attribute of a resolved configuration with the names of those that were found for it, not given. */
export const FOUND = '__found';

/** The arguments of a `launch` request, as far as they matter here. */
export interface LaunchedWith {
  readonly program: string;
  readonly project?: unknown;
  readonly target?: unknown;
  readonly cwd?: unknown;
  readonly runOnSave?: unknown;
  readonly noDebug?: unknown;
  readonly [SAVED_AT]?: unknown;
}

/** The debug session of a program that may be built and started again, and how that is done with VS Code. */
export class SavedSession implements vscode.Disposable, ProgramActions {
  readonly session: vscode.DebugSession;
  readonly program: SavedProgram;
  readonly #projects: ProjectLaunch;
  #args: LaunchedWith;
  #watcher: vscode.Disposable | undefined;

  constructor(
    session: vscode.DebugSession,
    args: LaunchedWith,
    projects: ProjectLaunch,
    listener: (session: SavedSession) => SavedProgramListener,
  ) {
    this.session = session;
    this.#projects = projects;
    this.#args = args;
    this.program = new SavedProgram(this, listener(this));
    this.launched(args, args[SAVED_AT]);
  }

  dispose(): void {
    this.program.cancel();
    this.#watcher?.dispose();
  }

  get name(): string {
    return this.session.name;
  }

  get isMeant(): boolean {
    return this.isConfigured ?? isRunOnSave(this.session.workspaceFolder?.uri);
  }

  /** Whether Run on Save starts it in place of one that has ended, and it has not begun yet. */
  get isStartedAgain(): boolean {
    return this.session.configuration[SAVED_AT] !== undefined && !this.program.hasBegun;
  }

  /** What the configuration says of Run on Save. Undefined if the setting decides. */
  get isConfigured(): boolean | undefined {
    const { runOnSave } = this.#args;
    return typeof runOnSave === 'boolean' ? runOnSave : undefined;
  }

  /** Whether a configuration whose variables are substituted is for the same program. */
  isOf({ project, target, program }: vscode.DebugConfiguration): boolean {
    const own = this.#args;
    if (typeof own.project === 'string' || project !== undefined) {
      const isSameTarget = own.target === target || own.target === undefined || target === undefined;
      return this.#path(own.project) === this.#path(project) && isSameTarget;
    }
    return this.#path(program) === this.program.module;
  }

  /** The program is launched, for the first time or again. */
  launched({ [SAVED_AT]: _, ...args }: LaunchedWith, savedAt?: unknown): void {
    this.#args = args;
    const folder = typeof args.cwd === 'string' ? args.cwd : dirname(resolve(args.program));
    const module = resolve(folder, args.program);
    const isOther = module !== this.program.module;
    this.program.launched(module, typeof savedAt === 'number' ? savedAt : undefined);
    if (!isOther) return;
    this.#watcher?.dispose();
    this.#watcher = this.#watch(module);
  }

  /** Called when a file was saved in the editor. */
  saved(file: string): void {
    const project = this.#path(this.#args.project);
    if (project === undefined) {
      if (file === this.program.module) this.program.changed('source');
      return;
    }
    if (isMadeOf(project, file, this.session.workspaceFolder?.uri.fsPath)) this.program.changed('source');
  }

  /** An absolute path of one in a configuration. */
  #path(path: unknown): string | undefined {
    return typeof path === 'string'
      ? resolve(this.session.workspaceFolder?.uri.fsPath ?? '', path)
      : undefined;
  }

  /** Notices changes of the module by others, as by a compiler in a terminal. */
  #watch(module: string): vscode.Disposable {
    const name = basename(module).replace(/[[\]{}*?]/g, '[$&]');
    const pattern = new vscode.RelativePattern(vscode.Uri.file(dirname(module)), name);
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const changed = () => this.program.changed('module');
    return vscode.Disposable.from(watcher, watcher.onDidChange(changed), watcher.onDidCreate(changed));
  }

  // -- what is done with the program ---------------------------------------------------------------------

  async build(signal: AbortSignal): Promise<string> {
    // A module without a project is its own source.
    if (typeof this.#args.project !== 'string') return this.program.module;
    const config = { ...this.session.configuration, ...this.#args };
    return await this.#projects.rebuild(config, this.session.workspaceFolder, signal);
  }

  async digest(module: string): Promise<string | undefined> {
    const bytes = await readWorkspaceFile(module).catch(() => undefined);
    return bytes && createHash('sha256').update(bytes).digest('hex');
  }

  async check(module: string): Promise<void> {
    await checkProgram(module, this.session.configuration['entry']);
  }

  async restart(module: string): Promise<void> {
    await this.session.customRequest('restart', { arguments: { ...this.#args, program: module } });
  }

  async start(module: string, savedAt: number): Promise<boolean> {
    const { configuration, workspaceFolder } = this.session;
    const config: vscode.DebugConfiguration = {
      ...configuration,
      ...this.#args,
      program: module,
      [SAVED_AT]: savedAt,
    };
    // What was found for it is looked for again: the setting may have changed.
    for (const name of configuration[FOUND] ?? []) delete config[name];
    const noDebug = this.#args.noDebug === true;
    // Otherwise other files would be saved that the user is still editing.
    const options = { noDebug, suppressSaveBeforeStart: true };
    return await vscode.debug.startDebugging(workspaceFolder, config, options);
  }
}
