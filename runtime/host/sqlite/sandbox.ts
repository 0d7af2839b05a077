import type { Account } from '../../kernel/account.ts';
import type { PreopenedDirectory } from '../../permissions/config.ts';
import { permissionFor } from '../../permissions/path-permission.ts';
import { sharedDatabases } from '../../permissions/shared-databases.ts';

/** Results of an authorizer, as SQLite numbers them. */
const ALLOW = 0;
const DENY = 1;
/** A pragma does nothing, without an error. */
const IGNORE = 2;

/** Actions that an authorizer is asked about, as SQLite numbers them. */
const Action = {
  MakeIndex: 1,
  MakeTable: 2,
  MakeTemporaryIndex: 3,
  MakeTemporaryTable: 4,
  MakeTemporaryTrigger: 5,
  MakeTemporaryView: 6,
  MakeTrigger: 7,
  MakeView: 8,
  Delete: 9,
  DropIndex: 10,
  DropTable: 11,
  DropTemporaryIndex: 12,
  DropTemporaryTable: 13,
  DropTemporaryTrigger: 14,
  DropTemporaryView: 15,
  DropTrigger: 16,
  DropView: 17,
  Insert: 18,
  Pragma: 19,
  Read: 20,
  Select: 21,
  Transaction: 22,
  Update: 23,
  Attach: 24,
  Detach: 25,
  Alter: 26,
  Analyze: 28,
  MakeVirtualTable: 29,
  DropVirtualTable: 30,
  Function: 31,
  Savepoint: 32,
  Recursive: 33,
} as const;

/** Milliseconds of the processor for which SQLite may compile a statement that asks often, and how often it asks between two looks. */
const MAX_COMPILING = 10;
const ASKED_BETWEEN = 128;

