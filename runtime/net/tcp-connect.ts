import type { Socket } from 'node:net';
import { makeSocket, type Receive } from './socket.ts';

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
  const socket = makeSocket(receive);
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
