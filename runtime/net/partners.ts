import type { Socket } from 'node:net';

/** Others who accept the connections of a listener: in other OS processes, each with a socket of its own for the same address. */
export interface Partners {
  /** Called when somebody here waits for a connection, and there is none. A partner that has one to spare hands it over. */
  want(): void;
  /** Called for a connection that nobody here waits for. Returns whether a partner gets it. */
  offer(socket: Socket): boolean;
  /** Called when nobody here listens any more. Partners get the connections that nobody here has accepted. */
  close(left: readonly Socket[]): void;
}
