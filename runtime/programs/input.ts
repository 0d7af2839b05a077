import type { Writable } from 'node:stream';
import type { InputStream } from '../kernel/stdio.ts';

/** Bytes that an OS program is given at once. */
const MAX_CHUNK = 65_536;

/** The standard input of an OS program, as a process writes it. */
export class OsProgramInput {
  readonly #stream: Writable;
  readonly #waiting = new Set<() => void>();
  #closed = false;

  constructor(stream: Writable) {
    this.#stream = stream;
    const close = () => {
      this.#closed = true;
      this.#wake();
    };
    // A program that does not read, or has ended, breaks the pipe.
    stream.on('error', close);
    stream.on('close', close);
    stream.on('drain', () => this.#wake());
  }

  /** Whether the program does not read any more, or the input was closed. */
  get isClosed(): boolean {
    return this.#closed || this.#stream.writableEnded;
  }

  /** Whether the program has to read before it takes more. */
  get isFull(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Takes a copy of the first bytes, as many as it takes at once. Returns their number. */
  write(bytes: Uint8Array): number {
    const chunk = bytes.slice(0, MAX_CHUNK);
    this.#stream.write(chunk);
    return chunk.length;
  }

  /** Calls `ready` when the input is no longer full, or is closed. Returns a function that gives up. */
  whenWritable(ready: () => void): () => void {
    this.#waiting.add(ready);
    return () => this.#waiting.delete(ready);
  }

  /** Lets the program find the end of its input. */
  close(): void {
    this.#stream.end();
  }

  #wake(): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const ready of all) ready();
  }
}

/** Gives a program the input of its owner, until it ends or closes its input. Returns a function that stops this. */
export function feed(stream: Writable, input: InputStream): () => void {
  let cancel = () => {};
  let open = true;
  const give = (bytes: Uint8Array): void => {
    if (bytes.length > 0) {
      stream.write(bytes.slice());
      return;
    }
    open = false;
    stream.end();
  };
  const step = (): void => {
    while (open && !stream.writableNeedDrain) {
      const bytes = input.read(MAX_CHUNK);
      if (bytes !== null) {
        give(bytes);
        continue;
      }
      const fetched = (found: Uint8Array | null): void => {
        if (found !== null) give(found);
        step();
      };
      cancel = input.fetch?.(MAX_CHUNK, true, fetched) ?? input.whenReadable(step);
      return;
    }
  };
  const stop = () => {
    open = false;
    cancel();
  };
  stream.on('drain', step);
  stream.on('error', stop);
  stream.on('close', stop);
  step();
  return stop;
}
