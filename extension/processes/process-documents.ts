import * as vscode from 'vscode';
import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import {
  mailboxText,
  processName,
  type StackText,
  stackText,
  type ViewedProcess,
} from '../../runtime/inspect/view/index.ts';
import { messageOf } from '../log.ts';
import { PROCESS_SCHEME } from './process-tree.ts';
import type { Program, Programs } from './program.ts';

/** What a document tells of a process. */
export type DocumentKind = 'mailbox' | 'stack';

/** Messages that a document shows. */
const MAX_MESSAGES = 200;

interface OpenDocument {
  readonly uri: vscode.Uri;
  readonly program: Program;
  readonly key: ProcessKey;
  readonly kind: DocumentKind;
  /** As the process was when the text was made. */
  info: ViewedProcess | undefined;
  text: string;
  stack: StackText | undefined;
  wasOpen: boolean;
}

/**
 * Mailboxes and stacks as read-only documents, which follow what happens while they are open. What they told last stays
 * when the process has ended.
 */
export class ProcessDocuments
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, vscode.Disposable
{
  readonly #programs: Programs;
  readonly #documents = new Map<string, OpenDocument>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscriptions: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(programs: Programs) {
    this.#programs = programs;
    const selector = { scheme: PROCESS_SCHEME };
    this.#subscriptions = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(PROCESS_SCHEME, this),
      vscode.languages.registerDocumentLinkProvider(selector, this),
      vscode.commands.registerCommand('lunatic.openFrame', (program: string, key: string, line: number) =>
        this.#openFrame(program, key, line).catch((error: unknown) =>
          vscode.window.showWarningMessage(messageOf(error)),
        ),
      ),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  async show(program: Program, key: ProcessKey, kind: DocumentKind): Promise<void> {
    const info = program.model.get(key) ?? (await program.request('lunatic/process', { process: key }));
    const path = `/${processName(info).replaceAll('/', '-')} ${kind}`;
    const query = new URLSearchParams({ program: program.id, process: key, kind }).toString();
    const uri = vscode.Uri.from({ scheme: PROCESS_SCHEME, path, query });
    const isOpen = this.#documents.has(uri.toString());
    const document = await vscode.workspace.openTextDocument(uri);
    if (isOpen) this.#changed.fire(uri);
    await vscode.window.showTextDocument(document, { preview: true, preserveFocus: false });
  }

  /** Renews the documents of processes that are different now. */
  refresh(): void {
    // Asked here, and not told: a document that gets another language is closed and opened again.
    const open = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.toString()));
    for (const [id, document] of this.#documents) {
      const { uri, program, key, info } = document;
      if (open.has(id)) document.wasOpen = true;
      else if (document.wasOpen) this.#documents.delete(id);
      if (open.has(id) && program.model.get(key) !== info) this.#changed.fire(uri);
    }
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const document = this.#open(uri);
    if (document === undefined) return 'The program has ended.\n';
    const { program, key, kind } = document;
    const info = program.model.get(key);
    try {
      if (this.#programs.get(program.id) === undefined) return ended(document);
      const now = info ?? (await program.request('lunatic/process', { process: key }));
      document.info = info;
      if (kind === 'mailbox') {
        const page = await program.request('lunatic/mailbox', {
          process: key,
          start: 0,
          count: MAX_MESSAGES,
        });
        document.text = mailboxText(now, page);
      } else {
        document.stack = stackText(now, await program.request('lunatic/stack', { process: key }));
        document.text = document.stack.text;
      }
      return document.text;
    } catch (error) {
      document.info = info;
      return document.text === '' ? `${messageOf(error)}\n` : ended(document);
    }
  }

  provideDocumentLinks({ uri }: vscode.TextDocument): vscode.DocumentLink[] {
    const document = this.#documents.get(uri.toString());
    if (document?.stack === undefined) return [];
    const { program, key, stack } = document;
    return stack.frames.map(({ line, length }) => {
      const args = encodeURIComponent(JSON.stringify([program.id, key, line]));
      // Without the word `at` before it.
      const range = new vscode.Range(line, 'at '.length, line, length);
      const link = new vscode.DocumentLink(range, vscode.Uri.parse(`command:lunatic.openFrame?${args}`));
      link.tooltip = 'Show in the module';
      return link;
    });
  }

  #open(uri: vscode.Uri): OpenDocument | undefined {
    const known = this.#documents.get(uri.toString());
    if (known !== undefined) return known;
    const query = new URLSearchParams(uri.query);
    const program = this.#programs.get(query.get('program') ?? '');
    const key = query.get('process');
    if (program === undefined || key === null) return undefined;
    const kind: DocumentKind = query.get('kind') === 'stack' ? 'stack' : 'mailbox';
    const document: OpenDocument = {
      ...{ uri, program, key, kind, info: undefined, text: '', stack: undefined },
      wasOpen: false,
    };
    this.#documents.set(uri.toString(), document);
    return document;
  }

  async #openFrame(program: string, key: string, line: number): Promise<void> {
    const document = [...this.#documents.values()].find(
      (candidate) => candidate.program.id === program && candidate.key === key && candidate.kind === 'stack',
    );
    const frame = document?.stack?.frames.find((candidate) => candidate.line === line)?.frame;
    if (document === undefined || frame === undefined) return;
    const { session } = document.program;
    const place = await document.program.request('lunatic/source', frame);
    const { source: named } = place;
    // The editor makes a name of the path.
    const source = vscode.debug.asDebugSourceUri({ ...named, path: named.path ?? named.name ?? '' }, session);
    const position = new vscode.Position(place.line - 1, Math.max(0, place.column - 1));
    await vscode.window.showTextDocument(source, { selection: new vscode.Range(position, position) });
  }
}

function ended({ text }: OpenDocument): string {
  const note = 'The process has ended. This is what it was at last.\n\n';
  return text.startsWith(note) || text === '' ? text || 'The process has ended.\n' : `${note}${text}`;
}
