import { createHash } from 'node:crypto';
import type { DatabaseSync, DatabaseSyncOptions, StatementSync } from 'node:sqlite';
import type { Account } from '../../kernel/account.ts';
import { quoted } from './database-sizes.ts';
import type { CompileJob, Schema } from './helper.ts';
import type { Findings, Sandbox } from './sandbox.ts';
import { SQLITE_TOOBIG, SqliteError } from './sqlite-error.ts';
import { type Definitions, type Shape, shapeOf, shapesOfViews, triggersOf } from './statement-shape.ts';

/** Bytes of the longest statement. SQLite compiles it in one piece, at some tens of MiB a second. */
export const MAX_STATEMENT = 1_000_000;
/** Milliseconds of the processor that SQLite may take to compile a statement, while nobody else runs. */
const MAX_COMPILING = 15;
/** What SQLite compiles within that time for sure, whatever it is: SQLite plans joins, and gives columns to `*`, slower than it reads. */
const SURE = { tokens: 30_000, stars: 4, joined: 6000 };

/** Words that SQLite takes far too long for. */
const HOPELESS = 3e6;

/** Characters that views and triggers may have if anybody is to look at them. */
const MAX_DEFINITIONS = 2 ** 18;
/** Characters that tables and indexes may have for the same, and what each counts for besides. */
const MAX_TABLES = 2 ** 21;
const ROW_LENGTH = 128;
/** Characters that a schema may have to be sent to a helper. */
const MAX_SCHEMA = 2 ** 21;
/** Statements whose times are kept. */
const MAX_KEPT = 64;
/** What a view or a trigger takes besides its text. */
const DEFINITION_COST = 512;

/** Statements that have anything to do with tables. */
const TABLES = /\b(?:select|insert|update|delete|replace|with|values|create|explain)\b/i;
/** How SQLite writes definitions down. A file may say otherwise what they are, which SQLite does not look at. */
const VIEW = /^CREATE (?:VIEW|TRIGGER) /i;
const TABLE = /^CREATE (?:TABLE|INDEX|UNIQUE INDEX|VIRTUAL TABLE) /i;
/** Functions that may take long, in the definition of a table or an index. */
const CALLS =
  /\b(?:char|concat|concat_ws|format|glob|hex|instr|json\w*|like|ltrim|printf|quote|randomblob|replace|rtrim|trim|virtual|zeroblob)\b/i;
/** Those for which SQLite may look into a view, without a query, or even into every view. */
const VIEWS = /\b(?:alter|drop|(?:pragma_)?table_(?:x?info|list))\b/i;
const ALL_VIEWS = /\b(?:alter|pragma_table_x?info|(?:pragma_)?table_list)\b/i;

/**
 * Finds out whether SQLite might take long to compile a statement. It does so in one piece, so such a statement is compiled in a
 * helper first, without its database but with the same tables, and is refused if that takes too long.
 */
export class CompileCheck {
  /** How often anybody has changed what the statements of any connection may be compiled to. */
  static changes = 0;

  readonly #database: DatabaseSync;
  readonly #sandbox: Sandbox;
  readonly #account: Account;
  readonly #options: DatabaseSyncOptions;
  #mainVersion: StatementSync | null = null;
  #areKeysChecked = false;
  #firesRecursively = false;
  /** `given` of the sandbox when these two were read. */
  #given = -1;
  #version = '';
  /** Null if they are too many; undefined if they were not read at this version. */
  #definitions: Definitions | null | undefined = undefined;
  /** Bytes that the views and triggers are charged with. */
  #charged = 0;
  /** Milliseconds that statements have taken in helpers, by the digests of their texts: these may have a megabyte. */
  readonly #times = new Map<string, number | SqliteError>();
  #generation = 0;
  /** `changes` when the version was looked at. */
  #looked = -1;
  /** Whether other OS processes may change the tables. */
  isShared = false;
  /** Whether the tables were looked at in the transaction that has begun. */
  #isPinned = false;
  /** How often the databases may have got back to a version that they had before, or to the same of others. */
  #returns = 0;
  /** Whether the transaction has changed definitions, which other connections do not see yet. */
  #hasDefined = false;

  constructor(database: DatabaseSync, sandbox: Sandbox, account: Account, options: DatabaseSyncOptions) {
    this.#database = database;
    this.#sandbox = sandbox;
    this.#account = account;
    this.#options = options;
  }

  /** Changes when what statements of this connection are compiled to may be another. */
  get generation(): number {
    if (this.#looked !== CompileCheck.changes || this.#mayBeChangedElsewhere) {
      try {
        this.#current();
      } catch {
        // Whoever needs the database gets this error.
      }
    }
    return this.#generation;
  }

  /** Whether another OS process may have changed tables since they were looked at. Within a transaction they are locked by looking. */
  get #mayBeChangedElsewhere(): boolean {
    return this.isShared && !(this.#isPinned && this.#database.isTransaction);
  }

