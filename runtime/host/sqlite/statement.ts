import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { BindKey } from './bincode.ts';
import { CompileCheck } from './compile-check.ts';
import type { Job, Outcome } from './helper.ts';
import type { NestedScans } from './nested-scans.ts';
import { parameterNames } from './parameter-names.ts';
import type { Findings } from './sandbox.ts';
import { SQLITE_INTERRUPT, SQLITE_MISUSE, SQLITE_RANGE, SqliteError } from './sqlite-error.ts';
import type { Value } from './value.ts';

/** Results of a step, as SQLite numbers them. */
export const ROW = 100;
export const DONE = 101;

/** An estimate of the rows in a page. */
const ROWS_PER_PAGE = 100;
/** Rows that a statement may scan here, which takes about twenty milliseconds. */
const MAX_VISITS = 2e6;
/** Rows that a function such as `json_each` may give, if the text that it is given is made by functions as well, or else at least. */
const MADE_ROWS = 1e6;
const READ_ROWS = 1000;
/** Bytes of texts that may be looked for in each other: that takes as long as their product says. */
const MAX_COMPARED = 2 ** 16;
/** Milliseconds that a statement may have taken on a copy if it is to run here. */
const MAX_BLOCKED = 1000;

/** Signs that a guest may leave out of a name. */
const SIGNS = ['', ':', '@', '$'];

/**
 *     ready --step--> row --step--> row ... --step--> done --step--> (runs again)
 *       ^               \_____________ step fails __/-> failed
 *       +------------------ reset --------------------------+
 */
type State = 'ready' | 'row' | 'done' | 'failed';

/** The part of a connection that its statements use; see `Connection`. */
export interface StatementConnection {
  /** The number of pages of the database. */
  readonly pages: number;
  /** Runs an operation of SQLite, and keeps its error as the last one. */
  run<T>(operation: () => T): T;
  /** Keeps an error as the last one, which it returns. */
  keep(error: unknown): SqliteError;
  /** Counts bytes of values that stay bound. */
  reserve(bytes: number): void;
  /** Counts what the database takes after a statement that may have changed it, even if it has failed. */
  settle(hasFailed?: boolean): void;
  /** Counts the savepoints that a statement is to begin, or, if negative, those that it has released. */
  changeSavepoints(change: number): void;
  /** Checks that attached databases may still be opened. */
  checkAttached(paths: readonly string[]): void;
  /** Checks that a statement that SQLite compiles anew would not take long. */
  checkChanged(sql: string): void;
  /** Makes a statement a job for a helper. */
  jobFor(statement: Pick<Job, 'sql' | 'named' | 'positional'>): Job;
}

/** A prepared statement. As in SQLite itself, bindings stay until they are replaced. */
export class Statement {
  readonly connection: StatementConnection;
  /** Characters of its SQL. */
  readonly length: number;
  readonly #statement: StatementSync;
  readonly #found: Findings;
  readonly #scans: NestedScans;
  /** Bytes of the values that are bound. */
  #bound = 0;
  /** Names of the parameters by number, see `parameterNames`. Found when something is bound. */
  #names: readonly (string | null)[] | null = null;
  /** Values of the parameters without a name, in order, and of those with one. */
  #positional: SQLInputValue[] = [];
  #named: Record<string, SQLInputValue> | null = null;
  /** The index in `#positional` of each parameter without a name, by number. */
  #indexOf: number[] = [];
  /** See `CompileCheck.changes`. */
  #changes = CompileCheck.changes;
  #state: State = 'ready';
  #rows: Iterator<unknown> | null = null;
  #row: readonly Value[] | null = null;
  #failure: SqliteError | null = null;
  /** Whether the statement gives rows. Their columns may be others after the tables have changed. */
  readonly #givesRows: boolean;
  #columns: readonly string[] | null;

