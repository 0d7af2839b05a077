import { basename } from 'node:path';
import * as vscode from 'vscode';
import {
  MODULE_SCHEME,
  MODULE_SOURCE,
  MODULE_TEXT,
  type ModuleSourceParams,
  type ModuleText,
  type ModuleTextParams,
  mayDeclareImports,
  PROJECT_FILE,
  PROJECT_FILES,
  type SourcePlaces,
} from '../language-server/protocol.ts';

/** What the script of the clients exports. It is large, so it is loaded when it is needed. */
type ClientScript = typeof import('./client.ts');
type Client = ReturnType<ClientScript['openClient']>;
declare const languageClient: () => ClientScript;

/** Texts that a language server serves. */
export interface Served {
  readonly id: string;
  readonly name: string;
  readonly languages: readonly string[];
  readonly schemes: readonly string[];
  /** Names of further files, whatever their language. */
  readonly files: readonly string[];
  /** Arguments of the server. */
  readonly args: readonly string[];
  /** Whether a text in one of the languages, or a file of such a name, is a reason to start the server. */
  isReason(document: vscode.TextDocument): boolean;
}

const TEXT_MODULES: Served = {
  id: 'lunatic.wat',
  name: 'Lunatic: text modules',
  languages: ['wat'],
  schemes: ['file', 'untitled', MODULE_SCHEME],
  files: [],
  args: [],
  isReason: () => true,
};

const SOURCES: Served = {
  id: 'lunatic.sources',
  name: 'Lunatic: host functions in sources, and projects',
  languages: ['rust', 'c', 'cpp', 'typescript'],
  schemes: ['file', 'untitled'],
  files: PROJECT_FILES,
  args: ['--sources'],
  isReason: (document) =>
    isFile(document, PROJECT_FILES)
      ? isFile(document, [PROJECT_FILE]) || document.getText().includes('"lunatic"')
      : mayDeclareImports(document.getText()),
};

/** Language servers and their clients, which start as soon as a text is open that needs them. Disposing of it stops them. */
export class LanguageClients implements vscode.Disposable {
  readonly #extensionPath: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #clients = new Map<Served, { readonly client: Client; readonly started: Promise<void> }>();
  readonly #subscriptions: vscode.Disposable;

  constructor(extensionPath: string, log: vscode.LogOutputChannel) {
    this.#extensionPath = extensionPath;
    this.#log = log;
    const look = (document: vscode.TextDocument) => this.#look(document);
    this.#subscriptions = vscode.Disposable.from(
      vscode.workspace.onDidOpenTextDocument(look),
      // Somebody begins to write one.
      vscode.workspace.onDidSaveTextDocument(look),
    );
    vscode.workspace.textDocuments.forEach(look);
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const { client } of this.#clients.values()) void client.dispose();
  }

  /** A binary module as text. */
  async moduleText(params: ModuleTextParams): Promise<ModuleText> {
    const { client, started } = this.#start(TEXT_MODULES);
    await started;
    return await client.sendRequest<ModuleText>(MODULE_TEXT, params);
  }

  /** The sources of which an instruction of a binary module was made. */
  async moduleSource(params: ModuleSourceParams): Promise<SourcePlaces> {
    const { client, started } = this.#start(TEXT_MODULES);
    await started;
    return await client.sendRequest<SourcePlaces>(MODULE_SOURCE, params);
  }

  #look(document: vscode.TextDocument): void {
    for (const served of [TEXT_MODULES, SOURCES])
      if (
        !this.#clients.has(served) &&
        (served.languages.includes(document.languageId) || isFile(document, served.files)) &&
        served.isReason(document)
      )
        this.#start(served);
  }

  #start(served: Served): { readonly client: Client; readonly started: Promise<void> } {
    const known = this.#clients.get(served);
    if (known !== undefined) return known;
    const client = languageClient().openClient(served, this.#extensionPath);
    const started = client.start();
    started.catch((error: unknown) => this.#log.error('The language server does not start.', error));
    const made = { client, started };
    this.#clients.set(served, made);
    return made;
  }
}

function isFile({ uri }: vscode.TextDocument, names: readonly string[]): boolean {
  return uri.scheme === 'file' && names.includes(basename(uri.path));
}
