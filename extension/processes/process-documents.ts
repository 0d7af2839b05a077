import * as vscode from 'vscode';
import { keyFromText, type ProcessKey, type StackFrame } from '../../runtime/inspect/protocol.ts';
import {
  configRows,
  mailboxText,
  processName,
  processRows,
  type StackText,
  stackText,
  type ViewedProcess,
} from '../../runtime/inspect/view/index.ts';
import { messageOf } from '../log.ts';
import type { Program, Programs } from './program.ts';
import { PROCESS_SCHEME } from './tree-items.ts';

const KINDS = ['details', 'mailbox', 'stack'] as const;

/** What a document shows of a process. The details are its state, stack, mailbox and config. */
export type DocumentKind = (typeof KINDS)[number];

/** Maximum number of messages that a document displays. */
const MAX_MESSAGES = 200;

/** The command of links to frames, and its arguments. None of them is a URI, since VS Code decodes arguments twice. */
const OPEN_FRAME = 'lunatic.openFrame';
type FrameReference = [program: string, key: ProcessKey, kind: DocumentKind, frame: number];

/** The beginning of a frame's line, which is not part of its link. */
const AT = 'at ';

/** A text, and those of its lines that are frames, from top to bottom. */
interface FramedText {
  readonly text: string;
  readonly frames: readonly { readonly text: string; readonly frame: StackFrame }[];
}

interface OpenDocument {
  readonly uri: vscode.Uri;
  readonly program: Program;
  readonly key: ProcessKey;
  readonly kind: DocumentKind;
  /** The process as it was when the text was written. */
  process: ViewedProcess | undefined;
  text: string;
  frames: FramedText['frames'];
  wasOpen: boolean;
}

/**
 * Details, mailboxes and stacks of processes as read-only documents. They are updated while they are open, and keep their last
 * text when the process has ended.
 */
