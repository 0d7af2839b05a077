import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Findings } from './sandbox.ts';
import type { Known } from './thread.ts';

/** What a connection has changed, here and in threads. SQLite knows only what was here, so SQL is told by functions of these names. */
export class Counters {
  readonly #database: DatabaseSync;
  #lastStatement: StatementSync | null = null;
  /** Null if SQLite knows. */
  #changes: bigint | null = null;
  #rowid: bigint | null = null;
  /** Null until something was done in a thread. */
  #total: bigint | null = null;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Changes nothing when it runs, and tells what those before it have changed. */
  get #last(): StatementSync {
    this.#lastStatement ??= this.#database.prepare('SELECT 1');
    return this.#lastStatement;
  }

  get known(): Known {
    const { changes, lastInsertRowid } = this.#last.run();
    return {
      changes: this.#changes ?? BigInt(changes),
      total: this.#total ?? this.#ownTotal(),
      rowid: this.#rowid ?? BigInt(lastInsertRowid),
    };
  }

  /** Whether anything was changed in a thread. */
  get hasMoved(): boolean {
    return this.#total !== null;
  }

  /** Must be called after a statement that has run here, if anything was changed in a thread before. */
  addHere({ changes, inserts }: Findings): void {
    if (!changes) return;
    this.#changes = null;
    if (inserts) this.#rowid = null;
    if (this.#total !== null) this.#total += BigInt(this.#last.run().changes);
  }

  /** Must be called after one that has run in a thread, which no statement that runs here is open beside. */
  addMoved({ changes, inserts }: Findings, count: bigint, rowid: bigint): void {
    if (!changes) return;
    if (this.#total === null) {
      this.#total = this.#ownTotal();
      this.#define('changes', ({ changes }) => changes);
      this.#define('total_changes', ({ total }) => total);
      this.#define('last_insert_rowid', ({ rowid }) => rowid);
    }
    this.#changes = count;
    this.#total += count;
    if (inserts && rowid !== 0n) this.#rowid = rowid;
  }

  #define(name: string, value: (known: Known) => bigint): void {
    this.#database.function(name, () => value(this.known));
  }

  #ownTotal(): bigint {
    const [total] = this.#database.prepare('SELECT total_changes()').get() as unknown as [bigint];
    return total;
  }
}
