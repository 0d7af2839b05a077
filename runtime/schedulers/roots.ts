import { nextTick } from 'node:process';
import type { Process } from '../kernel/process.ts';
import { Where } from '../kernel/where.ts';
import type { Surroundings } from './surroundings.ts';

/** Milliseconds in which none of those that are kept has begun, after which one more begins here; twice as many for each further one. */
const AGE = 1000;

/** How often it is looked while no other scheduler has started: a machine may be busy. */
const MOST_LOOKS = 5;

/**
 * Gives root processes to schedulers that have nothing to do, one at a time: the tests of a module are programs that know nothing of
 * each other, so they may wait. As long as processes compute here, those that have not begun are kept, until another scheduler wants
 * one, or nothing else is ready here. A program that computes for ever must not keep all others for ever, so one more begins here if
 * none could for a while, and from then on as many run here at the same time.
 */
export class Roots {
  readonly #surroundings: Surroundings;
  readonly #kept = new Set<Process>();
  #isGiving = false;
  #timer: NodeJS.Timeout | null = null;
  /** Whether one has begun, here or elsewhere, since the timer was set. */
  #hasBegun = false;
  /** How often it was looked while others were starting. */
  #looks = 0;
  /** How many run here besides the first one. */
  #more = 0;
  #watches = false;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Keeps a root process that is about to begin, if another scheduler may take it. */
  keeps(process: Process): boolean {
    this.#kept.delete(process);
    const surroundings = this.#surroundings;
    const { mesh } = surroundings;
    if (!surroundings.isContendedFor(process) || !surroundings.isMovable(process)) return false;
    const isWanted = this.#hungry !== undefined;
    if (!isWanted && mesh.open.length === 0 && !surroundings.mayStart) return false;
    this.#kept.add(process);
    if (isWanted) this.wanted();
    else surroundings.start();
    this.#timer ??= setTimeout(this.#look, AGE).unref();
    return true;
  }

  get #hungry() {
    for (const peer of this.#surroundings.mesh.peers.values())
      if (peer.isHungry && peer.room > 0) return peer;
    return undefined;
  }

  /** Another scheduler would take one. */
  wanted(): void {
    if (this.#isGiving || this.#kept.size === 0) return;
    this.#isGiving = true;
    nextTick(this.#give);
  }

  readonly #give = (): void => {
    this.#isGiving = false;
    for (let peer = this.#hungry; peer !== undefined; peer = this.#hungry) {
      const process = this.#next();
      if (process === undefined) return;
      peer.isHungry = false;
      this.#surroundings.move([process], peer.index);
    }
  };

  /** Takes the first one that is kept. */
  #next(): Process | undefined {
    for (const process of this.#kept) {
      this.#kept.delete(process);
      if (!this.#surroundings.isMovable(process)) {
        // It has been killed, or paused.
        this.#surroundings.enqueue(process);
        continue;
      }
      this.#hasBegun = true;
      return process;
    }
    return undefined;
  }

  /** Lets one of them begin here. */
  giveBack(): void {
    const process = this.#next();
    if (process === undefined) return;
    // It is not to be kept again.
    process.where = Where.Beside;
    this.#surroundings.enqueue(process);
  }

  readonly #look = (): void => {
    this.#timer = null;
    if (this.#kept.size === 0) {
      this.#more = 0;
      return;
    }
    const mayTake = this.#surroundings.mesh.open.length > 0 || ++this.#looks > MOST_LOOKS;
    if (!this.#hasBegun && mayTake) {
      this.#more++;
      this.giveBack();
      if (!this.#watches) this.#surroundings.whenRootEnds(this.#ended);
      this.#watches = true;
    }
    this.#hasBegun = false;
    this.#timer = setTimeout(this.#look, AGE * 2 ** this.#more).unref();
  };

  /** A root process has ended here. */
  readonly #ended = (): void => {
    if (this.#more > 0) this.giveBack();
  };

  /** Another scheduler has come or gone, or none will come. */
  changed(): void {
    const { mesh, mayStart } = this.#surroundings;
    if (mesh.open.length > 0 || mayStart) return;
    while (this.#kept.size > 0) this.giveBack();
  }
}
