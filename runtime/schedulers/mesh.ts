import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Frame } from './frame.ts';
import type { Link } from './link.ts';

/** Another scheduler of the same program. */
export interface Peer {
  readonly index: SchedulerIndex;
  readonly link: Link;
  /** Whether it knows all that others have told, so that processes may go there. */
  isReady: boolean;
  /** Whether it would take processes. */
  isHungry: boolean;
  /** The number of further processes for which it has room, less those that were sent there since it told. */
  room: number;
  /** How many processes have gone there from here, and how many of them have arrived, as it told last. */
  sent: number;
  arrived: number;
}

/** The scheduler of this OS process, and its links to all others. */
export class Mesh {
  readonly index: SchedulerIndex;
  readonly #peers = new Map<SchedulerIndex, Peer>();

  constructor(index: SchedulerIndex) {
    this.index = index;
  }

  add(peer: Peer): void {
    this.#peers.set(peer.index, peer);
  }

  remove(index: SchedulerIndex): void {
    this.#peers.delete(index);
  }

  /** The others that are alive, as far as is known here. */
  get peers(): ReadonlyMap<SchedulerIndex, Peer> {
    return this.#peers;
  }

  /** The indexes of those that processes may go to: they are ready, and have room. */
  get open(): SchedulerIndex[] {
    return [...this.#peers.values()]
      .filter(({ isReady, room }) => isReady && room > 0)
      .map(({ index }) => index);
  }

  peer(index: SchedulerIndex): Peer | undefined {
    return this.#peers.get(index);
  }

  /** Writes a frame to one scheduler; nothing if it is gone. */
  send(index: SchedulerIndex, kind: Frame, write: (writer: ByteWriter) => void): void {
    const peer = this.#peers.get(index);
    if (peer === undefined) return;
    write(peer.link.begin(kind));
    peer.link.end();
  }

  /** Writes the same frame to all others. */
  broadcast(kind: Frame, write: (writer: ByteWriter) => void): void {
    for (const index of this.#peers.keys()) this.send(index, kind, write);
  }
}