export class ProcessDocuments
  implements
    vscode.TextDocumentContentProvider,
    vscode.DocumentLinkProvider,
    vscode.DocumentColorProvider,
    vscode.Disposable
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
      vscode.languages.registerColorProvider(selector, this),
      vscode.commands.registerCommand(OPEN_FRAME, (...[program, key, kind, frame]: FrameReference) =>
        this.#openFrame(program, key, kind, frame).catch((error: unknown) =>
          vscode.window.showWarningMessage(messageOf(error)),
        ),
      ),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
  }

  /** Opens a document in a tab that stays: the next text that the debugger displays must not take its place. */
  async show(program: Program, key: ProcessKey, kind: DocumentKind): Promise<void> {
    const process = program.model.get(key) ?? (await program.request('lunatic/process', { process: key }));
    const path = `/${processName(process).replaceAll('/', '-')} ${kind}`;
    const query = new URLSearchParams({ program: program.id, process: key, kind }).toString();
    const uri = vscode.Uri.from({ scheme: PROCESS_SCHEME, path, query });
    const isOpen = this.#documents.has(uri.toString());
    const document = await vscode.workspace.openTextDocument(uri);
    if (isOpen) this.#changed.fire(uri);
    await vscode.window.showTextDocument(document, { preview: false });
  }

  /** Updates the documents of processes that have changed. */
  refresh(): void {
    if (this.#documents.size === 0) return;
    // Events do not tell which are open: a document whose language changes is reported as closed and opened again.
    const open = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.toString()));
    for (const [id, document] of this.#documents) {
      const { uri, program, key, process } = document;
      if (open.has(id)) document.wasOpen = true;
      else if (document.wasOpen) this.#documents.delete(id);
      if (open.has(id) && program.model.get(key) !== process) this.#changed.fire(uri);
    }
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const document = this.#open(uri);
    if (document === undefined) return 'The program has ended.\n';
    const { program, key } = document;
    const known = program.model.get(key);
    document.process = known;
    if (this.#programs.get(program.id) === undefined || known?.state === 'ended')
      return lastText(document, known);
    try {
      const process = known ?? (await program.request('lunatic/process', { process: key }));
      const { text, frames } = await this.#write(document, process);
      document.text = text;
      document.frames = frames;
      return text;
    } catch (error) {
      return document.text === '' ? `${messageOf(error)}\n` : lastText(document, undefined);
    }
  }

  async #write({ program, key, kind }: OpenDocument, process: ViewedProcess): Promise<FramedText> {
    switch (kind) {
      case 'mailbox':
        return { text: await this.#mailbox(program, key, process), frames: [] };
      case 'stack':
        return framed(stackText(process, await program.request('lunatic/stack', { process: key })));
      case 'details': {
        const [config, stack, mailbox] = await Promise.all([
          program.request('lunatic/config', { process: key }),
          program.request('lunatic/stack', { process: key }),
          this.#mailbox(program, key, process),
        ]);
        const parent = process.parent === null ? undefined : program.model.get(process.parent);
        const { text, frames } = framed(stackText(process, stack));
        const rows = table(processRows(process, parent));
        const limits = table(configRows(config).map(({ name, value }) => [name, value] as const));
        return {
          text: [processName(process), '', rows, text, mailbox, 'Config', '', limits].join('\n'),
          frames,
        };
      }
    }
  }

  async #mailbox(program: Program, key: ProcessKey, process: ViewedProcess): Promise<string> {
    const page = await program.request('lunatic/mailbox', { process: key, start: 0, count: MAX_MESSAGES });
    return mailboxText(process, page);
  }

  /** Finds the frames in the text as it is now: it may have changed, or got a note above. */
  provideDocumentLinks(text: vscode.TextDocument): vscode.DocumentLink[] {
    const document = this.#documents.get(text.uri.toString());
    if (document === undefined) return [];
    const { program, key, kind } = document;
    const links: vscode.DocumentLink[] = [];
    for (let line = 0; line < text.lineCount && links.length < document.frames.length; line++) {
      const { text: content } = text.lineAt(line);
      if (content !== document.frames[links.length]?.text) continue;
      const reference: FrameReference = [program.id, key, kind, links.length];
      const args = encodeURIComponent(JSON.stringify(reference));
      const range = new vscode.Range(line, AT.length, line, content.length);
      const link = new vscode.DocumentLink(range, vscode.Uri.parse(`command:${OPEN_FRAME}?${args}`));
      link.tooltip = 'Show in the module';
      links.push(link);
    }
    return links;
  }

  /** Returns no colours. Without this provider VS Code takes `#123` for one. */
  provideDocumentColors(): vscode.ColorInformation[] {
    return [];
  }

  provideColorPresentations(): vscode.ColorPresentation[] {
    return [];
  }

  #open(uri: vscode.Uri): OpenDocument | undefined {
    const known = this.#documents.get(uri.toString());
    if (known !== undefined) return known;
    const query = new URLSearchParams(uri.query);
    const program = this.#programs.get(query.get('program') ?? '');
    const key = query.get('process');
    const kind = KINDS.find((name) => name === query.get('kind'));
    if (program === undefined || key === null || kind === undefined) return undefined;
    const document: OpenDocument = {
      ...{ uri, program, key: keyFromText(key), kind, process: undefined, text: '', frames: [] },
      wasOpen: false,
    };
    this.#documents.set(uri.toString(), document);
    return document;
  }

  async #openFrame(...[program, key, kind, index]: FrameReference): Promise<void> {
    const document = [...this.#documents.values()].find(
      (candidate) => candidate.program.id === program && candidate.key === key && candidate.kind === kind,
    );
    const frame = document?.frames[index]?.frame;
    if (document === undefined || frame === undefined) return;
    const { session } = document.program;
    const place = await document.program.request('lunatic/source', frame);
    const { source: named } = place;
    // VS Code takes the tab's name from the path.
    const source = vscode.debug.asDebugSourceUri({ ...named, path: named.path ?? named.name ?? '' }, session);
    const position = new vscode.Position(place.line - 1, Math.max(0, place.column - 1));
    await vscode.window.showTextDocument(source, { selection: new vscode.Range(position, position) });
  }
}

function framed({ text, frames }: StackText): FramedText {
  const lines = text.split('\n');
  return { text, frames: frames.map(({ line, frame }) => ({ text: lines[line] ?? '', frame })) };
}

/**
 *     State    waiting for a message since 14:02:11
 *     Mailbox  3 messages
 */
function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  // All lines of a value begin in the same column.
  const indent = ' '.repeat(width + 2);
  const lines = rows.map(
    ([name, value]) => `${name.padEnd(width)}  ${value.replaceAll('\n', `\n${indent}`)}`,
  );
  return `${lines.join('\n')}\n`;
}

/** The text of a document whose process has ended. */
function lastText({ text }: OpenDocument, process: ViewedProcess | undefined): string {
  const known = process === undefined ? '' : `${processName(process)}\n\n${table(processRows(process))}`;
  if (text === '') return known === '' ? 'The process has ended.\n' : known;
  return `The process has ended. This is what it was at last.\n\n${text}`;
}
