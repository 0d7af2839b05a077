import * as vscode from 'vscode';
import { printable } from '../../runtime/internal.ts';
import type { Log } from '../log.ts';
import type { LunaticCommands } from '../node/lunatic-command.ts';

/**
 * Starts the debug adapter of each session in an OS process of its own: whatever a program or its debug info makes of it, the
 * extensions go on. VS Code ends it with the session.
 */
export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  readonly #commands: LunaticCommands;

  constructor(commands: LunaticCommands) {
    this.#commands = commands;
  }

  /** @throws NodeNotFoundError, ConsentError, of which VS Code tells the user */
  async createDebugAdapterDescriptor(): Promise<vscode.DebugAdapterDescriptor> {
    const { node, script, env } = await this.#commands.find();
    return new vscode.DebugAdapterExecutable(node, [script, 'dap'], { env: { ...env } });
  }
}

/** Characters of the name of a session that a message shows. */
const MAX_NAME = 100;

/** Tells the user of an adapter that ends before its session does. VS Code would only close the session. */
export class AdapterDeaths implements vscode.DebugAdapterTrackerFactory {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  createDebugAdapterTracker({ name, configuration }: vscode.DebugSession): vscode.DebugAdapterTracker {
    let mayEnd = false;
    return {
      onWillReceiveMessage({ command }) {
        if (command === 'disconnect') mayEnd = true;
      },
      onDidSendMessage({ event }) {
        if (event === 'terminated') mayEnd = true;
      },
      // Why it has ended, VS Code does not tell.
      onExit: () => {
        if (mayEnd) return;
        const whose = `The debug adapter of "${printable(name).slice(0, MAX_NAME)}" has ended unexpectedly`;
        const text =
          configuration.request === 'attach'
            ? `${whose}. The program that it was attached to goes on without it.`
            : `${whose}, and the program with it.`;
        this.#log.error(text);
        vscode.window.showErrorMessage(text);
      },
    };
  }
}
