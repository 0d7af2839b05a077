import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { MODULE_SCHEME, type ModuleText, type ModuleTextParams } from '../language-server/protocol.ts';
import { type Log, messageOf } from '../log.ts';
import type { ModuleSources } from './module-sources.ts';

/** The editor for binary modules, as the manifest calls it. */
const VIEW_TYPE = 'lunatic.module';

/** Lines around those that are visible whose offsets are in the margin as well. */
const MARGIN_LINES = 100;
/** Digits of an offset. */
const OFFSET_WIDTH = 8;

/** What leads to a function: what stands in place of code that is left out, and an instruction that names it; with its index. */
const LEFT_OUT = /\(;(?<index>\d+);\).*(?<link>\(; [\d,]+ bytes? ;\))\)$/d;
const NAMED = /(?<link>\b(?:call|return_call|ref\.func) (?:.*\(;)?(?<index>\d+)(?:;\))?)$/d;

/** Gets the text of a module. */
export type AskForText = (params: ModuleTextParams) => Promise<ModuleText>;

/** The file of a module whose text a document has; undefined for other documents. */
export function fileOfModuleText(uri: vscode.Uri): vscode.Uri | undefined {
  if (uri.scheme !== MODULE_SCHEME) return undefined;
  const path = functionOf(uri) === undefined ? uri.path.replace(/\.wat$/, '') : dirname(uri.path);
  return vscode.Uri.file(path);
}

