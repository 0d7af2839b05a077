import { nextTick } from 'node:process';
import { type SchedulerIndex, schedulerOf } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Surroundings } from './surroundings.ts';

/** Sends processes that are to begin on another scheduler to each of the others in turn that has room, whatever these have to do. */
export class Separation {
  readonly #surroundings: Surroundings;
  /** Those that wait for another scheduler, or for the end of the present turn. */
  readonly #waiting: Process[] = [];
  /** Which of the others is next. */
  #next = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Keeps a process that is about to begin. Returns false if it must begin here: it is where it was to go, or there are no others. */
  keeps(process: Process): boolean {
    const { mesh, mayStart } = this.#surroundings;
    const isFromHere = schedulerOf(process.id) === mesh.index;
    if (!isFromHere || !this.#surroundings.isMovable(process)) return false;
    const hasOthers = mesh.open.length > 0;
    if (!hasOthers && !mayStart) return false;
    this.#waiting.push(process);
    if (hasOthers) nextTick(this.#part);
    else this.#surroundings.start();
    return true;
  }

  readonly #part = (): void => {
    const { mesh } = this.#surroundings;
    let others = mesh.open;
    const groups = new Map<SchedulerIndex, Process[]>();
    for (const process of this.#waiting.splice(0)) {
      const to = this.#surroundings.isMovable(process) ? others[this.#next++ % others.length] : undefined;
      if (to === undefined) {
        this.#surroundings.enqueue(process);
        continue;
      }
      const group = groups.get(to) ?? [];
      groups.set(to, group);
      group.push(process);
      if (group.length === mesh.peers.get(to)?.room) others = others.filter((other) => other !== to);
    }
    for (const [to, processes] of groups) this.#surroundings.move(processes, to);
  };

  /** Another scheduler has come or gone, or none will come. */
  changed(): void {
    const { mesh, mayStart } = this.#surroundings;
    if (this.#waiting.length > 0 && (mesh.open.length > 0 || !mayStart)) this.#part();
  }
}
