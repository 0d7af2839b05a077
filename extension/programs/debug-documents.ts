import * as vscode from 'vscode';

/** Scheme of the documents whose text a debug adapter provides. */
const DEBUG_SCHEME = 'debug';

/** Closes the tabs of a debug session's documents when it ends: their texts are gone with it. */
export function closeDebugDocuments(type: string): vscode.Disposable {
  return vscode.debug.onDidTerminateDebugSession(async (session) => {
    if (session.type !== type) return;
    const tabs = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs);
    await vscode.window.tabGroups.close(
      tabs.filter(({ input }) => input instanceof vscode.TabInputText && isOf(session, input.uri)),
      true,
    );
  });
}

function isOf({ id }: vscode.DebugSession, { scheme, query }: vscode.Uri): boolean {
  return scheme === DEBUG_SCHEME && new URLSearchParams(query).get('session') === id;
}
