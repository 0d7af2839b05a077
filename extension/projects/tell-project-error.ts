import * as vscode from 'vscode';
import type { ProjectError } from './project.ts';

/** Tells the user what is wrong with a project, and offers to run what mends it. */
export async function tellProjectError({ message, remedy }: ProjectError): Promise<void> {
  if (remedy === undefined) {
    await vscode.window.showErrorMessage(message);
    return;
  }
  const { title, command, cwd } = remedy;
  if ((await vscode.window.showErrorMessage(message, title)) !== title) return;
  const terminal = vscode.window.createTerminal({ name: title, ...(cwd === undefined ? {} : { cwd }) });
  terminal.show();
  terminal.sendText(command);
}