/** Binary modules as text that can be read and folded, with the offsets of instructions in the margin. */
export class ModuleView
  implements
    vscode.CustomReadonlyEditorProvider,
    vscode.TextDocumentContentProvider,
    vscode.DocumentLinkProvider,
    vscode.DefinitionProvider,
    vscode.Disposable
{
  readonly #ask: AskForText;
  readonly #sources: ModuleSources;
  readonly #log: Log;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  /** By the URI of the document: what is known of its lines, and what tells that its module has changed. */
  readonly #open = new Map<
    string,
    Pick<ModuleText, 'offsets' | 'hasSource'> & { readonly watcher: vscode.Disposable }
  >();
  readonly #margin = vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
  });
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(ask: AskForText, sources: ModuleSources, log: Log) {
    this.#ask = ask;
    this.#sources = sources;
    this.#log = log;
    const selector = { scheme: MODULE_SCHEME };
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      this.#margin,
      vscode.workspace.registerTextDocumentContentProvider(MODULE_SCHEME, this),
      vscode.languages.registerDocumentLinkProvider(selector, this),
      vscode.languages.registerDefinitionProvider(selector, this),
      vscode.window.registerCustomEditorProvider(VIEW_TYPE, this, {
        supportsMultipleEditorsPerDocument: true,
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#forget(uri)),
      vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.#showOffsets(textEditor)),
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const editor of editors) this.#showOffsets(editor);
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        for (const editor of vscode.window.visibleTextEditors)
          if (editor.document === document) this.#showOffsets(editor);
      }),
    );
  }

  dispose(): void {
    for (const { watcher } of this.#open.values()) watcher.dispose();
    this.#subscriptions.dispose();
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose() {} };
  }

  /** Opens the text in place of the editor, which has nothing to show: a text has search, folding and all else. */
  async resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): Promise<void> {
    if (uri.scheme !== 'file') {
      panel.webview.html = '<p>Only modules in files are displayed as text.</p>';
      return;
    }
    const { viewColumn = vscode.ViewColumn.Active } = panel;
    const preserveFocus = !panel.active;
    try {
      const document = await vscode.workspace.openTextDocument(wholeText(uri));
      await vscode.window.showTextDocument(document, { viewColumn, preserveFocus, preview: true });
    } catch (error) {
      this.#log.error(`${uri.fsPath} is not displayed: ${messageOf(error)}`);
    }
    panel.dispose();
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const file = fileOfModuleText(uri);
    if (file === undefined) return '';
    const index = functionOf(uri);
    const { text, ...known } = await this.#ask({
      path: file.fsPath,
      ...(index === undefined ? {} : { function: index }),
    });
    const watcher = this.#open.get(uri.toString())?.watcher ?? this.#watch(file, uri);
    this.#open.set(uri.toString(), { ...known, watcher });
    return text;
  }

  /** Functions that are left out, and those that code names, lead to their code; heads of functions to their source. */
  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    const { uri } = document;
    const file = fileOfModuleText(uri);
    if (file === undefined) return [];
    const { offsets, hasSource = false } = this.#open.get(uri.toString()) ?? { offsets: [] };
    const sources = hasSource ? this.#sources.linksOf(document, file, offsets) : [];
    return [...sources, ...this.#functionLinks(document, file)];
  }

  async resolveDocumentLink(link: vscode.DocumentLink): Promise<vscode.DocumentLink> {
    return await this.#sources.resolve(link);
  }

  /** The source of an instruction. */
  async provideDefinition(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.Location | undefined> {
    const file = fileOfModuleText(document.uri);
    const known = this.#open.get(document.uri.toString());
    if (file === undefined || known?.hasSource !== true) return undefined;
    return await this.#sources.definitionAt(document, position, file, known.offsets);
  }

  #functionLinks(document: vscode.TextDocument, file: vscode.Uri): vscode.DocumentLink[] {
    const { uri } = document;
    const pattern = functionOf(uri) === undefined ? LEFT_OUT : NAMED;
    const links: vscode.DocumentLink[] = [];
    for (let i = 0; i < document.lineCount; i++) {
      const { groups, indices } = pattern.exec(document.lineAt(i).text) ?? {};
      const place = indices?.groups?.['link'];
      if (place === undefined) continue;
      const index = Number(groups?.['index']);
      const link = new vscode.DocumentLink(
        new vscode.Range(i, place[0], i, place[1]),
        functionText(file, index),
      );
      link.tooltip = `Show function ${index}`;
      links.push(link);
    }
    return links;
  }

  /** Displays a document anew when its module changes, as a build does. */
  #watch(file: vscode.Uri, uri: vscode.Uri): vscode.Disposable {
    const folder = vscode.Uri.file(dirname(file.fsPath));
    const name = file.path.slice(file.path.lastIndexOf('/') + 1).replace(/[[\]{}*?]/g, '[$&]');
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, name));
    const changed = () => this.#changed.fire(uri);
    return vscode.Disposable.from(watcher, watcher.onDidChange(changed), watcher.onDidCreate(changed));
  }

  #forget(uri: vscode.Uri): void {
    const key = uri.toString();
    this.#open.get(key)?.watcher.dispose();
    this.#open.delete(key);
  }

  /** Puts the offsets of the lines that can be seen before them. */
  #showOffsets(editor: vscode.TextEditor): void {
    const { document, visibleRanges } = editor;
    const offsets = this.#open.get(document.uri.toString())?.offsets;
    if (offsets === undefined || offsets.length === 0) return;
    const shown: vscode.DecorationOptions[] = [];
    for (const { start, end } of visibleRanges) {
      const last = Math.min(end.line + MARGIN_LINES, document.lineCount - 1);
      for (let line = Math.max(0, start.line - MARGIN_LINES); line <= last; line++)
        shown.push(offsetAt(line, offsets[line] ?? -1));
    }
    editor.setDecorations(this.#margin, shown);
  }
}

function offsetAt(line: number, offset: number): vscode.DecorationOptions {
  const contentText = offset < 0 ? '\u00a0' : `0x${offset.toString(16).padStart(OFFSET_WIDTH - 2, '0')}`;
  return {
    range: new vscode.Range(line, 0, line, 0),
    renderOptions: {
      before: {
        contentText,
        width: `${OFFSET_WIDTH}ch`,
        margin: '0 2ch 0 0',
        color: new vscode.ThemeColor('editorLineNumber.foreground'),
      },
    },
  };
}

function wholeText(file: vscode.Uri): vscode.Uri {
  return vscode.Uri.from({ scheme: MODULE_SCHEME, path: `${file.path}.wat` });
}

function functionText(file: vscode.Uri, index: number): vscode.Uri {
  return vscode.Uri.from({
    scheme: MODULE_SCHEME,
    path: `${file.path}/function ${index}.wat`,
    query: `function=${index}`,
  });
}

/** The index of the function that a document has; undefined for that of a whole module. */
function functionOf({ query }: vscode.Uri): number | undefined {
  const index = new URLSearchParams(query).get('function');
  return index === null ? undefined : Number(index);
}
