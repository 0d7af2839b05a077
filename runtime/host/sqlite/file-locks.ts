import { statSync } from 'node:fs';
import { sharedDatabases } from '../../permissions/shared-databases.ts';

/**
 * Milliseconds for which a statement waits for a file that another OS process has locked. What a connection of this one has locked is
 * locked by a transaction or a query that is open: nobody waits for that, but another OS process may have locked it, too, within a
 * statement. In a transaction, each of two may wait for the other.
 */
const PATIENCE = { alone: 5000, inTransaction: 200, besideHolders: 25 };

/** A connection that may have its file locked between two statements. */
interface Holder {
  readonly isHolding: boolean;
}

/** What a connection has to do with other OS processes that use its file. */
export class FileLocks {
  static readonly #holders = new Map<string, Set<Holder>>();

  readonly #file: string;
  readonly #holder: Holder;
  readonly #closers: (() => void)[];
  readonly #attached = new Set<string>();

  /** @param file what `idOf` has told of it */
  constructor(file: string, holder: Holder) {
    this.#file = file;
    this.#holder = holder;
    this.#closers = [this.begin()];
    const holders = FileLocks.#holders.get(file) ?? new Set();
    FileLocks.#holders.set(file, holders);
    holders.add(holder);
  }

  /** Milliseconds for which a statement that finds the file locked is tried again. */
  get patience(): number {
    if (!sharedDatabases.isShared) return 0;
    for (const other of FileLocks.#holders.get(this.#file) ?? [])
      if (other !== this.#holder && other.isHolding) return PATIENCE.besideHolders;
    return this.#holder.isHolding ? PATIENCE.inTransaction : PATIENCE.alone;
  }

  /** Must be called when the file is opened once more. @returns what must be called when it is closed */
  begin(): () => void {
    const [dev = 0, ino = 0] = this.#file.split(':').map(Number);
    return sharedDatabases.begin({ dev, ino });
  }

  /** Must be called when other files have been attached. They count as open as long as the connection is. */
  attach(paths: readonly string[]): void {
    if (!sharedDatabases.isShared) return;
    for (const path of paths) {
      const attributes = statSync(path, { throwIfNoEntry: false });
      if (attributes === undefined || this.#attached.has(path)) continue;
      this.#attached.add(path);
      this.#closers.push(sharedDatabases.begin(attributes));
    }
  }

  /** Must be called when the connection has closed its files. */
  close(): void {
    for (const close of this.#closers) close();
    const holders = FileLocks.#holders.get(this.#file);
    holders?.delete(this.#holder);
    if (holders?.size === 0) FileLocks.#holders.delete(this.#file);
  }
}
