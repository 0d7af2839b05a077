import { createServer, type Server, type Socket } from 'node:net';
import { type Endpoint, endpoint } from './endpoint.ts';
import { SOCKET_BUFFER } from './net-stream.ts';
import { isPermitted } from './permitted.ts';
import { systemError } from './system-error.ts';

/** Connections that may wait to be accepted. Beyond that they are refused until there is room. */
export const MAX_PENDING = 1024;

/** Gets the connections of a socket that listens. */
export interface Doorkeeper {
  /** Called for each connection. Nothing of it has been read. */
  onConnection(socket: Socket): void;
  /** Called if the system could not give a connection: it has no descriptors left, for example. */
  onFailure(error: Error): void;
}

/** A socket that listens. */
export class Listening {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Binds and listens.
   * @param done called later with the socket, or with what is wrong with the address; returns who gets the connections
   * @returns a function that gives up
   */
  static open(
    { host, port }: Endpoint,
    done: (result: Listening | Error) => Doorkeeper | undefined,
  ): () => void {
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      highWaterMark: SOCKET_BUFFER,
    });
    let wanted = true;
    server.once('error', done);
    server.listen({ host, port, backlog: MAX_PENDING, exclusive: true }, () => {
      server.off('error', done);
      const permitted = isPermitted(server);
      if (wanted && !permitted) done(systemError('EMFILE'));
      const keeper = wanted && permitted ? done(new Listening(server)) : undefined;
      if (keeper === undefined) {
        server.close();
        return;
      }
      server.on('connection', (socket) => {
        if (isPermitted(socket)) keeper.onConnection(socket);
        else refuse(socket);
      });
      server.on('error', (error) => keeper.onFailure(error));
    });
    return () => {
      wanted = false;
      server.off('error', done).on('error', () => {});
    };
  }

  /** The address it listens on. */
  get local(): Endpoint {
    const address = this.#server.address();
    if (address === null || typeof address === 'string')
      throw new Error('the socket does not listen any more');
    return endpoint(address);
  }

  close(): void {
    this.#server.close();
  }
}

/** Closes a connection in a way that lets the peer know at once that nobody is there. */
export function refuse(socket: Socket): void {
  socket.on('error', () => {});
  socket.resetAndDestroy();
}
