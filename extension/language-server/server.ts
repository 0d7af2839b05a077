import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type CancellationToken,
  CodeActionKind,
  type Connection,
  LSPErrorCodes,
  type Range,
  ResponseError,
  type ServerCapabilities,
  TextDocumentSyncKind,
  TextDocuments,
  type WorkspaceSymbol,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { DiagnosticsFeed } from './diagnostics-feed.ts';
import { Documents, pathOf } from './documents.ts';
import { completionsAt, resolveCompletion } from './features/completion.ts';
import { allDiagnosticsOf } from './features/diagnostics.ts';
import { formattingOf } from './features/formatting.ts';
import {
  calledBy,
  callersOf,
  callItemAt,
  subtypesOf,
  supertypesOf,
  typeItemAt,
} from './features/hierarchies.ts';
import { hoverAt } from './features/hover.ts';
import { inlayHintsOf } from './features/inlay-hints.ts';
import { definitionAt, highlightsAt, referencesAt, typeDefinitionAt } from './features/navigation.ts';
import { quickFixesFor } from './features/quick-fixes.ts';
import { foldingRangesOf, selectionRangesAt } from './features/ranges.ts';
import { renameAt, renameRangeAt } from './features/rename.ts';
import { SEMANTIC_TOKENS_LEGEND, semanticTokensOf } from './features/semantic-tokens.ts';
import { signatureHelpAt } from './features/signature-help.ts';
import { documentSymbolsOf, workspaceSymbolsOf } from './features/symbols.ts';
import { ModuleReader } from './module-reader.ts';
import { canWatchFiles, ProjectFiles, watchProjectFiles } from './projects/project-files.ts';
import { MODULE_SOURCE, MODULE_TEXT, type ModuleSourceParams, type ModuleTextParams } from './protocol.ts';
import { DEFAULT_SETTINGS, readSettings } from './settings.ts';
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
  hoverProvider: true,
  codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
  completionProvider: { triggerCharacters: ['(', '$', '.', '"', ' '], resolveProvider: true },
  signatureHelpProvider: { triggerCharacters: [' ', '('], retriggerCharacters: [')'] },
  semanticTokensProvider: { legend: SEMANTIC_TOKENS_LEGEND, full: true, range: true },
  inlayHintProvider: true,
  documentFormattingProvider: true,
  documentRangeFormattingProvider: true,
  callHierarchyProvider: true,
  typeHierarchyProvider: true,
};

/** What requests about a text have in common. */
interface AboutText {
  readonly textDocument: { readonly uri: string };
}

/** Serves the Language Server Protocol for text modules on a connection. Each feature is a function of a document, in `features`. */
export function serve(connection: Connection): void {
  const open = new TextDocuments(TextDocument);
  const documents = new Documents(open);
  const modules = new ModuleReader();
  const projects = new ProjectFiles();
  let settings = DEFAULT_SETTINGS;
  let refreshesHints = false;
  let watches = false;
  const feed = new DiagnosticsFeed(connection, documents, (document) =>
    allDiagnosticsOf(document, settings.lints, projects.around(document.uri)),
  );

  connection.onInitialize(({ workspaceFolders, initializationOptions, capabilities }) => {
    refreshesHints = capabilities.workspace?.inlayHint?.refreshSupport === true;
    watches = canWatchFiles(capabilities);
    settings = readSettings(initializationOptions);
    documents.folders = (workspaceFolders ?? []).flatMap(({ uri }) => pathOf(uri) ?? []);
    return { capabilities: CAPABILITIES, serverInfo: { name: 'lunatic' } };
  });
  connection.onDidChangeConfiguration(({ settings: sent }) => {
    settings = readSettings(sent?.lunatic?.wat);
    for (const uri of open.keys()) feed.changed(uri);
    if (refreshesHints) void connection.languages.inlayHint.refresh();
  });
  const changed = (): void => {
    for (const uri of open.keys()) feed.changed(uri);
  };
  watchProjectFiles(connection, () => watches, changed);
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

  /** The same for what a hierarchy has. */
  const aboutItem =
    <I extends { readonly uri: string }, R>(answer: (document: WatDocument, item: I) => R) =>
    async ({ item }: { readonly item: I }, token: CancellationToken): Promise<R | null> => {
      await untilWanted(token);
      const document = documents.get(item.uri);
      return document === undefined ? null : answer(document, item);
    };
  const tokens = about((document, { range }: AboutText & { readonly range?: Range }) =>
    semanticTokensOf(
      document,
      range && { start: document.offsetAt(range.start), end: document.offsetAt(range.end) },
    ),
  );

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
  connection.onCodeAction(about((document, { context }) => quickFixesFor(document, context.diagnostics)));
  connection.onHover(about((document, { position }) => hoverAt(document, position)));
  connection.onCompletion(about((document, { position }) => completionsAt(document, position)));
  connection.onCompletionResolve(resolveCompletion);
  connection.onSignatureHelp(about((document, { position }) => signatureHelpAt(document, position)));
  connection.onDocumentFormatting(about((document, { options }) => formattingOf(document, options)));
  connection.onDocumentRangeFormatting(
    about((document, { options, range }) => formattingOf(document, options, range)),
  );
  const { semanticTokens, inlayHint, callHierarchy, typeHierarchy } = connection.languages;
  semanticTokens.on(async (params, token) => (await tokens(params, token)) ?? { data: [] });
  semanticTokens.onRange(async (params, token) => (await tokens(params, token)) ?? { data: [] });
  inlayHint.on(about((document, { range }) => inlayHintsOf(document, range, settings.inlayHints)));
  callHierarchy.onPrepare(about((document, { position }) => callItemAt(document, position)));
  callHierarchy.onIncomingCalls(aboutItem(callersOf));
  callHierarchy.onOutgoingCalls(aboutItem(calledBy));
  typeHierarchy.onPrepare(about((document, { position }) => typeItemAt(document, position)));
  typeHierarchy.onSupertypes(aboutItem(supertypesOf));
  typeHierarchy.onSubtypes(aboutItem(subtypesOf));
  connection.onRequest(MODULE_TEXT, (params: ModuleTextParams) => modules.textOf(params));
  connection.onRequest(MODULE_SOURCE, (params: ModuleSourceParams) => modules.sourceOf(params));
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
