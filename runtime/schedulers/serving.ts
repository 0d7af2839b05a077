import type { NetStream } from '../net/net-stream.ts';
import { UdpSocket } from '../net/udp-socket.ts';
import type { SchedulerIndex } from './peers.ts';
import { NOTHING, type Questions } from './questions.ts';
import type { SocketInfo } from './remote-socket.ts';

/** A socket of this scheduler to which another one has a reference. */
export class Served {
  readonly socket: NetStream | UdpSocket;
  /** Calls of the other scheduler that are under way, and how they are given up. */
  readonly calls = new Map<number, () => void>();

  constructor(socket: NetStream | UdpSocket) {
    this.socket = socket;
  }

  /**
   * Lets a call wait that may be given up.
   * @param cancelled the answer if it is
   * @param start begins it, and returns a function that gives it up. Calls `done` once, at any time; `stays` if it still can be given up
   *   after its answer
   */
  wait(
    call: number,
    cancelled: Uint8Array,
    start: (done: (answer: Uint8Array, stays?: boolean) => void) => () => void,
  ): Promise<Uint8Array> {
    return new Promise((resolve) => {
      let isOver = false;
      const giveUp = start((answer, stays = false) => {
        isOver = !stays;
        if (isOver) this.calls.delete(call);
        resolve(answer);
      });
      if (isOver) return;
      this.calls.set(call, () => {
        this.calls.delete(call);
        giveUp();
        resolve(cancelled);
      });
    });
  }

  release(): void {
    for (const cancel of [...this.calls.values()]) cancel();
    this.socket.release();
  }
}

/** What others need to know of a socket. */
export function infoOf(socket: NetStream | UdpSocket): SocketInfo {
  if (socket instanceof UdpSocket) return { address: socket.local, pemLength: 0 };
  return { address: socket.peer ?? null, pemLength: socket.pemLength };
}

/** The sockets of this scheduler to which others have references. Each of these is one reference of the socket. */
export class Serving {
  readonly #served = new Map<SchedulerIndex, Map<number, Served>>();

  constructor(questions: Questions) {
    questions.answer(
      'socket/release',
      (reader) => reader.varint(),
      (peer, ticket) => {
        const served = this.find(peer, ticket);
        this.#served.get(peer)?.delete(ticket);
        served?.release();
        return NOTHING;
      },
    );
    questions.answer(
      'socket/cancel',
      (reader) => ({ ticket: reader.varint(), call: reader.varint() }),
      (peer, { ticket, call }) => {
        this.find(peer, ticket)?.calls.get(call)?.();
        return NOTHING;
      },
    );
  }

  /** How many there are, of all peers. */
  get size(): number {
    let size = 0;
    for (const ofPeer of this.#served.values()) size += ofPeer.size;
    return size;
  }

  /** Takes over a reference for a peer. */
  add(peer: SchedulerIndex, ticket: number, socket: NetStream | UdpSocket): void {
    const ofPeer = this.#served.get(peer) ?? new Map<number, Served>();
    this.#served.set(peer, ofPeer);
    ofPeer.set(ticket, new Served(socket));
  }

  find(peer: SchedulerIndex, ticket: number): Served | undefined {
    return this.#served.get(peer)?.get(ticket);
  }

  /** @throws Error if there is none */
  at(peer: SchedulerIndex, ticket: number): Served {
    const served = this.find(peer, ticket);
    if (served === undefined)
      throw new Error(`scheduler ${peer} has no reference to a socket under ${ticket}`);
    return served;
  }

  /** Releases all references of a scheduler that has ended. */
  releaseAll(peer: SchedulerIndex): void {
    const ofPeer = this.#served.get(peer);
    this.#served.delete(peer);
    for (const served of ofPeer?.values() ?? []) served.release();
  }
}
