import { type ChildProcess, type Serializable, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import type { DatabaseSyncOptions } from 'node:sqlite';
import type { Image } from './copies.ts';
import { FairQueue } from './fair-queue.ts';
import { HELPER_PROGRAM } from './helper-program.ts';
import { type Failure, SQLITE_IOERR, SqliteError, toSqliteError } from './sqlite-error.ts';
import type { Known, StatementText } from './thread.ts';
import type { Value } from './value.ts';

/** Statements that run in helpers at the same time. Others wait. */
const MAX_RUNNING = 8;
/** Bytes of the databases that they run on together, unless it is only one. */
const MAX_COPIES = 128 * 2 ** 20;
/** Helpers that are kept for the next statement. Each is a Node of some 45 MB. */
const MAX_IDLE = 2;

/** Bytes of the largest file that a helper may write, or twice as much: shells count in different blocks. */
const MAX_FILE = 2 ** 30;
const SHELL = '/bin/sh';

/** A statement to run, and what it runs on. */
export interface Job extends StatementText {
  /** Size of the databases in bytes. */
  readonly size: number;
  /** Copies the databases. Called when a helper begins. @throws SqliteError */
  readonly images: () => Promise<readonly Image[]>;
  readonly options: DatabaseSyncOptions;
  /** Pragmas of the connection that change results, with their values. */
  readonly settings: ReadonlyMap<string, string>;
  /** What SQL may ask the connection; null if it does not. */
  readonly known: Known | null;
  /** Whether a transaction has begun. */
  readonly isTransaction: boolean;
  /** Bytes that its rows may have. */
  readonly maxBytes: number;
}

/** A statement to compile with the tables that it is for, to see how long that takes. */
export interface CompileJob {
  readonly compile: string;
  /** Whether all views are compiled besides. */
  readonly views: boolean;
  /** Reads the tables. Called when a helper begins. @throws if they are too many */
  readonly schemas: () => readonly Schema[];
  readonly options: DatabaseSyncOptions;
  readonly size: 0;
}

/** What compiling took, in milliseconds of the processor. */
export interface Compiled {
  readonly compiling: number;
}

/** The tables, indexes, views and triggers of a database. */
export interface Schema {
  readonly name: string;
  readonly sql: readonly string[];
}

export type Outcome =
  | {
      readonly rows: readonly (readonly Value[])[];
      /** What they take, in bytes. */
      readonly bytes: number;
      readonly columns: readonly string[];
      readonly took: number;
    }
  | Failure;

/** Some of the rows of a statement. */
interface Part {
  readonly part: readonly (readonly Value[])[];
}

interface Request {
  readonly program: object;
  readonly job: Job | CompileJob;
  readonly done: (outcome: Outcome | Compiled) => void;
}

/** Milliseconds after which a helper that compiles a statement is ended. It may have to be started before. */
const MAX_COMPILING = 2000;
/** Statements that are compiled in helpers at the same time, besides those that run. */
const MAX_COMPILED = 2;

const idle: ChildProcess[] = [];
/** Null is for one that could not be started. */
const running = new Map<Request, ChildProcess | null>();
const jobQueue = new FairQueue<Request>(MAX_RUNNING);
const compileQueue = new FairQueue<Request>(MAX_COMPILED);

/**
 * Runs a statement in an OS process, where it does not block anybody and can be stopped.
 * @param program whose statement it is
 * @param done called once, later, unless the job was given up
 * @returns a function that gives the job up
 */
export function runInHelper(job: Job, program: object, done: (outcome: Outcome) => void): () => void {
  return request({ program, job, done: (outcome) => done(outcome as Outcome) });
}

/** Compiles a statement in an OS process. Otherwise the same as `runInHelper`. @param done gets the milliseconds that it took, or why nobody knows */
export function compileInHelper(
  job: CompileJob,
  program: object,
  done: (took: number | SqliteError) => void,
): () => void {
  return request({
    program,
    job,
    done: (outcome) => {
      if ('compiling' in outcome) done(outcome.compiling);
      else if ('error' in outcome) done(new SqliteError(outcome.error.result, outcome.error.message));
    },
  });
}

function request(request: Request): () => void {
  const queue = queueOf(request);
  queue.add(request);
  next();
  return () => {
    queue.remove(request);
    const child = running.get(request);
    if (child === undefined) return;
    running.delete(request);
    queue.end(request);
    child?.kill('SIGKILL');
    next();
  };
}

function begin(request: Request, waited = idle.pop() ?? null): void {
  const child = waited ?? start((error) => finish(request, notStarted(error)));
  if (child === null) {
    running.set(request, null);
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  child.removeAllListeners('close').removeAllListeners('disconnect');
  running.set(request, child);
  const rows: (readonly Value[])[] = [];
  child.on('message', (outcome: Outcome | Compiled | Part) => {
    if ('part' in outcome) for (const row of outcome.part) rows.push(row);
    else if ('rows' in outcome) finish(request, { ...outcome, rows: rows.concat(outcome.rows) });
    else finish(request, outcome);
  });
  const died = (): void => {
    if (running.get(request) !== child) return;
    // One that has waited may have died of anything. A new one begins anew: nothing but a copy has changed.
    if (waited !== null) {
      child.removeAllListeners('message').removeAllListeners('close');
      child.kill('SIGKILL');
      clearTimeout(timer);
      begin(request, null);
      return;
    }
    finish(request, {
      error: { result: SQLITE_IOERR, message: 'the helper that ran or compiled a statement has died' },
    });
  };
  child.once('close', died);
  if (isCompiled(request)) {
    timer = setTimeout(() => {
      child.kill('SIGKILL');
      finish(request, { compiling: Number.POSITIVE_INFINITY });
    }, MAX_COMPILING);
    timer.unref();
    child.once('message', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
  }
  const { job } = request;
  contentsOf(job).then(
    ({ message, images }) => {
      if (running.get(request) !== child) return;
      try {
        child.send(message, (error) => {
          if (error !== null) died();
        });
        for (const { bytes } of images) child.stdin?.write(bytes);
      } catch (error) {
        // The outcome comes later, as always.
        child.kill('SIGKILL');
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    },
    (error) => {
      const { result, message } = toSqliteError(error);
      finish(request, { error: { result, message } });
    },
  );
}

/** Returns what is sent as a message, and the databases that follow in the standard input: the system takes a piece of them at a time. */
async function contentsOf(
  job: Job | CompileJob,
): Promise<{ message: Serializable; images: readonly Image[] }> {
  if ('compile' in job) return { message: { ...job, schemas: job.schemas() }, images: [] };
  const images = await job.images();
  const message = { ...job, images: images.map(({ name, bytes }) => ({ name, length: bytes.length })) };
  return { message, images };
}

/**
 * Starts a helper.
 * @param failed called later, once, if the operating system has no room for it
 * @returns null in that case
 */
function start(failed: (error: unknown) => void): ChildProcess | null {
  const options = [
    '--max-old-space-size=512',
    '--no-warnings',
    '--input-type=module',
    '--eval',
    HELPER_PROGRAM,
  ];
  // SQLite sorts and compares in files that nobody sees: a query without an end would fill the disk.
  const [command, ...given] = existsSync(SHELL)
    ? [SHELL, '-c', `ulimit -f ${MAX_FILE / 512} 2>/dev/null; exec "$0" "$@"`, process.execPath, ...options]
    : [process.execPath, ...options];
  let child: ChildProcess;
  try {
    child = spawn(command, given, {
      stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      env: {},
      windowsHide: true,
    });
  } catch (error) {
    // Some failures are thrown, such as want of memory, and others are events.
    setImmediate(failed, error);
    return null;
  }
  child.on('error', () => {});
  if (child.pid === undefined) {
    child.once('error', failed);
    if (child.connected) child.disconnect();
    return null;
  }
  child.stdin?.on('error', () => {});
  if (child.stdin instanceof Socket) child.stdin.unref();
  // A helper must not keep a program from ending, and ends with it.
  child.unref();
  child.channel?.unref();
  return child;
}

function notStarted(error: unknown): Failure {
  const reason = error instanceof Error ? error.message : String(error);
  return {
    error: { result: SQLITE_IOERR, message: `the helper for a statement could not be started: ${reason}` },
  };
}

function finish(request: Request, outcome: Outcome | Compiled): void {
  const child = running.get(request);
  if (child === undefined) return;
  running.delete(request);
  queueOf(request).end(request);
  child?.removeAllListeners('message').removeAllListeners('close');
  if (child?.connected && !child.killed && idle.length < MAX_IDLE) keep(child);
  else child?.kill('SIGKILL');
  request.done(outcome);
  next();
}

/** Keeps a helper for the next statement, unless it ends meanwhile. */
function keep(child: ChildProcess): void {
  idle.push(child);
  const drop = (): void => {
    const at = idle.indexOf(child);
    if (at >= 0) idle.splice(at, 1);
  };
  child.once('close', drop).once('disconnect', drop);
}

/** Begins as many jobs as there is room for. */
function next(): void {
  let copies = 0;
  for (const { job } of running.keys()) copies += job.size;
  const hasRoom = ({ job: { size } }: Request): boolean =>
    jobQueue.running === 0 || copies + size <= MAX_COPIES;
  for (let request = jobQueue.next(hasRoom); request !== null; request = jobQueue.next(hasRoom)) {
    copies += request.job.size;
    begin(request);
  }
  for (let request = compileQueue.next(); request !== null; request = compileQueue.next()) begin(request);
}

function queueOf(request: Request): FairQueue<Request> {
  return isCompiled(request) ? compileQueue : jobQueue;
}

function isCompiled({ job }: Request): boolean {
  return 'compile' in job;
}

process.on('exit', () => {
  for (const child of [...idle, ...running.values()]) child?.kill('SIGKILL');
});
