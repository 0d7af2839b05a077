import { createServer, type Server, type Socket } from 'node:net';
import { type Endpoint, endpoint } from './endpoint.ts';
import { SOCKET_BUFFER } from './net-stream.ts';

/** Connections that may wait to be accepted. More are refused, until there is room. */
export const MAX_PENDING = 1024;

/** Who is given what comes in. */
export interface Doorkeeper {
  /** A connection; nothing of it has been read. */
  onConnection(socket: Socket): void;
  /** The system could not give a connection: it has no more descriptors, for example. */
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
   * @param done called later with the socket, or with what is wrong with the address; gives who takes the connections
   * @returns gives up
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
      const keeper = wanted ? done(new Listening(server)) : undefined;
      if (keeper === undefined) {
        server.close();
        return;
      }
      server.on('connection', (socket) => keeper.onConnection(socket));
      server.on('error', (error) => keeper.onFailure(error));
    });
    return () => {
      wanted = false;
      server.off('error', done).on('error', () => {});
    };
  }

  /** Where it listens. */
  get local(): Endpoint {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('it listens no more');
    return endpoint(address);
  }

  close(): void {
    this.#server.close();
  }
}

/** Lets the peer know at once that nobody is there. */
export function refuse(socket: Socket): void {
  socket.on('error', () => {});
  socket.resetAndDestroy();
}
