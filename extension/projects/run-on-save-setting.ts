import * as vscode from 'vscode';

/** The setting *Run on Save*. */
export const RUN_ON_SAVE = 'lunatic.runOnSave';
/** The command that turns it on or off, which takes a `Uri` in the folder that it is for. */
export const TOGGLE_RUN_ON_SAVE = 'lunatic.toggleRunOnSave';

/** Whether the setting is on for a folder of the workspace, or a file in one. */
export function isRunOnSave(scope: vscode.Uri | undefined): boolean {
  return vscode.workspace.getConfiguration('lunatic', scope).get('runOnSave', false);
}

/** Turns the setting on or off where it is set: for the folder, the workspace, or else for the user. Returns whether it is on. */
export async function toggleRunOnSave(scope: vscode.Uri | undefined): Promise<boolean> {
  const settings = vscode.workspace.getConfiguration('lunatic', scope);
  const { workspaceFolderValue, workspaceValue } = settings.inspect('runOnSave') ?? {};
  const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;
  const ofWorkspace = workspaceValue === undefined ? Global : Workspace;
  const isOn = !isRunOnSave(scope);
  await settings.update(
    'runOnSave',
    isOn,
    workspaceFolderValue === undefined ? ofWorkspace : WorkspaceFolder,
  );
  return isOn;
}
