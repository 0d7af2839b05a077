import { basename } from 'node:path';
import * as vscode from 'vscode';
import { chooseModule, folderOf, isModule } from './choose-module.ts';
import { launchOf } from './configuration-provider.ts';
import { DEBUG_TYPE } from './debug-type.ts';
import { OPEN_CORE_DUMP, openCoreDump } from './open-core-dump.ts';

/** Registers the commands that start and attach to programs. */
export function registerProgramCommands(): vscode.Disposable {
  const run = (uri?: vscode.Uri) => start(uri, true);
  const debug = (uri?: vscode.Uri) => start(uri, false);
  return vscode.Disposable.from(
    vscode.commands.registerCommand('lunatic.run', run),
    vscode.commands.registerCommand('lunatic.debug', debug),
    // Menus display titles without a category, so these have titles that say Lunatic.
    vscode.commands.registerCommand('lunatic.runFile', run),
    vscode.commands.registerCommand('lunatic.debugFile', debug),
    vscode.commands.registerCommand('lunatic.attach', attach),
    vscode.commands.registerCommand(OPEN_CORE_DUMP, openCoreDump),
  );
}

async function start(uri: vscode.Uri | undefined, noDebug: boolean): Promise<boolean> {
  const named = uri instanceof vscode.Uri && isModule(uri) ? uri : undefined;
  const module = named ?? (await chooseModule(noDebug ? 'run' : 'debug'));
  if (module === undefined) return false;
  const folder = folderOf(module);
  return vscode.debug.startDebugging(folder, launchOf(module, folder), { noDebug });
}

async function attach(url?: unknown): Promise<boolean> {
  const given = typeof url === 'string' ? url : await askForUrl();
  if (given === undefined) return false;
  const name = `Attached to ${basename(given.replace(/\/[^/]*$/, ''))}`;
  return vscode.debug.startDebugging(undefined, { type: DEBUG_TYPE, request: 'attach', name, url: given });
}

async function askForUrl(): Promise<string | undefined> {
  const url = await vscode.window.showInputBox({
    title: 'Attach to a Running Program',
    prompt: 'The address that `lunatic run --inspect` has printed',
    placeHolder: 'ws://127.0.0.1:PORT/TOKEN',
    ignoreFocusOut: true,
    validateInput: (value) =>
      /^\s*wss?:\/\/\S+\s*$/.test(value) || value === '' ? undefined : 'An address begins with ws://',
  });
  return url === undefined || url.trim() === '' ? undefined : url.trim();
}
