import type { StatementSync } from 'node:sqlite';
import type { BindKey } from './bincode.ts';
import { Bindings } from './bindings.ts';
import { CompileCheck } from './compile-check.ts';
import type { Cost } from './cost.ts';
import type { FileUse } from './file-use.ts';
import type { CompileJob, Job, Outcome } from './helper.ts';
import { type Place, type PlaceConnection, placeOf } from './place.ts';
import type { Findings } from './sandbox.ts';
import { SQLITE_BUSY, SQLITE_MISUSE, SQLITE_SCHEMA, SqliteError, tooLong } from './sqlite-error.ts';
import type { Batch, Cursor, StatementText, ThreadJob } from './thread.ts';
import type { Value } from './value.ts';

/** Results of a step, as SQLite numbers them. */
export const ROW = 100;
export const DONE = 101;

/** Milliseconds that a statement may have taken on a copy if it is to run here rather than in a thread. */
const MAX_UNNOTICED = 5;
/** Milliseconds that one may have taken on a copy if it can run nowhere else. */
const MAX_BLOCKED = 15;

const ONLY_HERE =
  'changes run nowhere else in a transaction, in temporary tables, in attached databases, or while another statement has more rows. Make fewer changes at a time, or make them outside';

/** How often it is tried if others change the database meanwhile. */
const MAX_TRIED = 5;
/** Milliseconds for which rows are dropped in one go. */
const MAX_FINISHING = 2;

/**
 *     ready --step--> row --step--> row ... --step--> done --step--> (runs again)
 *       ^               \_____________ step fails __/-> failed
 *       +------------------ reset --------------------------+
 */
type State = 'ready' | 'row' | 'done' | 'failed';

/** The part of a connection that its statements use; see `Connection`. */
export interface StatementConnection extends PlaceConnection {
  /** Whose statements wait for each other. */
  readonly program: object;
  /** Statements of threads that use its file just now. */
  readonly use: FileUse | null;
  /** Must be called when a thread begins to use the database. @returns what must be called at its end */
  beginUse(): () => void;
  /** Must be called when a statement has its first row of many, here, and when it has no more. */
  changeOpen(change: 1 | -1): void;
  /** Makes a statement a job for a thread. @param asks whether it asks what the connection has done */
  threadJobFor(statement: StatementText, asks: boolean): ThreadJob;
  /** Must be called when a thread has run a statement to its end. */
  noteMoved(found: Findings, changes: bigint, rowid: bigint): void;
  /** Whether others have changed the database since it was copied for a helper. */
  readonly hasChanged: boolean;
  /** Runs an operation of SQLite, and keeps its error as the last one. */
  run<T>(operation: () => T): T;
  /** Keeps an error as the last one, which it returns. */
  keep(error: unknown): SqliteError;
  /** Forgets the last error, since what has failed is tried again. */
  forgetError(): void;
  /** Milliseconds for which a statement that finds the file locked is tried again. */
  readonly patience: number;
  /** Whether other OS processes may change its tables. */
  readonly isShared: boolean;
  /** Counts bytes of values that stay bound. */
  reserve(bytes: number): void;
  /** Counts bytes of rows that a helper has given, and no more. */
  hold(bytes: number): void;
  letGo(bytes: number): void;
  /** Counts what the database takes after a statement that may have changed it, even if it has failed. */
  settle(hasFailed?: boolean): void;
  /** Counts the savepoints that a statement is to begin, or, if negative, those that it has released. */
  changeSavepoints(change: number): void;
  /** Checks that attached databases may still be opened. */
  checkAttached(paths: readonly string[]): void;
  /** Changes when what a statement is compiled to may be another. */
  readonly generation: number;
  /** Returns what a helper must do before a statement is compiled, or null. */
  compileJobFor(sql: string): CompileJob | null;
  /** Keeps the time that a helper has taken to compile a statement. */
  keepTime(job: CompileJob, took: number | SqliteError): void;
  /** Compiles a statement. */
  compile(sql: string): Compilation;
  /** Must be called with what a statement does when it has run, whether or not to its end. */
  note(found: Findings, hasFailed: boolean): void;
  /** Makes a statement a job for a helper. */
  jobFor(statement: StatementText, found: Findings): Job;
}

