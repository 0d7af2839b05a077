import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { NetStream } from '../../../runtime/net/net-stream.ts';
import type { Sharer } from '../../../runtime/net/shares.ts';
import { acceptTls } from '../../../runtime/net/tls-session.ts';
import { unsent } from '../../../runtime/net/unsent.ts';

const MOST = 64 * 2 ** 20;
const WRITE = 2 ** 18;
const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url));
const PROCESS = { environment: {} };

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
  return { stream: new NetStream(socket, PROCESS), socket, peer };
}

/** Writes until the stream has to wait. Returns what the last write took. @param most bytes of each write */
function writeUntilItWaits(stream: NetStream, most = WRITE): number {
  for (;;) {
    let took = 0;
    const outcome = stream.write({
      operation: 'write',
      taken: -1,
      isTimed: false,
      waits: () => {},
      count: (limit) => Math.min(limit, most),
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

test('what was written in small pieces reaches the peer, whatever others hold', async () => {
  const { stream, socket, peer } = await deafStream();
  writeUntilItWaits(stream, 2 ** 12);
  unsent.hold(MOST);
  stream.release();
  let received = 0;
  peer.on('data', (chunk) => {
    received += chunk.length;
  });
  peer.resume();
  await once(socket, 'close');
  await expect.poll(() => received).toBe(socket.bytesWritten);
  unsent.letGo(MOST);
});

/** Lets as many closed streams of a process wait for their peers as may. */
function crowd(owner: Sharer): number {
  const leaving: (() => void)[] = [];
  for (let leave = unsent.linger(owner); leave !== null; leave = unsent.linger(owner)) leaving.push(leave);
  onTestFinished(() => {
    for (const leave of leaving) leave();
  });
  return leaving.length;
}

test('a TLS stream whose peer reads sends everything, even if none may wait for its peer', async () => {
  crowd(PROCESS);
  const secureContext = createSecureContext({ key: fixture('server.key'), cert: fixture('server.pem') });
  const streams = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (raw) => {
    acceptTls(raw, secureContext, (session) => {
      if (session instanceof Error) throw session;
      const stream = new NetStream(session.socket, PROCESS, session.transport);
      stream.write({
        operation: 'write',
        taken: -1,
        isTimed: false,
        waits: () => {},
        count: () => 50_000,
        copyTo: () => {},
        done: () => {},
      });
      stream.release();
    });
  });
  streams.listen(0, '127.0.0.1');
  await once(streams, 'listening');
  onTestFinished(() => void streams.close());
  const peer = connectTls({ port: (streams.address() as AddressInfo).port, rejectUnauthorized: false });
  let received = 0;
  peer.on('data', (chunk) => {
    received += chunk.length;
  });
  await once(peer, 'end');
  expect(received).toBe(50_000);
  peer.destroy();
});

test('only so many closed streams of a process wait for their peers, and leave others room', () => {
  const hostile = { environment: {} };
  expect(crowd(hostile)).toBe(516);
  expect(crowd({ environment: hostile.environment })).toBeGreaterThan(200);
  for (let i = 0; i < 12; i++) crowd({ environment: hostile.environment });
  // Those of the same program have some in any case.
  expect(crowd({ environment: hostile.environment })).toBe(4);
  expect(crowd({ environment: {} })).toBeGreaterThan(200);
  for (let i = 0; i < 1000; i++) crowd({ environment: hostile.environment });
  expect(crowd({ environment: hostile.environment })).toBe(0);
  expect(crowd({ environment: {} })).toBeGreaterThan(100);
});

test('a TLS stream that is closed in a large write loses nothing that was said to be written before it', async () => {
  const secureContext = createSecureContext({ key: fixture('server.key'), cert: fixture('server.pem') });
  const accepted = Promise.withResolvers<{ written: number }>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (raw) => {
    acceptTls(raw, secureContext, (session) => {
      if (session instanceof Error) throw session;
      const stream = new NetStream(session.socket, PROCESS, session.transport);
      const write = (size: number) =>
        stream.write({
          operation: 'write',
          taken: -1,
          isTimed: false,
          waits: () => {},
          count: () => size,
          copyTo: () => {},
          done: () => {},
        });
      // Until the session holds some of it back.
      let written = 0;
      while (session.socket.writableLength < 2 ** 15) written += Number(write(2 ** 13));
      expect(write(2 ** 18)).toBeUndefined();
      unsent.hold(MOST);
      stream.release();
      unsent.letGo(MOST);
      accepted.resolve({ written });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const peer = connectTls({ port: (server.address() as AddressInfo).port, rejectUnauthorized: false });
  peer.on('error', () => {});
  const { written } = await accepted.promise;
  let received = 0;
  peer.on('data', (chunk) => {
    received += chunk.length;
  });
  await once(peer, 'close');
  expect(received).toBe(written);
});
