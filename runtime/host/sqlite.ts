import { andThen, fail, OK } from '../hostcall/conventions.ts';
import { Namespace } from '../hostcall/function.ts';
import { giveToGuest } from '../hostcall/guest-allocator.ts';
import { textCost } from '../kernel/account.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { resourceSlot } from '../kernel/slot.ts';
import { hostTrap } from '../kernel/trap.ts';
import { HostWork } from '../kernel/turn-work.ts';
import { hostDescriptors } from '../permissions/host-descriptors.ts';
import {
  BincodeError,
  encodeError,
  encodeNames,
  encodeRow,
  encodeValue,
  readBindList,
} from './sqlite/bincode.ts';
import { CompileCheck } from './sqlite/compile-check.ts';
import { Connection, LONG_SQL, MAX_SQL } from './sqlite/connection.ts';
import { FileUse } from './sqlite/file-use.ts';
import { type CompileJob, compileInHelper, type Outcome, runInHelper } from './sqlite/helper.ts';
import { LockWait } from './sqlite/lock-wait.ts';
import { SqliteError } from './sqlite/sqlite-error.ts';
import type { Statement, StatementConnection } from './sqlite/statement.ts';
import { type Batch, type Cursor, runInThread } from './sqlite/thread.ts';

/** `lunatic::sqlite` (abi 9): SQLite databases. docs/sqlite.md describes the limits. */
export const sqlite = new Namespace('lunatic::sqlite', HostWork.system, true);

/** Connections and statements that a process may have. Each takes memory of the host. */
const MAX_CONNECTIONS = 256;
const MAX_STATEMENTS = 10_000;

/** What a connection takes, with the pages that it caches unless a program lets it cache more. */
const CONNECTION_COST = 2.25 * 2 ** 20;
/** What a statement takes, and each character of its SQL once it is compiled. */
const STATEMENT_COST = 4096;
const CHARACTER_COST = 32;

const CONNECTIONS = resourceSlot<Connection>(
  'SQLite connection',
  (connection) => connection.close(),
  () => CONNECTION_COST,
);
/** Statements need no release: their connections release them. */
const STATEMENTS = resourceSlot<Statement>(
  'SQLite statement',
  undefined,
  ({ length }) => STATEMENT_COST + CHARACTER_COST * length,
);

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** What SQLite takes to compile a byte of SQL, and often more. */
const SQL_BYTE_WORK = 64;

/** Reads SQL, which may be longer than other strings. Traps if it is not UTF-8. */
function sqlText({ current: { memory }, work }: Scheduler, pointer: number, length: number): string {
  const bytes = memory.slice(pointer, length);
  if (bytes.length > MAX_SQL) throw hostTrap(`SQL of ${bytes.length} bytes is longer than ${MAX_SQL}`);
  work.charge(SQL_BYTE_WORK * bytes.length);
  try {
    return decoder.decode(bytes);
  } catch {
    throw hostTrap(`the SQL of ${bytes.length} bytes at 0x${(pointer >>> 0).toString(16)} is not UTF-8`);
  }
}

/** Does what needs a long text, and charges the process for it meanwhile. */
function holding<R>({ account }: Process, sql: string, run: () => R | Promise<R>): R | Promise<R> {
  if (sql.length < LONG_SQL) return run();
  const cost = textCost(sql);
  account.charge(cost);
  const release = (): void => account.release(cost);
  let result: R | Promise<R>;
  try {
    result = run();
  } catch (error) {
    release();
    throw error;
  }
  if (!(result instanceof Promise)) {
    release();
    return result;
  }
  result.then(release, release);
  return result;
}

/** Turns a refusal of SQLite into a trap. */
function asSqlTrap(error: unknown): unknown {
  if (error instanceof SqliteError) return hostTrap(`SQLite: ${error.message} (result code ${error.result})`);
  if (error instanceof BincodeError) return hostTrap(`the bind list does not decode: ${error.message}`);
  return error;
}

