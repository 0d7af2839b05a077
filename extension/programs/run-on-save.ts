import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';
import { type Log, messageOf } from '../log.ts';
import type { ModuleDiagnostics } from '../modules/module-diagnostics.ts';
import { ModuleReadError } from '../modules/module-error.ts';
import { showFault } from '../projects/build-faults.ts';
import { ProjectError } from '../projects/project.ts';
import { type ProjectLaunch, RebuildError } from '../projects/project-launch.ts';
import { RUN_ON_SAVE, TOGGLE_RUN_ON_SAVE, toggleRunOnSave } from '../projects/run-on-save-setting.ts';
import { tellProjectError } from '../projects/tell-project-error.ts';
import { RunOnSaveStatus, timeText } from './run-on-save-status.ts';
import { type SavedProgramListener, StartError } from './saved-program.ts';
import { type LaunchedWith, SAVED_AT, SavedSession } from './saved-session.ts';

/** Milliseconds for which the status bar says that *Run on Save* was turned on or off. */
const MESSAGE_TIME = 5000;

/**
 * *Run on Save*: builds running programs when a source of theirs is saved, and restarts each in its session if that has made another
 * module. One that has ended by itself is started again; one that was stopped is not. One that cannot be built runs on.
 */
export class RunOnSave implements vscode.Disposable, vscode.DebugAdapterTrackerFactory {
  readonly #projects: ProjectLaunch;
  readonly #diagnostics: ModuleDiagnostics;
  readonly #log: Log;
  readonly #status = new RunOnSaveStatus();
  /** By the ids of their sessions. */
  readonly #sessions = new Map<string, SavedSession>();
  /** Programs of which the user has been told that they cannot be built or started. */
  readonly #told = new Set<SavedSession>();
  readonly #subscriptions: vscode.Disposable;

