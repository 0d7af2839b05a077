import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { BindKey } from './bincode.ts';
import type { Job, Outcome } from './helper.ts';
import { parameterNames } from './parameter-names.ts';
import type { Findings } from './sandbox.ts';
import { SQLITE_INTERRUPT, SQLITE_MISUSE, SQLITE_RANGE, SqliteError } from './sqlite-error.ts';
import type { Value } from './value.ts';

/** What a step answers, as SQLite numbers it. */
export const ROW = 100;
export const DONE = 101;

/** Rows that a page may have, for an estimate. */
const ROWS_PER_PAGE = 100;
/** Rows that a statement may go through here: about a tenth of a second. */
const MAX_VISITS = 1e7;
/** Milliseconds that a statement may take here that took so long on a copy. */
const MAX_HELD = 1000;

/** Signs that a name may be given without. */
const SIGNS = ['', ':', '@', '$'];

/**
 *     ready --step--> row --step--> row ... --step--> done --step--> (runs again)
 *       ^               \_____________ step fails __/-> failed
 *       +------------------ reset --------------------------+
 */
type State = 'ready' | 'row' | 'done' | 'failed';

/** The part of a connection that its statements use; see `Connection`. */
export interface StatementConnection {
  /** Pages of the database. */
  readonly pages: number;
  /** Runs an operation of SQLite's. Its error is kept as the last one of the connection. */
  run<T>(operation: () => T): T;
  /** Keeps an error as the last one of the connection. */
  keep(error: unknown): SqliteError;
  /** Counts bytes of values that stay bound. */
  reserve(bytes: number): void;
  /** Checks that attached databases may still be opened. */
  checkAttached(paths: readonly string[]): void;
  /** Makes a statement a job for a helper. */
  jobFor(statement: Pick<Job, 'sql' | 'named' | 'places'>): Job;
}

/** A prepared statement that is stepped and bound as SQLite itself has it: bindings stay until they are replaced. */
export class Statement {
  readonly connection: StatementConnection;
  readonly #statement: StatementSync;
  readonly #found: Findings;
  readonly #scans: number;
  /** By place, see `parameterNames`; found out when something is bound. */
  #names: readonly (string | null)[] | null = null;
  /** What is bound to parameters without a name, in order, and to those with one. */
  #places: SQLInputValue[] = [];
  #named: Record<string, SQLInputValue> | null = null;
  /** For each parameter without a name, its index in `#places`. */
  #placeOf: number[] = [];
  #state: State = 'ready';
  #rows: Iterator<unknown> | null = null;
  #row: readonly Value[] | null = null;
  #failure: SqliteError | null = null;
  /** What gives rows may have other columns after its tables have changed; what gives none never does. */
  readonly #givesRows: boolean;
  #columns: readonly string[] | null;

  /** @param scans tables that are gone through for each row of each other */
  constructor(connection: StatementConnection, statement: StatementSync, found: Findings, scans: number) {
    this.connection = connection;
    this.#statement = statement;
    this.#found = found;
    this.#scans = scans;
    this.#columns = columnsOf(statement);
    this.#givesRows = this.#columns.length > 0;
  }

  /** Names of the columns; empty for what gives no rows. */
  get columns(): readonly string[] {
    this.#columns ??= this.connection.run(() => columnsOf(this.#statement));
    return this.#columns;
  }

  /** The values of the current row; NULLs where there is none. */
  get row(): readonly Value[] {
    return this.#row ?? this.columns.map(() => null);
  }

