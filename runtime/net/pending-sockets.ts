import type { Socket } from 'node:net';
import { MAX_PENDING, refuse } from './listening.ts';

/** Connections that may wait at all listeners together. */
const MOST_PENDING = 8192;

/** Those that may wait at each listener even then. Every listener is charged for them. */
export const LEAST_PENDING = 16;

/** What one of them takes, in bytes: measured, and rounded up. */
export const PENDING_COST = 8192;

let waiting = 0;

/** The connections that wait at a listener until somebody accepts them, in the order in which they came. */
export class PendingSockets {
  readonly #sockets = new Set<Socket>();

  /** Keeps a connection, or refuses it if there is no room. */
  add(socket: Socket): boolean {
    const { size } = this.#sockets;
    if (size >= MAX_PENDING || (size >= LEAST_PENDING && waiting >= MOST_PENDING)) {
      refuse(socket);
      return false;
    }
    this.#sockets.add(socket);
    waiting++;
    return true;
  }

  /** Takes the first one. */
  take(): Socket | undefined {
    for (const socket of this.#sockets) {
      this.#sockets.delete(socket);
      waiting--;
      return socket;
    }
    return undefined;
  }

  refuseAll(): void {
    for (let socket = this.take(); socket !== undefined; socket = this.take()) refuse(socket);
  }
}
