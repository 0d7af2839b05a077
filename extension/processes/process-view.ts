import * as vscode from 'vscode';
import { countOf, grouped } from '../../runtime/inspect/view/index.ts';
import type { Log } from '../log.ts';
import { registerProcessCommands } from './process-commands.ts';
import { ProcessDocuments } from './process-documents.ts';
import { mailboxBadge, PROCESS_SCHEME, ProcessTree, type TreeNode } from './process-tree.ts';
import { Programs } from './program.ts';

/** Shows the processes of all programs in a view of their own. */
export function registerProcessView(log: Log): vscode.Disposable {
  const programs = new Programs(log);
  const tree = new ProcessTree(programs);
  const documents = new ProcessDocuments(programs);
  const view: vscode.TreeView<TreeNode> = vscode.window.createTreeView('lunatic.processes', {
    treeDataProvider: tree,
    showCollapseAll: true,
  });
  let hadPrograms = false;
  const renewHead = () => {
    const hasPrograms = programs.list.length > 0;
    if (hasPrograms !== hadPrograms)
      vscode.commands.executeCommand('setContext', 'lunatic.hasPrograms', hasPrograms);
    hadPrograms = hasPrograms;
    const stopped = countStopped(programs);
    view.badge =
      stopped === 0 ? undefined : { value: stopped, tooltip: `${countOf(stopped, 'process')} stopped` };
    const total = programs.list.reduce((sum, { model }) => sum + model.total, 0);
    view.description = hasPrograms ? grouped(total) : '';
  };
  tree.isVisible = view.visible;
  return vscode.Disposable.from(
    programs,
    tree,
    documents,
    view,
    view.onDidChangeVisibility(({ visible }) => {
      tree.isVisible = visible;
    }),
    tree.onDidRefresh(() => {
      renewHead();
      documents.refresh();
    }),
    vscode.window.registerFileDecorationProvider({
      onDidChangeFileDecorations: tree.onDidChangeBadges,
      provideFileDecoration({ scheme, authority, path }) {
        if (scheme !== PROCESS_SCHEME) return undefined;
        const info = programs.get(authority)?.model.get(path.slice(1));
        return info === undefined ? undefined : mailboxBadge(info);
      },
    }),
    registerProcessCommands({ programs, tree, view, documents }),
  );
}

/** Processes that somebody should look at. */
function countStopped(programs: Programs): number {
  let count = 0;
  for (const { model } of programs.list) {
    for (const { state } of model.processes()) if (state === 'paused' || state === 'held') count++;
  }
  return count;
}