/** The same as `andThen`; an error that `next` throws is turned into a result by `failed`. */
function andThenOr<T, R>(
  awaited: Promise<T>,
  next: (value: T) => R | Promise<R>,
  failed: (error: unknown) => R,
): Promise<R> {
  return andThen(awaited, (value) => {
    try {
      return next(value);
    } catch (error) {
      return failed(error);
    }
  });
}

function failAsTrap(error: unknown): never {
  throw asSqlTrap(error);
}

/** What the calls below need to let others run. */
interface Caller {
  readonly scheduler: Scheduler;
  readonly process: Process;
  readonly connection: StatementConnection;
  readonly locks: LockWait;
}

function callerOf(scheduler: Scheduler, connection: StatementConnection): Caller {
  const process = scheduler.current;
  return { scheduler, process, connection, locks: new LockWait(scheduler, process, connection) };
}

/** Lets a helper do a step that may take long, while the process waits and others run. */
function helped({ scheduler, process }: Caller, statement: Statement): Promise<Outcome> {
  const job = statement.job();
  let outcome: Outcome | undefined;
  const waiting = scheduler.waitForEvent(process, (wake) =>
    runInHelper(job, statement.connection.program, (found) => {
      outcome = found;
      wake(0);
    }),
  );
  return waiting.then(() => outcome as Outcome);
}

/** Lets a helper compile a statement, to see how long it takes, while the process waits and others run. */
function timed({ scheduler, process, connection }: Caller, job: CompileJob): Promise<number> {
  return scheduler.waitForEvent(process, (wake) =>
    compileInHelper(job, connection.program, (took) => {
      connection.keepTime(job, took);
      wake(0);
    }),
  );
}

/** Lets a thread do a step, while the process waits and others run. */
function threaded(
  { scheduler, process, connection }: Caller,
  statement: Statement,
): Promise<{ batch: Batch; cursor: Cursor }> {
  const job = statement.threadJob();
  const end = connection.beginUse();
  let found: { batch: Batch; cursor: Cursor } | undefined;
  const waiting = scheduler.waitForEvent(process, (wake) => {
    const take = (batch: Batch): void => {
      found = { batch, cursor };
      wake(0);
    };
    const cursor: Cursor = 'goOn' in job ? job : runInThread(job, connection.program, take, end);
    if ('goOn' in job) job.goOn(take, end);
    return () => cursor.close();
  });
  return waiting.then(() => found as { batch: Batch; cursor: Cursor });
}

/** Waits for statements of threads that use the file of a connection. Returns null if there are none. */
function unused({ scheduler, process, connection }: Caller): Promise<number> | null {
  const { use } = connection;
  return use === null ? null : scheduler.waitForEvent(process, (wake) => use.wait(() => wake(0)));
}

/** Compiles a statement. */
function prepare(caller: Caller, connection: Connection, sql: string): bigint | Promise<bigint> {
  const { scheduler, process } = caller;
  const again = (): bigint | Promise<bigint> => prepare(caller, connection, sql);
  const waiting = unused(caller);
  if (waiting !== null) return andThenOr(waiting, again, failAsTrap);
  try {
    const job = connection.compileJobFor(sql);
    if (job !== null) return andThenOr(timed(caller, job), again, failAsTrap);
    const { changes } = CompileCheck;
    const compile = (): bigint | Promise<bigint> => {
      if (changes !== CompileCheck.changes) return again();
      return BigInt(process.slot(STATEMENTS).add(connection.prepare(sql)));
    };
    const suspended = sql.length < LONG_SQL ? undefined : scheduler.tick();
    return suspended === undefined ? compile() : andThenOr(suspended, compile, failAsTrap);
  } catch (error) {
    const waiting = caller.locks.after(error);
    return waiting === null ? failAsTrap(error) : andThenOr(waiting, again, failAsTrap);
  }
}

