import { type ChildProcess, spawn } from 'node:child_process';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import type {
  Diagnostic,
  InitializeParams,
  InitializeResult,
  Position,
  PublishDiagnosticsParams,
  Range,
  TextEdit,
} from 'vscode-languageserver';
import { launcher } from '../support/command.ts';

/** Marks places in the texts of tests: `‸` is the cursor. */
const CURSOR = '‸';

/** A text of a test, with the place that its cursor marked. */
export interface Marked {
  readonly text: string;
  readonly position: Position;
}

export function marked(source: string): Marked {
  const at = source.indexOf(CURSOR);
  const before = source.slice(0, at).split('\n');
  return {
    text: source.replace(CURSOR, ''),
    position: { line: before.length - 1, character: before.at(-1)?.length ?? 0 },
  };
}

/** A client of `lunatic lsp --stdio`, as editors are. */
export class LanguageClient {
  readonly #server: ChildProcess;
  readonly #connection: MessageConnection;
  readonly #diagnostics = new Map<string, (found: Diagnostic[]) => void>();
  readonly #texts = new Map<string, string>();
  #opened = 0;
  /** What the server has written to standard error. */
  errors = '';

  private constructor(server: ChildProcess, connection: MessageConnection) {
    this.#server = server;
    this.#connection = connection;
    server.stderr?.on('data', (data) => {
      this.errors += data;
    });
    connection.onNotification(
      'textDocument/publishDiagnostics',
      ({ uri, diagnostics }: PublishDiagnosticsParams) => {
        this.#diagnostics.get(uri)?.(diagnostics);
        this.#diagnostics.delete(uri);
      },
    );
    connection.listen();
  }

  /** Starts a server. */
  static async start(
    options: Partial<InitializeParams> = {},
    args: readonly string[] = [],
  ): Promise<LanguageClient & { result: InitializeResult }> {
    const server = spawn(process.execPath, [launcher, 'lsp', '--stdio', ...args], { stdio: 'pipe' });
    const connection = createMessageConnection(
      new StreamMessageReader(server.stdout),
      new StreamMessageWriter(server.stdin),
    );
    const client = new LanguageClient(server, connection);
    const result: InitializeResult = await connection.sendRequest('initialize', {
      ...{ processId: process.pid, rootUri: null, capabilities: {}, workspaceFolders: null },
      ...options,
    });
    await connection.sendNotification('initialized', {});
    return Object.assign(client, { result });
  }

  /** Opens a text; returns its URI. */
  async open(text: string, languageId = 'wat'): Promise<string> {
    const uri = `file:///tests/${this.#opened++}.wat`;
    this.#texts.set(uri, text);
    await this.#connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version: 1, text },
    });
    return uri;
  }

  /** What is wrong with a text: the words that it is about, and the message. */
  async problems(text: string): Promise<string[]> {
    const { found } = await this.openAndWait(text);
    return found.map(({ range, message }) => `${textIn(text, range)}: ${message}`);
  }

  /** Opens a text, and waits for what is told about it. */
  async openAndWait(text: string, languageId = 'wat'): Promise<{ uri: string; found: Diagnostic[] }> {
    const found = this.nextDiagnostics(`file:///tests/${this.#opened}.wat`);
    const uri = await this.open(text, languageId);
    return { uri, found: await found };
  }

  /** Opens a text as a file, or anew with another content, and waits for what is told about it. */
  async diagnosticsOf(uri: string, text: string, languageId = 'wat'): Promise<Diagnostic[]> {
    const found = this.nextDiagnostics(uri);
    const version = ++this.#opened;
    if (this.#texts.has(uri))
      await this.notify('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text }],
      });
    else await this.notify('textDocument/didOpen', { textDocument: { uri, languageId, version, text } });
    this.#texts.set(uri, text);
    return await found;
  }

  /** A text with a change. */
  applied(text: string, { range, newText }: TextEdit): string {
    const lines = text.split('\n');
    const offset = ({ line, character }: Position) =>
      lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, character);
    return text.slice(0, offset(range.start)) + newText + text.slice(offset(range.end));
  }

  nextDiagnostics(uri: string): Promise<Diagnostic[]> {
    return new Promise((resolve) => this.#diagnostics.set(uri, resolve));
  }

  async change(uri: string, range: Range, text: string, version = 2): Promise<void> {
    await this.#connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ range, text }],
    });
  }

  request<R>(method: string, params: object): Promise<R> {
    return this.#connection.sendRequest(method, params);
  }

  notify(method: string, params: object): Promise<void> {
    return this.#connection.sendNotification(method, params);
  }

  get connection(): MessageConnection {
    return this.#connection;
  }

  /** Asks about the cursor in a text that is opened for it. */
  async at<R>(method: string, source: string, params: object = {}): Promise<R> {
    const { text, position } = marked(source);
    const uri = await this.open(text);
    return await this.request(method, { textDocument: { uri }, position, ...params });
  }

  /** The exit code of the server after it was told to end. */
  async stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.#server.once('exit', resolve));
    await this.#connection.sendRequest('shutdown');
    await this.#connection.sendNotification('exit');
    const code = await ended;
    this.#connection.dispose();
    return code;
  }
}

/** What stands in a range of a text. */
export function textIn(text: string, { start, end }: Range): string {
  const lines = text.split('\n');
  const offset = ({ line, character }: Position) =>
    lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, character);
  return text.slice(offset(start), offset(end));
}
