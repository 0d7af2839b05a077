import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { readShared } from '../../../runtime/net/socket.ts';

const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
const open: Socket[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
  server.close();
});

/** Connects, and gives both ends. */
async function connect(): Promise<{ client: Socket; accepted: Socket }> {
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = createConnection({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  open.push(client, accepted);
  return { client, accepted };
}

/** Collects what a connection brings until it ends. */
function collect(accepted: Socket) {
  const buffers = new Set<Uint8Array>();
  let text = '';
  const socket = readShared(accepted, (_socket, buffer, size) => {
    buffers.add(buffer);
    text += Buffer.from(buffer.subarray(0, size)).toString();
  });
  open.push(socket);
  return { socket, buffers, text: () => text };
}

describe('a connection that a server has accepted', () => {
  test('is read into the buffer that others are read into, too, without data events', async () => {
    const ends = [await connect(), await connect()];
    const collected = ends.map(({ accepted }) => collect(accepted));
    for (const { socket } of collected)
      socket.on('data', () => expect.unreachable('a chunk was made')).resume();
    ends.forEach(({ client }, i) => {
      client.write(`from ${i}`);
      client.end('.');
    });
    await Promise.all(collected.map(({ socket }) => once(socket, 'end')));
    expect(collected.map(({ text }) => text())).toEqual(['from 0.', 'from 1.']);
    expect(new Set(collected.flatMap(({ buffers }) => [...buffers])).size).toBe(1);
  });

  test('is not read before it is resumed, is written after the peer has ended, and is open for as long as its socket', async () => {
    const { client, accepted } = await connect();
    const { socket, text } = collect(accepted);
    client.end('first words');
    let heard = '';
    client.setEncoding('utf8').on('data', (chunk) => {
      heard += chunk;
    });
    await new Promise((flushed) => socket.write('welcome, ', flushed));
    await once(client, 'data');
    expect(text()).toBe('');
    socket.resume();
    await once(socket, 'end');
    expect(text()).toBe('first words');
    socket.end('and good bye');
    await once(client, 'close');
    expect(heard).toBe('welcome, and good bye');
    expect([socket.destroyed, accepted.destroyed]).toEqual([true, true]);
  });

  test('is left as it is by a Node that has the connection elsewhere', async () => {
    const { accepted } = await connect();
    Object.defineProperty(accepted, '_handle', { value: undefined, configurable: true });
    expect(collect(accepted).socket).toBe(accepted);
    Reflect.deleteProperty(accepted, '_handle');
  });
});
