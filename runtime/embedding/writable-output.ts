import type { Writable } from 'node:stream';
import { OutputLine } from '../kernel/output-line.ts';
import { OutputError, type OutputStream } from '../kernel/stdio.ts';

/** The output of processes, written to a stream of Node. Processes that write wait while the stream is full. */
export class WritableOutput implements OutputStream {
  readonly isTerminal: boolean;
  readonly #stream: Writable;
  #failure: OutputError | null = null;
  #drained: PromiseWithResolvers<void> | null = null;
  readonly #line = new OutputLine(() => this.isFull);

  constructor(stream: Writable) {
    this.#stream = stream;
    this.isTerminal = 'isTTY' in stream && stream.isTTY === true;
    stream.on('error', (error) => this.#fail(error.message, error));
    stream.on('close', () => this.#fail('the stream is closed'));
    stream.on('drain', () => {
      this.#drained?.resolve();
      this.#drained = null;
      this.#line.tell();
    });
  }

  get isFull(): boolean {
    return this.#failure === null && this.#stream.writableNeedDrain;
  }

  whenWritable(ready: () => void): () => void {
    return this.#line.enter(ready);
  }

  write(bytes: Uint8Array): Promise<void> | null {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#stream.write(bytes.slice())) return null;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  #fail(message: string, cause?: Error): void {
    this.#failure ??= new OutputError(message, { cause });
    this.#drained?.reject(this.#failure);
    this.#drained = null;
    this.#line.tell();
  }
}
