import type { DatabaseSync } from 'node:sqlite';
import type { Payer } from '../../kernel/account.ts';
import type { Sandbox } from './sandbox.ts';

/** Pages of 4 KiB that a database in memory may have: 1 GiB. */
const MAX_PAGES = 262_144;
const PAGE_SIZE = 4096;

/**
 * Milliseconds between two looks at the size of a database, which take some microseconds. What it grows by meanwhile is not
 * counted, for each connection.
 */
const LOOK_INTERVAL = 0.1;

/** The global one is looked up anew each time. */
const clock = performance;

/**
 * Counts the pages of a database in memory for its process, against `max_host_memory`. While a statement runs nobody can count, so
 * before that SQLite is told how far the database may grow.
 */
export class MemoryPages {
  readonly #database: DatabaseSync;
  readonly #owner: Payer;
  readonly #sandbox: Sandbox;
  readonly #count: ReturnType<DatabaseSync['prepare']>;
  #charged = 0;
  /** Savepoints of the transaction. */
  #savepoints = 0;
  /** Pages that SQLite lets the database have. */
  #most = 0;
  #looked = Number.NEGATIVE_INFINITY;

  /** @param database still empty */
  constructor(database: DatabaseSync, owner: Payer, sandbox: Sandbox) {
    this.#database = database;
    this.#owner = owner;
    this.#sandbox = sandbox;
    database.exec(`PRAGMA page_size = ${PAGE_SIZE}`);
    this.#count = database.prepare('PRAGMA page_count');
    this.#bound();
  }

  /**
   * Must be called when a statement is to begin savepoints, or has released some.
   * @param change their number, negative if they are released
   */
  changeSavepoints(change: number): void {
    this.#savepoints = Math.max(0, (this.#database.isTransaction ? this.#savepoints : 0) + change);
    this.settle(true);
  }

  /** What a page counts for: a transaction and each savepoint keep another one of those that change after them. */
  get #pageCost(): number {
    return PAGE_SIZE * (2 + this.#savepoints);
  }

  /**
   * Must be called after each statement.
   * @param isSure whether the database is looked at even if it was just before
   */
  settle(isSure = false): void {
    const now = clock.now();
    if (!isSure && now - this.#looked < LOOK_INTERVAL) return;
    this.#looked = now;
    const [pages] = this.#count.get() as unknown as [bigint];
    if (this.#savepoints > 0 && !this.#database.isTransaction) this.#savepoints = 0;
    const cost = Number(pages) * this.#pageCost;
    const { account } = this.#owner;
    if (cost <= this.#charged) {
      account.release(this.#charged - cost);
    } else {
      const refusal = account.add(cost - this.#charged);
      if (refusal !== null) {
        account.force(cost - this.#charged);
        this.#owner.overdraw(refusal);
      }
    }
    this.#charged = cost;
    this.#bound();
  }

  /** Lets the database grow as far as there is room for it now. */
  #bound(): void {
    const room = Math.max(0, this.#owner.account.room) + this.#charged;
    const most = Math.max(1, Math.min(MAX_PAGES, Math.floor(room / this.#pageCost)));
    // Nearly the same is as good.
    if (most >= this.#most && most <= this.#most + this.#most / 8) return;
    this.#most = most;
    this.#sandbox.isOpen = true;
    this.#database.exec(`PRAGMA max_page_count = ${most}`);
    this.#sandbox.isOpen = false;
  }

  /** Pages that the database may have now. */
  get most(): number {
    return this.#most;
  }

  /** Releases what was charged: the database is closed. */
  close(): void {
    this.#owner.account.release(this.#charged);
    this.#charged = 0;
  }
}
