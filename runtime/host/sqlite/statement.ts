import type { SQLInputValue, StatementSync } from 'node:sqlite';
import type { BindKey } from './bincode.ts';
import { type Bytecode, PLAIN } from './bytecode.ts';
import { CompileCheck } from './compile-check.ts';
import type { CompileJob, Job, Outcome } from './helper.ts';
import type { NestedScans } from './nested-scans.ts';
import { parameterNames } from './parameter-names.ts';
import type { Findings } from './sandbox.ts';
import {
  SQLITE_BUSY,
  SQLITE_INTERRUPT,
  SQLITE_MISUSE,
  SQLITE_RANGE,
  SQLITE_SCHEMA,
  SQLITE_TOOBIG,
  SqliteError,
} from './sqlite-error.ts';
import type { Value } from './value.ts';

/** Results of a step, as SQLite numbers them. */
export const ROW = 100;
export const DONE = 101;

/** An estimate of the rows in a page. */
const ROWS_PER_PAGE = 100;
/** Rows that a statement may scan here, which takes about twenty milliseconds. */
const MAX_VISITS = 2e6;
/** The same for one that uses databases which helpers do not have. */
const MOST_VISITS = 1e9;
/** What a trigger that is run counts for. */
const FIRED_VISITS = 10;
/** Calls of functions that make long texts, which take some milliseconds each. */
const MAX_MADE = 32;
/** Rows that a function such as `json_each` may give, if the text that it is given is made by functions as well, or else at least. */
const MADE_ROWS = 1e6;
const READ_ROWS = 1000;
/** Bytes of texts that may be looked for in each other: that takes as long as their product says. */
const MAX_COMPARED = 2 ** 16;
/** Milliseconds that a statement may have taken on a copy if it is to run here. */
const MAX_BLOCKED = 1000;

/** How often it is tried if others change the database meanwhile. */
const MAX_TRIED = 5;
/** Milliseconds for which rows are dropped in one go. */
const MAX_FINISHING = 2;

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
  /** Whether others have changed the database since it was copied for a helper. */
  readonly hasChanged: boolean;
  /** Whether triggers may set off themselves. */
  readonly firesRecursively: boolean;
  /** Runs an operation of SQLite, and keeps its error as the last one. */
  run<T>(operation: () => T): T;
  /** Keeps an error as the last one, which it returns. */
  keep(error: unknown): SqliteError;
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
  /** Makes a statement a job for a helper. @param locks whether others may not change the database until `unlock` is called */
  jobFor(statement: Pick<Job, 'sql' | 'named' | 'positional'>, locks: boolean): Job;
  /** Commits what was done since a job has locked the database, and lets others change it again. @throws if that is not possible */
  unlock(): void;
}

/** What has become of the text of a statement. */
export interface Compilation {
  readonly statement: StatementSync;
  readonly found: Findings;
  readonly scans: NestedScans;
  /** Null if it is too much to be read. */
  readonly code: Bytecode | null;
}

/** A prepared statement. As in SQLite itself, bindings stay until they are replaced. */
export class Statement {
  readonly connection: StatementConnection;
  /** Characters of its SQL. */
  readonly length: number;
  #statement: StatementSync;
  #found: Findings;
  #scans: NestedScans;
  #code: Bytecode | null;
  /** Whether it takes no longer than others may wait, whatever is bound and in the tables. */
  #isQuick: boolean;
  /** Bytes of the values that are bound. */
  #bound = 0;
  /** How often it has been tried in a helper in vain. */
  #tried = 0;
  /** Bytes of rows that a helper has given. */
  #held = 0;
  /** Names of the parameters by number, see `parameterNames`. Found when something is bound. */
  #names: readonly (string | null)[] | null = null;
  /** Values of the parameters without a name, in order, and of those with one. */
  #positional: SQLInputValue[] = [];
  #named: Record<string, SQLInputValue> | null = null;
  /** The index in `#positional` of each parameter without a name, by number. */
  #indexOf: number[] = [];
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