/** Does one step of a statement. Others run meanwhile if it may take long. */
function step<R>(
  caller: Caller,
  statement: Statement,
  next: (result: number) => R | Promise<R>,
  failed: (error: unknown) => R,
): R | Promise<R> {
  const again = (): R | Promise<R> => step(caller, statement, next, failed);
  const goOn = (result: number | null): R | Promise<R> => (result === null ? again() : next(result));
  const { hasBegun } = statement;
  const refused = (error: unknown): R | Promise<R> => {
    const waiting = caller.locks.afterStep(statement, hasBegun, error);
    return waiting === null ? failed(error) : andThenOr(waiting, again, failed);
  };
  const goOnFrom = (result: () => number | null): R | Promise<R> => {
    try {
      return goOn(result());
    } catch (error) {
      return refused(error);
    }
  };
  try {
    const waiting = unused(caller);
    if (waiting !== null) return andThenOr(waiting, again, failed);
    const job = statement.renew();
    if (job !== null) return andThenOr(timed(caller, job), again, failed);
    const { place } = statement;
    if (place === 'here') return next(statement.step());
    if (place === 'helper') {
      return andThenOr(
        helped(caller, statement),
        (outcome) => goOnFrom(() => statement.stepWith(outcome)),
        failed,
      );
    }
    return andThenOr(
      threaded(caller, statement),
      ({ batch, cursor }) => goOnFrom(() => statement.stepWithBatch(batch, cursor)),
      failed,
    );
  } catch (error) {
    return refused(error);
  }
}

/**
 * Runs the statements that are left, and gives way between them.
 * @param running one of them that may have rows left
 */
function executeNext(
  caller: Caller,
  statements: Iterator<Statement | CompileJob | SqliteError | null>,
  running: Statement | null = null,
): number | Promise<number> {
  const { scheduler } = caller;
  let statement = running;
  const goOn = (): number | Promise<number> => executeNext(caller, statements, statement);
  const fail = (error: unknown): number => {
    statement?.finalize();
    return resultOf(error);
  };
  try {
    for (;;) {
      const waiting = unused(caller);
      if (waiting !== null) return andThenOr(waiting, goOn, fail);
      if (statement === null) {
        const next = statements.next();
        if (next.done === true) return OK;
        if (next.value instanceof SqliteError) {
          const waiting = caller.locks.after(next.value);
          return waiting === null ? fail(next.value) : andThenOr(waiting, goOn, fail);
        }
        if (next.value !== null && 'compile' in next.value)
          return andThenOr(timed(caller, next.value), goOn, fail);
        statement = next.value;
        const waiting = statement === null ? null : executeFirst(caller, statement, goOn, fail);
        if (waiting !== null) return waiting;
      }
      if (statement?.finish() === true) {
        statement.finalize();
        statement = null;
        scheduler.work.charge(HostWork.system);
      } else if (statement?.needsRows === true) {
        return step(caller, statement, goOn, fail);
      }
      const suspended = scheduler.tick();
      if (suspended !== undefined) return andThenOr(suspended, goOn, fail);
    }
  } catch (error) {
    return fail(error);
  }
}

/**
 * Does the first step of a statement.
 * @returns what `next` or `failed` has made of it where others run meanwhile; null if it is done
 */
function executeFirst(
  caller: Caller,
  statement: Statement,
  next: () => number | Promise<number>,
  failed: (error: unknown) => number,
): number | Promise<number> | null {
  const again = (): number | Promise<number> => step(caller, statement, next, failed);
  try {
    // Others may have changed the tables since it was compiled.
    if (statement.renew() !== null || statement.place !== 'here') return again();
    statement.step();
    return null;
  } catch (error) {
    const waiting = caller.locks.afterStep(statement, false, error);
    return waiting === null ? failed(error) : andThenOr(waiting, again, failed);
  }
}

/** Returns SQLite's result code of an error. */
function resultOf(error: unknown): number {
  if (error instanceof SqliteError) return error.result;
  throw error;
}

