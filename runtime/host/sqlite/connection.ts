import type { DatabaseSync, DatabaseSyncOptions } from 'node:sqlite';
import type { PreopenedDirectory } from '../../kernel/config.ts';
import { permissionFor } from '../../wasi/path-permission.ts';
import { isNoFile, Sandbox } from './sandbox.ts';
import { SQLITE_ERROR, SQLITE_TOOBIG, SqliteError, toSqliteError } from './sqlite-error.ts';
import { Statement } from './statement.ts';

/** Bytes of the longest text of SQL, and of the longest value or row. */
export const MAX_SQL = 16 * 2 ** 20;
const MAX_VALUE = 64 * 2 ** 20;

/** Pages of 4 KiB that a database in memory may have: 1 GiB. */
const MAX_PAGES = 262_144;

/** Bytes of all values that are bound to the statements of a connection. */
const MAX_BOUND = 128 * 2 ** 20;

const OPTIONS: DatabaseSyncOptions = {
  allowExtension: false,
  defensive: true,
  readBigInts: true,
  returnArrays: true,
  allowBareNamedParameters: false,
  // As SQLite itself has it, and upstream with it.
  enableForeignKeyConstraints: false,
  enableDoubleQuotedStringLiterals: true,
  timeout: 0,
  limits: { length: MAX_VALUE, sqlLength: MAX_SQL, likePatternLength: 1000 },
};

/** One connection to a database, with the error it had last. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #sandbox: Sandbox;
  /** The last error; null before the first. */
  lastError: SqliteError | null = null;
  #bound = 0;
  #changes: ReturnType<DatabaseSync['prepare']> | null = null;

  /**
   * Opens a database, or creates it.
   * @param path as the guest gave it: `''` is a temporary one, `:memory:` one in memory; both count as files in the
   *   current directory
   * @throws SqliteError where the process may not go there (semantics 4.3) or SQLite cannot open it
   */
  constructor(directories: readonly PreopenedDirectory[], path: string) {
    const permission = permissionFor(directories, path);
    if (!permission.granted) throw new SqliteError(SQLITE_ERROR, `Failed to access '${path}'`);
    const inMemory = isNoFile(path);
    this.#sandbox = new Sandbox(directories, inMemory);
    // Loaded late: most programs need none.
    const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
    let database: DatabaseSync;
    try {
      database = new Database(inMemory ? path : permission.path, OPTIONS);
    } catch (error) {
      throw toSqliteError(error);
    }
    this.#database = database;
    if (inMemory) database.exec(`PRAGMA page_size = 4096; PRAGMA max_page_count = ${MAX_PAGES}`);
    database.setAuthorizer(this.#sandbox.authorize);
    // A directory on the way may have become a link meanwhile.
    if (!inMemory && !this.#isStillThere(directories, permission.path)) {
      database.close();
      throw new SqliteError(SQLITE_ERROR, `Failed to access '${path}'`);
    }
  }

  #isStillThere(directories: readonly PreopenedDirectory[], path: string): boolean {
    const now = permissionFor(directories, path);
    return now.granted && now.path === path;
  }

  /**
   * Runs all statements of a text; rows are dropped.
   * @throws SqliteError
   */
  execute(sql: string): void {
    this.run(() => {
      checkText(sql);
      this.#database.exec(sql);
    });
  }

  /**
   * Compiles the first statement of a text.
   * @throws SqliteError
   */
  prepare(sql: string): Statement {
    return this.run(() => {
      checkText(sql);
      this.#sandbox.attached = [];
      return new Statement(this, this.#database.prepare(sql), this.#sandbox.attached);
    });
  }

  /** Rows that the last statement changed. */
  get changes(): bigint {
    this.#changes ??= this.#database.prepare('SELECT changes()');
    const [changes] = this.#changes.get() as unknown as [bigint];
    return changes;
  }

  /**
   * Counts the bytes of values that stay bound.
   * @throws SqliteError where they get too many
   */
  reserve(bytes: number): void {
    if (this.#bound + bytes > MAX_BOUND) {
      throw new SqliteError(SQLITE_TOOBIG, `more than ${MAX_BOUND} bytes are bound to statements`);
    }
    this.#bound += bytes;
  }

  /** @throws SqliteError where one of the paths leads elsewhere by now */
  checkAttached(paths: readonly string[]): void {
    for (const path of paths) {
      if (!this.#sandbox.mayAttach(path)) throw new SqliteError(SQLITE_ERROR, `Failed to access '${path}'`);
    }
  }

  /**
   * Has SQLite do something, and keeps the error if it fails.
   * @throws SqliteError
   */
  run<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw this.keep(error);
    }
  }

  /** Makes what was thrown the last error. */
  keep(error: unknown): SqliteError {
    const failure = toSqliteError(error, this.#sandbox.refusal);
    this.#sandbox.refusal = null;
    this.lastError = failure;
    return failure;
  }

  /** Releases the database with all statements; an open transaction is rolled back. */
  close(): void {
    this.#database.close();
  }
}

/** SQLite takes a NUL for the end of a text. */
function checkText(sql: string): void {
  const at = sql.indexOf('\0');
  if (at >= 0) throw new SqliteError(SQLITE_ERROR, `the SQL has a NUL at character ${at}`);
}
