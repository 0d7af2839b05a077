import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { NetStream } from '../../../runtime/net/net-stream.ts';
import { unsent } from '../../../runtime/net/unsent.ts';

const MOST = 64 * 2 ** 20;
const WRITE = 2 ** 18;

/** A stream to a peer that does not read, and both sockets. */
async function deafStream(): Promise<{ stream: NetStream; socket: Socket; peer: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
  const [peer]: Socket[] = await once(server, 'connection');
  if (peer === undefined) throw new Error('no connection');
  await once(socket, 'connect').catch(() => {});
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  peer.on('error', () => {});
  return { stream: new NetStream(socket), socket, peer };
}

/** Writes until the stream has to wait. Returns what the last write took. */
function writeUntilItWaits(stream: NetStream): number {
  for (;;) {
    let took = 0;
    const outcome = stream.write({
      operation: 'write',
      taken: -1,
      count: (limit) => Math.min(limit, WRITE),
      copyTo: (target) => {
        took = target.length;
      },
      done: () => {},
    });
    if (outcome === undefined) return took;
    if (typeof outcome === 'string') throw new Error(outcome);
  }
}

test('a write takes little where streams hold much that nobody reads', async () => {
  const { stream } = await deafStream();
  expect(writeUntilItWaits(stream)).toBe(WRITE);
  unsent.hold(MOST);
  const { stream: other } = await deafStream();
  expect(writeUntilItWaits(other)).toBe(2 ** 14);
  unsent.letGo(MOST);
});

test('what a stream holds counts until its peer has read it, or is gone', async () => {
  const { stream, socket } = await deafStream();
  unsent.hold(MOST - 1);
  writeUntilItWaits(stream);
  expect(unsent.limit(WRITE)).toBe(2 ** 14);
  socket.destroy();
  await expect.poll(() => unsent.limit(WRITE)).toBe(WRITE);
  unsent.letGo(MOST - 1);
});

test('a stream that is closed sends the rest, unless streams hold much that nobody reads', async () => {
  const first = await deafStream();
  writeUntilItWaits(first.stream);
  first.stream.release();
  expect(first.socket.destroyed).toBe(false);
  first.peer.resume();
  await once(first.socket, 'close');
  const second = await deafStream();
  writeUntilItWaits(second.stream);
  unsent.hold(MOST);
  second.stream.release();
  expect(second.socket.destroyed).toBe(true);
  unsent.letGo(MOST);
});

test('only so many closed streams wait for their peers', () => {
  let lingering = 0;
  while (unsent.linger()) lingering++;
  for (let i = 0; i < lingering; i++) unsent.left();
  expect(lingering).toBe(1024);
});
