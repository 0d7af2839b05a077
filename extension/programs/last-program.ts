import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';
import { isConfigured } from '../projects/project-keys.ts';
import { activeModule } from './choose-module.ts';

/** A program, and how it was started. */
export interface StartedProgram {
  readonly folder: vscode.WorkspaceFolder | undefined;
  /** The configuration with its variables substituted, without Node and command. */
  readonly config: vscode.DebugConfiguration;
}

/** Name of the context key that is true while F5 runs the last program again. */
const CONTEXT = 'lunatic.runsAgain';

/**
 * Keeps the program that ran last, or that the user has chosen since. F5 runs it if no module is in the editor and no `launch.json` says
 * otherwise.
 */
export class LastProgram implements vscode.Disposable {
  #program: StartedProgram | undefined;
  /** Whether the last session of any debugger was one of ours. */
  #wasOurs = false;
  #runsAgain = false;
  readonly #subscriptions: vscode.Disposable;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Fires when another program is kept. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.debug.onDidStartDebugSession(({ type, configuration, parentSession }) => {
        // Programs that were started elsewhere, and tests, cannot be started again.
        if (parentSession !== undefined || (type === DEBUG_TYPE && configuration.request !== 'launch'))
          return;
        this.#wasOurs = type === DEBUG_TYPE;
        this.#setContext();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('launch')) this.#setContext();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.#setContext()),
      vscode.window.tabGroups.onDidChangeTabs(() => this.#setContext()),
      vscode.window.tabGroups.onDidChangeTabGroups(() => this.#setContext()),
      vscode.commands.registerCommand('lunatic.debugAgain', () => this.#start(false)),
      vscode.commands.registerCommand('lunatic.runAgain', () => this.#start(true)),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  /** The program that is kept, or undefined if its module or its project is gone. */
  get program(): StartedProgram | undefined {
    const { config } = this.#program ?? {};
    const program = config?.['program'] ?? config?.['project'];
    return typeof program === 'string' && existsSync(program) ? this.#program : undefined;
  }

  /** Whether F5 runs it again. */
  get runsAgain(): boolean {
    return this.#runsAgain;
  }

  /** Called when a program is about to start, and when the user has chosen one. */
  keep(program: StartedProgram): void {
    this.#program = program;
    this.#setContext();
    this.#changed.fire();
  }

  async #start(noDebug: boolean): Promise<void> {
    const { program } = this;
    if (program !== undefined) await vscode.debug.startDebugging(program.folder, program.config, { noDebug });
    else
      await vscode.commands.executeCommand(
        noDebug ? 'workbench.action.debug.run' : 'workbench.action.debug.start',
      );
  }

  /** Updates the context key. VS Code's keys for resources do not serve: they also reflect the file selected in the explorer. */
  #setContext(): void {
    const isMeant = !isConfigured() && activeModule() === undefined;
    const runsAgain = this.#wasOurs && this.#program !== undefined && isMeant;
    if (runsAgain === this.#runsAgain) return;
    this.#runsAgain = runsAgain;
    vscode.commands.executeCommand('setContext', CONTEXT, runsAgain);
  }
}
