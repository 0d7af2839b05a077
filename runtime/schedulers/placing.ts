import { type SchedulerIndex, schedulerOf } from '../kernel/ids.ts';
import type { Placement } from '../kernel/placement.ts';
import type { Process } from '../kernel/process.ts';
import { Where } from '../kernel/where.ts';
import { Crowd } from './crowd.ts';
import { Roots } from './roots.ts';
import { Separation } from './separation.ts';
import { WorkStealing } from './stealing.ts';
import type { Surroundings } from './surroundings.ts';

/** Turns of a process with a connection that are worth the way to another scheduler, which takes as long as some requests. */
const WORTH_TURNS = 32;
/** Connections in a row that were not worth it, after which none goes to another scheduler until one was. */
const MOST_SHORT = 3;

/** Decides where processes of several schedulers begin. */
export class Placing implements Placement {
  readonly stealing: WorkStealing;
  readonly crowd: Crowd;
  readonly #roots: Roots;
  readonly #separation: Separation;
  readonly #surroundings: Surroundings;
  /** Processes with connections that were to begin while it was busy here. */
  #connections = 0;
  /** One of them that has begun here. */
  #sample: Process | null = null;
  /** How many of those looked at in a row had few turns. */
  #short = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.stealing = new WorkStealing(surroundings);
    this.crowd = new Crowd(surroundings);
    this.#roots = new Roots(surroundings);
    this.#separation = new Separation(surroundings);
  }

  keeps(process: Process): boolean {
    const { where } = process;
    if (process.parent === null && schedulerOf(process.id) !== this.#surroundings.mesh.index) {
      // Whoever waits for the end of a root process looks for it where it went first.
      this.#surroundings.begins(process);
      return false;
    }
    // If all others are full, there may be further ones.
    if (where === Where.Apart)
      return this.#separation.keeps(process) || (this.#surroundings.isCrowded && this.crowd.keeps(process));
    if (where === Where.Usual) {
      if (this.#surroundings.isCrowded && this.crowd.keeps(process)) return true;
      if (process.parent === null) return this.#roots.keeps(process);
      if (this.#isForOthers(process)) return this.#separation.keeps(process);
    }
    return this.stealing.keeps(process);
  }

  /** Whether a process is one of those among which a busy server divides its connections. Each scheduler gets as many, this one too. */
  #isForOthers(process: Process): boolean {
    const { isBusy, mesh } = this.#surroundings;
    if (!isBusy || !process.hasConnection) return false;
    this.#look();
    const schedulers = Math.max(2, mesh.open.length + 1);
    if (this.#short < MOST_SHORT && ++this.#connections % schedulers !== 0) return true;
    this.#sample ??= process;
    return false;
  }

  /** Sees how long a connection has lasted. */
  #look(): void {
    if (this.#sample === null) return;
    const { turns, exit } = this.#sample;
    if (turns >= WORTH_TURNS) this.#short = 0;
    else if (exit === null) return;
    else this.#short++;
    this.#sample = null;
  }

  spawned(): void {
    this.crowd.spawned();
  }

  giveBack(): void {
    // One of both: each keeps the other waiting.
    if (!this.stealing.giveBack()) this.#roots.giveBack();
  }

  idle(): void {
    this.stealing.idle();
  }

  /** Another scheduler tells whether it would take processes. */
  told(index: SchedulerIndex, isHungry: boolean): void {
    this.stealing.told(index, isHungry);
    // What it gets from there comes first.
    if (isHungry) this.#roots.wanted();
  }

  /** Another scheduler has come or gone, or none will come. */
  changed(): void {
    this.crowd.changed();
    this.#separation.changed();
    this.#roots.changed();
  }

  /** Tells a scheduler that has come what it cannot know. */
  greet(index: SchedulerIndex): void {
    this.stealing.greet(index);
  }
}
