import { execFile, spawnSync } from 'node:child_process';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtFolder } from '../scripts/build-guests.mjs';
import { RunningCommand } from './support/command.ts';
import { allOf, client } from './support/network.ts';

/** Milliseconds that the server gives a client for a request. */
const PATIENCE = 400;

let server: RunningCommand;
let port = 0;

beforeAll(async () => {
  server = new RunningCommand(['run', join(builtFolder, 'rust', 'http_server.wasm'), '0', String(PATIENCE)], {
    input: null,
  });
  await server.printed('\n');
  port = Number(/listening on (\d+)/.exec(server.stdout)?.[1]);
}, 60_000);

afterAll(async () => {
  server.child.stdin?.end();
  const { exitCode } = await server.ended;
  expect(exitCode).toBe(0);
});

/** What the server answers to these bytes, until it closes the connection. */
async function answerTo(bytes: string | Buffer): Promise<string> {
  const socket = await client(port);
  socket.write(bytes);
  const answer = (await allOf(socket).catch(() => Buffer.alloc(0))).toString('latin1');
  socket.destroy();
  return answer;
}

/** The server still serves others. */
async function serves(): Promise<void> {
  expect(await answerTo('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1.1 200 OK[\s\S]*Hello from a process\n$/,
  );
}

const hasCurl = spawnSync('curl', ['--version']).status === 0;

describe('an HTTP server with a process for each connection', () => {
  test.skipIf(!hasCurl)(
    'serves curl: all methods, two requests on one connection, a large answer',
    async () => {
      const curl = async (...args: string[]) =>
        (await promisify(execFile)('curl', ['-sS', '--max-time', '20', ...args], { maxBuffer: 2 ** 22 }))
          .stdout;
      const url = `http://127.0.0.1:${port}`;
      expect(await curl(`${url}/`)).toBe('Hello from a process\n');
      expect(await curl('-d', 'the body', `${url}/echo`)).toBe('the body');
      expect(await curl('-I', `${url}/`)).toMatch(/^HTTP\/1.1 200 OK\r\ncontent-length: 21\r\n/);
      expect(
        await curl('-w', '%{num_connects};', `${url}/`, `${url}/nothing`, `${url}/large`, '-o', '/dev/null'),
      ).toContain('0;');
      expect((await curl(`${url}/large`)).length).toBe(2 ** 20);
      expect(await curl('-w', '%{http_code}', '-X', 'DELETE', `${url}/`)).toBe('405');
      const large = 'x'.repeat(2 ** 20);
      expect(
        await curl('-H', 'Expect: 100-continue', '--data-binary', large.slice(0, 100_000), `${url}/echo`),
      ).toBe(large.slice(0, 100_000));
      expect(await curl('--http1.0', `${url}/`)).toBe('Hello from a process\n');
    },
  );

  test('serves many clients of Node at the same time, over connections that are kept', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 40 });
    const post = (body: string) =>
      new Promise<string>((done, failed) => {
        const sent = request({ port, host: '127.0.0.1', path: '/echo', method: 'POST', agent }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk) => chunks.push(chunk));
          answer.on('end', () => done(Buffer.concat(chunks).toString()));
        });
        sent.on('error', failed).end(body);
      });
    const bodies = Array.from({ length: 400 }, (_, i) => `request ${i} `.repeat(1 + (i % 50)));
    expect(await Promise.all(bodies.map(post))).toEqual(bodies);
    agent.destroy();
  });

  test('answers requests that come in pieces, and several that come at once, in order', async () => {
    const socket = await client(port);
    for (const piece of ['GE', 'T / HT', 'TP/1.1\r', '\nhost: x\r\n', '\r', '\n']) {
      socket.write(piece);
      await new Promise((turn) => setTimeout(turn, 5));
    }
    const echo = (body: string, more = '') =>
      `POST /echo HTTP/1.1\r\nhost: x\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
    socket.write(echo('one') + echo('two') + echo('three', 'connection: close\r\n'));
    const answer = (await allOf(socket)).toString();
    expect(answer.match(/HTTP\/1.1 200 OK/g)).toHaveLength(4);
    expect(answer).toMatch(/Hello[\s\S]*\r\n\r\none[\s\S]*\r\n\r\ntwo[\s\S]*\r\n\r\nthree$/);
    socket.destroy();
  });
});

describe('survives', () => {
  const host = 'host: x\r\n';
  test.each<[string, string | Buffer, RegExp]>([
    [
      'garbage',
      Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)).subarray(0, 3000),
      /^(HTTP\/1.1 (400|408).*[\s\S]*)?$/,
    ],
    ['text that is no request', 'hello there\r\n\r\n', /^HTTP\/1.1 400 /],
    ['a TLS client', Buffer.from('16030100a5010000a103037f', 'hex'), /^(HTTP\/1.1 408 [\s\S]*)?$/],
    ['huge headers', `GET / HTTP/1.1\r\n${host}x: ${'y'.repeat(100_000)}`, /^(HTTP\/1.1 431 [\s\S]*)?$/],
    ['headers without end', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(20_000)}`, /^(HTTP\/1.1 431 [\s\S]*)?$/],
    [
      'a huge body that is announced',
      `POST /echo HTTP/1.1\r\n${host}content-length: 99999999999999999999999\r\n\r\n`,
      /^HTTP\/1.1 413 /,
    ],
    ['a negative length', `POST /echo HTTP/1.1\r\n${host}content-length: -1\r\n\r\n`, /^HTTP\/1.1 400 /],
    [
      'two lengths',
      `POST /echo HTTP/1.1\r\n${host}content-length: 1\r\ncontent-length: 2\r\n\r\n`,
      /^HTTP\/1.1 400 /,
    ],
    [
      'a chunked body',
      `POST /echo HTTP/1.1\r\n${host}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1.1 501 /,
    ],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', /^HTTP\/1.1 400 /],
    ['another version', `GET / HTTP/2.0\r\n${host}\r\n`, /^HTTP\/1.1 505 /],
    [
      'a head that is not UTF-8',
      Buffer.concat([
        Buffer.from('GET /'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from(` HTTP/1.1\r\n${host}\r\n`),
      ]),
      /^HTTP\/1.1 400 /,
    ],
    ['a process that panics', `GET /panic HTTP/1.1\r\n${host}\r\n`, /^$/],
  ])('%s', async (_, bytes, answer) => {
    expect(await answerTo(bytes)).toMatch(answer);
    await serves();
  });

  test('clients that are slow on purpose: a byte now and then gains no time', async () => {
    const begin = performance.now();
    const slow = await Promise.all(Array.from({ length: 30 }, () => client(port)));
    const drips = slow.map((socket) => {
      socket.write('GET / HTTP/1.1\r\n');
      return setInterval(() => socket.write('x: y\r\n'), 50);
    });
    await serves();
    const answers = await Promise.all(slow.map((socket) => allOf(socket).catch(() => Buffer.alloc(0))));
    const took = performance.now() - begin;
    drips.forEach(clearInterval);
    for (const socket of slow) socket.destroy();
    expect(answers.filter((answer) => answer.toString().startsWith('HTTP/1.1 408 ')).length).toBeGreaterThan(
      0,
    );
    // A client that sends for ever would never be told otherwise.
    expect(took).toBeLessThan(15_000);
    await serves();
  });

  test('clients that ask for much and read nothing, or hang up in between', async () => {
    const sockets: Socket[] = await Promise.all(Array.from({ length: 20 }, () => client(port)));
    for (const socket of sockets) {
      socket.pause();
      socket.write(`GET /large HTTP/1.1\r\n${host}\r\n`.repeat(20));
    }
    await serves();
    for (const socket of sockets.slice(0, 10)) socket.resetAndDestroy();
    await serves();
    // Nobody reads: the server gives up on each after a while, and closes the connection.
    await Promise.all(
      sockets.slice(10).map(async (socket) => {
        await new Promise((passed) => setTimeout(passed, 3 * PATIENCE));
        await allOf(socket).catch(() => {});
        socket.destroy();
      }),
    );
    await serves();
  });

  test('a crowd that connects and says nothing', async () => {
    const sockets = await Promise.all(Array.from({ length: 300 }, () => client(port)));
    await serves();
    // Silence is no fault, but does not last for ever.
    const answers = await Promise.all(sockets.map((socket) => allOf(socket)));
    expect(answers.every((answer) => answer.length === 0)).toBe(true);
    for (const socket of sockets) socket.destroy();
    await serves();
  });
});

test('nothing but what it was asked for is printed', () => {
  expect(server.stdout).toMatch(/^listening on \d+\n$/);
});