/** The time that this thread has computed, or, in a Node before 23.9, that has passed. */
function milliseconds(): number {
  if (typeof process.threadCpuUsage !== 'function') return performance.now();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Functions that reach out of the database, or take values for pointers. */
const FORBIDDEN_FUNCTIONS = new Set(['load_extension', 'fts3_tokenizer', 'sqlite_log']);

/** KiB of pages that a guest may keep cached for one database. */
const MAX_CACHE = 65_536;
/** KiB that SQLite caches unless it is told otherwise. */
const USUAL_CACHE = 2000;
/** The same in pages, each of which has 64 KiB at most. */
const MAX_CACHE_PAGES = MAX_CACHE / 64;

/** Pragmas that concern only a database or connection. All others are refused. */
export const PRAGMAS: ReadonlySet<string> = new Set(
  `analysis_limit application_id auto_vacuum automatic_index cache_spill case_sensitive_like cell_size_check
  checkpoint_fullfsync collation_list compile_options count_changes data_version database_list defer_foreign_keys
  empty_result_callbacks encoding foreign_key_check foreign_key_list foreign_keys freelist_count full_column_names
  fullfsync function_list ignore_check_constraints incremental_vacuum index_info index_list index_xinfo
  integrity_check journal_mode journal_size_limit legacy_alter_table legacy_file_format locking_mode module_list
  optimize page_count pragma_list query_only quick_check read_uncommitted recursive_triggers
  reverse_unordered_selects secure_delete short_column_names shrink_memory stats synchronous table_info table_list
  table_xinfo trusted_schema user_version wal_checkpoint`
    .trim()
    .split(/\s+/),
);

/** Those of them that change what queries give, and those that change how statements are run: other connections need them too. */
const SETTINGS = new Set(
  'case_sensitive_like foreign_keys full_column_names ignore_check_constraints recursive_triggers reverse_unordered_selects short_column_names'.split(
    ' ',
  ),
);
const RUN_SETTINGS = new Set(
  'analysis_limit auto_vacuum automatic_index cell_size_check legacy_alter_table max_page_count page_size query_only secure_delete synchronous trusted_schema'.split(
    ' ',
  ),
);

/** Functions that tell what the connection has done. */
const ASKERS = new Set('changes last_insert_rowid total_changes'.split(' '));

/** Pragmas that may be read, but set only to values that pass. */
const BOUNDED_PRAGMAS: Readonly<Record<string, (value: string, inMemory: boolean) => boolean>> = {
  // A wait inside SQLite would block every process, even the one that it waits for.
  busy_timeout: (value) => Number(value) <= 0,
  cache_size: (value) => isCacheSize(value),
  default_cache_size: (value) => isCacheSize(value),
  // Together these two limit a database in memory.
  max_page_count: (_value, inMemory) => !inMemory,
  page_size: (_value, inMemory) => !inMemory,
  // If somebody shortens a file while it is mapped, the whole runtime ends.
  mmap_size: (value) => Number(value) === 0,
  schema_version: () => false,
  // Temporary tables and indexes in memory have no limit.
  temp_store: (value) => /^([01]|default|file)$/i.test(value),
  threads: (value) => Number(value) === 0,
  // Whoever commits next, or changes the mode, would copy a whole large log.
  wal_autocheckpoint: (value) => Number(value) >= 1 && Number(value) <= 1000,
};

/** Those that do nothing if the value does not pass: programs run without it. */
const IGNORED: ReadonlySet<string> = new Set(['busy_timeout', 'mmap_size', 'wal_autocheckpoint']);

function isCacheSize(value: string): boolean {
  const size = Number(value);
  return size >= -MAX_CACHE && size <= MAX_CACHE_PAGES;
}

const CACHE_SIZES: ReadonlySet<string> = new Set(['cache_size', 'default_cache_size']);

/** Whether it is more than SQLite's default, which counts with each connection. */
function isLargeCache(value: string): boolean {
  const size = Number(value);
  return size < -USUAL_CACHE || size > USUAL_CACHE / 64;
}

/** Returns whether a path is no file of its own: a temporary database, or one in memory. */
export function isNoFile(path: string): boolean {
  return path === '' || path === ':memory:';
}

/** What SQLite reports about a statement while it compiles it. */
export class Findings {
  /** Files that the statement attaches. */
  readonly attached: string[] = [];
  recurses = false;
  /** Savepoints that it begins, less those that it releases. */
  savepoints = 0;
  /** Whether it does anything but read. */
  writes = false;
  /** Whether statements may be compiled to others afterwards: it changes tables, indexes, views, triggers or pragmas, or takes this back. */
  defines = false;
  /** Whether the databases may get back to what they were before, or become others. */
  returns = false;
  /** Whether it is a pragma, which SQLite may obey as soon as it is compiled, even by `EXPLAIN`. */
  isPragma = false;
  /** Whether it begins a transaction. */
  begins = false;
  /** Whether other connections may see afterwards what it and those before it have done. */
  commits = false;
  /** Whether it asks what the connection has done. */
  asks = false;
  /** Whether it inserts, deletes or updates rows, and whether it inserts some. */
  changes = false;
  inserts = false;
  /** Whether it uses databases other than the main one, which helpers do not have. */
  isElsewhere = false;
  /** Tables of which it reads no column, and SQLite does not say where they are. */
  readonly unplaced = new Set<string>();
  /** Whether triggers or views are within it. */
  isNested = false;
}

/**
 * Keeps SQL within its database: it refuses other files, native code, settings that all connections share, and memory
 * without limit. SQLite asks it while it compiles a statement.
 */
export class Sandbox {
  readonly #directories: readonly PreopenedDirectory[];
  readonly #inMemory: boolean;
  readonly #account: Account;
  /** Databases that may cache more than the usual. */
  readonly #largeCaches = new Set<string>();
  /** Values of the pragmas that change what queries give. */
  readonly settings = new Map<string, string>();
  /** How often one of them was given a value. SQLite takes it as soon as it compiles the pragma, even one that never runs. */
  given = 0;
  /** Why the last statement was refused. */
  refusal: string | null = null;
  /** Whether it was because SQLite took too long to compile it. */
  isTooComplex = false;
  /** Whether the runtime itself is at work, which may do anything. */
  isOpen = false;
  /** The findings about the statement that is being compiled. */
  found: Findings = new Findings();
  /** Whether a recursive query may be compiled. It may not if it would run without a look at the findings. */
  mayRecurse = false;
  /** Whether a database may have been attached, or a temporary view or trigger made, since the connection was opened. */
  hasAttached = false;
  hasTemporary = false;
  /** Whether the connection may keep others from the file for good. */
  isExclusive = false;
  /** How often SQLite has asked about the statement; null if its time does not matter. */
  #asked: number | null = null;
  #since = 0;

  /** Does what the runtime itself asks for. */
  asRuntime<T>(ask: () => T): T {
    const before = this.isOpen;
    this.isOpen = true;
    try {
      return ask();
    } finally {
      this.isOpen = before;
    }
  }

  /** Compiles a statement, which may not take long. */
  compile<T>(found: Findings, mayRecurse: boolean, compile: () => T): T {
    this.found = found;
    this.mayRecurse = mayRecurse;
    this.#asked = 0;
    try {
      return compile();
    } finally {
      this.mayRecurse = false;
      this.#asked = null;
      // What the runtime asks for next is not what the statement does.
      this.found = new Findings();
    }
  }

  /** Compiles a statement once more, whose findings are known. */
  compileAgain<T>(compile: () => T): T {
    const { found } = this;
    this.found = new Findings();
    try {
      return compile();
    } finally {
      this.found = found;
    }
  }

  /** Whether SQLite takes too long to compile the statement. It asks about each column, function, and query. */
  get #takesTooLong(): boolean {
    if (this.#asked === null || this.#asked++ % ASKED_BETWEEN !== 0) return false;
    const now = milliseconds();
    if (this.#asked === 1) this.#since = now;
    return now - this.#since > MAX_COMPILING;
  }

  /** @param inMemory whether the main database is in memory or temporary */
  constructor(account: Account, directories: readonly PreopenedDirectory[], inMemory: boolean) {
    this.#account = account;
    this.#directories = directories;
    this.#inMemory = inMemory;
  }

  /** SQLite's authorizer callback. */
  readonly authorize = (
    action: number,
    first: string | null,
    second: string | null,
    database: string | null,
    around: string | null,
  ): number => {
    if (this.isOpen) return ALLOW;
    if (around !== null) this.found.isNested = true;
    if (this.#takesTooLong) {
      this.isTooComplex = true;
      return this.#refuse('SQLite takes too long to compile it, and nobody else runs meanwhile');
    }
    switch (action) {
      case Action.MakeTemporaryIndex:
      case Action.MakeTemporaryTable:
      case Action.MakeTemporaryTrigger:
      case Action.MakeTemporaryView:
        this.hasTemporary = this.found.isElsewhere = true;
        this.found.defines = this.found.writes = true;
        return ALLOW;
      case Action.Transaction:
        if (first === 'ROLLBACK') this.found.defines = this.found.returns = true;
        else if (first === 'COMMIT') this.found.commits = true;
        else this.found.begins = true;
        this.found.writes = true;
        return ALLOW;
      case Action.MakeIndex:
      case Action.MakeTable:
      case Action.MakeTrigger:
      case Action.MakeView:
      case Action.MakeVirtualTable:
      case Action.DropIndex:
      case Action.DropTable:
      case Action.DropTemporaryIndex:
      case Action.DropTemporaryTable:
      case Action.DropTemporaryTrigger:
      case Action.DropTemporaryView:
      case Action.DropTrigger:
      case Action.DropView:
      case Action.DropVirtualTable:
      case Action.Alter:
      case Action.Analyze:
        this.found.defines = this.found.writes = true;
        return ALLOW;
      case Action.Detach:
        this.found.defines = this.found.returns = this.found.writes = true;
        return ALLOW;
      case Action.Attach:
        return this.#attach(first);
      case Action.Function:
        if (ASKERS.has(second?.toLowerCase() ?? '')) this.found.asks = true;
        return FORBIDDEN_FUNCTIONS.has(second?.toLowerCase() ?? '')
          ? this.#refuse(`the function ${second} is not for guests`)
          : ALLOW;
      case Action.Pragma:
        this.found.writes = this.found.isPragma = true;
        return this.#pragma(first?.toLowerCase() ?? '', second, database ?? 'main');
      case Action.Recursive:
        this.found.recurses = true;
        return this.mayRecurse
          ? ALLOW
          : this.#refuse('a recursive query cannot run within a trigger or after its view has changed');
      case Action.Savepoint:
        if (first === 'BEGIN') this.found.savepoints++;
        else if (first === 'RELEASE') {
          this.found.savepoints--;
          this.found.commits = true;
        } else this.found.defines = this.found.returns = true;
        return ALLOW;
      case Action.Delete:
      case Action.Insert:
      case Action.Update:
        this.found.changes = this.found.writes = true;
        if (action === Action.Insert) this.found.inserts = true;
        if (this.#isElsewhere(first, database)) this.found.isElsewhere = true;
        return ALLOW;
      case Action.Read:
        if (database === null) this.found.unplaced.add(first ?? '');
        else if (this.#isElsewhere(first, database)) this.found.isElsewhere = true;
        return ALLOW;
      case Action.Select:
        return ALLOW;
      default:
        this.found.writes = true;
        return ALLOW;
    }
  };

  #isElsewhere(table: string | null, database: string | null): boolean {
    // Every connection has one of these, and they are all empty.
    if (database === 'temp' && !this.hasTemporary && /^sqlite_temp_(?:master|schema)$/i.test(table ?? ''))
      return false;
    return database !== 'main';
  }

  /** @param path null if it is computed */
  #attach(path: string | null): number {
    this.found.writes = this.found.defines = this.found.returns = true;
    if (path !== '') this.hasAttached = true;
    if (path === null) return this.#refuse('ATTACH needs the path as a literal');
    // VACUUM attaches a temporary database, which is a file without a name.
    if (path === '') return ALLOW;
    if (path === ':memory:')
      return this.#refuse('only the main database can be in memory, where its size is bounded');
    if (!this.mayAttach(path)) return this.#refuse(`Failed to access '${path}'`);
    this.found.attached.push(path);
    return ALLOW;
  }

  /** Returns whether SQLite may open a path as it is. It may not open URIs. */
  mayAttach(path: string): boolean {
    return (
      !/^file:/i.test(path) &&
      !sharedDatabases.isIndex(path) &&
      permissionFor(this.#directories, path).granted
    );
  }

  #pragma(name: string, value: string | null, database: string): number {
    if (SETTINGS.has(name) && value !== null) {
      this.settings.set(name, value);
      this.given++;
      this.found.defines = this.found.returns = true;
    }
    const isAllowed = PRAGMAS.has(name);
    const bounded = Object.hasOwn(BOUNDED_PRAGMAS, name) ? BOUNDED_PRAGMAS[name] : undefined;
    if (isAllowed || (bounded !== undefined && (value === null || bounded(value, this.#inMemory)))) {
      if (value !== null && RUN_SETTINGS.has(name)) this.settings.set(name, value);
      if (value !== null && name === 'locking_mode') this.isExclusive = true;
      return value !== null && CACHE_SIZES.has(name) && isLargeCache(value)
        ? this.#enlargeCache(database)
        : ALLOW;
    }
    if (IGNORED.has(name)) return IGNORE;
    return this.#refuse(`PRAGMA ${name}${value === null ? '' : ` = ${value}`} is not for guests`);
  }

  #enlargeCache(database: string): number {
    if (this.#largeCaches.has(database)) return ALLOW;
    const refusal = this.#account.add(MAX_CACHE * 1024);
    if (refusal !== null) return this.#refuse(refusal);
    this.#largeCaches.add(database);
    return ALLOW;
  }

  /** Releases what was charged. */
  close(): void {
    this.#account.release(this.#largeCaches.size * MAX_CACHE * 1024);
    this.#largeCaches.clear();
  }

  #refuse(why: string): number {
    this.refusal ??= why;
    return DENY;
  }
}
