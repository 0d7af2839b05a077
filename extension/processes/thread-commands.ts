import * as vscode from 'vscode';
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import { messageOf } from '../log.ts';
import type { Program, Programs } from './program.ts';
import { saveCoreDump } from './save-core-dump.ts';

/** Registers the commands in the menu of a thread in the call stack view. */
export function registerThreadCommands(programs: Programs): vscode.Disposable {
  const on = (command: string, act: (program: Program, process: ProcessKey) => Promise<unknown>) =>
    vscode.commands.registerCommand(command, async (thread?: unknown, row?: unknown) => {
      // The number of a thread is one of its session.
      const session = sessionOf(row) ?? vscode.debug.activeDebugSession?.id;
      const program = programs.list.find(({ id }) => id === session);
      if (program === undefined || typeof thread !== 'number') return;
      try {
        const { process } = await program.request('lunatic/processOf', { threadId: thread });
        await act(program, process);
      } catch (error) {
        vscode.window.showWarningMessage(messageOf(error));
      }
    });
  return vscode.Disposable.from(
    on('lunatic.saveThreadDump', saveCoreDump),
    on('lunatic.restartThread', (program, process) => program.request('lunatic/restart', { process })),
  );
}

/** The session of a row of the call stack view. */
function sessionOf(row: unknown): string | undefined {
  if (typeof row !== 'object' || row === null || !('sessionId' in row)) return undefined;
  return typeof row.sessionId === 'string' ? row.sessionId : undefined;
}
