import type { Socket } from 'node:net';
import { MAX_PENDING, refuse } from './listening.ts';
import { type Sharer, Shares } from './shares.ts';

/** Connections that may wait at all listeners together. */
const MOST_PENDING = 8192;

/** Those that may wait at each listener even then. Every listener is charged for them. */
export const LEAST_PENDING = 16;

/** What one of them takes, in bytes: measured, and rounded up. */
export const PENDING_COST = 8192;

const shares = new Shares(MOST_PENDING);

/** The connections that wait at a listener until somebody accepts them, in the order in which they came. */
export class PendingSockets {
  readonly #sockets = new Set<Socket>();
  readonly #owner: Sharer;

  /** @param owner the process that listens */
  constructor(owner: Sharer) {
    this.#owner = owner;
  }

  /** Keeps a connection, or refuses it if there is no room. */
  add(socket: Socket): boolean {
    const { size } = this.#sockets;
    if (size >= MAX_PENDING || (size >= LEAST_PENDING && !shares.hasRoom(this.#owner))) {
      refuse(socket);
      return false;
    }
    this.#sockets.add(socket);
    shares.take(this.#owner);
    return true;
  }

  /** Takes the first one. */
  take(): Socket | undefined {
    for (const socket of this.#sockets) {
      this.#sockets.delete(socket);
      shares.giveBack(this.#owner);
      return socket;
    }
    return undefined;
  }

  takeAll(): Socket[] {
    const sockets: Socket[] = [];
    for (let socket = this.take(); socket !== undefined; socket = this.take()) sockets.push(socket);
    return sockets;
  }

  refuseAll(): void {
    for (const socket of this.takeAll()) refuse(socket);
  }
}
