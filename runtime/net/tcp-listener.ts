import type { Socket } from 'node:net';
import type { Endpoint } from './endpoint.ts';
import { type Doorkeeper, type ListeningSocket, refuse } from './listening.ts';
import type { Partners } from './partners.ts';
import { PendingSockets } from './pending-sockets.ts';
import type { Sharer } from './shares.ts';
import { WaitLine } from './wait-line.ts';

/** A connection, or why the system could not give one. */
export type Accepted = Socket | Error;

/** Takes connections that come in, and keeps a limited number until somebody accepts them. */
export class TcpListener implements Doorkeeper {
  readonly listening: ListeningSocket;
  /** Null as long as nobody else accepts its connections. */
  partners: Partners | null = null;
  readonly #line = new WaitLine<Accepted>();
  readonly #pending: PendingSockets;
  #references = 1;

  /** @param owner the process that listens */
  constructor(listening: ListeningSocket, owner: Sharer) {
    this.listening = listening;
    this.#pending = new PendingSockets(owner);
  }

  /** The address it listens on. */
  get local(): Endpoint {
    return this.listening.local;
  }

  /** Returns the listener, with one more reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /** Gives a reference back. The last one stops listening; partners get the connections that wait, or they are refused. */
  release(): void {
    if (--this.#references > 0) return;
    this.listening.close();
    if (this.partners === null) this.#pending.refuseAll();
    else this.partners.close(this.#pending.takeAll());
  }

  /** Whether somebody waits for a connection. */
  get isWanted(): boolean {
    return !this.#line.isEmpty;
  }

  /** Takes a connection that nobody waits for, for a partner. */
  spare(): Socket | undefined {
    return this.#line.isEmpty ? this.#pending.take() : undefined;
  }

  /** Takes a connection that has come in already. */
  accept(): Accepted | undefined {
    return this.#pending.take();
  }

  /**
   * Waits for the next connection.
   * @param take called once, later
   * @returns a function that gives up
   */
  awaitConnection(take: (accepted: Accepted) => void): () => void {
    const leave = this.#line.enter(take);
    this.partners?.want();
    return leave;
  }

  onConnection(socket: Socket): void {
    if (this.#line.give(socket)) return;
    // Whoever accepts it sees the error when reading.
    socket.on('error', () => {});
    if (this.#references === 0) refuse(socket);
    else if (!this.partners?.offer(socket)) this.#pending.add(socket);
  }

  onFailure(error: Error): void {
    // If nobody waits, nobody can do anything about it.
    this.#line.give(error);
  }
}
