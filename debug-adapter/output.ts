import { OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';

/** Sends the output of a program as events. A character whose bytes come in two pieces is sent as one. */
export class Output {
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #decoders = { stdout: utf8(), stderr: utf8() };

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

  #tell(stream: 'stdout' | 'stderr', text: string): void {
    if (text !== '') this.#send(new OutputEvent(text, stream));
  }
}

function utf8(): TextDecoder {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
