import type { Readable } from 'node:stream';
import type { InputStream } from '../kernel/stdio.ts';

const END = new Uint8Array(0);

/** The input of processes, read from a stream of Node. The stream is opened when a process first reads. */
export class ReadableInput implements InputStream {
  readonly #open: () => Readable;
  readonly #isTerminal: () => boolean;
  #stream: Readable | null = null;
  #ended = false;
  /** What is read before the stream goes on. */
  #unread: Uint8Array = END;
  #waiting = new Set<() => void>();

  /** @param isTerminal called when a process asks, which few do */
  constructor(open: () => Readable, isTerminal: () => boolean = () => false) {
    this.#open = open;
    this.#isTerminal = isTerminal;
  }

  get isTerminal(): boolean {
    return this.#isTerminal();
  }

  read(length: number): Uint8Array | null {
    if (this.#unread.length > 0) {
      const bytes = this.#unread.subarray(0, length);
      this.#unread = this.#unread.subarray(length);
      return bytes;
    }
    const stream = this.#opened();
    const available = stream.readableLength;
    if (available === 0) {
      // Makes the stream fetch more, or find out that there is no more.
      stream.read(0);
      return this.#ended ? END : null;
    }
    const chunk: Buffer | null = stream.read(Math.min(length, available));
    return chunk ?? (this.#ended ? END : null);
  }

  whenReadable(ready: () => void): () => void {
    const stream = this.#opened();
    if (this.#unread.length > 0 || stream.readableLength > 0 || this.#ended) {
      const now = setImmediate(ready);
      return () => clearImmediate(now);
    }
    this.#waiting.add(ready);
    return () => this.#waiting.delete(ready);
  }

  unread(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([bytes, this.#unread]);
    this.#wake();
  }

  #opened(): Readable {
    if (this.#stream !== null) return this.#stream;
    const stream = this.#open();
    this.#stream = stream;
    this.#ended = stream.readableEnded || stream.destroyed;
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    stream.on('readable', () => this.#wake());
    stream.on('end', end);
    stream.on('error', end);
    stream.on('close', end);
    return stream;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const ready of waiting) ready();
  }
}
