import * as vscode from 'vscode';
import { rangeOf } from '../../modules/module-diagnostics.ts';
import { terminalText } from '../../terminal-text.ts';
import type { TestItems } from '../test-items.ts';
import type { ChosenModule } from './test-selection.ts';

/**
 * If a module cannot be read, reports its error as the result of the module and of its tests that were to run.
 * @returns whether the module cannot be read
 */
export function reportUnreadable(run: vscode.TestRun, items: TestItems, module: ChosenModule): boolean {
  const { uri, chosen, error } = module;
  if (error === undefined) return false;
  const messages = error.faults.map((fault) => {
    const message = new vscode.TestMessage(fault.message);
    message.location = new vscode.Location(uri, rangeOf(fault));
    return message;
  });
  const item = items.moduleItem(uri);
  for (const failed of item === undefined ? chosen.values() : [item, ...chosen.values()])
    run.errored(failed, messages);
  // Without any output the editor says that the run has none, where people look for what is wrong.
  for (const { message } of error.faults) run.appendOutput(terminalText(`${message}\n`));
  return true;
}