  constructor(connection: StatementConnection, { statement, found, scans, code }: Compilation) {
    this.connection = connection;
    this.#generation = connection.generation;
    this.#statement = statement;
    this.#found = found;
    this.length = statement.sourceSQL.length;
    this.#scans = scans;
    this.#code = code;
    this.#isQuick = isQuick(found, scans, code);
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
    // Programs bind values of the same size again and again.
    if (growth !== 0) {
      this.connection.reserve(growth);
      this.#bound += growth;
    }
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
      if (this.#isStale && (this.renew() !== null || this.mayTakeLong))
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
    }
    const next = this.#rows?.next();
    if (next === undefined || next.done === true) {
      this.#row = this.#rows = null;
      if (this.#held > 0) this.#letGo();
      this.#state = 'done';
      return DONE;
    }
    this.#row = next.value as readonly Value[];
    this.#state = 'row';
    return ROW;
  }

  /** Whether names may mean others than when it was compiled. */
  get #isStale(): boolean {
    if (this.#state === 'row' || this.#changes === CompileCheck.changes) return false;
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
    const { statement, found, scans, code } = this.connection.compile(this.source);
    close(this.#statement);
    this.#statement = statement;
    this.#found = found;
    this.#scans = scans;
    this.#code = code;
    this.#isQuick = isQuick(found, scans, code);
    this.#columns = null;
    this.#givesRows = this.columns.length > 0;
    this.#changes = changes;
    this.#generation = generation;
  }

  /** The SQL of this statement alone, with the blanks and comments before it. */
  get source(): string {
    return this.#statement.sourceSQL;
  }

  /** Whether the next step may take so long that it would block other processes. */
  get mayTakeLong(): boolean {
    // Looking further costs as much as inserting a row.
    if (this.#isQuick || this.#state === 'row') return false;
    if (this.#found.recurses) return true;
    // Nobody knows how long the texts are that these functions are given.
    const { compares, looksForTexts, makesTexts, makesOperands } = this.#found;
    const makes = looksForTexts ? makesTexts : makesOperands;
    if (compares && (makes || this.length + this.#bound > MAX_COMPARED)) return true;
    if (this.#found.made > MAX_MADE) return true;
    if (this.#mayRunOn) return true;
    const { depth, listed, isVirtual } = this.#scans;
    if (depth < 2) return false;
    let rows = Math.max(this.connection.pages * ROWS_PER_PAGE, listed);
    if (isVirtual)
      rows = Math.max(rows, this.#found.makesTexts ? MADE_ROWS : READ_ROWS, this.length + this.#bound);
    return rows ** depth > MAX_VISITS;
  }

  /** Whether triggers, foreign keys or windows may take long, of which the plan says nothing. */
  get #mayRunOn(): boolean {
    const code = this.#code;
    if (code === PLAIN) return false;
    // A helper has no other databases. What it is asked to do here may take long, but in the end it is done.
    const most = this.#found.isElsewhere ? MOST_VISITS : MAX_VISITS;
    if (code === null) return true;
    if (code.isChain && this.connection.firesRecursively) return true;
    const rows = this.connection.pages * ROWS_PER_PAGE;
    const { depth, fired, hasSlowWindow } = code;
    if (this.#found.changes && depth > 1 && rows ** depth > most) return true;
    if (hasSlowWindow && rows ** 2 > most) return true;
    return fired.runs * FIRED_VISITS * rows ** fired.depth > most;
  }

  /** Returns the next step as a job for a helper. */
  job(): Job {
    try {
      if (this.#found.asks) {
        const message =
          'the statement may take long, and changes() and last_insert_rowid() are not known to a copy';
        throw new SqliteError(SQLITE_INTERRUPT, message);
      }
      if (this.#code === null && this.#found.isElsewhere) {
        const message =
          'the statement is too long to find out what it does, and a copy has only the main database';
        throw new SqliteError(SQLITE_TOOBIG, message);
      }
      const bound = { sql: this.source, named: this.#named, positional: this.#positional };
      return this.connection.jobFor(bound, this.#tried === MAX_TRIED - 1 && this.#mayLock);
    } catch (error) {
      throw this.connection.keep(error);
    }
  }

  /**
   * Takes the outcome of a helper's step: the rows of a query. A statement that changes the database may now run here.
   * @returns null if others have changed the database meanwhile, so that it may take longer than in the helper, which must be asked again
   * @throws SqliteError
   */
  stepWith(outcome: Outcome): typeof ROW | typeof DONE | null {
    try {
      return this.#stepWith(outcome);
    } finally {
      this.#unlock();
    }
  }

  #unlock(): void {
    try {
      this.connection.unlock();
    } catch (error) {
      throw this.#fail(error);
    }
  }

  /** Whether the last try may keep others from changing the database: the statement must be able to run in a transaction of its own. */
  get #mayLock(): boolean {
    const { changes, defines, commits, savepoints, attached } = this.#found;
    return changes && !defines && !commits && savepoints === 0 && attached.length === 0 && !this.#givesRows;
  }

  #stepWith(outcome: Outcome): typeof ROW | typeof DONE | null {
    if ('error' in outcome) throw this.#fail(new SqliteError(outcome.error.result, outcome.error.message));
    if (!this.#found.writes) {
      try {
        this.connection.hold(outcome.bytes);
      } catch (error) {
        throw this.#fail(error);
      }
      this.#held = outcome.bytes;
      this.#columns = outcome.columns;
      this.#rows = outcome.rows[Symbol.iterator]();
      this.#state = 'row';
      return this.step();
    }
    if (this.connection.run(() => this.connection.hasChanged)) {
      if (++this.#tried < MAX_TRIED) return null;
      this.#tried = 0;
      throw this.#fail(new SqliteError(SQLITE_BUSY, 'others change the database again and again'));
    }
    this.#tried = 0;
    if (outcome.took > MAX_BLOCKED) {
      const message = `the statement would block all processes for ${Math.ceil(outcome.took)} ms`;
      throw this.connection.keep(new SqliteError(SQLITE_INTERRUPT, message));
    }
    return this.step();
  }

  /** Drops rows that are left. Returns false after some milliseconds if there may be more. */
  finish(): boolean {
    const since = performance.now();
    while (this.#state === 'row') {
      this.step();
      if (performance.now() - since > MAX_FINISHING) return false;
    }
    return true;
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

  #letGo(): void {
    this.connection.letGo(this.#held);
    this.#held = 0;
  }

  #rewind(): void {
    const rows = this.#rows;
    this.#rows = this.#row = null;
    if (this.#held > 0) this.#letGo();
    // Otherwise a row that was not the last would keep the database locked.
    rows?.return?.();
  }

  /** Releases the statement. */
  finalize(): void {
    this.#rewind();
    for (const value of [...this.#positional, ...Object.values(this.#named ?? {})])
      this.connection.reserve(-sizeOf(value));
    close(this.#statement);
  }
}

function isQuick(
  { recurses, compares, made }: Findings,
  { depth }: NestedScans,
  code: Bytecode | null,
): boolean {
  return code === PLAIN && depth < 2 && !recurses && !compares && made <= MAX_MADE;
}

function close(statement: StatementSync): void {
  // Node 24 leaves it to the garbage collector.
  if ('close' in statement && typeof statement.close === 'function') statement.close();
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
