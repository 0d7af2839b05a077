import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import { OPEN_CORE_DUMP } from '../programs/open-core-dump.ts';
import type { Program } from './program.ts';

/**
 * Asks for a file if the process stands still, and writes a core dump of a process there.
 * @throws the runtime's error if the process runs, or the dump cannot be written
 */
export async function saveCoreDump(program: Program, process: ProcessKey): Promise<void> {
  const { id, state } = await program.request('lunatic/process', { process });
  // Nobody is asked for a file that would be refused then.
  if (state !== 'paused' && state !== 'held')
    throw new Error(`process ${id} runs: it must be paused, or held after a failure, for a core dump`);
  const name = program.name.replaceAll(/[^\w-]+/g, '_');
  const uri = await vscode.window.showSaveDialog({
    title: 'Save Core Dump',
    defaultUri: vscode.Uri.file(join(folderOf(program.session), `${name}.coredump`)),
    filters: { 'Core dumps': ['coredump'] },
  });
  if (uri === undefined) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Saving the core dump…' },
    () => program.request('lunatic/saveCoreDump', { process, path: uri.fsPath }),
  );
  const open = 'Open';
  const answer = await vscode.window.showInformationMessage(`The core dump is in ${uri.fsPath}`, open);
  if (answer === open) await vscode.commands.executeCommand(OPEN_CORE_DUMP, uri);
}

/** Where a file is suggested: a session that is attached may have neither a folder nor a program. */
function folderOf({ workspaceFolder, configuration }: vscode.DebugSession): string {
  const { program } = configuration;
  if (workspaceFolder !== undefined) return workspaceFolder.uri.fsPath;
  return typeof program === 'string' && isAbsolute(program) ? dirname(program) : homedir();
}
