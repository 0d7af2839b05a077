import { closeSync, fstatSync } from 'node:fs';
import { platform } from 'node:process';

/** Descriptors of one database that guests have closed, and that are still open. */
const MAX_KEPT = 64;

/** Attributes that tell a file from all others. */
interface FileAttributes {
  readonly dev: number | bigint;
  readonly ino: number | bigint;
}

/** A database that connections of this OS process have open. */
interface Use {
  connections: number;
  readonly kept: number[];
}

/**
 * Databases in files that several OS processes use at once, as schedulers do. Two things that guests may do with files would end more
 * than themselves then:
 *
 *  - The index of a write-ahead log is a file beside the database, `-shm`, that SQLite maps into memory. An OS process dies when it
 *    touches a part of it that somebody has cut off. So guests cannot open a file of such a name, nor give a file such a name, or
 *    another one to such a file. They may remove it: what is mapped stays.
 *  - POSIX locks of a file are lost when an OS process closes any descriptor of it. So a descriptor of a database that a guest closes
 *    stays open as long as SQLite has the database open.
 */
export class SharedDatabases {
  #isShared = false;
  readonly #uses = new Map<string, Use>();

  /** Must be called before guests run, if other OS processes will use their databases. */
  share(): void {
    this.#isShared = true;
  }

  get isShared(): boolean {
    return this.#isShared;
  }

  /** Whether a file of this name may be the index of a write-ahead log, which guests must not touch. */
  isIndex(name: string): boolean {
    // In upper case, as file systems that do not tell cases apart compare names. On Windows, nobody can cut a file that is mapped.
    return this.#isShared && platform !== 'win32' && name.toUpperCase().endsWith('-SHM');
  }

  /** Must be called when SQLite opens a file. @returns what must be called when it has closed it */
  begin(file: FileAttributes): () => void {
    if (!this.#isShared) return () => {};
    const key = keyOf(file);
    const use = this.#uses.get(key) ?? { connections: 0, kept: [] };
    this.#uses.set(key, use);
    use.connections++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--use.connections > 0) return;
      this.#uses.delete(key);
      for (const fd of use.kept) closeSync(fd);
    };
  }

  /** Whether a guest may open a file: not if too many descriptors of it cannot be closed. */
  mayOpen(file: FileAttributes): boolean {
    return this.#uses.size === 0 || (this.#uses.get(keyOf(file))?.kept.length ?? 0) < MAX_KEPT;
  }

  /** Keeps a descriptor that is to be closed if SQLite has its file open, and closes it later. @returns whether it does */
  keep(fd: number): boolean {
    if (this.#uses.size === 0) return false;
    const use = this.#uses.get(keyOf(fstatSync(fd)));
    use?.kept.push(fd);
    return use !== undefined;
  }
}

function keyOf({ dev, ino }: FileAttributes): string {
  return `${Number(dev)}:${Number(ino)}`;
}

/** Those of this OS process. */
export const sharedDatabases = new SharedDatabases();
