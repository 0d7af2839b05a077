import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';
import { type Log, messageOf } from '../log.ts';
import type { ModuleDiagnostics } from '../modules/module-diagnostics.ts';
import { ModuleReadError } from '../modules/module-error.ts';
import { showFault } from '../projects/build-faults.ts';
import { ProjectError } from '../projects/project.ts';
import { type ProjectLaunch, RebuildError } from '../projects/project-launch.ts';
import { tellProjectError } from '../projects/tell-project-error.ts';
import { RunOnSaveStatus, timeText } from './run-on-save-status.ts';
import { type LaunchedWith, SavedProgram, type SavedProgramListener } from './saved-program.ts';

const SETTING = 'lunatic.runOnSave';
const TOGGLE = 'lunatic.toggleRunOnSave';

/** Milliseconds for which the status bar says that *Run on Save* was turned on or off. */
const MESSAGE_TIME = 5000;

/**
 * *Run on Save*: builds the programs that run when a source of theirs is saved, and restarts each in its session if that has made
 * another module. One that has ended by itself is started again; one that was stopped is not. One that cannot be built runs on.
 */
export class RunOnSave implements vscode.Disposable, vscode.DebugAdapterTrackerFactory, SavedProgramListener {
  readonly #projects: ProjectLaunch;
  readonly #diagnostics: ModuleDiagnostics;
  readonly #log: Log;
  readonly #status = new RunOnSaveStatus();
  /** By the ids of their sessions. */
  readonly #programs = new Map<string, SavedProgram>();
  /** Programs of which the user has been told that they cannot be built. */
  readonly #told = new Set<SavedProgram>();
  readonly #subscriptions: vscode.Disposable;

  constructor(projects: ProjectLaunch, diagnostics: ModuleDiagnostics, log: Log) {
    this.#projects = projects;
    this.#diagnostics = diagnostics;
    this.#log = log;
    this.#subscriptions = vscode.Disposable.from(
      this.#status,
      vscode.debug.registerDebugAdapterTrackerFactory(DEBUG_TYPE, this),
      vscode.debug.onDidTerminateDebugSession(({ id }) => this.#ended(id)),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        for (const program of this.#programs.values()) program.saved(uri.fsPath);
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.#showStatus();
      }),
      vscode.commands.registerCommand(TOGGLE, toggle),
    );
  }

  dispose(): void {
    for (const program of this.#programs.values()) program.dispose();
    this.#subscriptions.dispose();
  }

  createDebugAdapterTracker(session: vscode.DebugSession): vscode.DebugAdapterTracker {
    const program = () => this.#programs.get(session.id);
    return {
      onWillReceiveMessage: ({ command, arguments: args }) => {
        if (command === 'launch' && isProgram(args)) this.#launched(session, args);
        if (command === 'restart' && isProgram(args?.arguments)) program()?.launched(args.arguments);
        if (command === 'disconnect' || command === 'terminate') program()?.disconnects();
      },
      onDidSendMessage: ({ type, command, event, success }) => {
        if (type === 'response' && command === 'configurationDone' && success) program()?.begins();
        if (type === 'event' && event === 'terminated') program()?.ended();
      },
    };
  }

  #launched(session: vscode.DebugSession, args: LaunchedWith): void {
    // Of those that have ended, only the last one runs again.
    for (const program of this.#programs.values()) if (program.hasEnded) this.#drop(program);
    this.#programs.set(session.id, new SavedProgram(session, args, this.#projects, this));
    this.#showStatus();
  }

  #ended(session: string): void {
    const program = this.#programs.get(session);
    if (program !== undefined && !program.hasEnded) this.#drop(program);
  }

  #drop(program: SavedProgram): void {
    program.dispose();
    this.#programs.delete(program.session.id);
    this.#told.delete(program);
    this.#showStatus();
  }

  #showStatus(): void {
    if ([...this.#programs.values()].some(({ isMeant }) => isMeant)) this.#status.show({ kind: 'waits' });
    else this.#status.hide();
  }

  // -- what programs tell --------------------------------------------------------------------------------

  builds({ name }: SavedProgram): void {
    this.#status.show({ kind: 'builds', name });
  }

  waits(program: SavedProgram): void {
    this.#told.delete(program);
    this.#showStatus();
  }

  runs(program: SavedProgram, milliseconds: number): void {
    this.#told.delete(program);
    this.#status.show({ kind: 'runs', name: program.name, milliseconds });
    this.#log.info(`${program.name} runs again, ${timeText(milliseconds)} after its source was saved`);
  }

  failed(program: SavedProgram, error: unknown): void {
    const { name } = program;
    this.#log.error(`${name} does not run again: ${messageOf(error)}`);
    this.#status.show({ kind: 'failed', name });
    if (error instanceof ModuleReadError) this.#diagnostics.set(vscode.Uri.file(program.module), error);
    // Whoever saves again and again while a line is unfinished is told once.
    if (this.#told.has(program)) return;
    this.#told.add(program);
    void tellFailure(name, error);
  }
}

function isProgram(args: unknown): args is LaunchedWith {
  if (typeof args !== 'object' || args === null || 'coreDump' in args) return false;
  return 'program' in args && typeof args.program === 'string';
}

/** Says why a program was not restarted, and leads to the fault. */
async function tellFailure(name: string, error: unknown): Promise<void> {
  if (error instanceof ProjectError) return await tellProjectError(error);
  const text = `${name} could not be built, and the program from before is left as it is: ${messageOf(error)}`;
  const fault = error instanceof RebuildError ? error.fault : undefined;
  const show = fault === undefined ? 'Show Output' : 'Show Error';
  if ((await vscode.window.showErrorMessage(text, show)) !== show) return;
  if (fault === undefined) await vscode.commands.executeCommand('lunatic.showOutput');
  else await showFault(fault);
}

/** Turns the setting on or off where it is set: for the workspace, or else for the user. */
async function toggle(): Promise<void> {
  const settings = vscode.workspace.getConfiguration('lunatic');
  const isOn = !settings.get('runOnSave', false);
  const isOfWorkspace = settings.inspect('runOnSave')?.workspaceValue !== undefined;
  const { Global, Workspace } = vscode.ConfigurationTarget;
  await settings.update('runOnSave', isOn, isOfWorkspace ? Workspace : Global);
  vscode.window.setStatusBarMessage(`Lunatic: Run on Save is ${isOn ? 'on' : 'off'}`, MESSAGE_TIME);
}
