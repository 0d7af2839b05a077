import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type ModuleSymbols, SymbolThread } from '../runtime/internal.ts';

const MAGIC = Buffer.from('\0asm');
/** Larger modules are not read twice. */
const MAX_SIZE = 256 * 2 ** 20;

/**
 * The symbols of a program that is about to be launched, read from its file while the runtime starts. They are those of what the
 * runtime has loaded if the file has not changed meanwhile.
 */
export class SourcesAhead {
  readonly thread = new SymbolThread();
  readonly #path: string;
  readonly #before: Stats | undefined;
  /** A text has first to be assembled, which the runtime does. */
  readonly #isRead: boolean;
  readonly #symbols: ModuleSymbols;

  /** @param path of a file that is there */
  constructor(path: string) {
    this.#path = path;
    this.#before = this.#look();
    this.#symbols = this.thread.open({ path, bytes: () => readFile(path) });
    this.#isRead = this.#before !== undefined && this.#before.size <= MAX_SIZE && isBinary(path);
    if (this.#isRead) this.#symbols.files().catch(() => {});
  }

  /** Null if the file is not what the runtime has loaded, or may not be that. */
  get symbols(): ModuleSymbols | null {
    return this.#isSame && this.#isRead ? this.#symbols : null;
  }

  /** The bytes of the file; null where `symbols` is, or if it cannot be read. */
  async bytes(): Promise<Uint8Array | null> {
    if (!this.#isSame || !this.#isRead) return null;
    const bytes = await readFile(this.#path).catch(() => null);
    return this.#isSame ? bytes : null;
  }

  get #isSame(): boolean {
    const now = this.#look();
    return now?.mtimeMs === this.#before?.mtimeMs && now?.size === this.#before?.size;
  }

  /** Undefined if it is no file. */
  #look(): Stats | undefined {
    const stats = statSync(this.#path, { throwIfNoEntry: false });
    return stats?.isFile() === true ? stats : undefined;
  }
}

/** Whether a file begins as binary modules do. One that cannot be read is the runtime's to report. */
function isBinary(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const start = Buffer.alloc(4);
    return readSync(file, start, 0, start.length, 0) === start.length && start.equals(MAGIC);
  } finally {
    closeSync(file);
  }
}
