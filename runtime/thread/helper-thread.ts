import { Worker } from 'node:worker_threads';

/** Milliseconds after which a thread that has nothing to do ends, unless its owner says otherwise. */
const IDLE_TIME = 5000;

/** Megabytes of JavaScript objects that a thread may have. Bytes of modules are not among them. */
const MAX_HEAP = 2048;

/** The thread did not finish its job: it took too long, or ended by an error of its own. */
export class HelperError extends Error {
  override readonly name = 'HelperError';
  readonly code = 'LUNATIC_HELPER';
}

/**
 * A thread beside this one, for work on what others have written: such work may take for ever, and could not be stopped here.
 * Jobs run one after the other, each with a time limit. What a job leaves in the thread's globals is there for the next one;
 * after one that has failed there is a new thread.
 *
 * The thread's script gets each job as a message, and answers with one message.
 */
export class HelperThread<Job, Answer> {
  readonly #script: () => string | URL;
  readonly #idleTime: number;
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param script tells the file that the thread runs
   * @param idleTime milliseconds after which the thread ends if it has nothing to do
   */
  constructor(script: () => string | URL, idleTime = IDLE_TIME) {
    this.#script = script;
    this.#idleTime = idleTime;
  }

  /**
   * Runs a job when those before it have ended.
   * @param limit milliseconds that it may take
   * @throws HelperError
   */
  run(job: Job, limit: number): Promise<Answer> {
    const answer = this.#last.then(() => this.#run(job, limit));
    this.#last = answer.catch(() => {});
    return answer;
  }

  #run(job: Job, limit: number): Promise<Answer> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    worker.ref();
    return new Promise((done, fail) => {
      const settle = () => {
        clearTimeout(timer);
        worker.off('message', succeed).off('error', failed).off('exit', exited);
      };
      const giveUp = (message: string, cause?: unknown) => {
        settle();
        this.#worker = null;
        worker.terminate();
        fail(new HelperError(message, { cause }));
      };
      const succeed = (answer: Answer) => {
        settle();
        this.#rest(worker);
        done(answer);
      };
      const failed = (error: Error) => giveUp(error.message, error);
      const exited = (code: number) => giveUp(`its thread has ended with code ${code}`);
      const timer = setTimeout(() => giveUp(`it takes longer than ${limit / 1000} seconds`), limit);
      worker.on('message', succeed).on('error', failed).on('exit', exited);
      worker.postMessage(job);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#script(), {
      // What this Node was told to load first is not for the thread.
      execArgv: [],
      // What it prints is lost: this thread's streams belong to others.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP },
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