sqlite.define(
  'open',
  '(path_str_ptr: i32, path_str_len: i32, connection_id_ptr: i32) -> i64',
  { since: '0.13' },
  'Opens or creates a database, in a file that the process may open.',
  ({ scheduler }) =>
    (pathPointer: number, pathLength: number, idPointer: number) => {
      const process = scheduler.current;
      const { memory, config } = process;
      const path = memory.string(pathPointer, pathLength);
      memory.check(idPointer, 8);
      const connections = process.slot(CONNECTIONS);
      if (connections.size >= MAX_CONNECTIONS) {
        const refusal = `the process has ${MAX_CONNECTIONS} SQLite connections, and none can be closed before it ends`;
        return BigInt(fail(process, idPointer, refusal));
      }
      if (!hostDescriptors.haveRoom) return BigInt(fail(process, idPointer, 'too many files are open'));
      try {
        memory.writeId(
          idPointer,
          connections.add(new Connection(process, config.preopenedDirectories, path, config.canRunLongSql)),
        );
        return BigInt(OK);
      } catch (error) {
        if (!(error instanceof SqliteError)) throw error;
        return BigInt(fail(process, idPointer, error.message));
      }
    },
);

sqlite.define(
  'query_prepare',
  '(conn_id: i64, query_str_ptr: i32, query_str_len: i32) -> i64',
  { since: '0.13', suspends: true },
  'Prepares a statement and returns its id. Traps if SQLite refuses it.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const process = scheduler.current;
      const connection = process.slot(CONNECTIONS).get(id);
      const sql = sqlText(scheduler, pointer, length);
      const statements = process.slot(STATEMENTS);
      if (statements.size >= MAX_STATEMENTS) {
        throw hostTrap(
          `the process has ${MAX_STATEMENTS} SQLite statements: finalize those that it does not need any more`,
        );
      }
      return holding(process, sql, () => prepare(callerOf(scheduler, connection), connection, sql));
    },
);

sqlite.define(
  'execute',
  '(conn_id: i64, exec_str_ptr: i32, exec_str_len: i32) -> i32',
  { since: '0.13', suspends: true },
  "Runs all statements of a text. Returns 0, or SQLite's result code.",
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number) => {
      const process = scheduler.current;
      const connection = process.slot(CONNECTIONS).get(id);
      const sql = sqlText(scheduler, pointer, length);
      return holding(process, sql, () => {
        const caller = callerOf(scheduler, connection);
        const oneByOne = (): number | Promise<number> => executeNext(caller, connection.statements(sql));
        try {
          if (connection.use === null && connection.executeAtOnce(sql)) return OK;
        } catch (error) {
          const waiting = caller.locks.after(error);
          return waiting === null ? resultOf(error) : andThenOr(waiting, oneByOne, resultOf);
        }
        return oneByOne();
      });
    },
);

sqlite.define(
  'bind_value',
  '(statement_id: i64, bind_data_ptr: i32, bind_data_len: i32)',
  { since: '0.13', split: true, timed: false },
  'Binds values to the parameters of a statement.',
  ({ scheduler }) =>
    (low: number, high: number, pointer: number, length: number) => {
      const process = scheduler.current;
      const statement = process.slot(STATEMENTS).at(low, high);
      const { memory } = process;
      const start = memory.check(pointer, length >>> 0);
      scheduler.work.chargeBytes(length >>> 0);
      try {
        readBindList(memory, start, length >>> 0, statement);
      } catch (error) {
        throw asSqlTrap(error);
      }
    },
);

sqlite.define(
  'sqlite3_changes',
  '(conn_id: i64) -> i32',
  { since: '0.13' },
  'Returns the number of rows that the last statement changed.',
  ({ scheduler }) =>
    (id: bigint) => {
      const connection = scheduler.current.slot(CONNECTIONS).get(id);
      return Number(BigInt.asIntN(32, connection.changes));
    },
);

sqlite.define(
  'statement_reset',
  '(statement_id: i64)',
  { since: '0.13', split: true, timed: false },
  'Rewinds a statement; its bindings stay. Traps again if its last step trapped.',
  ({ scheduler }) =>
    (low: number, high: number) => {
      try {
        scheduler.current.slot(STATEMENTS).at(low, high).reset();
      } catch (error) {
        throw asSqlTrap(error);
      }
    },
);

