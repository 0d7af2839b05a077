import type { Socket } from 'node:net';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Endpoint } from './endpoint.ts';
import { type Doorkeeper, type Listening, MAX_PENDING, refuse } from './listening.ts';
import { WaitLine } from './wait-line.ts';

/** A connection, or why the system could not give one. */
export type Accepted = Socket | Error;

/** Takes connections that come in, and keeps a few until a process accepts them. */
export class TcpListener implements Doorkeeper {
  readonly #listening: Listening;
  readonly #line: WaitLine<Accepted>;
  readonly #pending = new Set<Socket>();
  #references = 1;

  constructor(scheduler: Scheduler, listening: Listening) {
    this.#listening = listening;
    this.#line = new WaitLine(scheduler);
  }

  /** Where it listens. */
  get local(): Endpoint {
    return this.#listening.local;
  }

  /** Another reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /** Gives a reference back; with the last one it stops listening, and connections that wait are refused. */
  release(): void {
    if (--this.#references > 0) return;
    this.#listening.close();
    for (const socket of this.#pending) refuse(socket);
  }

  /**
   * Gives the current process the next connection.
   * @param serve takes it and gives the code that the host call returns
   */
  accept(process: Process, serve: (accepted: Accepted) => number): number | Promise<number> {
    for (const socket of this.#pending) {
      this.#pending.delete(socket);
      return serve(socket);
    }
    return this.#line.wait(process, serve);
  }

  onConnection(socket: Socket): void {
    if (this.#line.give(socket)) return;
    // Whoever accepts it finds out by reading.
    socket.on('error', () => {});
    if (this.#references === 0 || this.#pending.size >= MAX_PENDING) refuse(socket);
    else this.#pending.add(socket);
  }

  onFailure(error: Error): void {
    // Where nobody waits, nobody can do anything about it.
    this.#line.give(error);
  }
}
