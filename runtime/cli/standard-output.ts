import { fstatSync, write, writeSync } from 'node:fs';
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

  /** How many bytes have been written. */
  get written(): number {
    return this.#queues.reduce((sum, queue) => sum + queue.written, 0);
  }

  /** Whether anything waits to be written. */
  get isBusy(): boolean {
    return this.#queues.some((queue) => !queue.isEmpty);
  }

  /** Whether a thread is writing, which may take until somebody reads. */
  get isWriting(): boolean {
    return this.#queues.some((queue) => queue.isUnderWay);
  }

  /** Waits until everything has been written, or has failed to be. */
  async flush(): Promise<void> {
    await Promise.allSettled(this.#queues.map((queue) => queue.flush()));
  }

  /**
   * Writes what it can without the threads that write in the background: starting them takes longer than a short program. Nothing
   * else is done meanwhile, not even for OS signals, so there must be nothing else to do.
   */
  writeAtOnce(): void {
    for (const queue of this.#queues) queue.writeAtOnce();
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
  written = 0;
  /** Whether the queue will be written without another call; and whether the first of it is being written. */
  #writing = false;
  #isUnderWay = false;
  #failure: OutputError | null = null;
  readonly line = new OutputLine(() => this.isFull);
  #waiters: { resolve: () => void; reject: (error: Error) => void; below: number }[] = [];

  constructor(onBroken: (error: NodeJS.ErrnoException) => void) {
    this.#onBroken = onBroken;
  }

  get isFull(): boolean {
    return this.#queuedBytes >= HIGH_WATER_MARK;
  }

  get isEmpty(): boolean {
    return this.#queuedBytes === 0;
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay;
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

  writeAtOnce(): void {
    if (this.#isUnderWay) return;
    try {
      for (let next = this.#takeNext(); next !== null; next = this.#takeNext()) {
        const { fd, bytes } = next;
        this.#queue.unshift(next);
        const written = writeSync(fd, bytes);
        this.#queuedBytes -= written;
        this.written += written;
        this.#queue.shift();
        if (written < bytes.length) this.#queue.unshift({ fd, bytes: bytes.subarray(written) });
      }
    } catch (thrown) {
      const error = thrown as NodeJS.ErrnoException;
      // There is no room at the moment in a descriptor that does not block: the background waits for it.
      if (error.code !== 'EAGAIN') this.#fail(error);
    }
    this.#wake();
  }

  #below(below: number): Promise<void> {
    if (this.#queuedBytes < below || this.#failure !== null) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject, below }));
  }

  #writeNext(): void {
    const next = this.#takeNext();
    if (next === null) this.#writing = false;
    else this.#writeFully(next.fd, next.bytes);
  }

  /** Takes what is written next to one descriptor; null if nothing waits. */
  #takeNext(): Chunk | null {
    const [first] = this.#queue;
    if (first === undefined) return null;
    let count = 1;
    while (this.#queue[count]?.fd === first.fd) count++;
    return { fd: first.fd, bytes: Buffer.concat(this.#queue.splice(0, count).map((chunk) => chunk.bytes)) };
  }

  #writeFully(fd: number, bytes: Uint8Array): void {
    this.#isUnderWay = true;
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error !== null && error.code === 'EAGAIN') {
        // The descriptor has been made non-blocking by another OS process. There may be room in a while.
        setTimeout(() => this.#writeFully(fd, bytes), 1);
        return;
      }
      if (error !== null) {
        this.#isUnderWay = false;
        this.#fail(error);
        return;
      }
      this.#queuedBytes -= written;
      this.written += written;
      if (written < bytes.length) {
        this.#writeFully(fd, bytes.subarray(written));
      } else {
        this.#isUnderWay = false;
        this.#writeNext();
      }
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
