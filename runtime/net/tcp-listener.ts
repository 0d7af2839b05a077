import { createServer, type Server, type Socket } from 'node:net';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { SOCKET_BUFFER } from './net-stream.ts';
import { WaitLine } from './wait-line.ts';

/** Connections that may wait to be accepted. More are refused, until there is room. */
const MAX_PENDING = 1024;

/** A connection, or why the system could not give one. */
export type Accepted = Socket | Error;

/** Takes connections that come in, and keeps a few until a process accepts them. */
export class TcpListener {
  readonly #server: Server;
  readonly #line: WaitLine<Accepted>;
  readonly #pending = new Set<Socket>();
  #references = 1;

  private constructor(scheduler: Scheduler, server: Server) {
    this.#server = server;
    this.#line = new WaitLine(scheduler);
    server.on('connection', (socket) => this.#offer(socket));
    // The system has no more descriptors, for example: whoever accepts has to know, nobody else can do anything.
    server.on('error', (error) => this.#line.give(error));
  }

  /**
   * Binds and listens.
   * @param done called later with the listener, or with what is wrong with the address
   * @returns gives up
   */
  static open(scheduler: Scheduler, at: Endpoint, done: (result: TcpListener | Error) => void): () => void {
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      highWaterMark: SOCKET_BUFFER,
    });
    let wanted = true;
    server.once('error', done);
    server.listen({ host: at.host, port: at.port, backlog: MAX_PENDING, exclusive: true }, () => {
      server.off('error', done);
      if (wanted) done(new TcpListener(scheduler, server));
      else server.close();
    });
    return () => {
      wanted = false;
      server.off('error', done).on('error', () => {});
    };
  }

  /** Where it listens. */
  get local(): Endpoint {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the listener is closed');
    return endpoint(address);
  }

  /** Another reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /** Gives a reference back; with the last one it stops listening, and connections that wait are refused. */
  release(): void {
    if (--this.#references > 0) return;
    this.#server.close();
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

  #offer(socket: Socket): void {
    if (this.#references === 0) {
      refuse(socket);
    } else if (!this.#line.give(socket)) {
      if (this.#pending.size >= MAX_PENDING) refuse(socket);
      else this.#pending.add(socket);
    }
  }
}

/** Lets the peer know at once that nobody is there. */
function refuse(socket: Socket): void {
  socket.on('error', () => {});
  socket.resetAndDestroy();
}
