import type { Process } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import { SQLITE_BUSY, SqliteError } from './sqlite-error.ts';
import type { Statement, StatementConnection } from './statement.ts';

/**
 * Milliseconds before what found its file locked is tried again, at least and at most. It must be tried often: who changes a file again and
 * again leaves it unlocked for a tenth of a millisecond between two changes, each of which takes as long as the disk.
 */
const MIN_PAUSE = 1;
const MAX_PAUSE = 3;

/** Waits of a host call for files that other OS processes have locked. */
export class LockWait {
  readonly #scheduler: Scheduler;
  readonly #process: Process;
  readonly #connection: StatementConnection;
  #end: number | null = null;

  constructor(scheduler: Scheduler, process: Process, connection: StatementConnection) {
    this.#scheduler = scheduler;
    this.#process = process;
    this.#connection = connection;
  }

  /**
   * Waits before something is tried again. The error is forgotten.
   * @returns null if it is not to be tried again: it has failed for another reason, or for too long
   */
  after(error: unknown): Promise<number> | null {
    const { patience } = this.#connection;
    if (patience === 0 || !(error instanceof SqliteError) || error.result !== SQLITE_BUSY) return null;
    const now = performance.now();
    this.#end ??= now + patience;
    if (now >= this.#end) return null;
    this.#connection.forgetError();
    const pause = MIN_PAUSE + (MAX_PAUSE - MIN_PAUSE) * Math.random();
    return this.#scheduler.waitForEvent(this.#process, (wake) => {
      const timer = setTimeout(wake, pause, 0);
      return () => clearTimeout(timer);
    });
  }

  /**
   * The same for a statement that has failed.
   * @param hadBegun whether it had given rows: then it cannot be tried again
   */
  afterStep(statement: Statement, hadBegun: boolean, error: unknown): Promise<number> | null {
    const waiting = hadBegun ? null : this.after(error);
    if (waiting !== null) statement.forgetFailure();
    return waiting;
  }
}
