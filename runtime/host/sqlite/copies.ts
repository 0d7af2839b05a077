import type { DatabaseSync } from 'node:sqlite';
import type { DatabaseSizes } from './database-sizes.ts';
import { type SqliteError, tooLong } from './sqlite-error.ts';

/** A database of a connection as the bytes of a file. */
export interface Image {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What copying needs of a connection. */
interface Owner {
  /** Whether the connection may keep others from the file. */
  readonly isExclusive: () => boolean;
  /** Does what SQL of guests may not do. */
  readonly asRuntime: <T>(run: () => T) => T;
  /** Copies the main database in a thread. */
  readonly inThread: () => Promise<Uint8Array>;
  /** Ends when no thread uses the main database. */
  readonly unused: () => Promise<void>;
}

/** The size of the largest databases that are copied for a helper together, in bytes. */
const MAX_COPIED = 128 * 2 ** 20;
/** The same of what is copied here, where a mebibyte takes nearly a millisecond, and of what is never copied in a thread. */
const MAX_COPIED_HERE = 12 * 2 ** 20;
const MIN_COPIED_APART = 2 * 2 ** 20;

/** Bytes of databases, and of those that are copied here. */
interface Sizes {
  readonly size: number;
  readonly here: number;
}

function areSmall({ size, here }: Sizes): boolean {
  return size <= MAX_COPIED && here <= MAX_COPIED_HERE;
}

/** Copies the databases of a connection for helpers, and tells whether others have changed them since. */
export class Copies {
  readonly #database: DatabaseSync;
  readonly #sizes: DatabaseSizes;
  readonly #owner: Owner;
  /** The databases that were copied last, and the versions of what was in them. */
  #copied: readonly string[] = [];
  #version = '';
  /** Whether the transaction has done anything but read, or is not known to have done no more. */
  hasWritten = false;

  constructor(database: DatabaseSync, sizes: DatabaseSizes, owner: Owner) {
    this.#database = database;
    this.#sizes = sizes;
    this.#owner = owner;
  }

  /**
   * Returns how databases are copied later, and their size. The main one is the first of them.
   * @throws SqliteError if they are too large
   */
  plan(names: readonly string[]): {
    readonly size: number;
    readonly images: () => Promise<readonly Image[]>;
  } {
    const { size, here, isApart } = this.#measure(names);
    if (!areSmall({ size, here })) throw tooLarge(size, size <= MAX_COPIED);
    return { size, images: () => this.#take(names, isApart) };
  }

  /** Whether databases are small enough to be copied. */
  areSmall(names: readonly string[]): boolean {
    return areSmall(this.#measure(names));
  }

  #measure(names: readonly string[]): Sizes & { readonly isApart: boolean } {
    const { main } = this.#sizes;
    const size = this.#sizes.of(names);
    const isApart = main > MIN_COPIED_APART && this.#mayCopyApart(main);
    return { size, here: isApart ? size - main : size, isApart };
  }

  /** Whether another connection sees the main database as this one does. In a transaction that is tried only if it must be. */
  #mayCopyApart(size: number): boolean {
    if (this.#owner.isExclusive()) return false;
    if (!this.#database.isTransaction) return true;
    if (this.hasWritten || size <= MAX_COPIED_HERE) return false;
    // With a write-ahead log, a transaction may see what was there before others wrote.
    const [mode] = this.#database.prepare('PRAGMA journal_mode').get() as unknown as [string];
    return mode !== 'wal';
  }

  async #take(names: readonly string[], isApart: boolean): Promise<readonly Image[]> {
    await this.#owner.unused();
    const [main, others] = this.#owner.asRuntime(() => {
      this.#copied = names;
      this.#version = this.#sizes.versionOf(names);
      const rest = (isApart ? names.slice(1) : names).map((name) => ({
        name,
        bytes: withoutLog(this.#database.serialize(name)),
      }));
      return [isApart ? this.#owner.inThread() : null, rest];
    });
    return main === null ? others : [{ name: 'main', bytes: withoutLog(await main) }, ...others];
  }

  /** Whether others have changed what was copied last. */
  get hasChanged(): boolean {
    return this.#sizes.versionOf(this.#copied) !== this.#version;
  }
}

function tooLarge(size: number, isOnlyHere: boolean): SqliteError {
  const why = isOnlyHere
    ? 'to be copied in a transaction that has changed something, or with temporary tables and attached databases'
    : 'to run it on a copy';
  return tooLong(`the statement may take long, and databases of ${size} bytes are too large ${why}`);
}

/** Makes an image one of a database without a write-ahead log, which a copy has not. */
function withoutLog(image: Uint8Array): Uint8Array {
  if (image[18] === 2) image.fill(1, 18, 20);
  return image;
}