  /**
   * Binds a value to a parameter.
   * @throws SqliteError where there is none of that number or name, or the statement was stepped and not reset since
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
    const place = this.#placeOf[number] ?? 0;
    const old = name === null ? this.#places[place] : this.#named?.[name];
    this.connection.reserve(sizeOf(value) - sizeOf(old));
    if (name === null) this.#places[place] = value;
    else if (this.#named !== null) this.#named[name] = value;
  }

  #findParameters(): readonly (string | null)[] {
    const names = parameterNames(this.#statement.sourceSQL);
    for (const [number, name] of names.entries()) {
      if (number === 0) continue;
      if (name === null) {
        this.#placeOf[number] = this.#places.length;
        this.#places.push(null);
      } else {
        this.#named ??= Object.create(null) as Record<string, SQLInputValue>;
        this.#named[name] = null;
      }
    }
    this.#names = names;
    return names;
  }

  /**
   * Runs the statement to its next row, or anew after its last one.
   * @returns `ROW` or `DONE`
   * @throws SqliteError
   */
  step(): typeof ROW | typeof DONE {
    try {
      return this.#step();
    } catch (error) {
      this.#rewind();
      this.#state = 'failed';
      this.#failure = this.connection.keep(error);
      throw this.#failure;
    }
  }

  #step(): typeof ROW | typeof DONE {
    if (this.#state !== 'row') {
      if (this.#found.attached.length > 0) this.connection.checkAttached(this.#found.attached);
      if (!this.#givesRows) {
        // It is done in one go, at a third of the costs.
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

  /** The text of this statement alone, with what is before it. */
  get source(): string {
    return this.#statement.sourceSQL;
  }

  /** Whether the next step may take so long that nothing else could run meanwhile. */
  get mayTakeLong(): boolean {
    if (this.#state === 'row') return false;
    if (this.#found.recurses) return true;
    return this.#scans > 1 && (this.connection.pages * ROWS_PER_PAGE) ** this.#scans > MAX_VISITS;
  }

  /** The next step for a helper. */
  job(): Job {
    try {
      const bound = { sql: this.source, named: this.#named, places: this.#places };
      return this.connection.jobFor(bound);
    } catch (error) {
      throw this.connection.keep(error);
    }
  }

  /**
   * Takes what a helper found for the step: rows of a query; for what changes the database, that it may run here too.
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
    if (outcome.took > MAX_HELD) {
      const message = `the statement would hold up everything for ${Math.ceil(outcome.took)} ms`;
      throw this.connection.keep(new SqliteError(SQLITE_INTERRUPT, message));
    }
    return this.step();
  }

  /** Drops the rows that are left. */
  finish(): void {
    while (this.#state === 'row') this.step();
  }

  #get(): void {
    if (this.#named === null) this.#statement.get(...this.#places);
    else this.#statement.get(this.#named, ...this.#places);
  }

  #iterate(): Iterator<unknown> {
    if (this.#named === null) return this.#statement.iterate(...this.#places);
    return this.#statement.iterate(this.#named, ...this.#places);
  }

  /**
   * Makes the statement ready to run from its beginning. Bindings stay.
   * @throws SqliteError again, where its last step failed
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
    // Without it, a row that was not the last would hold a lock of the database.
    rows?.return?.();
  }

  /** Releases the statement. */
  finalize(): void {
    this.#rewind();
    for (const value of [...this.#places, ...Object.values(this.#named ?? {})])
      this.connection.reserve(-sizeOf(value));
    // Node 24 leaves it to the garbage collector.
    if ('close' in this.#statement && typeof this.#statement.close === 'function') this.#statement.close();
  }
}

function columnsOf(statement: StatementSync): string[] {
  return statement.columns().map(({ name }) => name);
}

/** @throws SqliteError where no parameter has the name, with or without a sign */
function numberOf(key: string, names: readonly (string | null)[]): number {
  for (const sign of SIGNS) {
    const number = names.indexOf(sign + key);
    if (number > 0) return number;
  }
  throw new SqliteError(SQLITE_RANGE, `there is no parameter "${key}"`);
}

/** Bytes that a bound value takes; those of a few bytes do not count. */
function sizeOf(value: SQLInputValue | undefined): number {
  if (typeof value === 'string') return value.length * 2;
  return value instanceof Uint8Array ? value.length : 0;
}
