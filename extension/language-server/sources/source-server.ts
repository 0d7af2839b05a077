import {
  CodeActionKind,
  type Connection,
  type ServerCapabilities,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { completionsAt, diagnosticsOf, hoverAt, quickFixesFor } from './features.ts';

const CAPABILITIES: ServerCapabilities = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  hoverProvider: true,
  completionProvider: { triggerCharacters: ['"', "'", ':'] },
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
};

/**
 * Serves the Language Server Protocol for sources in Rust, C and AssemblyScript on a connection: of the imports of host functions that
 * they declare. All else is the business of the servers for these languages.
 */
export function serveSources(connection: Connection): void {
  const open = new TextDocuments(TextDocument);
  connection.onInitialize(() => ({ capabilities: CAPABILITIES, serverInfo: { name: 'lunatic' } }));
  open.onDidChangeContent(({ document }) => {
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: diagnosticsOf(document) });
  });
  open.onDidClose(({ document: { uri } }) => {
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });

  const about =
    <P extends { readonly textDocument: { readonly uri: string } }, R>(
      answer: (document: TextDocument, params: P) => R,
    ) =>
    (params: P): R | null => {
      const document = open.get(params.textDocument.uri);
      return document === undefined ? null : answer(document, params);
    };
  connection.onHover(about((document, { position }) => hoverAt(document, position)));
  connection.onCompletion(about((document, { position }) => completionsAt(document, position)));
  connection.onCodeAction(about((document, { context }) => quickFixesFor(document, context.diagnostics)));

  open.listen(connection);
  connection.listen();
}
