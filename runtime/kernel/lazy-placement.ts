import type { Placement } from './placement.ts';
import type { Process } from './process.ts';
import { Waiters } from './waiters.ts';
import { Where } from './where.ts';

/** The environment variable that tells an OS process which scheduler of a program it is. */
export const SCHEDULER_VARIABLE = 'LUNATIC_SCHEDULER';

/** Milliseconds for which the processes of a program compute before the code for several schedulers is loaded. */
const PATIENCE = 2;

/** The part of a scheduler that this uses. */
interface Placing {
  placement: Placement | null;
  isContendedFor(process: Process): boolean;
  readonly isBusy: boolean;
  readonly capacity: { readonly isCrowded: boolean };
  enqueue(process: Process, value: number): void;
  press(pressure: { whenWritable(ready: () => void): () => void }): void;
}

/**
 * Stands for the placement of a program that has one scheduler, until its processes keep each other waiting: most programs never
 * need the code for several.
 */
export class LazyPlacement implements Placement {
  readonly #scheduler: Placing;
  readonly #open: () => Promise<Placement>;
  readonly #patience: number;
  readonly #kept = new Set<Process>();
  #timer: NodeJS.Timeout | null = null;
  #isOpening = false;
  /** Whether one of them is to begin on another scheduler, however long that takes. */
  #isApart = false;
  /** Those who have spawned others where there is little room for these. */
  readonly #spawners = new Waiters();

  /**
   * @param open loads what there is in its place
   * @param patience milliseconds for which processes compute before that
   */
  constructor(scheduler: Placing, open: () => Promise<Placement>, patience = PATIENCE) {
    this.#scheduler = scheduler;
    this.#open = open;
    this.#patience = patience;
  }

  keeps(process: Process): boolean {
    this.#kept.delete(process);
    if (process.killed || process.where === Where.Beside) return false;
    const isApart =
      process.where === Where.Apart ||
      this.#scheduler.capacity.isCrowded ||
      (this.#scheduler.isBusy && process.hasConnection);
    if (!isApart && !this.#scheduler.isContendedFor(process)) return false;
    this.#kept.add(process);
    if (isApart && !this.#isApart) this.#hurry();
    this.#timer ??= setTimeout(this.#look, this.#patience);
    return true;
  }

  #hurry(): void {
    this.#isApart = true;
    // It may have been called already.
    if (this.#isOpening) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#look, 0);
  }

  giveBack(): void {
    if (this.#isApart) return;
    for (const process of this.#kept) {
      this.#kept.delete(process);
      if (process.exit !== null || process.queued) continue;
      // It is not to be kept again.
      process.where = Where.Beside;
      this.#scheduler.enqueue(process, 0);
      return;
    }
  }

  idle(): void {}

  /** What is kept takes room here as well, and thousands are spawned until the code is loaded. */
  spawned(): void {
    if (this.#isApart && this.#scheduler.capacity.isCrowded) this.#scheduler.press(this.#spawners);
  }

  readonly #look = async (): Promise<void> => {
    if (this.#kept.size === 0) {
      this.#timer = null;
      return;
    }
    // From now on the timer is never set again.
    this.#isOpening = true;
    this.#scheduler.placement = await this.#open().catch(() => null);
    for (const process of this.#kept)
      if (process.exit === null && !process.queued) this.#scheduler.enqueue(process, 0);
    this.#kept.clear();
    this.#spawners.letGo();
  };
}