  /** Must be called with what statements do when they have run, whether or not to their end. */
  note({ defines, returns, commits }: Findings, hasFailed: boolean): void {
    // Asking for the transaction takes a tenth of what inserting a row does.
    if (!defines && !commits && !hasFailed) return;
    const { isTransaction } = this.#database;
    if (commits || hasFailed) this.#isPinned = false;
    const isTakenBack = this.#hasDefined && hasFailed && !isTransaction;
    if (defines || isTakenBack || (commits && this.#hasDefined)) CompileCheck.changes++;
    if (returns || isTakenBack || (defines && hasFailed)) this.#returns++;
    this.#hasDefined = isTransaction && (this.#hasDefined || defines);
  }

  /** Releases what was charged. */
  close(): void {
    this.#account.release(this.#charged);
    this.#charged = 0;
  }

  /**
   * Must be asked before the first statement of a text is compiled.
   * @returns what a helper must do first, or null
   * @throws SqliteError if it has done so, and the statement takes too long
   */
  jobFor(sql: string): CompileJob | null {
    const views = ALL_VIEWS.test(sql);
    if (!TABLES.test(sql) && !VIEWS.test(sql)) return null;
    // SQLite refuses it at once.
    if (sql.length > MAX_STATEMENT) return null;
    const definitions = this.#current();
    const shape = definitions === null ? null : shapeOf(sql, definitions);
    const areViewsSure = !views || (definitions !== null && areSure(shapesOfViews(definitions)));
    if (shape !== null && isSure(shape) && areViewsSure) return null;
    if (shape !== null && shape.tokens > HOPELESS) {
      throw tooComplex(`it has ${shape.tokens} words once its views and common tables are in their places`);
    }
    const digest = digestOf(sql);
    const took = this.#times.get(digest);
    if (took === undefined)
      return { compile: sql, views, schemas: () => this.#schemas(), options: this.#options, size: 0 };
    // Whether it was the statement or the machine is found out again the next time.
    if (took instanceof SqliteError || took === Number.POSITIVE_INFINITY) this.#times.delete(digest);
    if (took instanceof SqliteError) throw took;
    if (took === Number.POSITIVE_INFINITY) throw tooComplex('SQLite takes seconds to compile it');
    if (took > MAX_COMPILING) throw tooComplex(`SQLite takes ${Math.ceil(took)} ms to compile it`);
    return null;
  }

  /** Whether changes of tables, when they were looked at last, do no more than they say. */
  isPlain = false;
  /** Whether those do that set off no triggers. */
  isPlainWithoutTriggers = false;

  /** Looks at them now. Views are none of them. */
  isPlainNow(): boolean {
    return this.#current()?.views.length === 0 && this.isPlain;
  }

  /** Keeps the time that a helper has taken. */
  keep({ compile }: CompileJob, took: number | SqliteError): void {
    if (this.#times.size >= MAX_KEPT) this.#times.clear();
    this.#times.set(digestOf(compile), took);
  }

  /** Keeps the time of a text for its first statement as well, which may be compiled anew. */
  keepFirst(sql: string, first: string): void {
    if (first === sql || this.#times.size === 0) return;
    const took = this.#times.get(digestOf(sql));
    if (took !== undefined) this.#times.set(digestOf(first), took);
  }

  /** Views and triggers as they are now; null if there are too many. */
  #current(): Definitions | null {
    return this.#sandbox.asRuntime(() => {
      const { changes } = CompileCheck;
      const names = this.#names();
      this.#readSettings();
      let version = `${this.#returns} ${this.#given}\n`;
      for (const name of names) version += `${this.#versionOf(name)} ${name}\n`;
      if (version !== this.#version) {
        this.#times.clear();
        this.#definitions = undefined;
        this.#version = version;
        this.#generation++;
      }
      if (this.#definitions === undefined) this.#definitions = this.#read(names);
      this.#looked = changes;
      this.#isPinned = this.isShared && this.#database.isTransaction;
      return this.#definitions ?? null;
    });
  }

  /** Whether triggers may set off themselves. */
  get firesRecursively(): boolean {
    this.#sandbox.asRuntime(() => this.#readSettings());
    return this.#firesRecursively;
  }

  /** Asks SQLite what it has made of the values that settings were given. */
  #readSettings(): void {
    const { given } = this.#sandbox;
    if (given === this.#given) return;
    // A statement that was kept would give what was set when it was compiled.
    const isOn = (name: string): boolean =>
      (this.#database.prepare(`PRAGMA ${name}`).get() as unknown as [bigint])[0] !== 0n;
    this.#areKeysChecked = isOn('foreign_keys');
    this.#firesRecursively = isOn('recursive_triggers');
    this.#given = given;
  }

  /** The databases of the connection that may have tables. */
  get databases(): readonly string[] {
    return this.#names();
  }

  /** The databases of which views may be. */
  #names(): string[] {
    if (this.#sandbox.hasAttached) {
      return this.#database
        .prepare('PRAGMA database_list')
        .all()
        .map((row) => String((row as unknown as unknown[])[1]));
    }
    return this.#sandbox.hasTemporary ? ['main', 'temp'] : ['main'];
  }

  /** Whether one of these names may be that of a table in another database than the main one, which helpers do not have. */
  areElsewhere(tables: ReadonlySet<string>): boolean {
    return this.#sandbox.asRuntime(() =>
      this.#names().some((name) => {
        if (name === 'main') return false;
        const query = `SELECT 1 FROM ${quoted(name)}.sqlite_schema WHERE name = ? COLLATE NOCASE`;
        const search = this.#database.prepare(query);
        return [...tables].some((table) => search.get(table) !== undefined);
      }),
    );
  }

