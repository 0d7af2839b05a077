import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Payer } from '../../kernel/account.ts';
import type { PreopenedDirectory } from '../../permissions/config.ts';
import { permissionFor } from '../../permissions/path-permission.ts';
import { sharedDatabases } from '../../permissions/shared-databases.ts';
import { CompileCheck, MAX_STATEMENT } from './compile-check.ts';
import { Copies } from './copies.ts';
import { Counters } from './counters.ts';
import { existingUriOf, idOf, OPTIONS, uriInMemory, uriOf } from './database-file.ts';
import { DatabaseSizes } from './database-sizes.ts';
import { FileLocks } from './file-locks.ts';
import { FileUse } from './file-use.ts';
import type { CompileJob, Job } from './helper.ts';
import { KnownCosts } from './known-costs.ts';
import { MemoryPages } from './memory-pages.ts';
import { Findings, isNoFile, Sandbox } from './sandbox.ts';
import { checkText, insertsPlainRows, isHarmless, isLongerThan, mayQuery } from './sql-text.ts';
import {
  SQLITE_BUSY,
  SQLITE_ERROR,
  SQLITE_FULL,
  SQLITE_TOOBIG,
  SqliteError,
  toSqliteError,
} from './sqlite-error.ts';
import { type Compilation, Statement, type StatementConnection } from './statement.ts';
import { StatementEnds } from './statement-ends.ts';
import { copyInThread, type StatementText, type ThreadJob, type ThreadPlace } from './thread.ts';
import type { Tree, TreeSize } from './tree.ts';

/** Bytes of the longest text of SQL. */
export const MAX_SQL = 16 * 2 ** 20;

/** Characters of the longest text that is run at once: it has some hundred statements at most. */
const MAX_AT_ONCE = 4096;

/** Bytes that the rows of a statement in a helper may have. */
const MAX_HELPER_ROWS = 64 * 2 ** 20;
/** Texts of more than one statement, and some others. */
const MAY_BE_SEVERAL = /;\s*\S/;
/** Statements within which there may be semicolons: those that make triggers, and names of parameters such as `$a(;)`. */
const MAY_HAVE_SEMICOLONS = /\btrigger\b|\$/i;

/** Characters of a statement of which looking at it, compiling it, and running it take milliseconds each. */
export const LONG_SQL = 2 ** 16;

/** Bytes that the values bound to the statements of a connection may have together. */
const MAX_BOUND = 128 * 2 ** 20;

/** A connection to a database, with its last error. */
export class Connection implements StatementConnection {
  readonly #database: DatabaseSync;
  readonly #sandbox: Sandbox;
  readonly #check: CompileCheck;
  /** The last error; null before the first. */
  lastError: SqliteError | null = null;
  readonly #owner: Payer;
  /** Null for a database in a file. */
  readonly #memory: MemoryPages | null = null;
  readonly #uri: string;
  /** Its file, as it was when it was opened; null for a database in memory. */
  readonly #file: ThreadJob['file'];
  readonly #directories: readonly PreopenedDirectory[];
  readonly #counters: Counters;
  readonly #costs: KnownCosts;
  /** Statements that have more rows, here. */
  #open = 0;
  #bound = 0;
  /** Whether a transaction had begun when the last statement had run. */
  #wasTransaction = false;
  readonly #sizes: DatabaseSizes;
  readonly #copies: Copies;
  /** The error before the last one. */
  #errorBefore: SqliteError | null = null;
  /** Null for a database in memory. */
  readonly #locks: FileLocks | null = null;
  /** Whether statements may take long that no thread and no helper can run. */
  readonly mayRunLong: boolean;
  /** Whether other OS processes may change its tables. */
  readonly isShared: boolean;

