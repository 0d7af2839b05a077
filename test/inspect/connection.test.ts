import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { InspectClient } from '../../runtime/inspect/client.ts';
import { RunningCommand } from '../support/command.ts';
import { main } from '../support/guest.ts';
import { Inspected, inspectPrograms, programFile } from '../support/inspected.ts';
import { FAMILY } from '../support/inspected-guests.ts';
import { exchange, RawSocket } from '../support/raw-socket.ts';

inspectPrograms();

/** The HTTP status with which a WebSocket is refused. */
async function refusal(url: string, headers: Record<string, string> = {}): Promise<number> {
  const socket = new WebSocket(url, { headers });
  const [, response] = await once(socket, 'unexpected-response');
  socket.on('error', () => {});
  socket.terminate();
  return response.statusCode;
}

async function isAccepted(url: string): Promise<boolean> {
  const socket = new WebSocket(url);
  socket.on('error', () => {});
  const opened = await Promise.race([
    once(socket, 'open').then(() => true),
    once(socket, 'unexpected-response').then(() => false),
  ]).catch(() => false);
  socket.terminate();
  return opened;
}

/** The program answers, and has not ended. */
async function stillWorks(run: Inspected): Promise<void> {
  const { ask, client } = await run.connect();
  expect((await ask('process/list', {})).total).toBeGreaterThan(0);
  await client.close();
}

test.each([
  ['--inspect', /^ws:\/\/127\.0\.0\.1:\d+\//],
  ['--inspect=0', /^ws:\/\/127\.0\.0\.1:\d+\//],
  ['--inspect=localhost', /^ws:\/\/localhost:\d+\//],
  ['--inspect=127.0.0.1:0', /^ws:\/\/127\.0\.0\.1:\d+\//],
  ['--inspect=[::1]:0', /^ws:\/\/\[::1\]:\d+\//],
])('%s', async (flag, url) => {
  const run = await Inspected.run(FAMILY, [flag]);
  expect(run.url).toMatch(url);
  // 24 random bytes.
  expect(new URL(run.url).pathname).toMatch(/^\/[\w-]{32}$/);
  await run.command.printed('ready\n');
  await stillWorks(run);
});

test('a port that was chosen, and every run has another token', async () => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  probe.close();
  await once(probe, 'close');
  const first = await Inspected.run(FAMILY, [`--inspect=${port}`]);
  expect(new URL(first.url).port).toBe(String(port));
  await stillWorks(first);
  const second = await Inspected.run(FAMILY);
  expect(new URL(second.url).pathname).not.toBe(new URL(first.url).pathname);
});

test('a port that is in use is told in one line', async () => {
  const { url } = await Inspected.run(FAMILY);
  const { port } = new URL(url);
  const { exitCode, stderr, stdout } = await new RunningCommand([
    'run',
    `--inspect=${port}`,
    programFile(FAMILY),
  ]).ended;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`^Error: The inspector cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE.*\\n$`),
  );
  expect(stdout).toBe('');
});

test.each(['--inspect=nowhere:x', '--inspect=70000', '--inspect=', '--inspect=a b'])(
  '%s is a wrong command line',
  async (flag) => {
    const { exitCode, stderr } = await new RunningCommand(['run', flag, programFile(FAMILY)]).ended;
    expect(exitCode).toBe(2);
    expect(stderr).toContain('It must be HOST:PORT, HOST or PORT, debug');
  },
);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends a program that waits for its inspector, and one that runs', async (signal, code) => {
  for (const flag of ['--inspect-wait', '--inspect']) {
    const run = await Inspected.run(FAMILY, [flag]);
    const { client } = await run.connect();
    run.command.child.kill(signal);
    expect((await run.command.ended).exitCode).toBe(code);
    await client.closed;
  }
});

test('a wrong token, none, and one that is too long', async () => {
  const { url } = await Inspected.run(FAMILY);
  const { origin, pathname } = new URL(url.replace('ws:', 'http:'));
  const base = origin.replace('http:', 'ws:');
  const wrong = [
    '/',
    '/json',
    `${pathname}x`,
    pathname.slice(0, -1),
    pathname.toUpperCase(),
    `${pathname}?a=b`,
  ];
  for (const path of [...wrong, `/${'x'.repeat(32)}`]) expect(await refusal(base + path)).toBe(401);
  await expect(InspectClient.connect(`${base}/nothing`, { client: 'test' })).rejects.toMatchObject({
    code: 'wrong-token',
  });
});

