import { printable } from '../text/printable.ts';
import { HelperError, HelperThread } from '../thread/helper-thread.ts';
import { distrustFlags } from './compile.ts';
import { ModuleError } from './module-error.ts';
import type { MadeModule, ModuleAnswer, ModuleJob } from './module-job.ts';
import type { Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** Milliseconds that a module may take, besides those for each of its bytes. 70 MB of C++ take some four seconds in all. */
const TIME_LIMIT = 5000;
const TIME_PER_BYTE = 1000 / 2 ** 20;

/** Megabytes of JavaScript objects that a module may take. 70 MB of C++ have enough of it. */
const MAX_HEAP = 512;

/** Tells the bundled script of the thread; missing where nothing is bundled. */
declare const moduleMakerScript: (() => string | URL) | undefined;

/**
 * A thread that reads, rewrites and compiles modules, which takes as long as their author likes, while processes run. Modules are
 * made one after the other: a process asks for one at a time, so they have turns there as they have here.
 */
export class MakerThread {
  readonly #limit: number;
  readonly #thread = new HelperThread<ModuleJob, ModuleAnswer>(
    () =>
      typeof moduleMakerScript === 'undefined'
        ? new URL('./module-maker.ts', import.meta.url)
        : moduleMakerScript(),
    { maxHeap: MAX_HEAP },
  );

  /** Settles when the last job has ended. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param limit milliseconds that a small module may take */
  constructor(limit = TIME_LIMIT) {
    this.#limit = limit;
  }

  /**
   * Makes a module while a process waits and others run. If the process is killed, the thread ends its work.
   * @param jobOf tells what is to be done once all that others have asked for before is done; null if that was it
   * @param adopt takes what was made. It is called before the next job begins
   * @returns a promise that settles in the turn of the process. It rejects with a ModuleError
   */
  make(
    scheduler: Scheduler,
    process: Process,
    jobOf: () => ModuleJob | null,
    adopt: (made: MadeModule) => void,
  ): Promise<void> {
    let failure: Error | null = null;
    const waiting = scheduler.waitForEvent(process, (wake) => {
      const giveUp = new AbortController();
      const job = this.#last.then(async () => {
        const next = giveUp.signal.aborted ? null : jobOf();
        if (next !== null) adopt(await this.#make(next, giveUp.signal));
      });
      this.#last = job
        .catch((error: Error) => {
          failure = error;
        })
        .then(() => wake(0));
      return () => giveUp.abort();
    });
    return waiting.then(() => {
      if (failure !== null) throw failure;
    });
  }

  async #make(job: ModuleJob, signal: AbortSignal): Promise<MadeModule> {
    let answer: ModuleAnswer;
    try {
      answer = await this.#thread.run(
        job,
        Math.max(1, this.#limit + TIME_PER_BYTE * job.bytes.length),
        signal,
      );
    } catch (error) {
      distrustFlags();
      if (!(error instanceof HelperError)) throw error;
      throw new ModuleError(`the module cannot be compiled: ${printable(error.message)}`, { cause: error });
    }
    if ('wrong' in answer) throw new ModuleError(answer.wrong);
    return answer.made;
  }
}

/** The thread of this OS process. */
export const makerThread = new MakerThread();
