import { USUAL_TRIGGER, V8_FLAGS } from './jspi.ts';
import { setFlag } from './v8-flags.ts';

/**
 * From which number of processes on how many percent are used. That is real memory twice, since what survives is copied to the
 * other half: in the end 90 MB more than the step before, or up to 15 KB for each of so many processes. The first step is for a
 * server with some connections: with fewer than twenty collections a second, fewer than 1 of 100 requests waits for one.
 */
const TRIGGERS: readonly { readonly processes: number; readonly percent: number }[] = [
  { processes: 50, percent: 12 },
  { processes: 500, percent: 20 },
  { processes: 1000, percent: 40 },
  { processes: 6000, percent: 75 },
];

/**
 * How much of V8's young generation is used before it is collected. Each collection reads the stacks of all waiting processes, which
 * takes nearly a microsecond for each: with 10,000, messages would take twice as long if that happened after every 7 MB. A
 * program with few processes does not use more than that.
 *
 * The size of the young generation is the same for all, since V8 would only let it grow with what survives in it. Of messages
 * nothing does.
 */
export class YoungGeneration {
  readonly #setTrigger: ((percent: number) => void) | null;
  /** The next of the triggers. */
  #next = 0;

  /** @param setTrigger sets V8's flag `--minor-gc-task-trigger`; null if V8 has been started with other flags than ours */
  constructor(setTrigger: ((percent: number) => void) | null = hostTrigger()) {
    this.#setTrigger = setTrigger;
  }

  /** Called at every turn of the event loop with the number of processes that live. */
  fit(processes: number): void {
    let reached = USUAL_TRIGGER;
    for (let next = TRIGGERS[this.#next]; next !== undefined; next = TRIGGERS[this.#next]) {
      if (processes < next.processes) break;
      reached = next.percent;
      this.#next++;
    }
    if (reached !== USUAL_TRIGGER) this.#setTrigger?.(reached);
  }
}

function hostTrigger(): ((percent: number) => void) | null {
  if (!V8_FLAGS.every((flag) => process.execArgv.includes(flag))) return null;
  const flag = '--minor-gc-task-trigger';
  return (percent) => setFlag(`${flag}=${percent}`, `${flag}=${USUAL_TRIGGER}`);
}
