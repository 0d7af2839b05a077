import type { DatabaseSyncOptions, SQLInputValue } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { FairQueue } from './fair-queue.ts';
import { type Failure, SQLITE_BUSY, SQLITE_IOERR, SqliteError } from './sqlite-error.ts';
import { THREAD_PROGRAM } from './thread-program.ts';
import type { Value } from './value.ts';

/** Threads that run statements at the same time. */
const MAX_THREADS = 4;
/** Megabytes of JavaScript objects that one may have: rows that are on their way. */
const MAX_HEAP = 512;
/** Milliseconds after which a thread ends that has nothing to do. */
const IDLE_TIME = 10_000;

/**
 * Milliseconds for which this thread may stand still until another one has opened a file, which takes a tenth of one, at each try. On a
 * slow disk, one that was too slow at first has what it needs in memory afterwards.
 */
const MAX_OPENING = [5, 5, 1, 1, 1, 1, 1, 1, 1, 1];
/** Milliseconds between two tries, in which others run: the first pause, each twice as long as the one before, and the longest. */
const FIRST_PAUSE = 10;
const MAX_PAUSE = 500;

/** What a connection has done, as SQL may ask for. */
export interface Known {
  readonly changes: bigint;
  readonly total: bigint;
  readonly rowid: bigint;
}

/** A statement with the values that are bound to it. */
export interface StatementText {
  readonly sql: string;
  readonly named: Record<string, SQLInputValue> | null;
  readonly positional: readonly SQLInputValue[];
}

/** A database that a thread opens. */
export interface ThreadPlace {
  readonly uri: string;
  /** The file, with its device and number; null for a database in memory. */
  readonly file: { readonly path: string; readonly id: string } | null;
  readonly options: DatabaseSyncOptions;
}

/** A statement to run in the database itself. */
export interface ThreadJob extends ThreadPlace, StatementText {
  readonly settings: ReadonlyMap<string, string>;
  /** Pages that a database in memory may have. */
  readonly maxPages: number | null;
  readonly known: Known | null;
}

/** Rows of a statement. */
export type Batch =
  | {
      readonly rows: readonly (readonly Value[])[];
      /** What they take, in bytes. */
      readonly bytes: number;
      readonly columns: readonly string[];
      /** Whether these are the last. */
      readonly isDone: boolean;
      /** What a statement has changed that is done. */
      readonly changes?: bigint;
      readonly rowid?: bigint;
    }
  | Failure;

/** A database as the bytes of a file. */
interface Copy {
  readonly image: Uint8Array;
}

/** A statement that has begun. */
export interface Cursor {
  /** Asks for more rows, as `runInThread` asks for the first. */
  goOn(done: (batch: Batch) => void, over: () => void): void;
  /** Gives the statement up. */
  close(): void;
}

/** Bytes of rows that are taken at once. A statement with more stays open. */
const MAX_TAKEN = 64 * 2 ** 20;

interface Request {
  readonly program: object;
  readonly begin: () => void;
}

const queue = new FairQueue<Request>(MAX_THREADS);
const threads = new Set<Thread>();
let numbers = 0;

const DIED = { error: { result: SQLITE_IOERR, message: 'the thread that ran the statement has ended' } };

/** What a thread is asked. */
interface Question {
  readonly message: object;
  /** Whether it has to open a file. */
  readonly opens: boolean;
  readonly done: (answer: Batch | Copy) => void;
  tries: number;
}

/** One job after the other. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting: Question[] = [];
  /** Those that are tried again later. */
  readonly #paused = new Set<Question>();
  #isReady = false;
  #asked: Question | null = null;
  #idle: NodeJS.Timeout | undefined;
  /** Statements that have begun, and have more rows. */
  cursors = 0;
  isDead = false;

  constructor() {
    this.#worker = new Worker(THREAD_PROGRAM, {
      eval: true,
      execArgv: ['--no-warnings'],
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP },
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: Batch | Copy | { isReady: true } | { isLate: true }) => {
      if ('isLate' in answer) this.#repeat();
      else if (!('isReady' in answer)) this.#answer(answer);
      else {
        this.#isReady = true;
        this.#next();
      }
    });
    const die = (): void => {
      if (this.isDead) return;
      this.isDead = true;
      threads.delete(this);
      this.#answer(DIED);
      const others = [...this.#waiting.splice(0), ...this.#paused];
      this.#paused.clear();
      for (const { done } of others) done(DIED);
    };
    this.#worker.on('error', die).on('exit', die);
  }

  get isBusy(): boolean {
    // One that has just been made does nothing yet.
    return this.#asked !== null || this.#waiting.length > 0;
  }

  /** How much there is to do, now and later. */
  get load(): number {
    return (
      (this.#asked === null ? 0 : 1000) + 1000 * (this.#waiting.length + this.#paused.size) + this.cursors
    );
  }

  /** @param opens whether it has to open a file */
  ask(message: object, done: (answer: Batch | Copy) => void, opens = false): void {
    if (this.isDead) setImmediate(done, DIED);
    else {
      this.#waiting.push({ message, opens, done, tries: 0 });
      this.#worker.ref();
      this.#next();
    }
  }

  #next(): void {
    if (this.#asked !== null || !this.#isReady) return;
    clearTimeout(this.#idle);
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#worker.unref();
      this.#idle = setTimeout(() => this.#end(), IDLE_TIME).unref();
      return;
    }
    this.#asked = next;
    this.#post(next);
  }

  /** Gives up a statement that has begun. */
  drop(cursor: number): void {
    this.cursors--;
    if (this.isDead) return;
    this.#worker.postMessage({ close: cursor });
    // It may have nothing to do any more.
    this.#next();
  }

  #post({ message, opens, tries }: Question): void {
    if (!opens) {
      this.#worker.postMessage(message);
      return;
    }
    const gate = new Int32Array(new SharedArrayBuffer(4));
    this.#worker.postMessage({ ...message, gate });
    if (Atomics.wait(gate, 0, 0, MAX_OPENING[tries]) === 'timed-out') Atomics.compareExchange(gate, 0, 0, 2);
  }

  /** Asks once more, after others had a turn. */
  #repeat(): void {
    const asked = this.#asked;
    if (asked === null) return;
    if (++asked.tries >= MAX_OPENING.length) {
      this.#answer({ error: { result: SQLITE_BUSY, message: 'the file could not be opened in time' } });
      return;
    }
    this.#asked = null;
    this.#paused.add(asked);
    setTimeout(
      () => {
        if (!this.#paused.delete(asked)) return;
        this.#waiting.push(asked);
        this.#worker.ref();
        this.#next();
      },
      Math.min(FIRST_PAUSE * 2 ** (asked.tries - 1), MAX_PAUSE),
    );
    this.#next();
  }

  /** Ends unless something is open, which would be lost. */
  #end(): void {
    if (this.cursors > 0 || this.#paused.size > 0) return;
    threads.delete(this);
    this.#worker.terminate();
  }

  #answer(answer: Batch | Copy): void {
    const asked = this.#asked;
    this.#asked = null;
    asked?.done(answer);
    if (!this.isDead) this.#next();
  }
}

