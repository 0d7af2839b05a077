import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type * as vscode from 'vscode';

/** The Node that runs extensions may be an Electron, which this variable makes a Node. */
const AS_NODE = 'ELECTRON_RUN_AS_NODE';

const EXECUTABLE = 0o755;

/** Puts the `lunatic` command of the extension on the `PATH` of integrated terminals, behind any other that is there. */
export function putOnTerminalPath({
  extensionPath,
  globalStorageUri,
  environmentVariableCollection,
}: vscode.ExtensionContext): void {
  const folder = join(globalStorageUri.fsPath, 'bin');
  // It looks for a Node that is able to run programs itself.
  const script = join(extensionPath, 'dist', 'lunatic.cjs');
  mkdirSync(folder, { recursive: true });
  if (process.platform === 'win32') {
    const text = `@set ${AS_NODE}=1\r\n@"${process.execPath}" "${script}" %*\r\n`;
    writeIfChanged(join(folder, 'lunatic.cmd'), text);
  } else {
    const text = `#!/bin/sh\n${AS_NODE}=1 exec ${quoted(process.execPath)} ${quoted(script)} "$@"\n`;
    writeIfChanged(join(folder, 'lunatic'), text);
  }
  environmentVariableCollection.description = 'Adds the `lunatic` command.';
  environmentVariableCollection.append('PATH', `${delimiter}${folder}`);
}

/** The paths change with the versions of VS Code and of the extension. */
function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  writeFileSync(path, text, { mode: EXECUTABLE });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
