import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Log } from '../log.ts';
import type { Consent } from './consent.ts';
import { type FoundNode, NodeFinder } from './node-finder.ts';

/** How to start the `lunatic` command. */
export interface LunaticCommand {
  readonly node: string;
  /** Path of `lunatic.cjs`. */
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The command that comes with the extension, and the Node that runs it. */
export class LunaticCommands {
  readonly #extensionFolder: string;
  readonly #log: Log;
  /** Is asked for before anything runs that a workspace brings from outside of the sandbox. */
  readonly consent: Consent;
  readonly #finder = new NodeFinder();
  #told = '';

  constructor(extensionFolder: string, consent: Consent, log: Log) {
    this.#extensionFolder = extensionFolder;
    this.consent = consent;
    this.#log = log;
  }

  /** @throws NodeNotFoundError, or ConsentError if the workspace names a Node that the user does not allow */
  async find(): Promise<LunaticCommand> {
    const setting = vscode.workspace.getConfiguration('lunatic').get<string>('node', '').trim();
    if (setting !== '' && isOfWorkspace(vscode.workspace.getConfiguration('lunatic'), 'node')) {
      await this.consent.require('This workspace', [{ what: 'Node (lunatic.node)', value: setting }]);
    }
    const node = await this.#finder.find({
      setting,
      extensionFolder: this.#extensionFolder,
      execPath: process.execPath,
      isElectron: process.versions['electron'] !== undefined,
      searchPath: process.env['PATH'] ?? '',
      platform: process.platform,
    });
    this.#tell(node);
    return { node: node.path, script: join(this.#extensionFolder, 'dist', 'lunatic.cjs'), env: node.env };
  }

  /** Logs which Node is used, unless that is known already. */
  #tell({ path, version, origin }: FoundNode): void {
    const text = `Programs run on Node ${version} (${ORIGINS[origin]}): ${path}`;
    if (text !== this.#told) this.#log.info(text);
    this.#told = text;
  }
}

/** Returns whether a setting has the value that it has because of the workspace, and not because of the user. */
export function isOfWorkspace(settings: vscode.WorkspaceConfiguration, name: string): boolean {
  const { workspaceValue, workspaceFolderValue } = settings.inspect(name) ?? {};
  return workspaceValue !== undefined || workspaceFolderValue !== undefined;
}

const ORIGINS: Readonly<Record<FoundNode['origin'], string>> = {
  setting: 'named by the setting lunatic.node',
  bundled: 'of the extension',
  own: 'the one that runs extensions',
  path: 'found in PATH',
};