  /**
   * Opens or creates a database.
   * @param path the guest's path. `''` is a temporary database, `:memory:` one in memory; both count as files in the
   *   current directory
   * @param owner pays for it
   * @throws SqliteError if the process may not open the file (abi 4.3) or SQLite cannot
   */
  constructor(owner: Payer, directories: readonly PreopenedDirectory[], path: string, mayRunLong = false) {
    this.mayRunLong = mayRunLong;
    this.#owner = owner;
    this.#directories = directories;
    const permission = permissionFor(directories, path);
    if (!permission.granted || sharedDatabases.isIndex(permission.path))
      throw new SqliteError(SQLITE_ERROR, `Failed to access '${path}'`);
    const inMemory = isNoFile(path);
    this.#sandbox = new Sandbox(owner.account, directories, inMemory);
    // Loaded late: most programs need none.
    const { DatabaseSync: Database } = process.getBuiltinModule('node:sqlite');
    let database: DatabaseSync;
    try {
      this.#uri = inMemory ? uriInMemory() : uriOf(permission.path);
      database = new Database(this.#uri, OPTIONS);
    } catch (error) {
      throw toSqliteError(error);
    }
    this.#database = database;
    if (inMemory) this.#memory = new MemoryPages(database, owner, this.#sandbox);
    this.#check = new CompileCheck(database, this.#sandbox, owner.account, OPTIONS);
    this.#costs = new KnownCosts(this.#check, (sql, isPragma) => {
      const explain = (): Iterable<unknown> => database.prepare(`EXPLAIN ${sql}`).iterate();
      return isPragma ? this.#sandbox.compileAgain(explain) : this.#sandbox.asRuntime(explain);
    });
    this.#counters = new Counters(database);
    this.#sizes = new DatabaseSizes(database);
    this.#copies = new Copies(database, this.#sizes, {
      isExclusive: () => this.#sandbox.isExclusive,
      asRuntime: (run) => this.#sandbox.asRuntime(run),
      inThread: () => copyInThread(this.#placeForThread(), this.program, this.beginUse()),
      unused: async () => {
        for (let { use } = this; use !== null; use = this.use) await use.over();
      },
    });
    this.#file = inMemory ? null : { path: permission.path, id: idOf(permission.path) };
    database.setAuthorizer(this.#sandbox.authorize);
    // A directory of the path may have become a link meanwhile.
    if (!inMemory && !this.#isStillThere(directories, permission.path)) {
      database.close();
      throw new SqliteError(SQLITE_ERROR, `Failed to access '${path}'`);
    }
    if (this.#file !== null) this.#locks = new FileLocks(this.#file.id, this);
    this.isShared = this.#check.isShared = !inMemory && sharedDatabases.isShared;
  }

  /** Whether it may have its file locked between two statements. */
  get isHolding(): boolean {
    return this.#open > 0 || this.#database.isTransaction;
  }

  /** Milliseconds for which a statement that finds the file locked is tried again. */
  get patience(): number {
    return this.#locks?.patience ?? 0;
  }

  /** Forgets the last error, since what has failed is tried again. */
  forgetError(): void {
    this.lastError = this.#errorBefore;
  }

  #isStillThere(directories: readonly PreopenedDirectory[], path: string): boolean {
    const now = permissionFor(directories, path);
    return now.granted && now.path === path;
  }

  /**
   * Runs all statements of a text at once if none can take long. Rows are dropped.
   * @returns false if they must be run one by one, and none has run
   * @throws SqliteError
   */
  executeAtOnce(sql: string): boolean {
    if (sql.length > MAX_AT_ONCE || mayQuery(sql)) return false;
    // One of several may find the file locked, and then only this one must be tried again.
    if (this.isShared && MAY_BE_SEVERAL.test(sql)) return false;
    // Before savepoints are begun, they are counted.
    if (this.#memory !== null && /savepoint/i.test(sql)) return false;
    const isInsert = insertsPlainRows(sql);
    if (!isInsert && !isHarmless(sql)) return false;
    // They bring queries and calls of functions.
    if (isInsert && this.run(() => !this.#check.isPlainNow())) return false;
    const found = new Findings();
    let hasRun = false;
    try {
      this.run(() => {
        checkText(sql);
        this.#sandbox.found = found;
        this.#database.exec(sql);
      });
      hasRun = true;
      if (found.savepoints !== 0) this.changeSavepoints(found.savepoints);
    } finally {
      this.note(found, !hasRun);
      this.settle(!hasRun);
    }
    return true;
  }

  /**
   * Compiles the first statement of a text.
   * @throws SqliteError
   */
  prepare(sql: string): Statement {
    return this.run(() => this.#prepare(sql));
  }

  #prepare(sql: string, mayRecurse = true): Statement {
    return new Statement(this, this.compile(sql, mayRecurse));
  }

  /** Compiles the first statement of a text. What a helper must do first has been asked for. */
  compile(sql: string, mayRecurse = true): Compilation {
    checkText(sql);
    const found = new Findings();
    return this.#sandbox.compile(found, mayRecurse, () => {
      const statement = this.#compileOnly(sql);
      this.#check.keepFirst(sql, statement.sourceSQL);
      const cost = this.#costs.of(statement, found);
      if (found.unplaced.size > 0 && !found.isElsewhere)
        found.isElsewhere = this.#check.areElsewhere(found.unplaced);
      return { statement, found, cost };
    });
  }

  #compileOnly(sql: string): StatementSync {
    const { given } = this.#sandbox;
    try {
      return this.#database.prepare(sql);
    } finally {
      if (given !== this.#sandbox.given) CompileCheck.changes++;
    }
  }

  /** Changes when what a statement is compiled to may be another. */
  get generation(): number {
    return this.#check.generation;
  }

  /**
   * Must be asked before the first statement of a text is compiled.
   * @returns what a helper must do first, whose time must be kept then, or null
   * @throws SqliteError if it has done so, and the statement takes too long
   */
  compileJobFor(sql: string): CompileJob | null {
    return this.run(() => this.#check.jobFor(sql));
  }

  /** Keeps the time that a helper has taken to compile a statement. */
  keepTime(job: CompileJob, took: number | SqliteError): void {
    this.#check.keep(job, took);
  }

  /**
   * Returns the statements of a text, and before them what a helper must do first. Each is compiled when those before it have run.
   * Null is where others may run, between two things that take milliseconds. An error is that the file is locked: going on tries again.
   * @throws SqliteError
   */
  *statements(sql: string): Generator<Statement | CompileJob | SqliteError | null> {
    let rest = sql;
    for (;;) {
      let statement: Statement | null;
      try {
        statement = yield* this.#firstOf(rest);
      } catch (error) {
        const failure = this.keep(error);
        if (failure.result !== SQLITE_BUSY) throw failure;
        yield failure;
        continue;
      }
      if (statement === null) return;
      rest = rest.slice(statement.source.length);
      yield statement;
    }
  }

  *#checked(sql: string): Generator<CompileJob | null, Statement> {
    for (;;) {
      const job = this.#check.jobFor(sql);
      if (job !== null) {
        yield job;
        continue;
      }
      if (sql.length < LONG_SQL) break;
      const { changes } = CompileCheck;
      yield null;
      if (changes === CompileCheck.changes) break;
    }
    const statement = this.#prepare(sql, mayQuery(sql));
    if (sql.length >= LONG_SQL) yield null;
    return statement;
  }

  /** Compiles the first statement of a text; null if there is none. */
  *#firstOf(sql: string): Generator<CompileJob | null, Statement | null> {
    // An end behind that is one of a statement that is too long.
    const text = sql.slice(0, MAX_STATEMENT + 1);
    const ends = new StatementEnds(text);
    for (let end = ends.next(); ; end = ends.next(2 * end)) {
      const part = text.slice(0, end);
      if (isLongerThan(part, MAX_STATEMENT)) throw tooLong();
      if (end >= LONG_SQL) yield null;
      const isWhole = end === sql.length;
      try {
        const statement = yield* this.#checked(part);
        if (isWhole || statement.source.endsWith(';')) return statement;
        statement.finalize();
      } catch (error) {
        // Blanks and comments alone are not a statement.
        if (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_ARG_VALUE') return null;
        // What it says may be due to where the text was cut.
        if (isWhole || !(MAY_HAVE_SEMICOLONS.test(part) || isIncomplete(error))) throw error;
      }
    }
  }

  /** Bytes of the database. */
  get size(): number {
    return this.run(() => this.#sizes.main);
  }

  /** Bytes of all databases of the connection. */
  get wholeSize(): number {
    return this.run(() => this.#sandbox.asRuntime(() => this.#sizes.of(this.#check.databases)));
  }

  /** Returns the size of some tables and indexes; null if they are large. */
  sizeOf(trees: readonly Tree[]): TreeSize | null {
    return this.run(() => this.#sandbox.asRuntime(() => this.#sizes.ofTrees(trees)));
  }

  /** Whether a statement may run in another connection: it must not be about what only this one has. */
  get canMove(): boolean {
    const { hasTemporary, hasAttached, isExclusive } = this.#sandbox;
    return this.#open === 0 && !hasTemporary && !hasAttached && !isExclusive && !this.#database.isTransaction;
  }

  /** Must be called when a statement has its first row of many, here, and when it has no more. */
  changeOpen(change: 1 | -1): void {
    this.#open += change;
  }

  /** Statements of threads that use its file just now; null if there are none. */
  get use(): FileUse | null {
    return FileUse.of(this.#file?.path ?? null);
  }

  /** Must be called when a thread begins to use the database. @returns what must be called at its end */
  beginUse(): () => void {
    if (this.#file === null) return () => {};
    const [overHere, overElsewhere] = [FileUse.begin(this.#file.path), this.#locks?.begin()];
    return () => {
      overHere();
      overElsewhere?.();
    };
  }

  /** Makes a statement a job for a thread. @throws SqliteError if the path of the file leads elsewhere by now */
  threadJobFor(statement: StatementText, asks: boolean): ThreadJob {
    return {
      ...statement,
      ...this.#placeForThread(),
      settings: this.#sandbox.settings,
      maxPages: this.#memory?.most ?? null,
      known: asks ? this.#counters.known : null,
    };
  }

  /** Where a thread finds the main database. @throws SqliteError */
  #placeForThread(): ThreadPlace {
    if (this.#file !== null && !this.#isStillThere(this.#directories, this.#file.path)) {
      throw new SqliteError(SQLITE_ERROR, `Failed to access '${this.#file.path}'`);
    }
    return {
      uri: this.#file === null ? this.#uri : existingUriOf(this.#file.path),
      file: this.#file,
      options: OPTIONS,
    };
  }

  /** Must be called when a thread has run a statement to its end. */
  noteMoved(found: Findings, changes: bigint, rowid: bigint): void {
    this.#counters.addMoved(found, changes, rowid);
    this.#sizes.forget();
    this.#check.note(found, false);
    this.settle();
  }

  /** Whose statements wait for each other. */
  get program(): object {
    return this.#owner.account.program;
  }

  /**
   * Makes a statement a job for a helper, which runs it on copies of the databases as they are when the helper begins. It does not
   * open files: by then their paths may lead to where the process may not go.
   * @throws SqliteError if the databases are too large to be copied
   */
  jobFor(statement: StatementText, { asks, isElsewhere }: Pick<Findings, 'asks' | 'isElsewhere'>): Job {
    return {
      ...statement,
      ...this.#sandbox.asRuntime(() => this.#copies.plan(this.#usedBy(isElsewhere))),
      options: OPTIONS,
      settings: this.#sandbox.settings,
      isTransaction: this.#database.isTransaction,
      known: asks ? this.#counters.known : null,
      maxBytes: MAX_HELPER_ROWS,
    };
  }

  /** Whether the databases are small enough to be copied for a helper. */
  canCopy({ isElsewhere }: Pick<Findings, 'isElsewhere'>): boolean {
    return this.run(() => this.#sandbox.asRuntime(() => this.#copies.areSmall(this.#usedBy(isElsewhere))));
  }

  /** The databases that a statement uses. */
  #usedBy(isElsewhere: boolean): readonly string[] {
    return isElsewhere ? this.#check.databases : ['main'];
  }

  /** Whether others have changed the databases since they were copied for a helper. */
  get hasChanged(): boolean {
    return this.#sandbox.asRuntime(() => this.#copies.hasChanged);
  }

  /** Whether triggers may set off themselves. */
  get firesRecursively(): boolean {
    return this.run(() => this.#check.firesRecursively);
  }

  /** See `MemoryPages`. */
  changeSavepoints(change: number): void {
    this.#memory?.changeSavepoints(change);
  }

  /** Must be called with what a statement does when it has run, whether or not to its end. */
  note(found: Findings, hasFailed: boolean): void {
    const { changes, defines, commits, writes, begins, attached } = found;
    const { isTransaction } = this.#database;
    if (writes) {
      // `BEGIN` may also have failed within a transaction, or have been explained.
      const hasBegun = begins && isTransaction && !this.#wasTransaction;
      this.#copies.hasWritten = changes || defines || !hasBegun;
      this.#sizes.forget();
    }
    this.#wasTransaction = isTransaction;
    if (changes && this.#counters.hasMoved) this.#counters.addHere(found);
    if (defines || commits || hasFailed) this.#check.note(found, hasFailed);
    if (attached.length > 0) this.#locks?.attach(attached);
  }

  /**
   * Must be called after each statement that has run.
   * @param hasFailed whether one has not run to its end. What it did before may stay
   */
  settle(hasFailed = false): void {
    this.#memory?.settle(hasFailed);
  }

  /** The number of rows that the last statement changed. */
  get changes(): bigint {
    return this.#counters.known.changes;
  }

  /**
   * Counts the bytes of values that stay bound.
   * @throws SqliteError if there are too many
   */
  reserve(bytes: number): void {
    if (this.#bound + bytes > MAX_BOUND) {
      throw new SqliteError(SQLITE_TOOBIG, `more than ${MAX_BOUND} bytes are bound to statements`);
    }
    const { account } = this.#owner;
    if (bytes <= 0) {
      account.release(-bytes);
    } else {
      const refusal = account.add(bytes);
      if (refusal !== null) throw new SqliteError(SQLITE_TOOBIG, refusal);
    }
    this.#bound += bytes;
  }

  /** Counts bytes of rows that a helper has given. @throws SqliteError if there are too many */
  hold(bytes: number): void {
    const refusal = this.#owner.account.add(bytes);
    if (refusal !== null) throw new SqliteError(SQLITE_TOOBIG, refusal);
  }

  /** Counts them no more. */
  letGo(bytes: number): void {
    this.#owner.account.release(bytes);
  }

  /** Checks attached databases. @throws SqliteError if one of the paths leads elsewhere by now */
  checkAttached(paths: readonly string[]): void {
    for (const path of paths) {
      if (!this.#sandbox.mayAttach(path)) throw new SqliteError(SQLITE_ERROR, `Failed to access '${path}'`);
    }
  }

  /**
   * Runs an operation of SQLite, and keeps its error as the last one.
   * @throws SqliteError
   */
  run<T>(operation: () => T): T {
    try {
      return operation();
    } catch (error) {
      throw this.keep(error);
    }
  }

  /** Keeps whatever was thrown as the last error, which it returns. */
  keep(error: unknown): SqliteError {
    const reason = this.#sandbox.refusal ?? this.#fullReason(error);
    if (error instanceof SqliteError && error.result === SQLITE_FULL && reason !== null) {
      error = new SqliteError(SQLITE_FULL, `${error.message}: ${reason}`);
    }
    const failure =
      this.#sandbox.isTooComplex && reason !== null
        ? new SqliteError(SQLITE_TOOBIG, `the statement is too complex: ${reason}`, { cause: error })
        : toSqliteError(error, reason);
    this.#sandbox.refusal = null;
    this.#sandbox.isTooComplex = false;
    this.#errorBefore = this.lastError;
    this.lastError = failure;
    return failure;
  }

  /** Says what a database in memory is full of; null for other errors. */
  #fullReason(error: unknown): string | null {
    const code =
      error instanceof SqliteError
        ? error.result
        : error instanceof Error && 'errcode' in error && error.errcode;
    const isFull = code === SQLITE_FULL;
    return isFull && this.#memory !== null
      ? 'a database in memory counts for max_host_memory (--max-host-memory allows more)'
      : null;
  }

  /** Releases the database with all statements. An open transaction is rolled back. */
  close(): void {
    this.#database.close();
    this.#locks?.close();
    this.#memory?.close();
    this.#sandbox.close();
    this.#check.close();
    this.#owner.account.release(this.#bound);
    this.#bound = 0;
  }
}

function tooLong(): SqliteError {
  return new SqliteError(SQLITE_TOOBIG, `a statement has more than ${MAX_STATEMENT} bytes`);
}

function isIncomplete(error: unknown): boolean {
  return error instanceof Error && error.message === 'incomplete input';
}
