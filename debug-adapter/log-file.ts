import { createWriteStream, type WriteStream } from 'node:fs';

/** Bytes that wait to be written before lines are left out: a disk may be slower than a program that prints. */
const MAX_WAITING = 16 * 2 ** 20;

/**
 * A file to which lines are added. Nothing that goes wrong with it disturbs whoever writes: after the first error nothing
 * more is written, and lines that a slow disk has no room for are counted.
 */
export class LogFile {
  readonly path: string;
  readonly #stream: WriteStream;
  #isBroken = false;
  #leftOut = 0;

  /**
   * Opens the file, readable by its owner alone.
   * @param isNew whether it must not exist
   * @param onError called once, with what is wrong
   */
  constructor(path: string, isNew: boolean, onError: (error: Error) => void) {
    this.path = path;
    this.#stream = createWriteStream(path, { flags: isNew ? 'ax' : 'a', mode: 0o600 });
    this.#stream.on('error', (error) => {
      if (this.#isBroken) return;
      this.#isBroken = true;
      onError(error);
    });
  }

  /** Adds a line. */
  write(line: string): void {
    if (this.#isBroken) return;
    if (this.#stream.writableLength > MAX_WAITING) {
      this.#leftOut++;
      return;
    }
    if (this.#leftOut > 0) this.#stream.write(`... ${this.#leftOut} lines left out\n`);
    this.#leftOut = 0;
    this.#stream.write(`${line}\n`);
  }

  /** Resolves when all is written that can be. */
  close(): Promise<void> {
    if (this.#isBroken || this.#stream.closed) return Promise.resolve();
    return new Promise((done) => {
      this.#stream.once('close', done);
      this.#stream.end();
    });
  }
}