/** What has become of the text of a statement. */
export interface Compilation {
  readonly statement: StatementSync;
  readonly found: Findings;
  readonly cost: Cost;
}

/** A prepared statement. As in SQLite itself, bindings stay until they are replaced. */
export class Statement {
  readonly connection: StatementConnection;
  /** Characters of its SQL. */
  readonly length: number;
  #statement: StatementSync;
  #found: Findings;
  #cost: Cost;
  /** Whether it takes no longer than others may wait, whatever is bound and in the tables. */
  #isQuick: boolean;
  readonly #bindings: Bindings;
  /** How often it has been tried in a helper in vain. */
  #tried = 0;
  /** Whether a helper has shown that it has an end. */
  #isProven = false;
  /** Rows that a helper or a thread has given, the next of them, and the bytes that they take. */
  #batch: readonly (readonly Value[])[] | null = null;
  #next = 0;
  #held = 0;
  /** The thread's statement, as long as it has more rows. */
  #cursor: Cursor | null = null;
  /** See `CompileCheck`. */
  #changes = CompileCheck.changes;
  #generation: number;
  #state: State = 'ready';
  #rows: Iterator<unknown> | null = null;
  #row: readonly Value[] | null = null;
  #failure: SqliteError | null = null;
  /** Whether the statement gives rows. Their columns may be others after the tables have changed. */
  #givesRows: boolean;
  #columns: readonly string[] | null;

  constructor(connection: StatementConnection, { statement, found, cost }: Compilation) {
    this.connection = connection;
    this.#bindings = new Bindings((bytes) => connection.reserve(bytes));
    this.#generation = connection.generation;
    this.#statement = statement;
    this.#found = found;
    this.length = statement.sourceSQL.length;
    this.#cost = cost;
    this.#isQuick = isQuick(found, cost);
    this.#columns = columnsOf(statement);
    this.#givesRows = this.#columns.length > 0;
  }

  /** Names of the columns. A statement that gives no rows has none. */
  get columns(): readonly string[] {
    this.#columns ??= this.connection.run(() => columnsOf(this.#statement));
    return this.#columns;
  }

  /** The values of the current row; NULLs if there is none. */
  get row(): readonly Value[] {
    return this.#row ?? this.columns.map(() => null);
  }

  /**
   * Binds a value to a parameter.
   * @throws SqliteError if there is no such parameter, or the statement was stepped and not reset since
   */
  bind(key: BindKey, value: Value): void {
    try {
      if (this.#state !== 'ready') {
        throw new SqliteError(SQLITE_MISUSE, 'values cannot be bound between a step and the next reset');
      }
      this.#bindings.bind(key, value, this.source);
    } catch (error) {
      throw this.connection.keep(error);
    }
  }

