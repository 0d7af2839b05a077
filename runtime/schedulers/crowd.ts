import { nextTick } from 'node:process';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import { Waiters } from '../kernel/waiters.ts';
import type { Peer } from './mesh.ts';
import type { Surroundings } from './surroundings.ts';

/** Processes that go together to one scheduler. */
const GROUP = 64;
/** Processes that are on their way, from which on those who spawn wait. */
const MOST_ON_THEIR_WAY = 384;

/** Sends processes to schedulers that have more room, and lets those wait who spawn faster than others can take. */
export class Crowd {
  readonly #surroundings: Surroundings;
  /** Those that wait for room, or for the end of the present turn. */
  readonly #waiting: Process[] = [];
  readonly #spawners = new Waiters();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Keeps a process that is about to begin while it is crowded here. Returns false if it must begin here all the same. */
  keeps(process: Process): boolean {
    const surroundings = this.#surroundings;
    if (!surroundings.isMovable(process)) return false;
    if (this.#roomiest() === undefined && !surroundings.grow()) return false;
    this.#waiting.push(process);
    if (this.#waiting.length === 1) nextTick(this.#spread);
    return true;
  }

  #roomiest(): Peer | undefined {
    let best: Peer | undefined;
    for (const peer of this.#surroundings.mesh.peers.values())
      if (peer.isReady && peer.room > (best?.room ?? 0)) best = peer;
    return best;
  }

  /** Sends processes to where there is room, as long as there is. */
  readonly #spread = (): void => {
    const surroundings = this.#surroundings;
    for (
      let peer = this.#roomiest();
      this.#waiting.length > 0 && peer !== undefined;
      peer = this.#roomiest()
    ) {
      const movable: Process[] = [];
      for (const process of this.#waiting.splice(0, Math.min(peer.room, GROUP))) {
        if (surroundings.isMovable(process)) movable.push(process);
        else surroundings.enqueue(process);
      }
      if (movable.length > 0) surroundings.move(movable, peer.index);
    }
    if (this.#waiting.length === 0 || surroundings.grow()) return;
    for (const process of this.#waiting.splice(0)) surroundings.enqueue(process);
  };

  get #onTheirWay(): number {
    let count = this.#waiting.length + this.#surroundings.leaving;
    for (const { sent, arrived } of this.#surroundings.mesh.peers.values()) count += sent - arrived;
    return count;
  }

  /** Called in the turn of a process that has spawned another one. */
  spawned(): void {
    if (this.#waiting.length === 0 && !this.#surroundings.isCrowded) return;
    if (this.#onTheirWay > MOST_ON_THEIR_WAY) this.#surroundings.press(this.#spawners);
  }

  /** Another scheduler tells what room it has, and how many have arrived there. */
  told(index: SchedulerIndex, room: number, arrived: number): void {
    const peer = this.#surroundings.mesh.peer(index);
    if (peer === undefined) return;
    peer.arrived = arrived;
    // Those that are about to leave may all go there.
    peer.room = Math.max(0, room - (peer.sent - arrived) - this.#surroundings.leaving);
    if (this.#waiting.length > 0) this.#spread();
    if (this.#onTheirWay <= MOST_ON_THEIR_WAY / 2) this.#spawners.letGo();
  }

  /** Another scheduler has come or gone, or none will come. Those who spawn look anew: nobody else may tell them. */
  changed(): void {
    if (this.#waiting.length > 0) this.#spread();
    this.#spawners.letGo();
  }
}