  #versionOf(name: string): unknown {
    let statement = name === 'main' ? this.#mainVersion : null;
    statement ??= this.#database.prepare(`PRAGMA ${quoted(name)}.schema_version`);
    if (name === 'main') this.#mainVersion = statement;
    return (statement.get() as unknown as unknown[])[0];
  }

  /** Returns null if there is too much, and undefined if there is no room for it now. */
  #read(names: readonly string[]): Definitions | null | undefined {
    this.close();
    const hasForeignKeys = this.#areKeysChecked;
    const views: { name: string; sql: string }[] = [];
    const triggers: string[] = [];
    let length = 0;
    this.isPlain = this.isPlainWithoutTriggers = false;
    for (const name of names) {
      const query = `SELECT type, name, sql FROM ${quoted(name)}.sqlite_schema WHERE type IN ('view', 'trigger') AND sql NOT NULL`;
      for (const row of this.#database.prepare(query).iterate()) {
        const [type, own, sql] = (row as unknown as unknown[]).map(String) as [string, string, string];
        length += sql.length;
        if (length > MAX_DEFINITIONS || !VIEW.test(sql)) return null;
        if (type === 'view') views.push({ name: own.toLowerCase(), sql });
        else triggers.push(sql);
      }
    }
    const cost = DEFINITION_COST * (views.length + triggers.length) + 2 * length;
    const calls = this.#mayCall(names);
    if (calls === null) return null;
    if (this.#account.add(cost) !== null) return undefined;
    this.#charged = cost;
    this.isPlainWithoutTriggers = !hasForeignKeys && !calls;
    this.isPlain = this.isPlainWithoutTriggers && triggers.length === 0;
    return { views, triggers: triggersOf(triggers), hasForeignKeys };
  }

  /**
   * Whether tables or indexes may call functions that take long. They do if they are too many to be looked at after each change.
   * @returns null if the definition of something else is among them
   */
  #mayCall(names: readonly string[]): boolean | null {
    let length = 0;
    let calls = false;
    for (const name of names) {
      const query = `SELECT sql FROM ${quoted(name)}.sqlite_schema WHERE type NOT IN ('view', 'trigger') AND sql NOT NULL`;
      for (const row of this.#database.prepare(query).iterate()) {
        const sql = String((row as unknown as unknown[])[0]);
        if (!TABLE.test(sql)) return null;
        length += sql.length + ROW_LENGTH;
        if (length > MAX_TABLES) return true;
        calls ||= CALLS.test(sql);
      }
    }
    return calls;
  }

  #schemas(): Schema[] {
    return this.#sandbox.asRuntime(() => {
      let length = 0;
      return this.#names().map((name) => {
        const sql: string[] = [];
        const query = `SELECT sql FROM ${quoted(name)}.sqlite_schema WHERE sql NOT NULL`;
        for (const row of this.#database.prepare(query).iterate()) {
          const text = String((row as unknown as unknown[])[0]);
          length += text.length;
          if (length > MAX_SCHEMA) throw tooComplex('and the tables are too many to find out how much');
          sql.push(text);
        }
        return { name, sql };
      });
    });
  }
}

function isSure({ tokens, stars, tables }: Shape): boolean {
  if (tokens > SURE.tokens || stars > SURE.stars) return false;
  return tables < 2 || tables * tokens <= SURE.joined;
}

function areSure(views: readonly Shape[] | null): boolean {
  if (views === null || !views.every(isSure)) return false;
  return views.reduce((sum, { tokens }) => sum + tokens, 0) <= SURE.tokens;
}

function tooComplex(why: string): SqliteError {
  return new SqliteError(
    SQLITE_TOOBIG,
    `the statement is too complex: ${why}, and nobody else runs meanwhile`,
  );
}

function digestOf(sql: string): string {
  return createHash('sha256').update(sql).digest('base64');
}
