import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Tree, TreeSize } from './tree.ts';

/** The most values of a table that are counted, and the most tables and indexes: that takes some milliseconds. */
const MAX_VALUES = 3000;
const MAX_TREES = 20;
/** Bytes that they may have together. */
const MAX_COUNTED = 2 ** 21;
/** What a row takes besides its values. */
const ROW_BYTES = 20;
/** Milliseconds for which they are taken to be as large as they were: so much work does not make them much larger. */
const MAX_AGE = 5;

const clock = performance;

/** Tells how large the databases of a connection are, and the tables in them. Must be asked as the runtime, see `Sandbox.isOpen`. */
export class DatabaseSizes {
  readonly #database: DatabaseSync;
  #pages: StatementSync | null = null;
  #pageSizes: StatementSync | null = null;
  /** Trees by their numbers, and when they were counted. */
  readonly #trees = new Map<string, { readonly size: TreeSize; readonly at: number }>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Bytes of the main database. */
  get main(): number {
    this.#pages ??= this.#database.prepare('PRAGMA page_count');
    this.#pageSizes ??= this.#database.prepare('PRAGMA page_size');
    return numberOf(this.#pages) * numberOf(this.#pageSizes);
  }

  /** Bytes of several databases. */
  of(names: readonly string[]): number {
    return names.reduce((sum, name) => sum + this.#sizeOf(name), 0);
  }

  #sizeOf(name: string): number {
    if (name === 'main') return this.main;
    const [pages = 0, size = 0] = ['page_count', 'page_size'].map((pragma) =>
      numberOf(this.#database.prepare(`PRAGMA ${quoted(name)}.${pragma}`)),
    );
    return pages * size;
  }

  /** Returns the size of some tables and indexes; null if they are too large or too many to be counted. */
  ofTrees(trees: readonly Tree[]): TreeSize | null {
    if (trees.length > MAX_TREES) return null;
    const now = clock.now();
    const key = trees.map(({ database, root }) => `${database}:${root}`).join(' ');
    const known = this.#trees.get(key);
    if (known !== undefined && now - known.at < MAX_AGE) return known.size;
    const names = new Map(
      this.#database
        .prepare('PRAGMA database_list')
        .all()
        .map((row) => row as unknown as [bigint, string])
        .map(([number, name]) => [Number(number), name]),
    );
    const size = { bytes: 0, rows: 0 };
    for (const { database, root } of trees) {
      const name = names.get(database);
      // Temporary tables that nobody has made.
      if (name === undefined && database === 1) continue;
      if (name === undefined || !this.#count(name, root, size)) return null;
    }
    if (this.#trees.size > 100) this.#trees.clear();
    this.#trees.set(key, { size, at: now });
    return size;
  }

  /**
   * Counts the rows of a tree and the bytes of their values, in addition to others. Returns false if they are too large. SQLite's own
   * `dbstat` reads long values whole; lengths of values stand at the beginnings of rows.
   */
  #count(database: string, root: number, size: { bytes: number; rows: number }): boolean {
    const schema = `${quoted(database)}.sqlite_schema`;
    const search = this.#database.prepare(`SELECT type, name, tbl_name FROM ${schema} WHERE rootpage = ?`);
    const tree = root === 1 ? ['table', 'sqlite_schema', 'sqlite_schema'] : search.get(root);
    if (tree === undefined) return false;
    const [type, name, table] = tree as unknown as [string, string, string];
    // One of expressions may be larger than its table.
    if (type === 'index' && this.#pragma(database, 'index_xinfo', name).some(([, column]) => column === -2n))
      return false;
    const columns = this.#pragma(database, 'table_xinfo', table)
      .filter(([, , , , , , hidden]) => hidden === 0n || hidden === STORED)
      .map(([, column]) => `octet_length(${quoted(String(column))})`);
    const most = Math.floor(MAX_VALUES / Math.max(1, columns.length));
    const list = columns.length === 0 ? 'NULL' : columns.join();
    const rows = this.#database.prepare(
      `SELECT ${list} FROM ${quoted(database)}.${quoted(table)} LIMIT ${most + 1}`,
    );
    let count = 0;
    for (const row of rows.iterate()) {
      size.bytes += ROW_BYTES;
      for (const length of row as unknown as (bigint | null)[]) size.bytes += Number(length ?? 0);
      if (++count > most || size.bytes > MAX_COUNTED) return false;
    }
    size.rows += count;
    return true;
  }

  #pragma(database: string, name: string, of: string): unknown[][] {
    const pragma = this.#database.prepare(`PRAGMA ${quoted(database)}.${name}(${quoted(of)})`);
    return pragma.all() as unknown as unknown[][];
  }
}

/** What `table_xinfo` says of a generated column that is stored. */
const STORED = 3n;

function numberOf(statement: StatementSync): number {
  return Number((statement.get() as unknown as [bigint])[0]);
}

/** Returns a name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