sqlite.define(
  'last_error',
  '(conn_id: i64, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives the last error of a connection. Traps if there was none.',
  ({ scheduler }) =>
    (id: bigint, lengthPointer: number) => {
      const process = scheduler.current;
      const { lastError } = process.slot(CONNECTIONS).get(id);
      if (lastError === null) throw hostTrap(`nothing has failed on SQLite connection ${id}`);
      const bytes = encodeError(lastError.result, lastError.message);
      return giveToGuest(scheduler, process, bytes, lengthPointer);
    },
);

sqlite.define(
  'sqlite3_finalize',
  '(statement_id: i64)',
  { since: '0.13' },
  'Releases a statement.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.slot(STATEMENTS).remove(id).finalize();
    },
);

sqlite.define(
  'sqlite3_step',
  '(statement_id: i64) -> i32',
  { since: '0.13', split: true, suspends: true },
  'Steps a statement. Returns 100 (a row) or 101 (done). Traps if SQLite fails.',
  ({ scheduler }) =>
    (low: number, high: number) => {
      const process = scheduler.current;
      const statement = process.slot(STATEMENTS).at(low, high);
      const { connection, hasBegun } = statement;
      try {
        const isFree = !FileUse.isAny || statement.connection.use === null;
        if (isFree && statement.renew() === null && statement.place === 'here') return statement.step();
      } catch (error) {
        const caller = callerOf(scheduler, connection);
        const waiting = caller.locks.afterStep(statement, hasBegun, error);
        if (waiting === null) return failAsTrap(error);
        return andThenOr(waiting, () => step(caller, statement, (result) => result, failAsTrap), failAsTrap);
      }
      return step(callerOf(scheduler, connection), statement, (result) => result, failAsTrap);
    },
);

sqlite.define(
  'read_column',
  '(statement_id: i64, col_idx: i32, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives one value of the current row.',
  ({ scheduler }) =>
    (id: bigint, column: number, lengthPointer: number) => {
      const process = scheduler.current;
      const { row } = process.slot(STATEMENTS).get(id);
      const value = row[column >>> 0];
      if (value === undefined) throw noColumn(column, row.length);
      return giveToGuest(scheduler, process, encodeValue(value), lengthPointer);
    },
);

sqlite.define(
  'column_names',
  '(statement_id: i64, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives the names of all columns.',
  ({ scheduler }) =>
    (id: bigint, lengthPointer: number) => {
      const process = scheduler.current;
      const { columns } = process.slot(STATEMENTS).get(id);
      return giveToGuest(scheduler, process, encodeNames(columns), lengthPointer);
    },
);

sqlite.define(
  'read_row',
  '(statement_id: i64, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives all values of the current row.',
  ({ scheduler }) =>
    (id: bigint, lengthPointer: number) => {
      const process = scheduler.current;
      const { row } = process.slot(STATEMENTS).get(id);
      return giveToGuest(scheduler, process, encodeRow(row), lengthPointer);
    },
);

sqlite.define(
  'column_count',
  '(statement_id: i64) -> i32',
  { since: '0.13' },
  'Returns the number of columns.',
  ({ scheduler }) =>
    (id: bigint) =>
      scheduler.current.slot(STATEMENTS).get(id).columns.length,
);

sqlite.define(
  'column_name',
  '(statement_id: i64, column_idx: i32, opaque_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  'Gives the name of a column.',
  ({ scheduler }) =>
    (id: bigint, column: number, lengthPointer: number) => {
      const process = scheduler.current;
      const { columns } = process.slot(STATEMENTS).get(id);
      const name = columns[column >>> 0];
      if (name === undefined) throw noColumn(column, columns.length);
      return giveToGuest(scheduler, process, encoder.encode(name), lengthPointer);
    },
);

function noColumn(column: number, columns: number): Error {
  return hostTrap(`there is no column ${column >>> 0}, the statement has ${columns}`);
}
