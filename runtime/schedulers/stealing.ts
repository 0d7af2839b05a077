import { nextTick } from 'node:process';
import { clockTime } from '../kernel/clock.ts';
import { type SchedulerIndex, schedulerOf } from '../kernel/ids.ts';
import type { Placement } from '../kernel/placement.ts';
import type { Process } from '../kernel/process.ts';
import { Where } from '../kernel/where.ts';
import { Frame } from './frame.ts';
import type { Mesh, Peer } from './mesh.ts';

/** Milliseconds that processes are kept before another scheduler is started for them: what ends sooner needs none. */
const START_AFTER = 2;
/** Milliseconds for which processes are kept for one that is starting. */
const START_TIME = 500;

/** Processes that go together to one scheduler. */
const GROUP = 64;
/** Processes that are on their way since it is crowded here, from which on those who spawn wait. */
const MOST_ON_THEIR_WAY = 384;

/** What work stealing asks of the scheduler. */
export interface Stealer {
  readonly mesh: Mesh;
  /** Whether processes compute, and keep others from their turns. */
  readonly isContended: boolean;
  /** Whether some process has been ready here all the time, for a while. */
  readonly isBusy: boolean;
  /** Whether further schedulers can be started, or are starting. */
  readonly mayStart: boolean;
  /** Starts them. */
  start(): void;
  /** Whether there is little room here for processes. */
  readonly isCrowded: boolean;
  /** Has one more started for its room. Returns false if there can be none, and none is starting. */
  grow(): boolean;
  /** The number of processes that are about to leave. */
  readonly leaving: number;
  /** Lets the process that has the turn wait. */
  press(pressure: { whenWritable(ready: () => void): () => void }): void;
  isMovable(process: Process): boolean;
  /** Lets a process that was kept begin here. */
  enqueue(process: Process): void;
  /** Moves processes that were kept to another scheduler. */
  move(processes: readonly Process[], to: SchedulerIndex): void;
}

/**
 * Gives processes that have not begun to schedulers that have nothing to do. As long as processes compute here, those that have not
 * begun are kept for others that are idle, or about to start. What is not taken begins here as soon as nothing else is ready.
 */
