import type { Socket } from 'node:net';
import { isPermitted } from './permitted.ts';
import { makeSocket, type Receive } from './socket.ts';
import { systemError } from './system-error.ts';

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
  const isRefused = (): boolean => {
    if (isPermitted(socket)) return false;
    socket.destroy(systemError('EMFILE'));
    return true;
  };
  const connected = () => {
    // The second address of several has a descriptor of its own.
    if (isRefused()) return;
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
  // Node makes the descriptor in a callback that is called before this one.
  process.nextTick(isRefused);
  return () => {
    socket.off('error', done).on('error', () => {});
    socket.destroy();
  };
}