  /**
   * Runs the statement to its next row, or again from the beginning after the last one.
   * @returns `ROW` or `DONE`
   * @throws SqliteError
   */
  step(): typeof ROW | typeof DONE {
    try {
      const { savepoints } = this.#found;
      if (savepoints > 0) this.connection.changeSavepoints(savepoints);
      const result = this.#step();
      this.connection.note(this.#found, false);
      if (savepoints < 0) this.connection.changeSavepoints(savepoints);
      if (this.#found.writes) this.connection.settle();
      return result;
    } catch (error) {
      const failure = this.#fail(error);
      // Rows before the one that failed may stay.
      this.connection.note(this.#found, true);
      if (this.#found.writes) this.connection.settle(true);
      throw failure;
    }
  }

  /** Whether it has given rows, and may have more. */
  get hasBegun(): boolean {
    return this.#state === 'row';
  }

  /** Forgets that the last step has failed, so that it can be tried again. */
  forgetFailure(): void {
    this.#failure = null;
    this.#state = 'ready';
  }

  /** Keeps the error of a step, which it returns. */
  #fail(error: unknown): SqliteError {
    this.#rewind();
    this.#state = 'failed';
    this.#failure = this.connection.keep(error);
    return this.#failure;
  }

  #step(): typeof ROW | typeof DONE {
    if (this.#state !== 'row') {
      // Whoever asked whether it may take long did so before the tables changed.
      if (this.#isStale && (this.renew() !== null || this.place !== 'here'))
        throw new SqliteError(SQLITE_SCHEMA, 'the tables have changed since the statement was prepared');
      if (this.#found.attached.length > 0) this.connection.checkAttached(this.#found.attached);
      if (!this.#givesRows) {
        // This runs it in one go, at a third of the cost.
        this.#get();
        this.#state = 'done';
        return DONE;
      }
      this.#columns = null;
      this.#rows = this.#iterate();
      this.connection.changeOpen(1);
    }
    const row = this.#batch === null ? this.#nextHere() : this.#batch[this.#next++];
    if (row === undefined) {
      this.#row = null;
      this.#drop();
      this.#state = 'done';
      return DONE;
    }
    this.#row = row;
    this.#state = 'row';
    return ROW;
  }

  #nextHere(): readonly Value[] | undefined {
    const next = this.#rows?.next();
    if (next === undefined || next.done === true) return undefined;
    return next.value as readonly Value[];
  }

  /** Whether names may mean others than when it was compiled. */
  get #isStale(): boolean {
    if (this.#state === 'row') return false;
    if (this.#changes === CompileCheck.changes && !this.connection.isShared) return false;
    if (this.#generation !== this.connection.generation) return true;
    this.#changes = CompileCheck.changes;
    return false;
  }

  /**
   * Must be called before the next step: SQLite would compile it anew by itself, and nobody would know what it has become.
   * @returns what a helper must do first, whose outcome must be kept before this is called again, or null
   * @throws SqliteError
   */
  renew(): CompileJob | null {
    if (!this.#isStale) return null;
    try {
      const job = this.connection.compileJobFor(this.source);
      if (job === null) this.#compileAnew();
      return job;
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Compiles it for the tables as they are now. @throws SqliteError */
  #compileAnew(): void {
    const { changes } = CompileCheck;
    const { generation } = this.connection;
    const { statement, found, cost } = this.connection.compile(this.source);
    close(this.#statement);
    this.#statement = statement;
    this.#found = found;
    this.#cost = cost;
    this.#isQuick = isQuick(found, cost);
    this.#columns = null;
    this.#givesRows = this.columns.length > 0;
    this.#changes = changes;
    this.#generation = generation;
  }

  /** The SQL of this statement alone, with the blanks and comments before it. */
  get source(): string {
    return this.#statement.sourceSQL;
  }

  /** Where the next step is to be done. */
  get place(): Place {
    if (this.#isQuick) return 'here';
    if (this.#state === 'row') return this.needsRows ? 'thread' : 'here';
    return placeOf(this.connection, {
      found: this.#found,
      cost: this.#cost,
      own: 2 * (this.length + this.#bindings.bytes),
      isProven: this.#isProven,
    });
  }

  /** Whether a thread has more rows, and none are left here. */
  get needsRows(): boolean {
    return this.#cursor !== null && this.#next >= (this.#batch?.length ?? 0);
  }

  /** Returns the next step as a job for a helper. @throws SqliteError */
  job(): Job {
    try {
      if (this.#cost.writesFile) {
        const message =
          'the database is too large for VACUUM INTO, which runs here, and others would wait too long meanwhile';
        throw tooLong(message);
      }
      if (this.#found.asks && this.#found.inserts) {
        const message =
          'the statement may take long, and changes() and last_insert_rowid() are not known to a copy that changes';
        throw tooLong(message);
      }
      return this.connection.jobFor(this.#whole, this.#found);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  get #whole(): StatementText {
    const { named, positional } = this.#bindings;
    return { sql: this.source, named, positional };
  }

  /**
   * Returns the next step as a job for a thread, or what it goes on with.
   * @throws SqliteError
   */
  threadJob(): ThreadJob | Cursor {
    try {
      this.#isProven = false;
      return this.#cursor ?? this.connection.threadJobFor(this.#whole, this.#found.asks);
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /**
   * Takes the rows that a thread has given.
   * @returns null if there were none, and more have to be asked for
   * @throws SqliteError
   */
  stepWithBatch(batch: Batch, cursor: Cursor): typeof ROW | typeof DONE | null {
    this.#drop();
    if ('error' in batch) {
      const failure = this.#fail(new SqliteError(batch.error.result, batch.error.message));
      this.connection.note(this.#found, true);
      if (this.#found.writes) this.connection.settle(true);
      throw failure;
    }
    try {
      this.connection.hold(batch.bytes);
    } catch (error) {
      if (!batch.isDone) cursor.close();
      throw this.#fail(error);
    }
    this.#held = batch.bytes;
    this.#columns = batch.columns;
    this.#batch = batch.rows;
    this.#next = 0;
    this.#cursor = batch.isDone ? null : cursor;
    this.#state = 'row';
    if (batch.isDone) this.connection.noteMoved(this.#found, batch.changes ?? 0n, batch.rowid ?? 0n);
    if (this.needsRows) return null;
    return this.#step();
  }

  /**
   * Takes the outcome of a helper's step: the rows of a query. A statement that changes the database may now run here.
   * @returns null if it has to be asked where it is to be done now: others may have changed the database meanwhile, so that it may take
   *   longer than in the helper
   * @throws SqliteError
   */
  stepWith(outcome: Outcome): typeof ROW | typeof DONE | null {
    if ('error' in outcome) throw this.#fail(new SqliteError(outcome.error.result, outcome.error.message));
    if (!this.#found.writes) {
      try {
        this.connection.hold(outcome.bytes);
      } catch (error) {
        throw this.#fail(error);
      }
      this.#held = outcome.bytes;
      this.#columns = outcome.columns;
      this.#batch = outcome.rows;
      this.#next = 0;
      this.#state = 'row';
      return this.step();
    }
    const hasChanged = this.connection.run(() => this.connection.hasChanged);
    if (this.connection.canMove && (hasChanged || outcome.took > MAX_UNNOTICED)) {
      this.#isProven = true;
      return null;
    }
    if (hasChanged) {
      if (++this.#tried < MAX_TRIED) return null;
      this.#tried = 0;
      throw this.#fail(new SqliteError(SQLITE_BUSY, 'others change the database again and again'));
    }
    this.#tried = 0;
    if (outcome.took > MAX_BLOCKED && !this.connection.mayRunLong) {
      const message = `the statement would block all processes for ${Math.ceil(outcome.took)} ms: ${ONLY_HERE}`;
      throw this.#fail(tooLong(message));
    }
    return this.step();
  }

  /** Drops rows that are left. Returns false after some milliseconds if there may be more. */
  finish(): boolean {
    const since = performance.now();
    while (this.#state === 'row' && !this.needsRows) {
      this.step();
      if (performance.now() - since > MAX_FINISHING) return false;
    }
    return this.#state !== 'row';
  }

  #get(): void {
    const { named, positional } = this.#bindings;
    if (named === null) this.#statement.get(...positional);
    else this.#statement.get(named, ...positional);
  }

  #iterate(): Iterator<unknown> {
    const { named, positional } = this.#bindings;
    if (named === null) return this.#statement.iterate(...positional);
    return this.#statement.iterate(named, ...positional);
  }

  /**
   * Makes the statement ready to run from its beginning. Bindings stay.
   * @throws SqliteError again, if its last step failed
   */
  reset(): void {
    const failure = this.#failure;
    this.#rewind();
    this.#state = 'ready';
    this.#failure = null;
    if (failure !== null) throw failure;
  }

  /** Gives up what it has of rows. */
  #drop(): void {
    if (this.#held > 0) this.connection.letGo(this.#held);
    this.#held = 0;
    this.#batch = this.#cursor = null;
    const rows = this.#rows;
    if (rows === null) return;
    this.#rows = null;
    this.connection.changeOpen(-1);
    // Otherwise a row that was not the last would keep the database locked.
    rows.return?.();
  }

  #rewind(): void {
    this.#row = null;
    this.#cursor?.close();
    this.#drop();
  }

  /** Releases the statement. */
  finalize(): void {
    this.#rewind();
    this.#bindings.release();
    close(this.#statement);
  }
}

function isQuick({ recurses }: Findings, cost: Cost): boolean {
  return cost.isConstant && !recurses;
}

function close(statement: StatementSync): void {
  // Node 24 leaves it to the garbage collector.
  if ('close' in statement && typeof statement.close === 'function') statement.close();
}

function columnsOf(statement: StatementSync): string[] {
  return statement.columns().map(({ name }) => name);
}