  constructor(
    connection: StatementConnection,
    statement: StatementSync,
    found: Findings,
    scans: NestedScans,
  ) {
    this.connection = connection;
    this.#statement = statement;
    this.#found = found;
    this.length = statement.sourceSQL.length;
    this.#scans = scans;
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
      this.#bind(key, value);
    } catch (error) {
      throw this.connection.keep(error);
    }
  }

  #bind(key: BindKey, value: Value): void {
    if (this.#state !== 'ready') {
      throw new SqliteError(SQLITE_MISUSE, 'values cannot be bound between a step and the next reset');
    }
    const names = this.#names ?? this.#findParameters();
    const number = typeof key === 'number' ? key : key === null ? 1 : numberOf(key, names);
    const name = names[number];
    if (name === undefined || number === 0) {
      throw new SqliteError(
        SQLITE_RANGE,
        `there is no parameter ${key}, the statement has ${names.length - 1}`,
      );
    }
    const index = this.#indexOf[number] ?? 0;
    const old = name === null ? this.#positional[index] : this.#named?.[name];
    const growth = sizeOf(value) - sizeOf(old);
    this.connection.reserve(growth);
    this.#bound += growth;
    if (name === null) this.#positional[index] = value;
    else if (this.#named !== null) this.#named[name] = value;
  }

  #findParameters(): readonly (string | null)[] {
    const names = parameterNames(this.#statement.sourceSQL);
    for (const [number, name] of names.entries()) {
      if (number === 0) continue;
      if (name === null) {
        this.#indexOf[number] = this.#positional.length;
        this.#positional.push(null);
      } else {
        this.#named ??= Object.create(null) as Record<string, SQLInputValue>;
        this.#named[name] = null;
      }
    }
    this.#names = names;
    return names;
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
      if (this.#found.defines) CompileCheck.changes++;
      if (savepoints < 0) this.connection.changeSavepoints(savepoints);
      if (this.#found.writes) this.connection.settle();
      return result;
    } catch (error) {
      this.#rewind();
      this.#state = 'failed';
      this.#failure = this.connection.keep(error);
      // Rows before the one that failed may stay.
      if (this.#found.writes) this.connection.settle(true);
      throw this.#failure;
    }
  }

  #step(): typeof ROW | typeof DONE {
    if (this.#state !== 'row') {
      if (this.#changes !== CompileCheck.changes) {
        this.connection.checkChanged(this.source);
        this.#changes = CompileCheck.changes;
      }
      if (this.#found.attached.length > 0) this.connection.checkAttached(this.#found.attached);
      if (!this.#givesRows) {
        // This runs it in one go, at a third of the cost.
        this.#get();
        this.#state = 'done';
        return DONE;
      }
      this.#columns = null;
      this.#rows = this.#iterate();
    }
    const next = this.#rows?.next();
    if (next === undefined || next.done === true) {
      this.#row = this.#rows = null;
      this.#state = 'done';
      return DONE;
    }
    this.#row = next.value as readonly Value[];
    this.#state = 'row';
    return ROW;
  }

  /** The SQL of this statement alone, with the blanks and comments before it. */
  get source(): string {
    return this.#statement.sourceSQL;
  }

  /** Whether the next step may take so long that it would block other processes. */
  get mayTakeLong(): boolean {
    if (this.#state === 'row') return false;
    if (this.#found.recurses) return true;
    // Nobody knows how long the texts are that these functions are given.
    const { compares, looksForTexts, makesTexts, makesOperands } = this.#found;
    const makes = looksForTexts ? makesTexts : makesOperands;
    if (compares && (makes || this.length + this.#bound > MAX_COMPARED)) return true;
    const { depth, listed, isVirtual } = this.#scans;
    if (depth < 2) return false;
    let rows = Math.max(this.connection.pages * ROWS_PER_PAGE, listed);
    if (isVirtual)
      rows = Math.max(rows, this.#found.makesTexts ? MADE_ROWS : READ_ROWS, this.length + this.#bound);
    return rows ** depth > MAX_VISITS;
  }

  /** Returns the next step as a job for a helper. */
  job(): Job {
    try {
      if (this.#found.asks) {
        const message =
          'the statement may take long, and changes() and last_insert_rowid() are not known to a copy';
        throw new SqliteError(SQLITE_INTERRUPT, message);
      }
      const bound = { sql: this.source, named: this.#named, positional: this.#positional };
      return this.connection.jobFor(bound);
    } catch (error) {
      throw this.connection.keep(error);
    }
  }

  /**
   * Takes the outcome of a helper's step: the rows of a query. A statement that changes the database may now run here.
   * @throws SqliteError
   */
  stepWith(outcome: Outcome): typeof ROW | typeof DONE {
    if ('error' in outcome) {
      this.#state = 'failed';
      this.#failure = this.connection.keep(new SqliteError(outcome.error.result, outcome.error.message));
      throw this.#failure;
    }
    if (!this.#found.writes) {
      this.#columns = outcome.columns;
      this.#rows = outcome.rows[Symbol.iterator]();
      this.#state = 'row';
      return this.step();
    }
    if (outcome.took > MAX_BLOCKED) {
      const message = `the statement would block all processes for ${Math.ceil(outcome.took)} ms`;
      throw this.connection.keep(new SqliteError(SQLITE_INTERRUPT, message));
    }
    return this.step();
  }

  /** Drops the rows that are left. */
  finish(): void {
    while (this.#state === 'row') this.step();
  }

  #get(): void {
    if (this.#named === null) this.#statement.get(...this.#positional);
    else this.#statement.get(this.#named, ...this.#positional);
  }

  #iterate(): Iterator<unknown> {
    if (this.#named === null) return this.#statement.iterate(...this.#positional);
    return this.#statement.iterate(this.#named, ...this.#positional);
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

  #rewind(): void {
    const rows = this.#rows;
    this.#rows = this.#row = null;
    // Otherwise a row that was not the last would keep the database locked.
    rows?.return?.();
  }

  /** Releases the statement. */
  finalize(): void {
    this.#rewind();
    for (const value of [...this.#positional, ...Object.values(this.#named ?? {})])
      this.connection.reserve(-sizeOf(value));
    // Node 24 leaves it to the garbage collector.
    if ('close' in this.#statement && typeof this.#statement.close === 'function') this.#statement.close();
  }
}

function columnsOf(statement: StatementSync): string[] {
  return statement.columns().map(({ name }) => name);
}

/** Returns the number of a parameter. @throws SqliteError if no parameter has the name, with or without a sign */
function numberOf(key: string, names: readonly (string | null)[]): number {
  for (const sign of SIGNS) {
    const number = names.indexOf(sign + key);
    if (number > 0) return number;
  }
  throw new SqliteError(SQLITE_RANGE, `there is no parameter "${key}"`);
}

/** Returns the bytes that a bound value takes. Numbers do not count. */
function sizeOf(value: SQLInputValue | undefined): number {
  if (typeof value === 'string') return value.length * 2;
  return value instanceof Uint8Array ? value.length : 0;
}
