import { basename } from 'node:path';
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';
import { pathIn } from '../projects/project-launch.ts';

/** Returns a configuration that launches a module. */
export function launchOf(
  module: vscode.Uri,
  folder: vscode.WorkspaceFolder | undefined,
): vscode.DebugConfiguration {
  const path = vscode.workspace.asRelativePath(module, false);
  return {
    type: DEBUG_TYPE,
    request: 'launch',
    name: path === module.fsPath ? basename(path) : path,
    program: folder === undefined ? module.fsPath : pathIn(folder, module.fsPath),
  };
}
