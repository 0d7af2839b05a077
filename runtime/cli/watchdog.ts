import { runningProcess } from '../kernel/running-process.ts';
import { WATCHDOG_PROGRAM } from './watchdog-program.ts';

/** Milliseconds after which the thread is started unless it is needed at once. Most programs have ended by then, and need none. */
const DELAY = 1000;
/** Milliseconds within which the main thread must answer a signal. */
const PATIENCE = 2000;

/** Words of the state that the two threads share. */
const TAKEN = 0;
const ANSWERS = 1;
const WORDS = 2;

/**
 * A thread that ends the command if it gets SIGINT or SIGTERM and the main thread does not answer, and says which process had the
 * turn, and where. Guests cannot keep the main thread by anything that is known here; the watchdog is for what is not.
 */
export class Watchdog {
  readonly #state = new Int32Array(new SharedArrayBuffer(4 * WORDS));
  #timer: NodeJS.Timeout | null = null;
  #started: Promise<void> | null = null;

  /** Tells whether the main thread handles the signals at the moment. Otherwise they end the command, as they do by themselves. */
  set isTaken(taken: boolean) {
    Atomics.store(this.#state, TAKEN, taken ? 1 : 0);
    if (taken && this.#started === null) this.#timer ??= setTimeout(() => this.start(), DELAY).unref();
  }

  /** Starts the thread, once. Returns a promise that resolves when it gets the signals, or when no such thread can be had. */
  start(): Promise<void> {
    this.#started ??= new Promise((resolve) => this.#run(resolve));
    return this.#started;
  }

  /** @param onReady called at its first message, or when it has failed */
  #run(onReady: () => void): void {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    try {
      const worker = new Worker(WATCHDOG_PROGRAM, {
        eval: true,
        execArgv: ['--expose-internals', '--no-warnings'],
        workerData: { state: this.#state.buffer, running: runningProcess.buffer, patience: PATIENCE },
        stdout: true,
        stderr: true,
        resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
      });
      worker.on('message', () => {
        Atomics.add(this.#state, ANSWERS, 1);
        onReady();
      });
      worker.on('error', onReady);
      worker.unref();
    } catch {
      // Where no such thread can be had, the main thread alone handles signals.
      onReady();
    }
  }
}
