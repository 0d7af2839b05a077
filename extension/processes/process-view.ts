import * as vscode from 'vscode';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { countOf, grouped } from '../../runtime/inspect/view/index.ts';
import { registerProcessCommands } from './process-commands.ts';
import { ProcessDocuments } from './process-documents.ts';
import { ProcessLenses } from './process-lenses.ts';
import { ProcessTree } from './process-tree.ts';
import type { Programs } from './program.ts';
import { decorationOf, PROCESS_SCHEME } from './tree-items.ts';
import type { TreeNode } from './tree-nodes.ts';

/** Registers the view of processes. */
export function registerProcessView(programs: Programs): vscode.Disposable {
  const tree = new ProcessTree(programs);
  const documents = new ProcessDocuments(programs);
  const view: vscode.TreeView<TreeNode> = vscode.window.createTreeView('lunatic.processes', {
    treeDataProvider: tree,
    showCollapseAll: true,
  });
  const renewHead = changes(([hasPrograms, stopped, total]) => {
    vscode.commands.executeCommand('setContext', 'lunatic.hasPrograms', hasPrograms);
    view.badge =
      stopped === 0 ? undefined : { value: stopped, tooltip: `${countOf(stopped, 'process')} stopped` };
    view.description = hasPrograms ? grouped(total) : '';
  });
  tree.isVisible = view.visible;
  return vscode.Disposable.from(
    tree,
    documents,
    view,
    view.onDidChangeVisibility(({ visible }) => {
      tree.isVisible = visible;
    }),
    tree.onDidRefresh(() => {
      const total = programs.list.reduce((sum, { model }) => sum + model.total, 0);
      renewHead([programs.list.length > 0, tree.stopped, total]);
      documents.refresh();
    }),
    vscode.window.registerFileDecorationProvider({
      onDidChangeFileDecorations: tree.onDidChangeDecorations,
      provideFileDecoration({ scheme, authority, path }) {
        if (scheme !== PROCESS_SCHEME) return undefined;
        const info = programs.get(authority)?.model.get(keyFromText(path.slice(1)));
        return info === undefined ? undefined : decorationOf(info);
      },
    }),
    new ProcessLenses(programs),
    registerProcessCommands({ programs, tree, view, documents }),
  );
}

/** What the head of the view depends on: whether there are programs, and the numbers of stopped and of all processes. */
type Head = readonly [hasPrograms: boolean, stopped: number, total: number];

/** Returns a function that calls the action if the head has changed: VS Code redraws a view's head whenever it is set. */
function changes(action: (head: Head) => void): (head: Head) => void {
  let before = '';
  return (head) => {
    const now = head.join();
    if (now !== before) action(head);
    before = now;
  };
}
