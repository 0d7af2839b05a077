import type { Socket } from 'node:net';
import { MAX_PENDING, refuse } from './listening.ts';

/** Connections that may wait at all listeners together. */
const MOST_PENDING = 8192;

/** Those that may wait at each listener even then. Every listener is charged for them. */
export const LEAST_PENDING = 16;

/** What one of them takes, in bytes: measured, and rounded up. */
export const PENDING_COST = 8192;

/** Whose listeners they wait at: of a process, and of all of its environment. */
export interface ListenerOwner {
  readonly environment: object;
}

let waiting = 0;
/** By process and by environment: how many wait at their listeners. */
const waitingAt = new WeakMap<object, number>();

/**
 * How many may wait at the listeners of a process: half of what others of its environment leave of the half that other environments leave.
 * So no one can use up what the others need.
 */
function shareOf(owner: ListenerOwner): number {
  const ofEnvironment = waitingAt.get(owner.environment) ?? 0;
  const ofOwner = waitingAt.get(owner) ?? 0;
  const share = (MOST_PENDING - (waiting - ofEnvironment)) / 2;
  return (share - (ofEnvironment - ofOwner)) / 2;
}

function count(owner: ListenerOwner, by: 1 | -1): void {
  waiting += by;
  for (const key of [owner, owner.environment]) waitingAt.set(key, (waitingAt.get(key) ?? 0) + by);
}

/** The connections that wait at a listener until somebody accepts them, in the order in which they came. */
export class PendingSockets {
  readonly #sockets = new Set<Socket>();
  readonly #owner: ListenerOwner;

  /** @param owner the process that listens */
  constructor(owner: ListenerOwner) {
    this.#owner = owner;
  }

  /** Keeps a connection, or refuses it if there is no room. */
  add(socket: Socket): boolean {
    const { size } = this.#sockets;
    const isOverShare = (waitingAt.get(this.#owner) ?? 0) >= shareOf(this.#owner);
    if (size >= MAX_PENDING || (size >= LEAST_PENDING && isOverShare)) {
      refuse(socket);
      return false;
    }
    this.#sockets.add(socket);
    count(this.#owner, 1);
    return true;
  }

  /** Takes the first one. */
  take(): Socket | undefined {
    for (const socket of this.#sockets) {
      this.#sockets.delete(socket);
      count(this.#owner, -1);
      return socket;
    }
    return undefined;
  }

  refuseAll(): void {
    for (let socket = this.take(); socket !== undefined; socket = this.take()) refuse(socket);
  }
}
