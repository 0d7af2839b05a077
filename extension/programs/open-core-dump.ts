import { basename } from 'node:path';
import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../debug-type.ts';

export const OPEN_CORE_DUMP = 'lunatic.openCoreDump';

/** Opens a core dump as a debug session: that of the menu of the explorer, or one that the user chooses. */
export async function openCoreDump(uri?: unknown): Promise<boolean> {
  const dump = uri instanceof vscode.Uri ? uri : await chooseDump();
  if (dump === undefined) return false;
  const folder = vscode.workspace.getWorkspaceFolder(dump) ?? vscode.workspace.workspaceFolders?.[0];
  return vscode.debug.startDebugging(folder, {
    type: DEBUG_TYPE,
    request: 'launch',
    name: basename(dump.fsPath),
    coreDump: dump.fsPath,
  });
}

async function chooseDump(): Promise<vscode.Uri | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: 'Open Core Dump',
      openLabel: 'Open',
      filters: { 'Core dumps': ['coredump'], 'All files': ['*'] },
    })) ?? [];
  return chosen;
}
