import type { InputStream } from '../kernel/stdio.ts';
import { isTerminal } from './terminal.ts';

const END = new Uint8Array(0);

/** Standard input of this command, opened when a program first reads, so that others leave the terminal alone. */
export class StandardInput implements InputStream {
  #stream: typeof process.stdin | null = null;
  #ended = false;
  #waiting = new Set<() => void>();

  /** Looked up when a program asks, which few do. */
  get isTerminal(): boolean {
    return isTerminal(0);
  }

  read(length: number): Uint8Array | null {
    const stream = this.#open();
    const available = stream.readableLength;
    if (available === 0) {
      // Makes the stream fetch more, or find out that there is no more.
      stream.read(0);
      return this.#ended ? END : null;
    }
    const chunk = stream.read(Math.min(length, available)) as Buffer | null;
    return chunk ?? (this.#ended ? END : null);
  }

  whenReadable(ready: () => void): () => void {
    const stream = this.#open();
    if (stream.readableLength > 0 || this.#ended) {
      const now = setImmediate(ready);
      return () => clearImmediate(now);
    }
    this.#waiting.add(ready);
    return () => this.#waiting.delete(ready);
  }

  #open(): typeof process.stdin {
    if (this.#stream !== null) return this.#stream;
    const stream = process.stdin;
    this.#stream = stream;
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    stream.on('readable', () => this.#wake());
    stream.on('end', end);
    stream.on('error', end);
    return stream;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const ready of waiting) ready();
  }
}
