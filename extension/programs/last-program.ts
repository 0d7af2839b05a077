import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { DEBUG_TYPE } from './debug-type.ts';

/** How a program was started. */
export interface StartedProgram {
  readonly folder: vscode.WorkspaceFolder | undefined;
  /** Variables are filled in. What the runtime is run with is not in it. */
  readonly config: vscode.DebugConfiguration;
}

/** True while F5 is to run again what ran last: nothing else is meant by it. */
const CONTEXT = 'lunatic.runsAgain';

/** Keeps the program that ran last, which F5 runs again where no other module is in the editor. */
export class LastProgram implements vscode.Disposable {
  #program: StartedProgram | undefined;
  /** Whether the last session of any debugger was one of ours. */
  #wasOurs = false;
  readonly #subscriptions: vscode.Disposable;

  constructor() {
    this.#subscriptions = vscode.Disposable.from(
      vscode.debug.onDidStartDebugSession(({ type, configuration, parentSession }) => {
        // A program that runs elsewhere, and a test, cannot be started again.
        if (parentSession !== undefined || (type === DEBUG_TYPE && configuration.request !== 'launch'))
          return;
        this.#wasOurs = type === DEBUG_TYPE;
        this.#setContext();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('launch')) this.#setContext();
      }),
      vscode.commands.registerCommand('lunatic.debugAgain', () => this.#start(false)),
      vscode.commands.registerCommand('lunatic.runAgain', () => this.#start(true)),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  /** The program that ran last, unless its module is gone. */
  get program(): StartedProgram | undefined {
    const module = this.#program?.config['program'];
    return typeof module === 'string' && existsSync(module) ? this.#program : undefined;
  }

  /** Keeps a program that is about to start. */
  keep(program: StartedProgram): void {
    this.#program = program;
    this.#setContext();
  }

  async #start(noDebug: boolean): Promise<void> {
    const { program } = this;
    if (program !== undefined) await vscode.debug.startDebugging(program.folder, program.config, { noDebug });
    else
      await vscode.commands.executeCommand(
        noDebug ? 'workbench.action.debug.run' : 'workbench.action.debug.start',
      );
  }

  #setContext(): void {
    const { configurations, compounds } = vscode.workspace.getConfiguration('launch');
    const isConfigured = [configurations, compounds].some((list) => Array.isArray(list) && list.length > 0);
    const runsAgain = this.#wasOurs && this.#program !== undefined && !isConfigured;
    vscode.commands.executeCommand('setContext', CONTEXT, runsAgain);
  }
}
