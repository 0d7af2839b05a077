import { Socket } from 'node:net';
import { SOCKET_BUFFER } from './net-stream.ts';

/** Takes the first `size` bytes of a buffer, which is used again afterwards. */
type Receive = (socket: Socket, buffer: Uint8Array, size: number) => void;

/** What sockets read into, one after the other: the bytes of each are taken before the next one reads. */
const READ_BUFFER = new Uint8Array(2 ** 16);

/**
 * Connects to the first of several addresses that answers.
 * @param addresses of one host, at least one
 * @param done called later with the socket, paused, or with the error
 * @param receive gets what the socket reads, in place of `data` events. That is faster: no chunk is made for each read
 * @returns a function that gives up
 */
export function connectTcp(
  addresses: readonly string[],
  port: number,
  done: (result: Socket | Error) => void,
  receive?: Receive,
): () => void {
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
  } as ConstructorParameters<typeof Socket>[0]);
  // Nothing is read before somebody wants bytes.
  socket.pause();
  socket.once('error', done);
  const connected = () => {
    socket.off('error', done);
    done(socket);
  };
  const [host = ''] = addresses;
  if (addresses.length === 1) {
    socket.connect({ host, port }, connected);
  } else {
    const known = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    // Node takes several addresses only as the result of a look-up. The name does not matter.
    socket.connect(
      { host: 'known', port, autoSelectFamily: true, lookup: (_host, _options, found) => found(null, known) },
      connected,
    );
  }
  return () => {
    socket.off('error', done).on('error', () => {});
    socket.destroy();
  };
}
