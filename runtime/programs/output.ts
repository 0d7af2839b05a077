import type { Readable } from 'node:stream';
import type { Account } from '../kernel/account.ts';
import type { OutputStream } from '../kernel/stdio.ts';

/** The output of an OS program on one of its two streams, as a process reads it. */
export interface OsProgramOutput {
  /** Returns at most `length` bytes: null if none are there yet, an empty array at the end. */
  read(length: number): Uint8Array | null;
  /** Calls `ready` when a read may no longer return null. Returns a function that gives up. */
  whenReadable(ready: () => void): () => void;
  /** Gives up what has not been read. */
  drop(): void;
}

const END = new Uint8Array(0);

/** Callers that wait for the same event. */
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

/** Output that is passed on while it is read. A program that prints faster than that has to wait. */
export class StreamedOutput implements OsProgramOutput {
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
    // Makes the stream fetch more, or find its end.
    stream.read(0);
    return null;
  }

  whenReadable(ready: () => void): () => void {
    return this.#waiting.add(ready);
  }

  drop(): void {}
}

/** Bytes of the buffer that captured output begins with. */
const FIRST_BUFFER = 4096;

/** Output that is kept, so that a program never waits for its reader. It fails if there is too much. The owner pays for its buffer. */
export class CapturedOutput implements OsProgramOutput {
  readonly #waiting = new Waiting();
  /** The bytes that have not been read yet are `#buffer.subarray(#start, #end)`. */
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #closed = false;
  readonly #account: Account;

  /**
   * @param limit bytes that are kept at most
   * @param account of the process that may read it
   * @param onOverflow called once if there are more, with null, or if the account has no room for them, with the reason. Nothing is
   *   kept from then on
   */
  constructor(
    stream: Readable,
    limit: number,
    account: Account,
    onOverflow: (refusal: string | null) => void,
  ) {
    this.#account = account;
    stream.on('data', (chunk: Buffer) => {
      if (this.#closed) return;
      const isTooMuch = this.#end - this.#start + chunk.length > limit;
      const refusal = isTooMuch ? null : this.#append(chunk);
      if (!isTooMuch && refusal === null) {
        this.#waiting.wake();
      } else {
        this.#close();
        onOverflow(refusal);
      }
    });
    whenClosed(stream, () => this.#close());
  }

  /** Returns null, or why there is no room. */
  #append(chunk: Buffer): string | null {
    const size = this.#end - this.#start + chunk.length;
    if (this.#end + chunk.length > this.#buffer.length) {
      const larger = Math.max(FIRST_BUFFER, 2 * size);
      const refusal = this.#account.add(larger);
      if (refusal !== null) return refusal;
      this.#replace(Buffer.allocUnsafeSlow(larger));
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
    return null;
  }

  #replace(buffer: Buffer): void {
    this.#account.release(this.#buffer.length);
    this.#buffer.copy(buffer, 0, this.#start, this.#end);
    this.#buffer = buffer;
    this.#end -= this.#start;
    this.#start = 0;
  }

  drop(): void {
    this.#start = this.#end;
    this.#replace(Buffer.alloc(0));
    this.#close();
  }

  #close(): void {
    this.#closed = true;
    this.#waiting.wake();
  }

  read(length: number): Uint8Array | null {
    if (this.#start === this.#end) return this.#closed ? END : null;
    const taken = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + length));
    this.#start += taken.length;
    if (this.#start === this.#end) this.#replace(Buffer.alloc(0));
    return taken;
  }

  whenReadable(ready: () => void): () => void {
    return this.#waiting.add(ready);
  }
}

/** Passes output on to the output of the program's owner. The program waits while that is full. */
export function passOn(stream: Readable, output: OutputStream): void {
  let giveUp = () => {};
  const take = (chunk: Buffer): void => {
    if (output.isFull) {
      stream.pause();
      giveUp = output.whenWritable(() => {
        stream.resume();
        take(chunk);
      });
      return;
    }
    const room = output.write(chunk);
    if (room === null) return;
    stream.pause();
    room.then(
      () => stream.resume(),
      () => stream.destroy(),
    );
  };
  stream.on('data', take);
  stream.on('error', () => {});
  // What a program that is killed has printed last is dropped, if nobody has read it.
  stream.on('close', () => giveUp());
}

/** Calls back once when nothing more will come. A stream that is destroyed ends as well. */
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
