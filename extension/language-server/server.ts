import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type CancellationToken,
  type Connection,
  LSPErrorCodes,
  ResponseError,
  type ServerCapabilities,
  TextDocumentSyncKind,
  TextDocuments,
  type WorkspaceSymbol,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { DiagnosticsFeed } from './diagnostics-feed.ts';
import { Documents, pathOf } from './documents.ts';
import { diagnosticsOf } from './features/diagnostics.ts';
import { definitionAt, highlightsAt, referencesAt, typeDefinitionAt } from './features/navigation.ts';
import { foldingRangesOf, selectionRangesAt } from './features/ranges.ts';
import { renameAt, renameRangeAt } from './features/rename.ts';
import { documentSymbolsOf, workspaceSymbolsOf } from './features/symbols.ts';
import type { WatDocument } from './wat-document.ts';

const CAPABILITIES: ServerCapabilities = {
  textDocumentSync: TextDocumentSyncKind.Incremental,
  definitionProvider: true,
  typeDefinitionProvider: true,
  referencesProvider: true,
  documentHighlightProvider: true,
  documentSymbolProvider: true,
  workspaceSymbolProvider: true,
  renameProvider: { prepareProvider: true },
  foldingRangeProvider: true,
  selectionRangeProvider: true,
};

/** What requests about a text have in common. */
interface AboutText {
  readonly textDocument: { readonly uri: string };
}

/** Serves the Language Server Protocol for text modules on a connection. Each feature is a function of a document, in `features`. */
export function serve(connection: Connection): void {
  const open = new TextDocuments(TextDocument);
  const documents = new Documents(open);
  const feed = new DiagnosticsFeed(connection, documents, diagnosticsOf);

  connection.onInitialize(({ workspaceFolders }) => {
    documents.folders = (workspaceFolders ?? []).flatMap(({ uri }) => pathOf(uri) ?? []);
    return { capabilities: CAPABILITIES, serverInfo: { name: 'lunatic' } };
  });
  open.onDidChangeContent(({ document: { uri } }) => feed.changed(uri));
  open.onDidClose(({ document: { uri } }) => feed.closed(uri));

  /** Answers requests about a text: with nothing if it is not open, and not at all if nobody waits any longer. */
  const about =
    <P extends AboutText, R>(answer: (document: WatDocument, params: P) => R) =>
    async (params: P, token: CancellationToken): Promise<R | null> => {
      await untilWanted(token);
      const document = documents.get(params.textDocument.uri);
      return document === undefined ? null : answer(document, params);
    };

  connection.onDefinition(about((document, { position }) => definitionAt(document, position)));
  connection.onTypeDefinition(about((document, { position }) => typeDefinitionAt(document, position)));
  connection.onReferences(
    about((document, { position, context }) => referencesAt(document, position, context.includeDeclaration)),
  );
  connection.onDocumentHighlight(about((document, { position }) => highlightsAt(document, position)));
  connection.onDocumentSymbol(about(documentSymbolsOf));
  connection.onPrepareRename(about((document, { position }) => renameRangeAt(document, position)));
  connection.onRenameRequest(
    about((document, { position, newName }) => renameAt(document, position, newName)),
  );
  connection.onFoldingRanges(about(foldingRangesOf));
  connection.onSelectionRanges(about((document, { positions }) => selectionRangesAt(document, positions)));
  connection.onWorkspaceSymbol(async ({ query }, token) => {
    const found: WorkspaceSymbol[] = [];
    for await (const document of documents.all()) {
      await untilWanted(token);
      found.push(...workspaceSymbolsOf(document, query));
    }
    return found;
  });

  open.listen(connection);
  connection.listen();
}

/**
 * Lets a message come first that says that nobody waits for the answer.
 * @throws ResponseError if nobody does
 */
async function untilWanted(token: CancellationToken): Promise<void> {
  await nextTurn();
  if (token.isCancellationRequested)
    throw new ResponseError(LSPErrorCodes.RequestCancelled, 'the request was cancelled');
}