export class WorkStealing implements Placement {
  readonly #stealer: Stealer;
  readonly #kept = new Set<Process>();
  /** When the first of them was kept. */
  #since = 0;
  /** Those that are to begin on another scheduler, once there is one; and which of the others is next. */
  readonly #apart: Process[] = [];
  #next = 0;
  /** Processes with connections that were to begin while it was busy here. */
  #connections = 0;
  /** Those that are to begin where there is more room. */
  readonly #crowd: Process[] = [];
  readonly #pressed = new Set<() => void>();
  /** What those wait for who spawn faster than others take. */
  readonly #pressure = {
    whenWritable: (ready: () => void) => {
      this.#pressed.add(ready);
      return () => this.#pressed.delete(ready);
    },
  };
  #isGiving = false;
  #timer: NodeJS.Timeout | null = null;
  /** Whether others know that this scheduler would take processes. */
  #isHungry = false;

  constructor(stealer: Stealer) {
    this.#stealer = stealer;
  }

  // -- giving ------------------------------------------------------------------------------------------

  keeps(process: Process): boolean {
    this.#kept.delete(process);
    const stealer = this.#stealer;
    if (process.where === Where.Apart) return this.#keepsApart(process);
    if (process.where === Where.Usual && stealer.isCrowded && this.#keepsForRoom(process)) return true;
    if (this.#isForOthers(process)) return this.#keepsApart(process);
    if (!stealer.isContended) return false;
    if (this.#isHungry) this.#tell(false);
    if (process.where === Where.Beside || process.parent === null || !stealer.isMovable(process))
      return false;
    const isWanted = this.#hungry.length > 0;
    if (!isWanted && !this.#mayWait()) return false;
    if (this.#kept.size === 0) this.#since = clockTime();
    this.#kept.add(process);
    if (isWanted) this.#giveSoon();
    else this.#timer ??= setTimeout(this.#look, START_AFTER);
    return true;
  }

  /** Whether a process goes to another scheduler, whatever that has to do. */
  #keepsApart(process: Process): boolean {
    const stealer = this.#stealer;
    // Where it is now is where it was to go.
    if (
      process.parent === null ||
      !stealer.isMovable(process) ||
      schedulerOf(process.id) !== stealer.mesh.index
    )
      return false;
    const hasOthers = stealer.mesh.ready.length > 0;
    if (!hasOthers && !stealer.mayStart) return false;
    this.#apart.push(process);
    if (hasOthers) nextTick(this.#part);
    else stealer.start();
    return true;
  }

  /** Divides those that are to be apart among the others. */
  readonly #part = (): void => {
    const apart = this.#apart.splice(0);
    const others = this.#stealer.mesh.ready;
    const groups = new Map<SchedulerIndex, Process[]>();
    for (const process of apart) {
      const to = others[this.#next++ % others.length];
      if (to === undefined) this.#stealer.enqueue(process);
      else groups.set(to, [...(groups.get(to) ?? []), process]);
    }
    for (const [to, processes] of groups) {
      const movable = processes.filter((process) => this.#stealer.isMovable(process));
      if (movable.length > 0) this.#stealer.move(movable, to);
    }
  };

  // -- room --------------------------------------------------------------------------------------------

  /** Whether a process goes to where there is more room. */
  #keepsForRoom(process: Process): boolean {
    const stealer = this.#stealer;
    if (process.parent === null || !stealer.isMovable(process)) return false;
    if (this.#roomiest() === undefined && !stealer.grow()) return false;
    this.#crowd.push(process);
    if (this.#crowd.length === 1) nextTick(this.#spread);
    return true;
  }

  #roomiest(): Peer | undefined {
    let best: Peer | undefined;
    for (const peer of this.#stealer.mesh.peers.values())
      if (peer.isReady && peer.room > (best?.room ?? 0)) best = peer;
    return best;
  }

  /** Sends processes to where there is room, as long as there is. */
  readonly #spread = (): void => {
    const groups = new Map<SchedulerIndex, Process[]>();
    while (this.#crowd.length > 0) {
      const peer = this.#roomiest();
      if (peer === undefined) break;
      const group = this.#crowd
        .splice(0, Math.min(peer.room, GROUP))
        .filter((one) => this.#stealer.isMovable(one));
      peer.room -= group.length;
      groups.set(peer.index, [...(groups.get(peer.index) ?? []), ...group]);
    }
    for (const [to, processes] of groups) if (processes.length > 0) this.#stealer.move(processes, to);
    if (this.#crowd.length === 0 || this.#stealer.grow()) return;
    for (const process of this.#crowd.splice(0)) this.#stealer.enqueue(process);
  };

  /** The number of processes that are on their way to where there is room. */
  get #onTheirWay(): number {
    let count = this.#crowd.length + this.#stealer.leaving;
    for (const { sent, arrived } of this.#stealer.mesh.peers.values()) count += sent - arrived;
    return count;
  }

  spawned(): void {
    if (this.#crowd.length === 0 && !this.#stealer.isCrowded) return;
    if (this.#onTheirWay > MOST_ON_THEIR_WAY) this.#stealer.press(this.#pressure);
  }

  /** Another scheduler tells what room it has, and how many have arrived there. */
  toldRoom(index: SchedulerIndex, room: number, arrived: number): void {
    const peer = this.#stealer.mesh.peer(index);
    if (peer === undefined) return;
    peer.arrived = arrived;
    peer.room = Math.max(0, room - (peer.sent - arrived));
    if (this.#crowd.length > 0) this.#spread();
    if (this.#pressed.size === 0 || this.#onTheirWay > MOST_ON_THEIR_WAY / 2) return;
    const pressed = [...this.#pressed];
    this.#pressed.clear();
    for (const ready of pressed) ready();
  }

  /** Another scheduler has come, or none will. */
  changed(): void {
    if (this.#crowd.length > 0) this.#spread();
    if (this.#apart.length > 0 && (this.#stealer.mesh.ready.length > 0 || !this.#stealer.mayStart))
      this.#part();
  }

  /** Whether a process is one of those among which a busy server divides its connections. Each scheduler gets as many, this one too. */
  #isForOthers(process: Process): boolean {
    const { isBusy, mesh } = this.#stealer;
    if (!isBusy || process.where === Where.Beside || !process.hasConnection) return false;
    const schedulers = Math.max(2, mesh.ready.length + 1);
    return ++this.#connections % schedulers !== 0;
  }

  /** Whether another scheduler may start in time. */
  #mayWait(): boolean {
    if (!this.#stealer.mayStart) return false;
    return this.#kept.size === 0 || clockTime() - this.#since < START_TIME;
  }

  readonly #look = (): void => {
    this.#timer = null;
    if (this.#kept.size === 0) return;
    const age = clockTime() - this.#since;
    if (!this.#stealer.mayStart || age >= START_TIME) {
      this.#giveUp();
      return;
    }
    this.#stealer.start();
    this.#timer = setTimeout(this.#look, START_TIME - age);
  };

  giveBack(): void {
    for (const process of this.#kept) {
      this.#kept.delete(process);
      this.#stealer.enqueue(process);
      return;
    }
  }

  /** Lets all that was kept begin here. */
  #giveUp(): void {
    const kept = [...this.#kept];
    this.#kept.clear();
    for (const process of kept) this.#stealer.enqueue(process);
  }

  get #hungry(): SchedulerIndex[] {
    const hungry: SchedulerIndex[] = [];
    for (const { index, isHungry } of this.#stealer.mesh.peers.values()) if (isHungry) hungry.push(index);
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
    const kept = [...this.#kept].filter((process) => this.#stealer.isMovable(process));
    // One computes here already.
    const share = Math.max(1, Math.round((kept.length + 1) / (hungry.length + 1)));
    for (const index of hungry) {
      const given = kept.splice(0, share);
      if (given.length === 0) break;
      const peer = this.#stealer.mesh.peer(index);
      if (peer !== undefined) peer.isHungry = false;
      for (const process of given) this.#kept.delete(process);
      this.#stealer.move(given, index);
    }
    this.#giveUp();
  };

  /** Another scheduler tells whether it would take processes. */
  told(index: SchedulerIndex, isHungry: boolean): void {
    const peer = this.#stealer.mesh.peer(index);
    if (peer === undefined) return;
    peer.isHungry = isHungry;
    if (isHungry && this.#kept.size > 0) this.#giveSoon();
  }

  // -- taking ------------------------------------------------------------------------------------------

  idle(): void {
    if (!this.#isHungry && this.#stealer.mesh.peers.size > 0) this.#tell(true);
  }

  /** Another scheduler has given a process, and takes this one for fed. */
  fed(): void {
    this.#isHungry = false;
  }

  #tell(isHungry: boolean): void {
    this.#isHungry = isHungry;
    this.#stealer.mesh.broadcast(Frame.Hungry, (writer) => writer.u8(isHungry ? 1 : 0));
  }

  /** Tells one that has come later. */
  greet(index: SchedulerIndex): void {
    if (this.#isHungry) this.#stealer.mesh.send(index, Frame.Hungry, (writer) => writer.u8(1));
  }
}
