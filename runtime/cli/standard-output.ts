import { fstatSync, write } from 'node:fs';
import { OutputLine } from '../kernel/output-line.ts';
import { OutputError, type OutputStream } from '../kernel/stdio.ts';
import { isTerminal } from './terminal.ts';

const STDOUT = 1;
const STDERR = 2;

/** The number of bytes that may wait to be written before whoever prints has to wait, too. */
const HIGH_WATER_MARK = 65_536;

interface Chunk {
  readonly fd: number;
  readonly bytes: Uint8Array;
}

/**
 * Standard output and standard error of this command. If both are the same terminal or file they share one queue, so that
 * the order is kept in which a program prints to the two.
 */
export class StandardOutput {
  readonly output: OutputStream;
  readonly error: OutputStream;
  readonly #queues: readonly OutputQueue[];

  /** @param onBroken called once, when a stream cannot be written any more */
  constructor(onBroken: (error: NodeJS.ErrnoException) => void) {
    const output = new OutputQueue(onBroken);
    const error = isSameFile(STDOUT, STDERR) ? output : new OutputQueue(onBroken);
    this.#queues = [output, error];
    this.output = new Output(output, STDOUT);
    this.error = new Output(error, STDERR);
  }

  /** Waits until everything has been written, or has failed to be. */
  async flush(): Promise<void> {
    await Promise.allSettled(this.#queues.map((queue) => queue.flush()));
  }
}

function isSameFile(a: number, b: number): boolean {
  try {
    const [first, second] = [fstatSync(a), fstatSync(b)];
    return first.dev === second.dev && first.ino === second.ino;
  } catch {
    // One of the descriptors is closed.
    return false;
  }
}

/** One of the two streams. */
class Output implements OutputStream {
  readonly isTerminal: boolean;
  readonly #queue: OutputQueue;
  readonly #fd: number;

  constructor(queue: OutputQueue, fd: number) {
    this.#queue = queue;
    this.#fd = fd;
    this.isTerminal = isTerminal(fd);
  }

  get isFull(): boolean {
    return this.#queue.isFull;
  }

  whenWritable(ready: () => void): () => void {
    return this.#queue.line.enter(ready);
  }

  write(bytes: Uint8Array): Promise<void> | null {
    return this.#queue.write(this.#fd, bytes);
  }
}

/**
 * Bytes that are to be written to one or two descriptors, in order. They are written in the background, also to pipes, to
 * which Node's own streams write synchronously: a slow reader must not stop the scheduler.
 */
class OutputQueue {
  readonly #onBroken: (error: NodeJS.ErrnoException) => void;
  #queue: Chunk[] = [];
  #queuedBytes = 0;
  #writing = false;
  #failure: OutputError | null = null;
  readonly line = new OutputLine(() => this.isFull);
  #waiters: { resolve: () => void; reject: (error: Error) => void; below: number }[] = [];

  constructor(onBroken: (error: NodeJS.ErrnoException) => void) {
    this.#onBroken = onBroken;
  }

  get isFull(): boolean {
    return this.#queuedBytes >= HIGH_WATER_MARK;
  }

  flush(): Promise<void> {
    return this.#below(1);
  }

  write(fd: number, bytes: Uint8Array): Promise<void> | null {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#queue.push({ fd, bytes: bytes.slice() });
    this.#queuedBytes += bytes.length;
    if (!this.#writing) {
      this.#writing = true;
      // Everything that a program prints in one turn should be one write.
      setImmediate(() => this.#writeNext());
    }
    return this.isFull ? this.#below(HIGH_WATER_MARK) : null;
  }

  #below(below: number): Promise<void> {
    if (this.#queuedBytes < below || this.#failure !== null) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject, below }));
  }

  #writeNext(): void {
    const [first] = this.#queue;
    if (first === undefined) {
      this.#writing = false;
      return;
    }
    let count = 1;
    while (this.#queue[count]?.fd === first.fd) count++;
    const bytes = Buffer.concat(this.#queue.splice(0, count).map((chunk) => chunk.bytes));
    this.#writeFully(first.fd, bytes);
  }

  #writeFully(fd: number, bytes: Buffer): void {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null && error.code === 'EAGAIN') {
        // The descriptor has been made non-blocking by another OS process. There may be room in a while.
        setTimeout(() => this.#writeFully(fd, bytes), 1);
        return;
      }
      if (error !== null) {
        this.#fail(error);
        return;
      }
      this.#queuedBytes -= written;
      if (written < bytes.length) this.#writeFully(fd, bytes.subarray(written));
      else this.#writeNext();
      this.#wake();
    });
  }

  #wake(): void {
    this.line.tell();
    const ready = this.#waiters.filter(({ below }) => this.#queuedBytes < below);
    if (ready.length === 0) return;
    this.#waiters = this.#waiters.filter(({ below }) => this.#queuedBytes >= below);
    for (const { resolve } of ready) resolve();
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.#failure = new OutputError(error.message, { cause: error });
    this.#queue = [];
    this.#queuedBytes = 0;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { reject } of waiters) reject(this.#failure);
    this.line.tell();
    this.#onBroken(error);
  }
}
