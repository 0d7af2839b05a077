import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type CancellationToken,
  CodeActionKind,
  type Connection,
  type DocumentFormattingParams,
  type DocumentRangeFormattingParams,
  LSPErrorCodes,
  type Range,
  ResponseError,
  type ServerCapabilities,
  TextDocumentSyncKind,
  TextDocuments,
  type TextEdit,
  type WorkspaceSymbol,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { DiagnosticsFeed } from './diagnostics-feed.ts';
import { Documents, pathOf } from './documents.ts';
import { completionsAt, resolveCompletion } from './features/completion.ts';
import { findingDiagnostics } from './features/diagnostics.ts';
import { formatting } from './features/formatting.ts';
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
import { checkingCode } from './features/lints.ts';
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
import { inSlices, type Work } from './slices.ts';
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
    findingDiagnostics(document, settings.lints, projects.around(document.uri)),
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

  /** Does what a request asks for: nothing if the text is not open, and only as long as somebody waits for it. */
  const inTime =
    <P, R>(uriOf: (params: P) => string, work: (document: WatDocument, params: P) => Work<R>) =>
    (params: P, token: CancellationToken): Promise<R | null> => {
      const uri = uriOf(params);
      let version: number | undefined;
      function* begin(): Work<R | null> {
        const document = documents.get(uri);
        version = open.get(uri)?.version;
        return document === undefined ? null : yield* work(document, params);
      }
      return inSlices(begin(), () => {
        throwIfCancelled(token);
        if (version !== undefined && version !== open.get(uri)?.version)
          throw new ResponseError(LSPErrorCodes.ContentModified, 'the text has changed');
      });
    };
  const uriOfText = ({ textDocument }: AboutText): string => textDocument.uri;

  /** Answers requests about a text. */
  const about = <P extends AboutText, R>(answer: (document: WatDocument, params: P) => R) =>
    inTime<P, R>(uriOfText, function* (document, params) {
      yield;
      return answer(document, params);
    });

  /** Answers those that need all code to be checked. */
  const aboutCode = <P extends AboutText, R>(answer: (document: WatDocument, params: P) => R) =>
    inTime<P, R>(uriOfText, function* (document, params) {
      yield* checkingCode(document);
      return answer(document, params);
    });

  /** Answers the same about what a hierarchy has. */
  const aboutItem = <I extends { readonly uri: string }, R>(answer: (document: WatDocument, item: I) => R) =>
    inTime<{ readonly item: I }, R>(
      ({ item }) => item.uri,
      function* (document, { item }) {
        yield* checkingCode(document);
        return answer(document, item);
      },
    );
  const tokens = aboutCode((document, { range }: AboutText & { readonly range?: Range }) =>
    semanticTokensOf(
      document,
      range && { start: document.offsetAt(range.start), end: document.offsetAt(range.end) },
    ),
  );

  connection.onDefinition(aboutCode((document, { position }) => definitionAt(document, position)));
  connection.onTypeDefinition(aboutCode((document, { position }) => typeDefinitionAt(document, position)));
  connection.onReferences(
    aboutCode((document, { position, context }) =>
      referencesAt(document, position, context.includeDeclaration),
    ),
  );
  connection.onDocumentHighlight(aboutCode((document, { position }) => highlightsAt(document, position)));
  connection.onDocumentSymbol(about(documentSymbolsOf));
  connection.onPrepareRename(aboutCode((document, { position }) => renameRangeAt(document, position)));
  connection.onRenameRequest(
    aboutCode((document, { position, newName }) => renameAt(document, position, newName)),
  );
  connection.onFoldingRanges(about(foldingRangesOf));
  connection.onSelectionRanges(about((document, { positions }) => selectionRangesAt(document, positions)));
  connection.onCodeAction(aboutCode((document, { context }) => quickFixesFor(document, context.diagnostics)));
  connection.onHover(aboutCode((document, { position }) => hoverAt(document, position)));
  connection.onCompletion(about((document, { position }) => completionsAt(document, position)));
  connection.onCompletionResolve(resolveCompletion);
  connection.onSignatureHelp(about((document, { position }) => signatureHelpAt(document, position)));
  connection.onDocumentFormatting(
    inTime<DocumentFormattingParams, TextEdit[]>(uriOfText, (document, { options }) =>
      formatting(document, options),
    ),
  );
  connection.onDocumentRangeFormatting(
    inTime<DocumentRangeFormattingParams, TextEdit[]>(uriOfText, (document, { options, range }) =>
      formatting(document, options, range),
    ),
  );
  const { semanticTokens, inlayHint, callHierarchy, typeHierarchy } = connection.languages;
  semanticTokens.on(async (params, token) => (await tokens(params, token)) ?? { data: [] });
  semanticTokens.onRange(async (params, token) => (await tokens(params, token)) ?? { data: [] });
  inlayHint.on(aboutCode((document, { range }) => inlayHintsOf(document, range, settings.inlayHints)));
  callHierarchy.onPrepare(aboutCode((document, { position }) => callItemAt(document, position)));
  callHierarchy.onIncomingCalls(aboutItem(callersOf));
  callHierarchy.onOutgoingCalls(aboutItem(calledBy));
  typeHierarchy.onPrepare(aboutCode((document, { position }) => typeItemAt(document, position)));
  typeHierarchy.onSupertypes(aboutItem(supertypesOf));
  typeHierarchy.onSubtypes(aboutItem(subtypesOf));
  connection.onRequest(MODULE_TEXT, (params: ModuleTextParams) => modules.textOf(params));
  connection.onRequest(MODULE_SOURCE, (params: ModuleSourceParams) => modules.sourceOf(params));
  connection.onWorkspaceSymbol(async ({ query }, token) => {
    const found: WorkspaceSymbol[] = [];
    for await (const document of documents.all()) {
      await nextTurn();
      throwIfCancelled(token);
      found.push(...workspaceSymbolsOf(document, query));
    }
    return found;
  });

  open.listen(connection);
  connection.listen();
}

/** @throws ResponseError if nobody waits for the answer to a request */
function throwIfCancelled(token: CancellationToken): void {
  if (token.isCancellationRequested)
    throw new ResponseError(LSPErrorCodes.RequestCancelled, 'the request was cancelled');
}
