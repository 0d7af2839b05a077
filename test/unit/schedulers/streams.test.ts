import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type RemoteAgent, type System, startSystem } from '../../support/schedulers/system.ts';

const text = (got: unknown) =>
  typeof got === 'string' ? `: ${got}` : Buffer.from(got as Uint8Array).toString();
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A system, and a stream `s` in scheduler 0 with its peer. */
async function withStream(
  count = 1,
): Promise<{ system: System; one: RemoteAgent; two: RemoteAgent; peer: Socket }> {
  const system = startSystem(count);
  const { first, others } = system;
  const port = await first.listen('listener');
  const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => {
    peer.destroy();
    first.release('listener');
  });
  peer.on('error', () => {});
  await first.accept('listener', 's');
  const [one, two] = others;
  if (one === undefined) throw new Error('no other scheduler');
  return { system, one, two: two ?? one, peer };
}

/** Collects what a socket gets. */
function collected(socket: Socket): { readonly all: Promise<Buffer> } {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { all: once(socket, 'end').then(() => Buffer.concat(chunks)) };
}

describe('a TCP stream with one reference', () => {
  test('moves to another OS process, with what was read and not taken, its timeouts and its peer', async () => {
    const { system, one, peer } = await withStream();
    const { first } = system;
    peer.write('hello, world');
    expect(text(await first.read('s', 6))).toBe('hello,');
    await first.timeout('s', 'peek', 1234n);
    await first.send('s', 1);
    expect(await one.do('classOf', 's')).toBe('NetStream');
    expect(text(await one.do('read', 's', 100))).toBe(' world');
    expect(await one.do('timeout', 's', 'peek')).toBe(1234n);
    expect(await one.do('timeout', 's', 'read')).toBe(-1n);
    expect(await one.do('peerPort', 's')).toBe(peer.localPort);
    await one.do('writeAll', 's', Buffer.from('answer'));
    const [answer] = await once(peer, 'data');
    expect(String(answer)).toBe('answer');
    expect(first.counts()).toEqual({ departing: 0, served: 0, remote: 0 });
    await one.do('release', 's');
    await once(peer, 'end');
  });

  test('moves with the end that its peer has put to it, and is written after that', async () => {
    const { system, one, peer } = await withStream();
    peer.end('last words');
    expect(text(await system.first.read('s', 4))).toBe('last');
    await system.first.send('s', 1);
    expect(text(await one.do('readAll', 's', 100))).toBe(' words');
    expect(text(await one.do('read', 's', 100))).toBe('');
    const { all } = collected(peer);
    await one.do('writeAll', 's', Buffer.from('farewell'));
    await one.do('release', 's');
    expect(String(await all)).toBe('farewell');
  });

  test('that is broken is the same there, and gives first what had arrived', async () => {
    const { system, one, peer } = await withStream();
    peer.write('some words');
    expect(text(await system.first.read('s', 4))).toBe('some');
    peer.resetAndDestroy();
    // What it writes makes it notice.
    let failure: unknown = 0;
    while (typeof failure === 'number') {
      await new Promise((resolve) => setImmediate(resolve));
      failure = await system.first.write('s', Buffer.from('x'));
    }
    await system.first.send('s', 1);
    expect(text(await one.do('read', 's', 100))).toBe(' words');
    expect(await one.do('read', 's', 100)).toBe(failure);
    expect(await one.do('write', 's', Buffer.from('x'))).toBe(failure);
    expect(failure).toMatch(/os error/);
    expect(await one.do('peerPort', 's')).toBeUndefined();
    await one.do('release', 's');
  });

  test('whose peer hangs up while it moves ends there', async () => {
    const { system, one, peer } = await withStream();
    const moved = system.first.send('s', 1);
    peer.end('goodbye');
    await moved;
    expect(text(await one.do('readAll', 's', 100))).toBe('goodbye');
    await one.do('release', 's');
    await once(peer, 'end').catch(() => {});
  });

  test('goes to and fro between three OS processes while both sides write megabytes, and nothing is lost', async () => {
    const { system, one, two, peer } = await withStream(2);
    const { first } = system;
    const bytes = randomBytes(6 * 2 ** 20);
    const back = randomBytes(3 * 2 ** 20);
    peer.write(bytes);
    const { all } = collected(peer);
    const parts: Uint8Array[] = [];
    const places = [
      {
        read: (size: number) => first.readAll('s', size),
        write: (part: Uint8Array) => first.writeAll('s', part),
        send: (to: number) => first.send('s', to),
      },
      ...[one, two].map((agent) => ({
        read: (size: number) => agent.do('readAll', 's', size),
        write: (part: Uint8Array) => agent.do('writeAll', 's', part),
        send: (to: number) => agent.do('send', 's', to),
      })),
    ];
    let at = 0;
    let left = bytes.length;
    let written = 0;
    for (let round = 0; left > 0; round++) {
      const place = places[at];
      if (place === undefined) throw new Error('nowhere');
      const part = await place.read(Math.min(left, 1 + ((round * 7919) % 120_000)));
      parts.push(part);
      left -= part.length;
      const out = back.subarray(written, left === 0 ? back.length : written + 20_000 + (round % 7) * 5000);
      written += out.length;
      await place.write(out);
      const next = (at + 1 + (round % 2)) % places.length;
      await place.send(next);
      at = next;
    }
    expect(sum(Buffer.concat(parts))).toBe(sum(bytes));
    if (at === 0) first.release('s');
    else await places[at]?.send(0).then(() => first.release('s'));
    peer.end();
    expect(sum(await all)).toBe(sum(back.subarray(0, written)));
    expect(first.counts()).toEqual({ departing: 0, served: 0, remote: 0 });
  });

  test('that nobody takes is closed', async () => {
    const { system, peer } = await withStream();
    await system.first.sendToNobody('s', 1);
    peer.resume();
    await once(peer, 'end');
  });

  test('is closed with the OS process that it has moved to', async () => {
    const { system, peer } = await withStream();
    await system.first.send('s', 1);
    peer.resume();
    await system.kill(1);
    await once(peer, 'end');
  });

  test('on its way to an OS process that ends is closed', async () => {
    const { system, one, peer } = await withStream();
    one.child.kill('SIGSTOP');
    const sent = system.first.send('s', 1);
    expect(system.first.counts().departing).toBe(1);
    peer.resume();
    await Promise.all([system.kill(1), expect(sent).rejects.toThrow('has ended')]);
    expect(system.first.counts().departing).toBe(0);
    await once(peer, 'end');
  });
});
