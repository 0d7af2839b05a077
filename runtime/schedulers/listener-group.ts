import type { Socket } from 'node:net';
import { refuse } from '../net/listening.ts';
import type { Partners } from '../net/partners.ts';
import type { TcpListener } from '../net/tcp-listener.ts';
import type { TlsListener } from '../net/tls-listener.ts';
import type { SchedulerIndex } from './peers.ts';

/** Milliseconds after which somebody who waits for a connection asks partners for theirs. */
const PATIENCE = 1;
/** The same after a connection was lost on its way: this OS process may have no descriptors left. */
const PAUSE = 100;

/** What a group needs to reach the others. */
export interface GroupLinks {
  /**
   * Asks a partner for a connection that nobody waits for there. The answer may take long.
   * @returns null if that scheduler does not listen any more
   * @throws Error if it has ended, or the connection could not be handed over
   */
  want(peer: SchedulerIndex, group: string): Promise<Socket | null>;
  /**
   * Hands a connection over.
   * @returns false if the peer does not listen any more, or cannot take it: it is still here then
   */
  give(peer: SchedulerIndex, group: string, socket: Socket): Promise<boolean>;
  /** Tells a partner that nobody here listens any more. */
  leave(peer: SchedulerIndex, group: string): void;
  /** Called when the group is of no use any more. */
  closed(group: string): void;
}

/** A partner that waits for a connection. */
interface Wanting {
  readonly peer: SchedulerIndex;
  /** Hands it over; null says that there will be none. */
  readonly take: (socket: Socket | null) => void;
}

/**
 * The part of this scheduler in a listener that several have. Each has a socket of its own for the same address, and the system
 * gives a connection to any of them. Whoever has one that nobody waits for hands it to a partner where somebody does; whoever
 * stops listening leaves what it has to the others.
 */
export class ListenerGroup implements Partners {
  /** The same on all schedulers. */
  readonly id: string;
  readonly listener: TcpListener | TlsListener;
  /** The others, as far as is known. */
  readonly members = new Set<SchedulerIndex>();
  readonly #links: GroupLinks;
  readonly #asked = new Set<SchedulerIndex>();
  readonly #wanting: Wanting[] = [];
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(id: string, listener: TcpListener | TlsListener, links: GroupLinks) {
    this.id = id;
    this.listener = listener;
    this.#links = links;
    listener.partners = this;
  }

  // -- what the listener says --------------------------------------------------------------------------

  want(): void {
    this.#askIn(PATIENCE);
  }

  #askIn(time: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#ask();
    }, time);
  }

  offer(socket: Socket): boolean {
    const wanting = this.#wanting.shift();
    wanting?.take(socket);
    return wanting !== undefined;
  }

  close(left: readonly Socket[]): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const socket of left) if (!this.offer(socket)) this.#leave(socket);
    for (const { take } of this.#wanting.splice(0)) take(null);
    for (const peer of this.members) this.#links.leave(peer, this.id);
    this.#links.closed(this.id);
  }

  // -- what partners say -------------------------------------------------------------------------------

  /** Called for a partner that wants a connection: now, or when there is one to spare. */
  onWant(peer: SchedulerIndex, take: (socket: Socket | null) => void): void {
    const spare = this.#isClosed ? null : this.listener.spare();
    if (spare === undefined) this.#wanting.push({ peer, take });
    else take(spare);
  }

  /** A connection that could not be handed over, or comes from a partner. */
  takeBack(socket: Socket): void {
    if (this.#isClosed) this.#leave(socket);
    else this.listener.onConnection(socket);
  }

  /** A partner listens no more, or has ended. */
  remove(peer: SchedulerIndex): void {
    this.members.delete(peer);
    const left = this.#wanting.filter((wanting) => wanting.peer !== peer);
    this.#wanting.splice(0, this.#wanting.length, ...left);
  }

  /** Asks all partners that have not been asked. */
  #ask(): void {
    if (this.#isClosed || !this.listener.isWanted) return;
    for (const peer of this.members) {
      if (this.#asked.has(peer)) continue;
      this.#asked.add(peer);
      this.#links.want(peer, this.id).then(
        (socket) => this.#onAnswer(peer, socket),
        () => {
          this.#asked.delete(peer);
          if (!this.#isClosed) this.#askIn(PAUSE);
        },
      );
    }
  }

  #onAnswer(peer: SchedulerIndex, socket: Socket | null): void {
    this.#asked.delete(peer);
    if (socket === null) {
      this.members.delete(peer);
      return;
    }
    this.takeBack(socket);
    if (!this.#isClosed && this.listener.isWanted) this.want();
  }

  /** Hands a connection to the first partner that takes it. */
  async #leave(socket: Socket): Promise<void> {
    for (const peer of this.members)
      if (await this.#links.give(peer, this.id, socket).catch(() => false)) return;
    refuse(socket);
  }
}
