import { Socket } from 'node:net';
import type { Endpoint } from './endpoint.ts';
import { SOCKET_BUFFER } from './net-stream.ts';

/**
 * Connects to an address.
 * @param done called later with the socket, paused, or with what went wrong
 * @returns gives up
 */
export function connectTcp(
  { host, port, version }: Endpoint,
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
  socket.connect({ host, port, family: version }, () => {
    socket.off('error', done);
    done(socket);
  });
  return () => {
    socket.off('error', done).on('error', () => {});
    socket.destroy();
  };
}
