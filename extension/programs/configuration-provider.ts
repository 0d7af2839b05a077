import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';
import type { LunaticCommands } from '../node/lunatic-command.ts';
import { NodeNotFoundError } from '../node/node-finder.ts';
import { chooseModule, workspaceModules } from './choose-module.ts';

export const DEBUG_TYPE = 'lunatic';

/** Completes debug configurations, and makes them where there is no `launch.json`. */
export class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  readonly #commands: LunaticCommands;
  readonly #log: Log;

  constructor(commands: LunaticCommands, log: Log) {
    this.#commands = commands;
    this.#log = log;
  }

  /** For a new `launch.json`. */
  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
    const program = '${file}';
    return [{ type: DEBUG_TYPE, request: 'launch', name: 'Debug this module', program }];
  }

  async resolveDebugConfiguration(
    folder: vscode.WorkspaceFolder | undefined,
    config: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    if (config.type !== undefined && config.type !== '' && config.request !== undefined) return config;
    const module = await chooseModule(config['noDebug'] ? 'run' : 'debug');
    if (module === undefined) return undefined;
    const owner = vscode.workspace.getWorkspaceFolder(module) ?? folder;
    return { ...launchOf(module, owner), ...(config['noDebug'] ? { noDebug: true } : {}) };
  }

  /** The runtime is looked for at last, when it is certain that something will be started. */
  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    config: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    if (config.request !== 'launch') return config;
    if (typeof config['program'] !== 'string' || config['program'] === '') {
      await vscode.window.showErrorMessage(
        `The configuration "${config.name}" names no program. Set "program" to a .wasm or .wat file.`,
      );
      return undefined;
    }
    try {
      const { node, script } = await this.#commands.find();
      const cwd = folder?.uri.fsPath ?? dirname(config['program']);
      return { cwd, runtime: node, lunatic: script, ...config };
    } catch (error) {
      this.#log.error(messageOf(error));
      if (!(error instanceof NodeNotFoundError)) throw error;
      // Nobody must answer before the editor knows that nothing starts.
      tellNoNode(error);
      return undefined;
    }
  }
}

/** Offers each module of the workspace where debug configurations are picked. */
export class DynamicConfigurations implements vscode.DebugConfigurationProvider {
  async provideDebugConfigurations(
    folder: vscode.WorkspaceFolder | undefined,
  ): Promise<vscode.DebugConfiguration[]> {
    if (!vscode.workspace.isTrusted) return [];
    const modules = await workspaceModules(folder);
    return modules.map((module) => launchOf(module, folder));
  }
}

/** A configuration that launches a module. */
export function launchOf(
  module: vscode.Uri,
  folder: vscode.WorkspaceFolder | undefined,
): vscode.DebugConfiguration {
  const path = vscode.workspace.asRelativePath(module, false);
  return {
    type: DEBUG_TYPE,
    request: 'launch',
    name: path === module.fsPath ? basename(path) : path,
    program: folder === undefined ? module.fsPath : `\${workspaceFolder}/${path}`,
  };
}

/** Says that there is no Node for the runtime, and leads to the setting. */
export async function tellNoNode(error: NodeNotFoundError): Promise<void> {
  const open = 'Open Setting';
  if ((await vscode.window.showErrorMessage(error.message, open)) === open) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'lunatic.node');
  }
}