/**
 * Runs a statement in a thread, where it blocks nobody. It cannot be stopped there, so it must have an end.
 * @param program whose statement it is
 * @param done called once, later, unless the statement was given up
 * @param over called once, before that, when the thread does not run it any more, even if it was given up
 * @returns the statement
 */
export function runInThread(
  job: ThreadJob,
  program: object,
  done: (batch: Batch) => void,
  over: () => void,
): Cursor {
  const number = ++numbers;
  let thread: Thread | null = null;
  let isOpen = false;
  let isClosed = false;
  /** Gives the first rows up, or the next ones, as long as they wait for their turn. */
  let giveUp = (): void => {};
  /** Asks for rows when it is the program's turn. */
  const ask = (message: object, opens: boolean, then: (batch: Batch) => void, over: () => void): void => {
    const end = (batch: Batch): void => {
      queue.end(request);
      over();
      take(batch, then);
      next();
    };
    const request: Request = {
      program,
      begin: () => {
        thread ??= freeThread();
        thread.ask(message, (batch) => collect(batch as Batch, end), opens);
      },
    };
    giveUp = () => {
      if (queue.remove(request)) over();
    };
    queue.add(request);
    next();
  };
  /** Takes rows until there are no more, since the database may not be changed before, or there are too many. */
  const collect = (
    batch: Batch,
    then: (batch: Batch) => void,
    before: (readonly Value[])[] = [],
    bytes = 0,
  ): void => {
    if ('error' in batch) {
      then(batch);
      return;
    }
    for (const row of batch.rows) before.push(row);
    const sum = bytes + batch.bytes;
    if (!batch.isDone && sum < MAX_TAKEN && !isClosed && thread !== null) {
      thread.ask({ goOn: number }, (more) => collect(more as Batch, then, before, sum));
    } else then({ ...batch, rows: before, bytes: sum });
  };
  const take = (batch: Batch, then: (batch: Batch) => void): void => {
    const hasMore = !('error' in batch) && !batch.isDone;
    if (hasMore !== isOpen && thread !== null) thread.cursors += hasMore ? 1 : -1;
    isOpen = hasMore;
    if (!isClosed) then(batch);
    else drop();
  };
  const drop = (): void => {
    if (!isOpen || thread === null) return;
    isOpen = false;
    thread.drop(number);
  };
  ask({ ...job, cursor: number }, job.file !== null, done, over);
  return {
    goOn: (then, over) => {
      if (isOpen) ask({ goOn: number }, false, then, over);
      else
        setImmediate(() => {
          over();
          take(DIED, then);
        });
    },
    close: () => {
      isClosed = true;
      giveUp();
      drop();
    },
  };
}

/**
 * Copies a database in a thread.
 * @param program for whose statement it is
 * @param over called when the thread does not use the database any more
 */
export function copyInThread(place: ThreadPlace, program: object, over: () => void): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const end = (answer: Batch | Copy): void => {
      queue.end(request);
      over();
      if ('image' in answer) resolve(answer.image);
      else if ('error' in answer) reject(new SqliteError(answer.error.result, answer.error.message));
      next();
    };
    const request: Request = {
      program,
      begin: () => freeThread().ask({ ...place, isCopied: true }, end, place.file !== null),
    };
    queue.add(request);
    next();
  });
}

/** Begins as many statements as there are places. */
function next(): void {
  for (let request = queue.next(); request !== null; request = queue.next()) request.begin();
}

/** Whether any thread runs a statement, which cannot be stopped. */
export function areThreadsBusy(): boolean {
  return [...threads].some(({ isBusy }) => isBusy);
}

function freeThread(): Thread {
  let best: Thread | null = null;
  for (const thread of threads) if (best === null || thread.load < best.load) best = thread;
  if (best !== null && (!best.isBusy || threads.size >= MAX_THREADS)) return best;
  const thread = new Thread();
  threads.add(thread);
  return thread;
}
