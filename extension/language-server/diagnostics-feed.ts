import { setTimeout as passed } from 'node:timers/promises';
import type { Connection, Diagnostic } from 'vscode-languageserver';
import type { Documents } from './documents.ts';
import { inSlices, type Work } from './slices.ts';
import type { WatDocument } from './wat-document.ts';

/** Milliseconds after a key in which requests come that belong to it, as that for completion. They are answered first. */
const PAUSE = 5;

/** Sends diagnostics of a text after each change of it, unless another change comes before they are found. */
export class DiagnosticsFeed {
  readonly #connection: Connection;
  readonly #documents: Documents;
  readonly #check: (document: WatDocument) => Work<Diagnostic[]>;
  readonly #checks = new Map<string, AbortController>();

  constructor(
    connection: Connection,
    documents: Documents,
    check: (document: WatDocument) => Work<Diagnostic[]>,
  ) {
    this.#connection = connection;
    this.#documents = documents;
    this.#check = check;
  }

  /** Called when a text was opened or has changed, or what is displayed of it. */
  changed(uri: string): void {
    this.#checks.get(uri)?.abort();
    const check = new AbortController();
    this.#checks.set(uri, check);
    void this.#send(uri, check.signal);
  }

  closed(uri: string): void {
    this.#checks.get(uri)?.abort();
    this.#checks.delete(uri);
    void this.#connection.sendDiagnostics({ uri, diagnostics: [] });
  }

  async #send(uri: string, signal: AbortSignal): Promise<void> {
    try {
      await passed(PAUSE, undefined, { signal });
      const document = this.#documents.get(uri);
      if (document === undefined) return;
      const diagnostics = await inSlices(this.#check(document), () => signal.throwIfAborted());
      await this.#connection.sendDiagnostics({ uri, diagnostics });
    } catch (error) {
      if (!signal.aborted) this.#connection.console.error(String(error));
    }
  }
}
