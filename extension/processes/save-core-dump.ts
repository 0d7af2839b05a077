import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { CustomRequests } from '../../debug-adapter/index.ts';
import { messageOf } from '../log.ts';
import { OPEN_CORE_DUMP } from '../programs/open-core-dump.ts';
import type { Program, Programs } from './program.ts';

/** How the call stack view names a thread, and the session that it belongs to. */
const THREAD = /^thread:(.+):(\d+)$/;

/** What is dumped: a process, or the one of a thread. */
type Dumped = Omit<CustomRequests['lunatic/saveCoreDump']['params'], 'path'>;

/** Registers the command in the menu of a thread in the call stack view. */
export function registerThreadDump(programs: Programs): vscode.Disposable {
  return vscode.commands.registerCommand('lunatic.saveThreadDump', async (thread?: unknown) => {
    const [, session, number] = typeof thread === 'string' ? (THREAD.exec(thread) ?? []) : [];
    const program = programs.list.find(({ id }) => id === session);
    if (program === undefined || number === undefined) return;
    try {
      await saveCoreDump(program, { threadId: Number(number) });
    } catch (error) {
      vscode.window.showWarningMessage(messageOf(error));
    }
  });
}

/**
 * Asks for a file, and writes a core dump of a process there.
 * @throws the runtime's error if the process runs, or the dump cannot be written
 */
export async function saveCoreDump(program: Program, dumped: Dumped): Promise<void> {
  const folder =
    program.session.workspaceFolder?.uri.fsPath ?? dirname(`${program.session.configuration['program']}`);
  const name = program.name.replaceAll(/[^\w-]+/g, '_');
  const uri = await vscode.window.showSaveDialog({
    title: 'Save Core Dump',
    defaultUri: vscode.Uri.file(join(folder, `${name}.coredump`)),
    filters: { 'Core dumps': ['coredump'] },
  });
  if (uri === undefined) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'Saving the core dump…' },
    () => program.request('lunatic/saveCoreDump', { ...dumped, path: uri.fsPath }),
  );
  const open = 'Open';
  const answer = await vscode.window.showInformationMessage(`The core dump is in ${uri.fsPath}`, open);
  if (answer === open) await vscode.commands.executeCommand(OPEN_CORE_DUMP, uri);
}
