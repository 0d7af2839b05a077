import * as vscode from 'vscode';

const MODULE = /\.(wasm|wat)$/i;

/** Modules that a choice offers at most. */
const MAX_CHOICES = 200;

/** Left out of every search: nobody runs these by hand. */
const NO_PROGRAMS = '**/{node_modules,.git,deps,incremental}/**';

/** The module in the active editor, be it text or a binary that no editor can show. */
export function activeModule(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const shown =
    input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom ? input.uri : undefined;
  const uri = vscode.window.activeTextEditor?.document.uri ?? shown;
  if (uri !== undefined && isModule(uri)) return uri;
  return shown !== undefined && isModule(shown) ? shown : undefined;
}

export function isModule(uri: vscode.Uri): boolean {
  return uri.scheme === 'file' && MODULE.test(uri.path);
}

/** Modules of the workspace that somebody may want to run. */
export async function workspaceModules(folder?: vscode.WorkspaceFolder): Promise<vscode.Uri[]> {
  const pattern = '**/*.{wasm,wat}';
  const include = folder === undefined ? pattern : new vscode.RelativePattern(folder, pattern);
  const found = await vscode.workspace.findFiles(include, NO_PROGRAMS, MAX_CHOICES);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The module that is meant where none is named: the one in the editor, the only one of the workspace, or the one that
 * the user picks.
 * @returns undefined where there is none, which the user is told, or where the user picks none
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
  const message = `There is no module to ${what}: the workspace has no .wasm and no .wat file.`;
  const answer = await vscode.window.showErrorMessage(message, open);
  if (answer !== open) return;
  const [file] =
    (await vscode.window.showOpenDialog({ filters: { 'WebAssembly modules': ['wasm', 'wat'] } })) ?? [];
  if (file !== undefined) await vscode.commands.executeCommand('vscode.open', file);
}

/** The workspace folder of a module, where it is in one. */
export function folderOf(uri: vscode.Uri): vscode.WorkspaceFolder | undefined {
  return vscode.workspace.getWorkspaceFolder(uri);
}