  constructor(projects: ProjectLaunch, diagnostics: ModuleDiagnostics, log: Log) {
    this.#projects = projects;
    this.#diagnostics = diagnostics;
    this.#log = log;
    this.#subscriptions = vscode.Disposable.from(
      this.#status,
      vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, this),
      vscode.debug.onDidTerminateDebugSession(({ id }) => this.#terminated(id)),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        for (const session of this.#sessions.values()) session.saved(uri.fsPath);
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(RUN_ON_SAVE)) this.#settingChanged();
      }),
      vscode.commands.registerCommand(TOGGLE_RUN_ON_SAVE, (scope?: vscode.Uri) => this.#toggle(scope)),
    );
  }

  dispose(): void {
    for (const session of this.#sessions.values()) session.dispose();
    this.#subscriptions.dispose();
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    const saved = () => this.#sessions.get(session.id);
    return {
      onWillReceiveMessage: ({ command, arguments: args }) => {
        if (command === 'launch' && isProgram(args)) this.#launched(session, args);
        if (command === 'restart') this.#restarts(session, args?.arguments);
        if (command === 'disconnect' || command === 'terminate') saved()?.program.disconnects();
      },
      onDidSendMessage: ({ type, command, event, success }) => {
        if (type === 'response' && command === 'configurationDone' && success) this.#begins(session.id);
        if (type === 'event' && event === 'terminated') saved()?.program.ended();
      },
    };
  }

  /**
   * Resolves a configuration with which a program is started. What the user starts has saved the sources and builds the program: it is
   * not built here as well, and not started once more if it has ended.
   */
  async during<Config>(
    config: vscode.DebugConfiguration,
    resolve: () => Promise<Config | undefined>,
  ): Promise<Config | undefined> {
    if (config[SAVED_AT] !== undefined) {
      const resolved = await resolve();
      return this.#same(config).some(({ program }) => program.isTaken) ? undefined : resolved;
    }
    const taken = this.#same(config);
    for (const { program } of taken) program.taken();
    const begun = taken.filter(({ isStartedAgain }) => isStartedAgain);
    await Promise.all(begun.map(({ session }) => vscode.debug.stopDebugging(session)));
    let resolved: Config | undefined;
    try {
      resolved = await resolve();
    } finally {
      if (resolved === undefined) for (const { program } of taken) program.notStarted();
    }
    return resolved;
  }

  /** The sessions of the program of a configuration. */
  #same(config: vscode.DebugConfiguration): SavedSession[] {
    return [...this.#sessions.values()].filter((session) => session.isOf(config));
  }

  #launched(session: vscode.DebugSession, args: LaunchedWith): void {
    const { configuration } = session;
    // The user is starting the same program since that was resolved, and it is to run once.
    if (
      configuration[SAVED_AT] !== undefined &&
      this.#same(configuration).some(({ program }) => program.isTaken)
    ) {
      void vscode.debug.stopDebugging(session);
      return;
    }
    const listener = (saved: SavedSession) => this.#listenerOf(saved);
    const saved = new SavedSession(session, args, this.#projects, listener);
    for (const { program } of this.#sessions.values())
      if (program.hasEnded && program.module === saved.program.module) saved.program.inherit(program);
    this.#sessions.set(session.id, saved);
    this.#showStatus();
  }

  #restarts({ id, configuration }: vscode.DebugSession, args: unknown): void {
    const saved = this.#sessions.get(id);
    if (saved === undefined) return;
    // VS Code saves nothing when the user restarts a session that was started without saving.
    if (configuration[SAVED_AT] !== undefined && !saved.program.isRestarting) void saveBeforeStart();
    if (isProgram(args)) saved.launched(args);
  }

  #begins(id: string): void {
    const own = this.#sessions.get(id);
    // Of those that have ended, only the last one runs again.
    if (own?.program.hasBegun === false)
      for (const session of this.#sessions.values()) if (session.program.hasEnded) this.#drop(session);
    const isByUser = own?.program.isRestarting === false;
    own?.program.begins();
    // What was said of the build before is over.
    if (own === undefined || !isByUser) return;
    this.#told.delete(own);
    this.#showStatus();
  }

  #terminated(id: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined || session.program.hasEnded) return;
    this.#drop(session);
    // One that has not even begun replaces nothing.
    if (session.program.hasBegun) return;
    for (const { program } of this.#sessions.values()) program.notStarted();
  }

  #drop(session: SavedSession): void {
    session.dispose();
    this.#sessions.delete(session.session.id);
    this.#told.delete(session);
    this.#showStatus();
  }

  #settingChanged(): void {
    for (const { isMeant, program } of this.#sessions.values()) if (!isMeant) program.cancel();
    this.#showStatus();
  }

  #showStatus(): void {
    const meant = [...this.#sessions.values()].filter(({ isMeant }) => isMeant);
    this.#status.isConfigured = meant.length > 0 && meant.every(({ isConfigured }) => isConfigured);
    if (meant.length > 0) this.#status.show({ kind: 'waits' });
    else this.#status.hide();
  }

  /** Turns the setting on or off for a folder: that of a program whose session is debugged, or else of the editor. */
  async #toggle(given: vscode.Uri | undefined): Promise<void> {
    const ofProgram = [...this.#sessions.values()].at(-1)?.session.workspaceFolder?.uri;
    const ofEditor = vscode.window.activeTextEditor?.document.uri;
    const isOn = await toggleRunOnSave(given ?? ofProgram ?? ofEditor);
    vscode.window.setStatusBarMessage(`Lunatic: Run on Save is ${isOn ? 'on' : 'off'}`, MESSAGE_TIME);
  }

  #listenerOf(session: SavedSession): SavedProgramListener {
    const { name } = session;
    return {
      builds: () => this.#status.show({ kind: 'builds', name }),
      waits: () => {
        this.#told.delete(session);
        this.#showStatus();
      },
      runs: (milliseconds) => {
        this.#told.delete(session);
        this.#log.info(`${name} runs again, ${timeText(milliseconds)} after its source was saved`);
        if (session.isMeant) this.#status.show({ kind: 'runs', name, milliseconds });
      },
      failed: (error) => this.#failed(session, error),
    };
  }

  #failed(session: SavedSession, error: unknown): void {
    const { name, program } = session;
    this.#log.error(`${name} does not run again: ${messageOf(error)}`);
    this.#status.show({ kind: error instanceof StartError ? 'not started' : 'not built', name });
    if (error instanceof ModuleReadError) this.#diagnostics.set(vscode.Uri.file(program.module), error);
    // Whoever saves again and again while a line is unfinished is told once.
    if (this.#told.has(session)) return;
    this.#told.add(session);
    void tellFailure(name, error);
  }
}

function isProgram(args: unknown): args is LaunchedWith {
  if (typeof args !== 'object' || args === null || 'coreDump' in args) return false;
  return 'program' in args && typeof args.program === 'string';
}

/** Saves what VS Code saves before the user starts a program: all editors, but for those that have no file yet. */
async function saveBeforeStart(): Promise<void> {
  if (vscode.workspace.getConfiguration('debug').get('saveBeforeStart') === 'none') return;
  await vscode.workspace.saveAll(false);
}

/** Says why a program was not restarted, and leads to the fault. */
async function tellFailure(name: string, error: unknown): Promise<void> {
  if (error instanceof ProjectError) return await tellProjectError(error);
  const what =
    error instanceof StartError
      ? 'was built, but does not start'
      : 'could not be built, and the program from before is left as it is';
  const fault = error instanceof RebuildError ? error.fault : undefined;
  const show = fault === undefined ? 'Show Output' : 'Show Error';
  // A warning with a button goes by itself, an error stays after it was mended. The status bar shows both until then.
  if ((await vscode.window.showWarningMessage(`${name} ${what}: ${messageOf(error)}`, show)) !== show) return;
  if (fault === undefined) await vscode.commands.executeCommand('lunatic.showOutput');
  else await showFault(fault);
}
