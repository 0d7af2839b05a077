import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { type Endpoint, endpoint } from './endpoint.ts';
import { isPermitted } from './permitted.ts';
import { SOCKET_BUFFER } from './socket.ts';
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

/** What connections come from. */
export interface ListeningSocket {
  /** The address it listens on. */
  readonly local: Endpoint;
  /** Its handle, which may be passed on; null if there is none. */
  readonly handle: object | null;
  close(): void;
}

/** What accepted sockets are. */
const ACCEPTED = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, highWaterMark: SOCKET_BUFFER };

/** A socket that listens. */
export class Listening implements ListeningSocket {
  readonly #server: Server;
  readonly local: Endpoint;

  private constructor(server: Server) {
    this.#server = server;
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the socket does not listen');
    this.local = endpoint(address);
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
    const server = createServer(ACCEPTED);
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
      serve(server, keeper);
    });
    return () => {
      wanted = false;
      server.off('error', done).on('error', () => {});
    };
  }

  /**
   * Goes on listening on a socket of another OS process.
   * @param handle its handle, which was passed on
   * @param keeperOf makes who gets the connections
   * @returns the keeper, null if the system refuses it
   */
  static async arrive<T extends Doorkeeper>(
    handle: object,
    keeperOf: (listening: Listening) => T,
  ): Promise<T | null> {
    const server = createServer(ACCEPTED);
    const listening = once(server, 'listening');
    try {
      server.listen(handle, MAX_PENDING);
      // No connection comes before this event.
      await listening;
    } catch {
      return null;
    }
    const keeper = keeperOf(new Listening(server));
    serve(server, keeper);
    return keeper;
  }

  get handle(): object | null {
    const { _handle: handle } = this.#server as Server & { readonly _handle?: object | null };
    return handle ?? null;
  }

  close(): void {
    this.#server.close();
  }
}

function serve(server: Server, keeper: Doorkeeper): void {
  server.on('connection', (socket) => {
    if (isPermitted(socket)) keeper.onConnection(socket);
    else refuse(socket);
  });
  server.on('error', (error) => keeper.onFailure(error));
}

/** Makes a socket as a listener gives it, of a connection that another OS process has accepted. */
export function acceptedSocket(handle: object): Socket {
  const options = { handle, ...ACCEPTED, pauseOnCreate: true };
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0]);
  socket.pause();
  return socket;
}

/** Closes a connection in a way that lets the peer know at once that nobody is there. */
export function refuse(socket: Socket): void {
  socket.on('error', () => {});
  socket.resetAndDestroy();
}
