import { Socket } from 'node:net';

/** `highWaterMark` of sockets: what they keep for themselves once they were told to pause. */
export const SOCKET_BUFFER = 2 ** 14;

/** Takes the first `size` bytes of a buffer, which is used again afterwards. */
export type Receive = (socket: Socket, buffer: Uint8Array, size: number) => void;

/** What sockets read into, one after the other: the bytes of each are taken before the next one reads. */
const READ_BUFFER = new Uint8Array(2 ** 16);

/** What Node keeps of a connection. Its types do not tell. */
export interface ConnectionHandle {
  reading: boolean;
  readStop(): void;
}

interface Connection {
  _handle?: (Partial<ConnectionHandle> & { readonly useUserBuffer?: unknown }) | null;
}

/** Returns the connection of a socket; null if it has none, or this Node has it elsewhere. */
export function handleOf(socket: Socket): ConnectionHandle | null {
  const { _handle: handle } = socket as Connection;
  return typeof handle?.readStop === 'function' ? (handle as ConnectionHandle) : null;
}

/**
 * Makes a socket, paused: nothing is read before somebody wants bytes.
 * @param receive gets what the socket reads, in place of `data` events. That is faster: no chunk is made for each read
 * @param options others of the socket
 */
export function makeSocket(receive: Receive | undefined, options: object = {}): Socket {
  const callback = (size: number) => {
    receive?.(socket, READ_BUFFER, size);
    return true;
  };
  const socket = new Socket({
    ...(receive === undefined ? {} : { onread: { buffer: READ_BUFFER, callback } }),
    allowHalfOpen: true,
    noDelay: true,
    readableHighWaterMark: SOCKET_BUFFER,
    writableHighWaterMark: SOCKET_BUFFER,
    ...options,
  } as ConstructorParameters<typeof Socket>[0]);
  socket.pause();
  return socket;
}

/**
 * Returns a socket for the same connection that reads into the shared buffer. Node can do so with every socket, but lets
 * only those ask for it that connect. Where this Node has the connection elsewhere, the socket itself is returned, with its
 * slower `data` events.
 * @param socket accepted by a server, paused. It is not used any more
 */
export function readShared(socket: Socket, receive: Receive): Socket {
  const connection: Connection = socket as Connection;
  const handle = connection._handle;
  if (typeof handle?.useUserBuffer !== 'function') return socket;
  connection._handle = null;
  socket.destroy();
  return makeSocket(receive, { handle, pauseOnCreate: true });
}
