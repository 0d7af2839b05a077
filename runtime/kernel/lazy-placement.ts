import type { Placement } from './placement.ts';
import type { Process } from './process.ts';
import { Where } from './where.ts';

/** The environment variable that tells an OS process which scheduler of a program it is. */
export const SCHEDULER_VARIABLE = 'LUNATIC_SCHEDULER';

/** Milliseconds for which processes compute before the code for several schedulers is loaded. */
const PATIENCE = 2;

/** The part of a scheduler that this uses. */
interface Placing {
  placement: Placement | null;
  readonly isContended: boolean;
  readonly isBusy: boolean;
  readonly capacity: { readonly isCrowded: boolean };
  enqueue(process: Process, value: number): void;
}

/**
 * Stands for the placement of a program that has one scheduler, until its processes keep each other waiting: most programs never
 * need the code for several.
 */
export class LazyPlacement implements Placement {
  readonly #scheduler: Placing;
  readonly #open: () => Promise<Placement>;
  readonly #kept = new Set<Process>();
  #timer: NodeJS.Timeout | null = null;
  /** Whether one of them is to begin on another scheduler, however long that takes. */
  #isApart = false;

  /** @param open loads what there is in its place */
  constructor(scheduler: Placing, open: () => Promise<Placement>) {
    this.#scheduler = scheduler;
    this.#open = open;
  }

  keeps(process: Process): boolean {
    this.#kept.delete(process);
    if (process.parent === null || process.killed || process.where === Where.Beside) return false;
    const isApart =
      process.where === Where.Apart ||
      this.#scheduler.capacity.isCrowded ||
      (this.#scheduler.isBusy && process.hasConnection);
    if (!this.#scheduler.isContended && !isApart) return false;
    this.#kept.add(process);
    if (isApart) this.#isApart = true;
    this.#timer ??= setTimeout(this.#look, isApart ? 0 : PATIENCE);
    return true;
  }

  giveBack(): void {
    if (this.#isApart) return;
    for (const process of this.#kept) {
      this.#kept.delete(process);
      if (process.exit !== null || process.queued) continue;
      this.#scheduler.enqueue(process, 0);
      return;
    }
  }

  idle(): void {}

  spawned(): void {}

  readonly #look = async (): Promise<void> => {
    if (this.#kept.size === 0) {
      this.#timer = null;
      return;
    }
    // From now on the timer is never set again.
    this.#scheduler.placement = await this.#open().catch(() => null);
    this.#isApart = false;
    while (this.#kept.size > 0) this.giveBack();
  };
}
