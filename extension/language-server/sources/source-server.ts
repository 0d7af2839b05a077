import { basename } from 'node:path';
import {
  CodeActionKind,
  type Connection,
  type ServerCapabilities,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { optionCompletionsAt, optionHoverAt } from '../projects/option-help.ts';
import { projectDiagnosticsOf } from '../projects/problems.ts';
import { canWatchFiles, ProjectFiles, watchProjectFiles } from '../projects/project-files.ts';
import { PROJECT_FILES } from '../protocol.ts';
import { completionsAt, diagnosticsOf, hoverAt, quickFixesFor } from './features.ts';

const CAPABILITIES: ServerCapabilities = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  hoverProvider: true,
  completionProvider: { triggerCharacters: ['"', "'", ':', '='] },
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
};

/**
 * Serves the Language Server Protocol for sources in Rust, C and AssemblyScript on a connection: of the imports of host functions that
 * they declare. All else is the business of the servers for these languages. Serves files of projects, too: of what their schemas do not
 * tell.
 */
export function serveSources(connection: Connection): void {
  const open = new TextDocuments(TextDocument);
  const projects = new ProjectFiles();
  let watches = false;
  connection.onInitialize(({ capabilities }) => {
    watches = canWatchFiles(capabilities);
    return { capabilities: CAPABILITIES, serverInfo: { name: 'lunatic' } };
  });
  const check = (document: TextDocument): void => {
    const { uri } = document;
    const diagnostics = isProjectFile(document)
      ? projectDiagnosticsOf(document)
      : diagnosticsOf(document, projects.around(uri));
    void connection.sendDiagnostics({ uri, diagnostics });
  };
  open.onDidChangeContent(({ document }) => check(document));
  open.onDidClose(({ document: { uri } }) => {
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });
  watchProjectFiles(
    connection,
    () => watches,
    () => open.all().forEach(check),
  );

  const about =
    <P extends { readonly textDocument: { readonly uri: string } }, R>(
      answer: (document: TextDocument, params: P) => R,
    ) =>
    (params: P): R | null => {
      const document = open.get(params.textDocument.uri);
      return document === undefined ? null : answer(document, params);
    };
  connection.onHover(
    about((document, { position }) =>
      (isProjectFile(document) ? optionHoverAt : hoverAt)(document, position),
    ),
  );
  connection.onCompletion(
    about((document, { position }) =>
      (isProjectFile(document) ? optionCompletionsAt : completionsAt)(document, position),
    ),
  );
  connection.onCodeAction(about((document, { context }) => quickFixesFor(document, context.diagnostics)));

  open.listen(connection);
  connection.listen();
}

function isProjectFile({ uri }: TextDocument): boolean {
  return PROJECT_FILES.includes(basename(uri));
}
