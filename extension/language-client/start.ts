import * as vscode from 'vscode';

/** What the script of the clients exports. It is large, so it is loaded when it is needed. */
type ClientScript = typeof import('./client.ts');
declare const languageClient: () => ClientScript;

/** Texts that a language server serves. */
export interface Served {
  readonly id: string;
  readonly name: string;
  readonly languages: readonly string[];
  /** Arguments of the server. */
  readonly args: readonly string[];
  /** Whether a text in one of the languages is a reason to start the server. */
  isReason(document: vscode.TextDocument): boolean;
}

/** Sources that declare functions of the host. Most others have no need of the server. */
const DECLARES_IMPORTS = /wasm_import_module|import_module|@external|lunatic::/;
/** Characters of a source in which that is looked for. */
const MAX_LENGTH = 2 ** 20;

const SERVED: readonly Served[] = [
  {
    id: 'lunatic.wat',
    name: 'Lunatic: text modules',
    languages: ['wat'],
    args: [],
    isReason: () => true,
  },
  {
    id: 'lunatic.sources',
    name: 'Lunatic: host functions in sources',
    languages: ['rust', 'c', 'cpp', 'typescript'],
    args: ['--sources'],
    isReason(document) {
      const text = document.getText();
      return text.length <= MAX_LENGTH && DECLARES_IMPORTS.test(text);
    },
  },
];

/** Starts language servers and their clients as soon as a text is open that needs them. Disposing of the result stops them. */
export function startLanguageClients(extensionPath: string, log: vscode.LogOutputChannel): vscode.Disposable {
  return vscode.Disposable.from(...SERVED.map((served) => startLater(served, extensionPath, log)));
}

function startLater(served: Served, extensionPath: string, log: vscode.LogOutputChannel): vscode.Disposable {
  let client: ReturnType<ClientScript['openClient']> | undefined;
  const look = (document: vscode.TextDocument): void => {
    if (client !== undefined || !served.languages.includes(document.languageId)) return;
    if (!served.isReason(document)) return;
    stopLooking.dispose();
    client = languageClient().openClient(served, extensionPath);
    client.start().catch((error: unknown) => log.error('The language server does not start.', error));
  };
  const stopLooking = vscode.Disposable.from(
    vscode.workspace.onDidOpenTextDocument(look),
    // Somebody begins to write one.
    vscode.workspace.onDidSaveTextDocument(look),
  );
  vscode.workspace.textDocuments.forEach(look);
  return new vscode.Disposable(() => {
    stopLooking.dispose();
    void client?.dispose();
  });
}
