import { nextTick } from 'node:process';
import { clockTime } from '../kernel/clock.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import { Where } from '../kernel/where.ts';
import { Frame } from './frame.ts';
import type { Peer } from './mesh.ts';
import type { Surroundings } from './surroundings.ts';

/** Milliseconds that processes are kept before another scheduler is started for them: what ends sooner needs none. */
const START_AFTER = 2;
/** Milliseconds for which processes are kept for one that is starting. */
const START_TIME = 500;

/**
 * Gives processes that have not begun to schedulers that have nothing to do. As long as processes compute here, those that have not
 * begun are kept for others that are idle, or about to start. What is not taken begins here as soon as nothing else is ready.
 */
export class WorkStealing {
  readonly #surroundings: Surroundings;
  readonly #kept = new Set<Process>();
  /** When the first of them was kept. */
  #since = 0;
  #isGiving = false;
  #timer: NodeJS.Timeout | null = null;
  /** Whether others know that this scheduler would take processes. */
  #isHungry = false;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  // -- giving ------------------------------------------------------------------------------------------

  /** Keeps a process that is about to begin, if others may take it. */
  keeps(process: Process): boolean {
    if (this.#kept.size > 0) this.#kept.delete(process);
    const surroundings = this.#surroundings;
    if (!surroundings.isContended) return false;
    if (this.#isHungry) this.#tell(false);
    if (process.where === Where.Beside || !surroundings.isContendedFor(process)) return false;
    if (!surroundings.isMovable(process)) return false;
    const isWanted = this.#hungry.length > 0;
    if (!isWanted && !this.#mayWait()) return false;
    if (this.#kept.size === 0) this.#since = clockTime();
    this.#kept.add(process);
    if (isWanted) this.#giveSoon();
    else this.#timer ??= setTimeout(this.#look, START_AFTER);
    return true;
  }

  /** Whether another scheduler may start in time. */
  #mayWait(): boolean {
    if (!this.#surroundings.mayStart) return false;
    return this.#kept.size === 0 || clockTime() - this.#since < START_TIME;
  }

  readonly #look = (): void => {
    this.#timer = null;
    if (this.#kept.size === 0) return;
    const age = clockTime() - this.#since;
    if (!this.#surroundings.mayStart || age >= START_TIME) {
      this.#giveUp();
      return;
    }
    this.#surroundings.start();
    this.#timer = setTimeout(this.#look, START_TIME - age);
  };

  /** Lets one of those that were kept begin here. Returns false if there is none. */
  giveBack(): boolean {
    for (const process of this.#kept) {
      this.#kept.delete(process);
      this.#surroundings.enqueue(process);
      return true;
    }
    return false;
  }

  /** Lets all that was kept begin here. */
  #giveUp(): void {
    const kept = [...this.#kept];
    this.#kept.clear();
    for (const process of kept) this.#surroundings.enqueue(process);
  }

  get #hungry(): Peer[] {
    const hungry: Peer[] = [];
    for (const peer of this.#surroundings.mesh.peers.values())
      if (peer.isHungry && peer.room > 0) hungry.push(peer);
    return hungry;
  }

  #giveSoon(): void {
    if (this.#isGiving) return;
    this.#isGiving = true;
    // In the present turn, more may be found.
    nextTick(this.#give);
  }

  readonly #give = (): void => {
    this.#isGiving = false;
    const hungry = this.#hungry;
    const kept = [...this.#kept].filter((process) => this.#surroundings.isMovable(process));
    // One computes here already.
    const share = Math.max(1, Math.round((kept.length + 1) / (hungry.length + 1)));
    for (const peer of hungry) {
      const given = kept.splice(0, Math.min(share, peer.room));
      if (given.length === 0) break;
      peer.isHungry = false;
      for (const process of given) this.#kept.delete(process);
      this.#surroundings.move(given, peer.index);
    }
    this.#giveUp();
  };

  /** Another scheduler tells whether it would take processes. */
  told(index: SchedulerIndex, isHungry: boolean): void {
    const peer = this.#surroundings.mesh.peer(index);
    if (peer === undefined) return;
    peer.isHungry = isHungry;
    if (isHungry && this.#kept.size > 0) this.#giveSoon();
  }

  // -- taking ------------------------------------------------------------------------------------------

  /** All processes wait. */
  idle(): void {
    if (!this.#isHungry && this.#surroundings.mesh.peers.size > 0) this.#tell(true);
  }

  /** Another scheduler has given a process, and takes this one for fed. */
  fed(): void {
    this.#isHungry = false;
  }

  #tell(isHungry: boolean): void {
    this.#isHungry = isHungry;
    this.#surroundings.mesh.broadcast(Frame.Hungry, (writer) => writer.u8(isHungry ? 1 : 0));
  }

  /** Tells one that has come later. */
  greet(index: SchedulerIndex): void {
    if (this.#isHungry) this.#surroundings.mesh.send(index, Frame.Hungry, (writer) => writer.u8(1));
  }
}
