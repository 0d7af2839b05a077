import type { Readable } from 'node:stream';
import type { OutputStream } from '../kernel/stdio.ts';

/** What a program prints to one of its two streams, as a process reads it. */
export interface ProgramOutput {
  /** At most `length` bytes: null where none are there yet, an empty array at the end. */
  read(length: number): Uint8Array | null;
  /** Calls `ready` when a read may no longer return null. Returns how to give up. */
  whenReadable(ready: () => void): () => void;
}

const END = new Uint8Array(0);

/** Those who wait for the same thing. */
class Waiting {
  readonly #ready = new Set<() => void>();

  add(ready: () => void): () => void {
    this.#ready.add(ready);
    return () => this.#ready.delete(ready);
  }

  wake(): void {
    const all = [...this.#ready];
    this.#ready.clear();
    for (const ready of all) ready();
  }
}

/** Output that is handed on as it is read: a program that prints faster than that has to wait. */
export class StreamedOutput implements ProgramOutput {
  readonly #stream: Readable;
  readonly #waiting = new Waiting();
  #ended = false;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('readable', () => this.#waiting.wake());
    whenClosed(stream, () => {
      this.#ended = true;
      this.#waiting.wake();
    });
  }

  read(length: number): Uint8Array | null {
    const stream = this.#stream;
    const available = stream.readableLength;
    if (available > 0) {
      const chunk: Buffer | null = stream.read(Math.min(length, available));
      if (chunk !== null) return chunk;
    }
    if (this.#ended) return END;
    // Makes the stream fetch more, or find out that there is no more.
    stream.read(0);
    return null;
  }

  whenReadable(ready: () => void): () => void {
    return this.#waiting.add(ready);
  }
}

/** Bytes of the buffer that captured output begins with. */
const FIRST_BUFFER = 4096;

/** Output that is kept, so that a program never waits for its reader. More than there may be is a failure. */
export class CapturedOutput implements ProgramOutput {
  readonly #waiting = new Waiting();
  /** What was printed and not read yet is `#buffer.subarray(#start, #end)`. */
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #closed = false;

  /**
   * @param limit bytes that may be kept
   * @param onOverflow called once when there are more; nothing is kept from then on
   */
  constructor(stream: Readable, limit: number, onOverflow: () => void) {
    stream.on('data', (chunk: Buffer) => {
      if (this.#closed) return;
      if (this.#end - this.#start + chunk.length > limit) {
        this.#close();
        onOverflow();
        return;
      }
      this.#append(chunk);
      this.#waiting.wake();
    });
    whenClosed(stream, () => this.#close());
  }

  #append(chunk: Buffer): void {
    const size = this.#end - this.#start + chunk.length;
    if (this.#end + chunk.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_BUFFER, 2 * size));
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#buffer = larger;
      this.#end -= this.#start;
      this.#start = 0;
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  #close(): void {
    this.#closed = true;
    this.#waiting.wake();
  }

  read(length: number): Uint8Array | null {
    if (this.#start === this.#end) return this.#closed ? END : null;
    const taken = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + length));
    this.#start += taken.length;
    return taken;
  }

  whenReadable(ready: () => void): () => void {
    return this.#waiting.add(ready);
  }
}

/** Hands what a program prints to where its owner prints. It waits where that is full. */
export function passOn(stream: Readable, output: OutputStream): void {
  stream.on('data', (chunk: Buffer) => {
    const room = output.write(chunk);
    if (room === null) return;
    stream.pause();
    room.then(
      () => stream.resume(),
      () => stream.destroy(),
    );
  });
  stream.on('error', () => {});
}

/** Calls back once when nothing comes any more. What was destroyed on the way has an end as well. */
export function whenClosed(stream: Readable, closed: () => void): void {
  let open = true;
  const close = () => {
    if (open) closed();
    open = false;
  };
  stream.on('end', close);
  stream.on('error', close);
  stream.on('close', close);
}
