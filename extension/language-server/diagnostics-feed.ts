import type { Connection, Diagnostic } from 'vscode-languageserver';
import type { Documents } from './documents.ts';
import type { WatDocument } from './wat-document.ts';

/** Milliseconds that diagnostics of a text wait at most for the next key. */
const LONGEST_WAIT = 300;

/** Sends diagnostics of a text after each change of it: at once, or for one that takes long to check when the keys pause. */
export class DiagnosticsFeed {
  readonly #connection: Connection;
  readonly #documents: Documents;
  readonly #check: (document: WatDocument) => Diagnostic[];
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  /** How many milliseconds the last check has taken. */
  #lastTime = 0;

  constructor(connection: Connection, documents: Documents, check: (document: WatDocument) => Diagnostic[]) {
    this.#connection = connection;
    this.#documents = documents;
    this.#check = check;
  }

  /** Called when a text was opened or has changed, or what is displayed of it. */
  changed(uri: string): void {
    clearTimeout(this.#waiting.get(uri));
    const wait = this.#lastTime < LONGEST_WAIT / 2 ? 0 : LONGEST_WAIT;
    this.#waiting.set(
      uri,
      setTimeout(() => this.#send(uri), wait),
    );
  }

  closed(uri: string): void {
    clearTimeout(this.#waiting.get(uri));
    this.#waiting.delete(uri);
    void this.#connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  #send(uri: string): void {
    this.#waiting.delete(uri);
    const document = this.#documents.get(uri);
    if (document === undefined) return;
    const before = performance.now();
    const diagnostics = this.#check(document);
    this.#lastTime = performance.now() - before;
    void this.#connection.sendDiagnostics({ uri, diagnostics });
  }
}
