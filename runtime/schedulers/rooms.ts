import type { SchedulerIndex } from '../kernel/ids.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';

/** Processes that come before the others are told how much room is left, and milliseconds after which they are in any case. */
const MANY = 128;
const PAUSE = 20;

/** Tells other schedulers for how many processes there is room here, and how many of theirs have arrived. */
export class Rooms {
  readonly #mesh: Mesh;
  readonly #room: () => number;
  readonly #arrived = new Map<SchedulerIndex, number>();
  #untold = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param room for how many processes there is room */
  constructor(mesh: Mesh, room: () => number) {
    this.#mesh = mesh;
    this.#room = room;
  }

  /** A process of another scheduler has come. */
  arrived(from: SchedulerIndex): void {
    this.#arrived.set(from, (this.#arrived.get(from) ?? 0) + 1);
    if (++this.#untold === MANY) this.tell();
    else this.#timer ??= setTimeout(this.tell, PAUSE);
  }

  readonly tell = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#untold = 0;
    const room = this.#room();
    for (const index of this.#mesh.peers.keys()) {
      this.#mesh.send(index, Frame.Room, (writer) => {
        writer.varint(room);
        writer.varint(this.#arrived.get(index) ?? 0);
      });
    }
  };

  lose(index: SchedulerIndex): void {
    this.#arrived.delete(index);
  }
}
