import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type * as vscode from 'vscode';
import { type Log, messageOf } from '../log.ts';

/** The Node that runs extensions may be an Electron, which this variable makes a Node. */
const AS_NODE = 'ELECTRON_RUN_AS_NODE';

/** Variables that tell the command on Windows what it runs. */
const NODE = 'LUNATIC_EDITOR_NODE';
const SCRIPT = 'LUNATIC_EDITOR_COMMAND';

const EXECUTABLE = 0o755;

/**
 * Puts the `lunatic` command of the extension on the `PATH` of integrated terminals, behind any other that is there. If it cannot, as on a
 * full disk, the log says so.
 */
export function putOnTerminalPath(context: vscode.ExtensionContext, log: Log): void {
  const { environmentVariableCollection } = context;
  try {
    const folder = writeCommand(context);
    environmentVariableCollection.description = 'Adds the `lunatic` command.';
    if (process.platform === 'win32') {
      environmentVariableCollection.replace(NODE, process.execPath);
      environmentVariableCollection.replace(SCRIPT, scriptOf(context));
    }
    environmentVariableCollection.append('PATH', `${delimiter}${folder}`);
  } catch (error) {
    log.warn(`The lunatic command is not on the PATH of terminals: ${messageOf(error)}`);
  }
}

/** The script of the command. It looks for a Node that is able to run programs itself. */
function scriptOf({ extensionPath }: vscode.ExtensionContext): string {
  return join(extensionPath, 'dist', 'lunatic.cjs');
}

/** @returns the folder of the command */
function writeCommand(context: vscode.ExtensionContext): string {
  const { globalStorageUri } = context;
  const folder = join(globalStorageUri.fsPath, 'bin');
  mkdirSync(folder, { recursive: true });
  if (process.platform === 'win32') {
    // It would be read in the code page of the console, which may not have all letters of the paths. Variables have.
    const text = `@setlocal\r\n@set ${AS_NODE}=1\r\n@"%${NODE}%" "%${SCRIPT}%" %*\r\n`;
    writeIfChanged(join(folder, 'lunatic.cmd'), text);
  } else {
    const text = `#!/bin/sh\n${AS_NODE}=1 exec ${quoted(process.execPath)} ${quoted(scriptOf(context))} "$@"\n`;
    writeIfChanged(join(folder, 'lunatic'), text);
  }
  return folder;
}

/** The paths change with the versions of VS Code and of the extension. Another window may run the command at the same time. */
function writeIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  const written = `${path}.${process.pid}`;
  writeFileSync(written, text, { mode: EXECUTABLE });
  renameSync(written, path);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
