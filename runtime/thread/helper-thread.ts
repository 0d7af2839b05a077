import { Worker } from 'node:worker_threads';

/** Milliseconds after which a thread that has nothing to do ends, unless its owner says otherwise. */
const IDLE_TIME = 5000;

/** Megabytes of JavaScript objects that a thread may have, unless its owner says otherwise. */
const MAX_HEAP = 2048;

/** Why a job ended that was given up. */
const UNWANTED = 'nobody wants it any more';

/** The thread did not finish its job: it took too long, or ended by an error of its own. */
export class HelperError extends Error {
  override readonly name = 'HelperError';
  readonly code = 'LUNATIC_HELPER';
}

/** A job that waits for those before it. */
interface Waiting<Job, Answer> {
  readonly job: Job;
  /** Milliseconds that it may take. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
  readonly transfer: readonly ArrayBuffer[];
  readonly done: (answer: Answer) => void;
  readonly fail: (error: HelperError) => void;
}

/**
 * A thread beside this one, for work on what others have written: such work may take for ever, and could not be stopped here.
 * Jobs run one after the other, each with a time limit. What a job leaves in the thread's globals is there for the next one;
 * after one that has failed there is a new thread, as soon as the old one has ended.
 *
 * The thread's script gets each job as a message, and answers with one message.
 */
export class HelperThread<Job, Answer> {
  readonly #script: () => string | URL;
  readonly #idleTime: number;
  readonly #maxHeap: number;
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  /** In the order in which they came. */
  readonly #queue = new Set<Waiting<Job, Answer>>();
  #isBusy = false;
  #isClosed = false;

  /**
   * @param script tells the file that the thread runs
   * @param options.idleTime milliseconds after which the thread ends if it has nothing to do
   * @param options.maxHeap megabytes of JavaScript objects that it may have. Bytes of modules are not among them
   */
  constructor(
    script: () => string | URL,
    { idleTime = IDLE_TIME, maxHeap = MAX_HEAP }: { idleTime?: number; maxHeap?: number } = {},
  ) {
    this.#script = script;
    this.#idleTime = idleTime;
    this.#maxHeap = maxHeap;
  }

  /**
   * Runs a job when those before it have ended.
   * @param limit milliseconds that it may take
   * @param signal gives it up: if it has begun, its thread is ended
   * @param transfer what of the job goes over to the thread, which takes no time; this thread has it no more
   * @throws HelperError
   */
  run(job: Job, limit: number, signal?: AbortSignal, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    return new Promise((done, fail) => {
      if (this.#isClosed || signal?.aborted) {
        fail(new HelperError(UNWANTED));
        return;
      }
      const waiting = { job, limit, signal, transfer, done, fail };
      this.#queue.add(waiting);
      signal?.addEventListener('abort', () => {
        if (this.#queue.delete(waiting)) fail(new HelperError(UNWANTED));
      });
      this.#next();
    });
  }

  /** Ends the thread now rather than after its idle time. What has not been done fails, as will all that is asked for later. */
  close(): void {
    this.#isClosed = true;
    for (const { fail } of this.#queue) fail(new HelperError(UNWANTED));
    this.#queue.clear();
    clearTimeout(this.#idle);
    this.#worker?.terminate();
  }

  #next(): void {
    if (this.#isBusy) return;
    const [first] = this.#queue;
    if (first === undefined) return;
    this.#queue.delete(first);
    this.#isBusy = true;
    this.#run(first)
      // If it has been told before, this changes nothing.
      .catch((cause: Error) =>
        first.fail(new HelperError(`its thread does not start: ${cause.message}`, { cause })),
      )
      .finally(() => {
        this.#isBusy = false;
        this.#next();
      });
  }

  /** Settles when another one can be run. Rejects if there is no thread for this one. */
  async #run({ job, limit, signal, transfer, done, fail }: Waiting<Job, Answer>): Promise<void> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    worker.ref();
    await new Promise<unknown>((free) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        worker.off('message', succeed).off('error', failed).off('exit', exited);
      };
      const giveUp = (message: string, cause?: unknown) => {
        settle();
        this.#worker = null;
        fail(new HelperError(message, { cause }));
        // What cannot be interrupted goes on for a while. Others would make more and more such threads.
        free(worker.terminate());
      };
      const succeed = (answer: Answer) => {
        settle();
        this.#rest(worker);
        done(answer);
        free(undefined);
      };
      const failed = (error: Error) =>
        giveUp(
          isOutOfMemory(error) ? `it takes more than ${this.#maxHeap} MiB of memory` : error.message,
          error,
        );
      const exited = (code: number) =>
        giveUp(this.#isClosed ? UNWANTED : `its thread has ended with code ${code}`);
      const aborted = () => giveUp(UNWANTED);
      const timer = setTimeout(() => giveUp(`it takes longer than ${limit / 1000} seconds`), limit);
      signal?.addEventListener('abort', aborted);
      worker.on('message', succeed).on('error', failed).on('exit', exited);
      try {
        worker.postMessage(job, transfer);
      } catch (error) {
        giveUp(
          `its job cannot be sent to the thread: ${error instanceof Error ? error.message : error}`,
          error,
        );
      }
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#script(), {
      // What this Node was told to load first is not for the thread.
      execArgv: [],
      // What it prints is lost: this thread's streams belong to others.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: this.#maxHeap },
    });
    // It may also end while it has nothing to do.
    const leave = () => {
      if (this.#worker === worker) this.#worker = null;
    };
    return worker.on('error', leave).on('exit', leave);
  }

  #rest(worker: Worker): void {
    worker.unref();
    this.#idle = setTimeout(() => {
      this.#worker = null;
      worker.terminate();
    }, this.#idleTime).unref();
  }
}

function isOutOfMemory(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
