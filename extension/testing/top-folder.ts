import { dirname } from 'node:path';
import * as vscode from 'vscode';

/** The folder in which a module runs, and in which its sources are looked for: that of the workspace, or its own. */
export function topFolder(module: vscode.Uri): string {
  return vscode.workspace.getWorkspaceFolder(module)?.uri.fsPath ?? dirname(module.fsPath);
}
