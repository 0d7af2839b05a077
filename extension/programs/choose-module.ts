import * as vscode from 'vscode';
import { fileOfModuleText } from '../modules/module-view.ts';
import { spareTwins } from '../modules/spare-twins.ts';

const MODULE = /\.(wasm|wat)$/i;

/** Maximum number of modules that the picker offers. */
const MAX_CHOICES = 200;

/** Folders whose modules nobody runs by hand. The search leaves them out. */
const NO_PROGRAMS = '**/{node_modules,.git,deps,incremental}/**';

/** The module in the active editor: a text module, or a binary in a tab that cannot display it. */
export function activeModule(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const shown =
    input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
  const active = vscode.window.activeTextEditor?.document.uri ?? shown;
  const uri = active && (fileOfModuleText(active) ?? active);
  if (uri !== undefined && isModule(uri)) return uri;
  return shown !== undefined && isModule(shown) ? shown : undefined;
}

export function isModule(uri: vscode.Uri): boolean {
  return uri.scheme === 'file' && MODULE.test(uri.path);
}

/** The modules of the workspace that a user may want to run, by path. */
export async function workspaceModules(folder?: vscode.WorkspaceFolder): Promise<vscode.Uri[]> {
  const pattern = '**/*.{wasm,wat}';
  const include = folder === undefined ? pattern : new vscode.RelativePattern(folder, pattern);
  const found = await vscode.workspace.findFiles(include, NO_PROGRAMS, MAX_CHOICES);
  const spare = await spareTwins(found.map(({ fsPath }) => fsPath));
  return found.filter(({ fsPath }) => !spare.has(fsPath)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Chooses the module for a command that names none: the one in the editor, the only one of the workspace, or the one that
 * the user picks.
 * @param what the verb for messages: `run`, `debug`
 * @returns undefined if there is no module, after telling the user, and if the user picks none
 */
export async function chooseModule(what: string): Promise<vscode.Uri | undefined> {
  const active = activeModule();
  if (active !== undefined) return active;
  const found = await workspaceModules();
  if (found.length <= 1) {
    if (found.length === 0) await tellNoModule(what);
    return found[0];
  }
  const items = found.map((uri) => {
    const path = vscode.workspace.asRelativePath(uri);
    const slash = path.lastIndexOf('/');
    return { label: path.slice(slash + 1), description: path.slice(0, Math.max(slash, 0)), uri };
  });
  const picked = await vscode.window.showQuickPick(items, {
    placeHolder: `Module to ${what}`,
    matchOnDescription: true,
  });
  return picked?.uri;
}

async function tellNoModule(what: string): Promise<void> {
  const open = 'Open a Module...';
  const message = `There is no module to ${what}: the workspace has no .wasm and no .wat file, and no project with a program. A crate has one if it has src/main.rs or an example; a lunatic.json can name that of any other project.`;
  const answer = await vscode.window.showErrorMessage(message, open);
  if (answer !== open) return;
  const [file] =
    (await vscode.window.showOpenDialog({ filters: { 'WebAssembly modules': ['wasm', 'wat'] } })) ?? [];
  if (file !== undefined) await vscode.commands.executeCommand('vscode.open', file);
}

/** The workspace folder that contains a module, or undefined. */
export function folderOf(uri: vscode.Uri): vscode.WorkspaceFolder | undefined {
  return vscode.workspace.getWorkspaceFolder(uri);
}
