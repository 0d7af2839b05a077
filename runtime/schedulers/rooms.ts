import type { SchedulerIndex } from '../kernel/ids.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';

/** Processes that come before the others are told how much room is left, and milliseconds after which they are in any case. */
const MANY = 128;
const PAUSE = 20;
/** Milliseconds after which room is looked at again, as long as less than half of the first is left: processes may have ended. */
const LOOK = 500;

/** Tells other schedulers for how many processes there is room here, and how many of theirs have arrived. */
export class Rooms {
  readonly #mesh: Mesh;
  readonly #room: () => number;
  readonly #arrived = new Map<SchedulerIndex, number>();
  #untold = 0;
  #timer: NodeJS.Timeout | null = null;
  /** The most that was told. */
  #most = 0;

  /** @param room for how many processes there is room */
  constructor(mesh: Mesh, room: () => number) {
    this.#mesh = mesh;
    this.#room = room;
  }

  /** A process of another scheduler has come. */
  arrived(from: SchedulerIndex): void {
    this.#arrived.set(from, (this.#arrived.get(from) ?? 0) + 1);
    if (++this.#untold === MANY) this.tell();
    else if (this.#untold === 1) this.#in(PAUSE);
  }

  readonly tell = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#untold = 0;
    const room = this.#room();
    this.#most = Math.max(this.#most, room);
    if (2 * room < this.#most) this.#in(LOOK);
    for (const index of this.#mesh.peers.keys()) {
      this.#mesh.send(index, Frame.Room, (writer) => {
        writer.varint(room);
        writer.varint(this.#arrived.get(index) ?? 0);
      });
    }
  };

  #in(time: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(this.tell, time).unref();
  }

  lose(index: SchedulerIndex): void {
    this.#arrived.delete(index);
  }
}