test('a web page that has learned the token is kept out', async () => {
  const { url } = await Inspected.run(FAMILY);
  const { port } = new URL(url);
  for (const origin of ['https://evil.example', `http://127.0.0.1:${port}`, 'null', 'file://']) {
    expect(await refusal(url, { origin })).toBe(403);
  }
});

test('a host name that somebody has led here is refused, its addresses are not', async () => {
  const run = await Inspected.run(FAMILY);
  const { port } = new URL(run.url);
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1.evil.example',
    'localhost.evil.example',
  ]) {
    expect(await refusal(run.url, { host })).toBe(403);
  }
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
  const request = `GET ${new URL(run.url).pathname} HTTP/1.1\r\n${upgrade}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`;
  expect(await exchange(run.url, `${request}\r\n`)).toMatch(/^HTTP\/1\.1 40[03] /);
  expect(await exchange(run.url, `${request}Host:\r\n\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
  for (const host of ['127.0.0.1', `127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]) {
    const socket = new WebSocket(run.url, { headers: { host } });
    await once(socket, 'open');
    socket.terminate();
  }
});

test('a plain HTTP request is told what this is, and nothing else', async () => {
  const { url } = await Inspected.run(FAMILY);
  const { host, pathname } = new URL(url);
  for (const path of ['/', '/json/list', pathname]) {
    for (const method of ['GET', 'POST', 'OPTIONS']) {
      const answer = await exchange(url, `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 426 /);
      expect(answer).toContain('it wants a WebSocket');
      expect(answer).not.toContain(pathname.slice(1));
    }
  }
});

test('requests before initialize are refused, and change nothing', async () => {
  const run = await Inspected.run(FAMILY, ['--inspect-wait']);
  const raw = await RawSocket.open(run.url);
  const requests = ['start', 'watch', 'process/list', 'process/kill', 'module/bytes', 'process/send'];
  for (const [id, method] of requests.entries()) {
    raw.send({
      jsonrpc: '2.0',
      id,
      method,
      params: { process: '1:1', module: 'm1', data: '', processes: 1 },
    });
    expect((await raw.answer(id)).error).toEqual({ code: -32600, message: '"initialize" must come first' });
  }
  raw.send({ jsonrpc: '2.0', id: 77, method: 'nonsense' });
  expect((await raw.answer(77)).error?.code).toBe(-32601);
  expect((await run.connect()).client.welcome.waiting).toBe(true);
});

test.each([
  ['1.0', 'the client speaks version 1.0 of the inspection protocol, this runtime 2.3'],
  ['', 'the client speaks version  of the inspection protocol, this runtime 2.3'],
  ['10.0', 'the client speaks version 10.0 of the inspection protocol, this runtime 2.3'],
  [1, '"version" must be a string'],
  [undefined, '"version" must be a string'],
])('version %s of the protocol', async (version, message) => {
  const run = await Inspected.run(FAMILY);
  const raw = await RawSocket.open(run.url);
  raw.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { version, client: 'test' } });
  expect((await raw.answer(1)).error).toEqual({ code: -32602, message });
  raw.send({ jsonrpc: '2.0', id: 2, method: 'process/list', params: {} });
  expect((await raw.answer(2)).error?.code).toBe(-32600);
});

test('a later version of the same protocol is understood', async () => {
  const run = await Inspected.run(FAMILY);
  const raw = await RawSocket.open(run.url);
  raw.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { version: '2.7', client: 'test' } });
  expect((await raw.answer(1)).result).toMatchObject({ version: '2.3' });
});

test.each<[what: string, data: string | Buffer, code: number]>([
  ['a binary frame', Buffer.from('{"jsonrpc":"2.0","id":1,"method":"process/list"}'), 1003],
  ['no JSON', 'hello', 1007],
  ['half of a JSON text', '{"jsonrpc":"2.0","id":1,', 1007],
  ['nothing', '', 1007],
  ['JSON that is no JSON-RPC', '{"id":1,"method":"process/list"}', 1007],
  ['another version of JSON-RPC', '{"jsonrpc":"1.0","id":1,"method":"process/list"}', 1007],
  ['null', 'null', 1007],
  ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"process/list"}]', 1007],
  ['text that is no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 1007],
  ['a message that is too long', `{"jsonrpc":"2.0","x":"${'x'.repeat(17 * 2 ** 20)}"}`, 1009],
])('%s ends the connection, not the program', async (what, data, code) => {
  const run = await Inspected.run(FAMILY);
  const raw = await RawSocket.open(run.url);
  await raw.initialize();
  raw.socket.send(data, { binary: what === 'a binary frame' });
  expect(await raw.closed).toBe(code);
  await stillWorks(run);
});

test.each([
  ['without parameters', '{"jsonrpc":"2.0","method":"$/cancelRequest"}'],
  ['without an id', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{}}'],
  ['of null', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":null}}'],
  ['of a request', '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}'],
  ['as a request', '{"jsonrpc":"2.0","id":3,"method":"$/cancelRequest"}'],
])('cancelling %s is ignored', async (_, text) => {
  const run = await Inspected.run(FAMILY);
  const raw = await RawSocket.open(run.url);
  await raw.initialize();
  for (let i = 0; i < 3; i++) raw.send(text);
  raw.send({ jsonrpc: '2.0', id: 1, method: 'process/list' });
  raw.send(text);
  expect((await raw.answer(1)).result).toMatchObject({ total: expect.any(Number) });
});

test('a flood of requests is answered, each one', async () => {
  const run = await Inspected.run(main('(call $forever)'));
  const raw = await RawSocket.open(run.url);
  await raw.initialize();
  const padding = 'x'.repeat(1000);
  for (let id = 0; id < 5000; id++) {
    raw.send({ jsonrpc: '2.0', id, method: 'process/get', params: { process: '1:1', padding } });
  }
  await raw.answer(4999);
  expect(raw.answers.size).toBe(5001);
});

/** Opens connections that never show a token, and sends `bytes` on each. */
async function idleConnections(url: string, count: number, bytes = ''): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: count }, () => createConnection(Number(port), hostname));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) socket.on('error', () => {});
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  if (bytes !== '') for (const socket of sockets) socket.write(bytes);
  return sockets;
}

test.each([
  ['say nothing', ''],
  ['begin a request and do not end it', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: '],
  ['ask for something else', 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
])('connections that %s keep nobody out, and those that are too many are closed', async (_, bytes) => {
  const run = await Inspected.run(FAMILY);
  const before = await run.connect();
  const sockets = await idleConnections(run.url, 400, bytes);
  await stillWorks(run);
  // They are closed for newer ones, long before the time for a handshake is over.
  await Promise.all(
    sockets.slice(0, 300).map((socket) => (socket.closed ? null : once(socket.resume(), 'close'))),
  );
  const more = await Promise.all(Array.from({ length: 20 }, () => run.connect()));
  // Those that have shown the token stay.
  for (const { ask } of [before, ...more]) await ask('process/list', {});
});

test('a connection that shows no token is closed after a while', { timeout: 60_000 }, async () => {
  const run = await Inspected.run(FAMILY);
  const [silent] = await idleConnections(run.url, 1);
  if (silent !== undefined) await once(silent.resume(), 'close');
  await stillWorks(run);
});

test('at most 32 clients at a time', async () => {
  const run = await Inspected.run(FAMILY);
  const clients = await Promise.all(Array.from({ length: 32 }, () => run.connect()));
  expect(await refusal(run.url)).toBe(503);
  await clients[0]?.client.close();
  // The other side may see that later.
  while (!(await isAccepted(run.url)));
});

test('many clients that never complete a long request are disconnected, the longest first', async () => {
  const run = await Inspected.run(main('(call $forever)'));
  let closed = 0;
  const part = 'x'.repeat(2 ** 20);
  const senders = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const { socket } = await RawSocket.open(run.url);
      socket.on('error', () => {});
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.on('close', () => {
        closed++;
        resolve();
      });
      for (let i = 0; i < 15; i++) socket.send(part, { fin: false }, () => {});
      return { socket, end: promise };
    }),
  );
  // There is room for four of them.
  await Promise.race(senders.map(({ end }) => end));
  while (closed < 8) await new Promise((turn) => setImmediate(turn));
  await stillWorks(run);
  for (const { socket } of senders) socket.terminate();
});
