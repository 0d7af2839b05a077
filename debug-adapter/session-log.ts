import type { DebugProtocol } from '@vscode/debugprotocol';
import { escapedJson } from '../runtime/inspect/view/index.ts';
import type { LogFile } from './log-file.ts';

/** Lines that are kept for a file that is opened later: a client says in its third request that it wants one. */
const MAX_EARLY = 50;
/** Characters of a message that are written. */
const MAX_MESSAGE = 65_536;
/** The address of an inspector, whose path is a token that lets whoever knows it control the program. */
const INSPECTOR_URL = /(wss?:\/\/[^\s"'/\\]+\/)[\w-]+/g;
/** Characters of the shortest text that is taken for a token. */
const MIN_TOKEN = 8;

/**
 * What happens in a session, line by line: every message of the client and to it, and every error of the adapter itself.
 *
 *     2026-01-31T12:00:00.000Z <- {"command":"threads","type":"request","seq":5}
 *     2026-01-31T12:00:00.001Z -> {"seq":9,"type":"response","request_seq":5,"success":true,...}
 *     2026-01-31T12:00:00.002Z !! threads: TypeError: ...
 *
 * Tokens of inspectors and of the adapter, and the values of environment variables, are left out.
 */
export class SessionLog {
  readonly #files: LogFile[] = [];
  readonly #prefix: string;
  /** Null once a file is open, or none is wanted. */
  #early: string[] | null = [];
  readonly #tokens = new Set<string>();

  /** @param prefix begins every line, where several sessions share a file */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  /** Writes to this file too, what has happened so far included. */
  add(file: LogFile): void {
    for (const line of this.#early ?? []) file.write(line);
    this.#files.push(file);
  }

  /** No further file will be added. */
  settle(): void {
    this.#early = null;
  }

  received(message: DebugProtocol.ProtocolMessage): void {
    if (this.#isOff) return;
    this.#learnToken(message);
    this.#write(`<- ${this.#text(message)}`);
  }

  sent(message: DebugProtocol.ProtocolMessage): void {
    if (!this.#isOff) this.#write(`-> ${this.#text(message)}`);
  }

  /** @param what during which the error was thrown */
  failed(what: string, error: unknown): void {
    if (this.#isOff) return;
    const text = error instanceof Error ? (error.stack ?? `${error}`) : String(error);
    const cause = error instanceof Error && error.cause !== undefined ? `\ncaused by ${error.cause}` : '';
    this.#write(`!! ${what}: ${text}${cause}`.replaceAll('\n', '\n    '));
  }

  get #isOff(): boolean {
    return this.#early === null && this.#files.length === 0;
  }

  #write(text: string): void {
    const line = `${new Date().toISOString()} ${this.#prefix}${this.#withoutTokens(text)}`;
    for (const file of this.#files) file.write(line);
    if (this.#early !== null && this.#early.length < MAX_EARLY) this.#early.push(line);
  }

  #text(message: DebugProtocol.ProtocolMessage): string {
    const text = escapedJson(JSON.stringify(message, hideValues));
    return text.length <= MAX_MESSAGE
      ? text
      : `${text.slice(0, MAX_MESSAGE)}... of ${text.length} characters`;
  }

  /** A client may name an inspector in another way than by a proper URL, and is told so, with what it has said. */
  #learnToken(message: DebugProtocol.ProtocolMessage): void {
    const url = 'arguments' in message ? (message as DebugProtocol.AttachRequest).arguments : undefined;
    const text: unknown = url !== null && typeof url === 'object' && 'url' in url ? url.url : undefined;
    const token = typeof text === 'string' ? text.trim().slice(text.trim().lastIndexOf('/') + 1) : '';
    if (token.length >= MIN_TOKEN) this.#tokens.add(token);
  }

  #withoutTokens(text: string): string {
    let safe = text.replace(INSPECTOR_URL, '$1TOKEN');
    for (const token of this.#tokens) safe = safe.replaceAll(token, 'TOKEN');
    return safe;
  }
}

/** Leaves the token of the adapter and the values of environment variables out of a message. */
function hideValues(name: string, value: unknown): unknown {
  if (name === 'token') return 'TOKEN';
  if (name !== 'env' || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((variable) => [variable, '...']));
}
