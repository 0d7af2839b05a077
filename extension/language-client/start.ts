import * as vscode from 'vscode';

/** The id of the language of text modules. */
const LANGUAGE = 'wat';

/** What the script of the client exports. It is large, so it is loaded when a text module is opened. */
type ClientScript = typeof import('./client.ts');
declare const languageClient: () => ClientScript;

/** Starts the language server and its client as soon as a text module is open. Disposing of the result stops them. */
export function startLanguageClient(extensionPath: string, log: vscode.LogOutputChannel): vscode.Disposable {
  let client: ReturnType<ClientScript['openClient']> | undefined;
  const start = ({ languageId }: vscode.TextDocument): void => {
    if (languageId !== LANGUAGE || client !== undefined) return;
    opened.dispose();
    client = languageClient().openClient(LANGUAGE, extensionPath);
    client.start().catch((error: unknown) => log.error('The language server does not start.', error));
  };
  const opened = vscode.workspace.onDidOpenTextDocument(start);
  vscode.workspace.textDocuments.forEach(start);
  return new vscode.Disposable(() => {
    opened.dispose();
    void client?.dispose();
  });
}
