import { Socket } from 'node:net';
import { SOCKET_BUFFER } from './net-stream.ts';

/**
 * Connects to an address, or to that of several which answers first.
 * @param addresses of the same host, at least one
 * @param done called later with the socket, paused, or with what went wrong
 * @returns gives up
 */
export function connectTcp(
  addresses: readonly string[],
  port: number,
  done: (result: Socket | Error) => void,
): () => void {
  const socket = new Socket({
    allowHalfOpen: true,
    noDelay: true,
    readableHighWaterMark: SOCKET_BUFFER,
    writableHighWaterMark: SOCKET_BUFFER,
  } as ConstructorParameters<typeof Socket>[0]);
  // Nothing is read before somebody wants to.
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
    // Node asks for all of them where it may try one after the other. The name is of no use to anybody.
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
