import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { InspectClient } from '../../runtime/internal.ts';
import { within } from './adapter-client.ts';

const WELCOME = { version: '2.0', runtime: 'fake', pid: 1, program: '', arguments: [], waiting: false };

/** A runtime that welcomes its client, and answers other requests as it is told. */
async function connected(
  answer: (socket: WebSocket, id: number, method: string) => void,
): Promise<InspectClient> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id, method } = JSON.parse(data.toString());
      if (method === 'initialize') socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: WELCOME }));
      else answer(socket, id, method);
    });
  });
  await new Promise((done) => server.once('listening', done));
  return await InspectClient.connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    client: 'test',
  });
}

test('what the runtime tells right before it closes arrives, in order, before the end', async () => {
  const client = await connected((socket) => {
    for (let exitCode = 0; exitCode < 100; exitCode++) {
      socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'ended', params: { exitCode, reason: '' } }));
    }
    socket.close();
  });
  const told: number[] = [];
  client.on('ended', ({ exitCode }) => told.push(exitCode));
  const request = client.request('watch', {});
  const closed = client.closed.then(() => told.push(-1));
  await expect(request).rejects.toMatchObject({ name: 'InspectClosedError', code: 'closed' });
  await within(closed, 'the connection to close');
  expect(told).toEqual([...Array(100).keys(), -1]);
});

test('a refusal has the code and the words of the runtime', async () => {
  const client = await connected((socket, id) => {
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: 1, message: 'no process 1:5' } }));
  });
  onTestFinished(() => client.close());
  await expect(client.request('process/get', { process: keyFromText('1:5') })).rejects.toMatchObject({
    name: 'InspectRequestError',
    code: 1,
    message: 'no process 1:5',
  });
});

test('requests after the connection is lost are refused, and so are those that wait', async () => {
  const client = await connected((socket) => socket.terminate());
  const gone = { name: 'InspectClosedError', message: 'The runtime has gone before it answered watch' };
  await expect(client.request('watch', {})).rejects.toMatchObject(gone);
  await within(client.closed, 'the connection to close');
  await expect(client.request('watch', {})).rejects.toMatchObject(gone);
});

test('a runtime that does not say goodbye is left all the same', async () => {
  const client = await connected((socket) => {
    // It reads no more, not even the frame that closes the connection.
    socket.pause();
  });
  const request = client.request('watch', {});
  request.catch(() => {});
  await within(client.close(), 'the connection to close');
  await expect(request).rejects.toMatchObject({ name: 'InspectClosedError' });
});

test('a runtime that sends what is no JSON-RPC is left', async () => {
  const client = await connected((socket) => socket.send('nonsense'));
  await expect(client.request('watch', {})).rejects.toMatchObject({ name: 'InspectClosedError' });
  await within(client.closed, 'the connection to close');
});

test('an address that is none leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  await expect(InspectClient.connect('nonsense', { client: 'test' })).rejects.toMatchObject({
    code: 'bad-url',
  });
  expect(timers()).toBe(before);
});
