import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Tree, TreeSize } from './tree.ts';

/** The most values that are counted of a table, and of all, and the most tables and indexes: that takes some milliseconds. */
const MAX_VALUES = 3000;
const MAX_ALL_VALUES = 10_000;
const MAX_TREES = 20;
/** Bytes that they may have together. */
const MAX_COUNTED = 2 ** 21;
/** What a row takes besides its values. */
const ROW_BYTES = 20;
/** Groups of tables and indexes whose sizes are kept. */
const MAX_KNOWN = 100;

/** What has been counted of some tables and indexes. */
interface Count {
  bytes: number;
  rows: number;
  values: number;
}

/** Tells how large the databases of a connection are, and the tables in them. Must be asked as the runtime, see `Sandbox.isOpen`. */
export class DatabaseSizes {
  readonly #database: DatabaseSync;
  #pages: StatementSync | null = null;
  #pageSizes: StatementSync | null = null;
  readonly #versions = new Map<string, StatementSync>();
  /** Sizes by the numbers of trees, until this connection writes, and the version of their databases. */
  readonly #trees = new Map<string, { readonly size: TreeSize | null; readonly version: string }>();

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
    const key = trees.map(({ database, root }) => `${database}:${root}`).join(' ');
    const names = new Map(
      this.#database
        .prepare('PRAGMA database_list')
        .all()
        .map((row) => row as unknown as [bigint, string])
        .map(([number, name]) => [Number(number), name]),
    );
    // Temporary tables that nobody has made are in none.
    const placed = trees
      .map(({ database, root }) => ({ database, name: names.get(database), root }))
      .filter(({ database, name }) => name !== undefined || database !== 1);
    const version = this.versionOf([...new Set(placed.flatMap(({ name }) => name ?? []))]);
    const known = this.#trees.get(key);
    if (known?.version === version) return known.size;
    const count = { bytes: 0, rows: 0, values: 0 };
    const isSmall = placed.every(({ name, root }) => name !== undefined && this.#count(name, root, count));
    const size = isSmall ? { bytes: count.bytes, rows: count.rows } : null;
    if (this.#trees.size >= MAX_KNOWN) this.#trees.clear();
    this.#trees.set(key, { size, version });
    return size;
  }

  /** Must be called when this connection has written, or a thread for it. */
  forget(): void {
    this.#trees.clear();
  }

  /** Changes when other connections have changed one of the databases. */
  versionOf(names: readonly string[]): string {
    return names
      .map((name) => {
        let statement = this.#versions.get(name);
        if (statement === undefined) {
          statement = this.#database.prepare(`PRAGMA ${quoted(name)}.data_version`);
          // The name may be that of another one later.
          if (name === 'main') this.#versions.set(name, statement);
        }
        return (statement.get() as unknown as [bigint])[0];
      })
      .join(' ');
  }

  /**
   * Counts the rows of a tree and the bytes of their values, in addition to others. Returns false if they are too large, or it is not
   * known what they are. SQLite's own `dbstat` reads long values whole; lengths of values stand at the beginnings of rows.
   */
  #count(database: string, root: number, count: Count): boolean {
    const found = this.#find(database, root);
    if (found === null) return false;
    const { table, index } = found;
    // Of generated columns only those are read that are stored: others are computed, which may take as long as it likes.
    const stored = this.#pragma(database, 'table_xinfo', table)
      .filter(([, , , , , , hidden]) => hidden === 0n || hidden === STORED)
      .map(([number, name]) => [number as bigint, String(name)] as const);
    let columns = stored.map(([, name]) => name);
    if (index !== null) {
      const names = new Map(stored);
      const numbers = this.#pragma(database, 'index_xinfo', index).map(([, number]) => number as bigint);
      const keys = numbers.filter((number) => number !== ROWID).map((number) => names.get(number));
      columns = keys.filter((name) => name !== undefined);
      if (columns.length < keys.length) return false;
    }
    const values = Math.min(MAX_VALUES, MAX_ALL_VALUES - count.values);
    const most = Math.floor(values / Math.max(1, columns.length));
    const list =
      columns.length === 0 ? 'NULL' : columns.map((name) => `octet_length(${quoted(name)})`).join();
    // Of a file that is not what SQLite has written, an index may have more than its table, and the other way round.
    const way = index === null ? 'NOT INDEXED' : `INDEXED BY ${quoted(index)}`;
    const rows = this.#database.prepare(
      `SELECT ${list} FROM ${quoted(database)}.${quoted(table)} ${way} LIMIT ${most + 1}`,
    );
    let counted = 0;
    for (const row of rows.iterate()) {
      count.bytes += ROW_BYTES;
      for (const length of row as unknown as (bigint | null)[]) count.bytes += Number(length ?? 0);
      if (++counted > most || count.bytes > MAX_COUNTED) return false;
    }
    count.rows += counted;
    count.values += counted * Math.max(1, columns.length);
    return true;
  }

  /**
   * Finds a table, or an index of a table, by its first page. Guests may have written the file: what it says of an index that has no SQL
   * need not be true, and could lead to a view without an end. Returns null then, and for an index of some rows alone.
   */
  #find(database: string, root: number): { readonly table: string; readonly index: string | null } | null {
    if (root === 1) return { table: 'sqlite_schema', index: null };
    const found = this.#database
      .prepare(`SELECT type, name, tbl_name FROM ${quoted(database)}.sqlite_schema WHERE rootpage = ?`)
      .all(root) as unknown as [string, string, string][];
    const [first] = found;
    if (first === undefined || found.length > 1) return null;
    const [type, name, table] = first;
    if (type === 'table') return { table: name, index: null };
    // Views have none.
    const isWhole = this.#pragma(database, 'index_list', table).some(
      ([, index, , , isPartial]) => index === name && isPartial === 0n,
    );
    return isWhole ? { table, index: name } : null;
  }

  #pragma(database: string, name: string, of: string): unknown[][] {
    const pragma = this.#database.prepare(`PRAGMA ${quoted(database)}.${name}(${quoted(of)})`);
    return pragma.all() as unknown as unknown[][];
  }
}

/** What `table_xinfo` says of a generated column that is stored. */
const STORED = 3n;
/** What `index_xinfo` says of the number of a row. */
const ROWID = -1n;

function numberOf(statement: StatementSync): number {
  return Number((statement.get() as unknown as [bigint])[0]);
}

/** Returns a name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
