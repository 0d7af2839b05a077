import { type ChildProcess, spawn } from 'node:child_process';
import type { DatabaseSyncOptions, SQLInputValue } from 'node:sqlite';
import { HELPER_PROGRAM } from './helper-program.ts';
import type { Value } from './value.ts';

/** Statements that run in helpers at the same time. Others wait. */
const MAX_RUNNING = 8;
/** Bytes of the databases that they run on together, unless it is only one. */
const MAX_COPIES = 128 * 2 ** 20;
/** Helpers that are kept for the next statement. Each is a Node of some 45 MB. */
const MAX_IDLE = 2;

/** A statement to run, and what it runs on. */
export interface Job {
  /** Size of the database in bytes. */
  readonly size: number;
  /** Copies the database. Called when a helper begins. */
  readonly image: () => Uint8Array;
  readonly options: DatabaseSyncOptions;
  readonly sql: string;
  readonly named: Record<string, SQLInputValue> | null;
  readonly positional: readonly SQLInputValue[];
  /** Bytes that its rows may have. */
  readonly maxBytes: number;
}

export type Outcome =
  | {
      readonly rows: readonly (readonly Value[])[];
      readonly columns: readonly string[];
      readonly took: number;
    }
  | { readonly error: { readonly result: number; readonly message: string } };

interface Request {
  readonly job: Job;
  readonly done: (outcome: Outcome) => void;
}

const SQLITE_IOERR = 10;
const idle: ChildProcess[] = [];
const running = new Map<Request, ChildProcess>();
const queue: Request[] = [];

/**
 * Runs a statement in an OS process, where it does not block anybody and can be stopped.
 * @param done called once, later, unless the job was given up
 * @returns a function that gives the job up
 */
export function runInHelper(job: Job, done: (outcome: Outcome) => void): () => void {
  const request = { job, done };
  queue.push(request);
  next();
  return () => {
    const at = queue.indexOf(request);
    if (at >= 0) queue.splice(at, 1);
    const child = running.get(request);
    if (child === undefined) return;
    running.delete(request);
    child.kill('SIGKILL');
    next();
  };
}

function begin(request: Request): void {
  const child = idle.pop() ?? start();
  running.set(request, child);
  child.once('message', (outcome) => finish(request, outcome as Outcome));
  child.once('close', () =>
    finish(request, {
      error: { result: SQLITE_IOERR, message: 'the helper that ran a long query has died' },
    }),
  );
  const { sql, named, positional, options, maxBytes, image } = request.job;
  try {
    child.send({ sql, named, positional, options, maxBytes, image: image() });
  } catch (error) {
    // The outcome comes later, as always.
    child.kill('SIGKILL');
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}

function start(): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=512', '--no-warnings', '--input-type=module', '--eval', HELPER_PROGRAM],
    { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced', env: {}, windowsHide: true },
  );
  child.on('error', () => {});
  // A helper must not keep a program from ending, and ends with it.
  child.unref();
  child.channel?.unref();
  return child;
}

function finish(request: Request, outcome: Outcome): void {
  const child = running.get(request);
  if (child === undefined) return;
  running.delete(request);
  child.removeAllListeners('message').removeAllListeners('close');
  if (child.connected && idle.length < MAX_IDLE) idle.push(child);
  else child.kill('SIGKILL');
  request.done(outcome);
  next();
}

/** Begins as many jobs as there is room for. */
function next(): void {
  let copies = 0;
  for (const { job } of running.keys()) copies += job.size;
  for (let request = queue[0]; request !== undefined; request = queue[0]) {
    copies += request.job.size;
    if (running.size > 0 && (running.size >= MAX_RUNNING || copies > MAX_COPIES)) return;
    queue.shift();
    begin(request);
  }
}

process.on('exit', () => {
  for (const child of [...idle, ...running.values()]) child.kill('SIGKILL');
});
