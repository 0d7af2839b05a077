import { OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';

/** Characters of standard error that are kept. */
const MAX_KEPT = 2 ** 14;

/** Sends the output of a program as events. A character whose bytes come in two pieces is sent as one. */
export class Output {
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #decoders = { stdout: utf8(), stderr: utf8() };
  /** What was printed last on standard error. */
  #last = '';

  constructor(send: (event: DebugProtocol.Event) => void) {
    this.#send = send;
  }

  print(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    this.#tell(stream, this.#decoders[stream].decode(bytes, { stream: true }));
  }

  /** Sends the rest of an incomplete character. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) this.#tell(stream, this.#decoders[stream].decode());
  }

  /** Whether a text is in what was printed last on standard error. */
  hasSaid(text: string): boolean {
    return this.#last.includes(text);
  }

  #tell(stream: 'stdout' | 'stderr', text: string): void {
    if (stream === 'stderr') this.#last = `${this.#last}${text}`.slice(-MAX_KEPT);
    if (text !== '') this.#send(new OutputEvent(text, stream));
  }
}

function utf8(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}

/** A text in the console that may be overlooked. Its words are the adapter's own. */
export class DimmedOutput extends OutputEvent {
  constructor(text: string) {
    super(text, 'console');
  }

  /** Displays it so, for clients that obey escape sequences: in grey. In high contrast, what is only faint cannot be read. */
  dim(): void {
    this.body.output = `\x1b[90m${this.body.output.trimEnd()}\x1b[39m\n`;
  }
}
