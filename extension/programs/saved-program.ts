import { basename, dirname, resolve } from 'node:path';
import * as vscode from 'vscode';
import { checkModule } from '../modules/read-apart.ts';
import { readWorkspaceFile } from '../modules/read-file.ts';
import { modifiedAt } from '../projects/files.ts';
import type { ProjectLaunch } from '../projects/project-launch.ts';
import { isMadeOf } from '../projects/sources.ts';

/**
 * The attribute of a configuration that starts a program again which has ended: when its source was saved, as `performance.now` says it.
 * Its module has been built by then.
 */
export const SAVED_AT = '__savedAt';

/** Milliseconds without another change: *Save All* saves many files, and linkers write in pieces. */
const CALM = { source: 20, module: 200 } as const;

/** Who is told of a program that is built and started again. */
export interface SavedProgramListener {
  builds(program: SavedProgram): void;
  /** There was nothing to do. */
  waits(program: SavedProgram): void;
  /** @param milliseconds since the source was saved */
  runs(program: SavedProgram, milliseconds: number): void;
  failed(program: SavedProgram, error: unknown): void;
}

/** The arguments of a `launch` request, as far as they matter here. */
export interface LaunchedWith {
  readonly program: string;
  readonly project?: unknown;
  readonly cwd?: unknown;
  readonly runOnSave?: unknown;
  readonly noDebug?: unknown;
  readonly [SAVED_AT]?: unknown;
}

/** A program that was launched in a debug session. It is built and started again when what it is made of changes. */
export class SavedProgram implements vscode.Disposable {
  readonly session: vscode.DebugSession;
  readonly #projects: ProjectLaunch;
  readonly #listener: SavedProgramListener;
  #args: LaunchedWith;
  /** Absolute path of the module that runs, and when it was written, in milliseconds since 1970. */
  #module = '';
  #written: Promise<number | undefined> = Promise.resolve(undefined);
  #watcher: vscode.Disposable | undefined;
  #calm: NodeJS.Timeout | undefined;
  #abort = new AbortController();
  /** Settles when nothing is built or started. */
  #work: Promise<void> = Promise.resolve();
  #isWorking = false;
  /** When the source was saved of a program that has not begun yet. */
  #savedAt: number | undefined;
  #hasEnded = false;
  #isStopped = false;

  constructor(
    session: vscode.DebugSession,
    args: LaunchedWith,
    projects: ProjectLaunch,
    listener: SavedProgramListener,
  ) {
    this.session = session;
    this.#projects = projects;
    this.#listener = listener;
    this.#args = args;
    this.launched(args);
  }

  dispose(): void {
    clearTimeout(this.#calm);
    this.#abort.abort();
    this.#watcher?.dispose();
  }

  get name(): string {
    return this.session.name;
  }

  /** Absolute path. */
  get module(): string {
    return this.#module;
  }

  /** Whether it is to run again when it has changed: the configuration says so, or else the setting. */
  get isMeant(): boolean {
    const { runOnSave } = this.#args;
    if (typeof runOnSave === 'boolean') return runOnSave;
    return vscode.workspace.getConfiguration('lunatic', this.session.workspaceFolder).get('runOnSave', false);
  }

  /** Whether the program has ended by itself, and nobody has stopped it. */
  get hasEnded(): boolean {
    return this.#hasEnded && !this.#isStopped;
  }

  // -- what happens in its session -----------------------------------------------------------------------

  /** The program is launched, for the first time or again. */
  launched({ [SAVED_AT]: savedAt, ...args }: LaunchedWith): void {
    if (typeof savedAt === 'number') this.#savedAt = savedAt;
    this.#hasEnded = false;
    this.#args = args;
    const module = resolve(this.#folder, args.program);
    this.#written = modifiedAt(module);
    if (module === this.#module) return;
    this.#module = module;
    this.#watcher?.dispose();
    this.#watcher = this.#watch(module);
  }

  /** The program begins. */
  begins(): void {
    if (this.#savedAt === undefined) return;
    this.#listener.runs(this, performance.now() - this.#savedAt);
    this.#savedAt = undefined;
  }

  ended(): void {
    this.#hasEnded = true;
  }

  /** The user ends the session, or VS Code does when the program has ended. */
  disconnects(): void {
    if (!this.#hasEnded) this.#isStopped = true;
  }

  // -- changes -------------------------------------------------------------------------------------------

  /** Called when a file was saved in the editor. */
  saved(file: string): void {
    const { project } = this.#args;
    if (typeof project !== 'string') {
      if (file === this.#module) this.#later('module', CALM.source);
      return;
    }
    const top = this.session.workspaceFolder?.uri.fsPath;
    if (isMadeOf(resolve(top ?? '', project), file, top)) this.#later('source', CALM.source);
  }

  /** Notices changes of the module by others, as by a compiler in a terminal. */
  #watch(module: string): vscode.Disposable {
    const name = basename(module).replace(/[[\]{}*?]/g, '[$&]');
    const pattern = new vscode.RelativePattern(vscode.Uri.file(dirname(module)), name);
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const changed = () => {
      // What is being built here is looked at when it is complete.
      if (!this.#isWorking) this.#later('module', CALM.module);
    };
    return vscode.Disposable.from(watcher, watcher.onDidChange(changed), watcher.onDidCreate(changed));
  }

  #later(what: 'source' | 'module', calm: number): void {
    if (!this.isMeant || this.#isStopped) return;
    const savedAt = performance.now();
    clearTimeout(this.#calm);
    this.#calm = setTimeout(() => this.#again(what, savedAt), calm);
  }

  /** Builds and starts the program. What is being built is given up: it is out of date. */
  async #again(what: 'source' | 'module', savedAt: number): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    await this.#work;
    if (signal.aborted) return;
    this.#isWorking = true;
    this.#work = this.#renew(what, savedAt, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#listener.failed(this, error);
      })
      .finally(() => {
        this.#isWorking = false;
      });
  }

  async #renew(what: 'source' | 'module', savedAt: number, signal: AbortSignal): Promise<void> {
    let module = this.#module;
    if (what === 'source') {
      this.#listener.builds(this);
      const config = { ...this.session.configuration, ...this.#args };
      module = await this.#projects.rebuild(config, this.session.workspaceFolder, signal);
    }
    const written = await modifiedAt(module);
    if (module === this.#module && written === (await this.#written)) {
      this.#listener.waits(this);
      return;
    }
    // It may have been removed to be built anew.
    if (written === undefined) return;
    await checkModule(await readWorkspaceFile(module), module);
    signal.throwIfAborted();
    await this.#start(module, savedAt);
  }

  async #start(module: string, savedAt: number): Promise<void> {
    const { session } = this;
    const args = { ...this.#args, program: module };
    if (!this.#hasEnded) {
      this.#savedAt = savedAt;
      await session.customRequest('restart', { arguments: args });
      return;
    }
    const config = { ...session.configuration, ...args, [SAVED_AT]: savedAt };
    const noDebug = args.noDebug === true;
    await vscode.debug.startDebugging(session.workspaceFolder, config, {
      noDebug,
      suppressSaveBeforeStart: true,
    });
  }

  get #folder(): string {
    const { cwd, program } = this.#args;
    return typeof cwd === 'string' ? cwd : dirname(resolve(program));
  }
}
