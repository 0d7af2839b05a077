import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tlsClient } from '../../support/schedulers/agent.ts';
import { type RemoteAgent, type System, startSystem } from '../../support/schedulers/system.ts';

const text = (got: unknown) =>
  typeof got === 'string' ? `: ${got}` : Buffer.from(got as Uint8Array).toString();
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** A system, and a stream `s` in scheduler 0 with its peer, and when that has heard the end. */
async function withStream(
  count = 1,
): Promise<{ system: System; one: RemoteAgent; two: RemoteAgent; peer: Socket; over: Promise<unknown> }> {
  const system = startSystem(count);
  const { first, others } = system;
  const port = await first.listen('listener');
  const peer = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => {
    peer.destroy();
    first.release('listener');
  });
  peer.on('error', () => {});
  const over = new Promise((resolve) => peer.once('end', resolve).once('close', resolve));
  await first.accept('listener', 's');
  const [one, two] = others;
  if (one === undefined) throw new Error('no other scheduler');
  return { system, one, two: two ?? one, peer, over };
}

/** Collects what a socket gets. */
function collected(socket: Socket): { readonly all: Promise<Buffer> } {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { all: once(socket, 'end').then(() => Buffer.concat(chunks)) };
}

describe('a TCP stream with one reference', () => {
  test('moves to another OS process, with what was read and not taken, its timeouts and its peer', async () => {
    const { system, one, peer, over } = await withStream();
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
    await over;
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
    const { system, one, peer, over } = await withStream();
    const moved = system.first.send('s', 1);
    peer.end('goodbye');
    await moved;
    expect(text(await one.do('readAll', 's', 100))).toBe('goodbye');
    await one.do('release', 's');
    await over;
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

  test.runIf(process.platform === 'linux')('leaves no descriptor behind where it passes', async () => {
    const { system, one, two } = await withStream(2);
    await system.first.send('s', 1);
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let i = 0; i < 5; i++) {
      await one.do('send', 's', 2);
      await two.do('send', 's', 1);
    }
    await expect.poll(open).toBe(before);
  });

  test('that nobody takes is closed', async () => {
    const { system, peer, over } = await withStream();
    await system.first.sendToNobody('s', 1);
    peer.resume();
    await over;
  });

  test('is closed with the OS process that it has moved to, from one that has it no longer', async () => {
    const { system, one, peer, over } = await withStream(2);
    await system.first.send('s', 1);
    await one.do('send', 's', 2);
    peer.resume();
    await system.kill(2);
    await over;
  });

  test('on its way to an OS process that ends is closed', async () => {
    const { system, one, peer, over } = await withStream();
    one.child.kill('SIGSTOP');
    const sent = system.first.send('s', 1);
    expect(system.first.counts().departing).toBe(1);
    peer.resume();
    await Promise.all([system.kill(1), expect(sent).rejects.toThrow('has ended')]);
    expect(system.first.counts().departing).toBe(0);
    await over;
  });
});

describe('a TCP stream that is shared', () => {
  test('is served by its owner, and each byte is read once by whoever asks first', async () => {
    const { system, one, peer, over } = await withStream();
    const { first } = system;
    first.share('s', 'moved');
    await first.send('moved', 1);
    expect(await one.do('classOf', 'moved')).toBe('RemoteStream');
    expect(await one.do('peerPort', 'moved')).toBe(peer.localPort);
    peer.write('abcdef');
    expect(text(await one.do('read', 'moved', 100, 'peek'))).toBe('abcdef');
    expect(text(await one.do('read', 'moved', 2))).toBe('ab');
    expect(text(await first.read('s', 2))).toBe('cd');
    expect(text(await one.do('read', 'moved', 100))).toBe('ef');
    await one.do('writeAll', 'moved', Buffer.from('from there, '));
    await first.writeAll('s', Buffer.from('from here'));
    let heard = '';
    peer.on('data', (chunk) => {
      heard += chunk;
    });
    while (heard.length < 21) await once(peer, 'data');
    expect(heard).toBe('from there, from here');
    peer.end();
    expect(text(await one.do('read', 'moved', 100))).toBe('');
    expect(text(await one.do('read', 'moved', 100, 'peek'))).toBe('');
    expect(await one.do('write', 'moved', Buffer.from(''), 'flush')).toBe(0);
    first.release('s');
    expect(first.counts().served).toBe(1);
    await one.do('writeAll', 'moved', Buffer.from('.'));
    await one.do('release', 'moved');
    await over;
    expect(heard).toBe('from there, from here.');
    expect(first.counts()).toEqual({ departing: 0, served: 0, remote: 0 });
    expect(await one.do('counts')).toEqual({ departing: 0, served: 0, remote: 0 });
  });

  test('loses nothing if a reader there gives up, however late', async () => {
    const { system, one, two, peer } = await withStream(2);
    await system.first.send('s', 1);
    await one.do('share', 's', 'lent');
    await one.do('send', 'lent', 2);
    let heard = '';
    for (let i = 0; i < 400; i++) {
      const reading = two.do('read', 'lent', 3);
      peer.write(`${i};`);
      // Some give up while the bytes are on their way.
      for (let turn = i % 9; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
      await two.do('giveUp', 'read');
      const got = await reading;
      if (typeof got !== 'string') heard += text(got);
      else expect(got).toBe('given up');
      if (i % 10 === 9) heard += text(await one.do('read', 's', 1000));
    }
    peer.end('.');
    heard += text(await two.do('readAll', 'lent', 10_000));
    expect(heard).toBe(`${Array.from({ length: 400 }, (_, i) => `${i};`).join('')}.`);
    await one.do('release', 's');
    await two.do('release', 'lent');
  });

  test('has timeouts that all share, and that hold there', async () => {
    const { system, one, peer, over } = await withStream();
    const { first } = system;
    first.share('s', 'moved');
    await first.send('moved', 1);
    expect(await one.do('timeout', 'moved', 'read', 20n)).toBe(20n);
    expect(await first.timeout('s', 'read')).toBe(20n);
    expect(await one.do('read', 'moved', 100)).toBe('late');
    peer.write('in time');
    // What is there is read, however short the timeout.
    expect(text(await first.read('s', 100, 'peek'))).toBe('in time');
    await first.timeout('s', 'read', 0n);
    expect(text(await one.do('read', 'moved', 100))).toBe('in time');
    await first.timeout('s', 'write', 30n);
    const written: unknown[] = [];
    while (written.at(-1) !== 'late' && written.length < 1000)
      written.push(await one.do('write', 'moved', Buffer.alloc(100_000)));
    expect(written.length).toBeGreaterThan(2);
    let got = 0;
    peer.on('data', ({ length }) => {
      got += length;
    });
    const total = written.reduce((sum: number, count) => sum + (typeof count === 'number' ? count : 0), 0);
    first.release('s');
    await one.do('release', 'moved');
    await over;
    expect(got).toBe(total);
  });

  test('does not take more from a peer than somebody reads there', { timeout: 60_000 }, async () => {
    const { system, one, peer } = await withStream();
    system.first.share('s', 'moved');
    await system.first.send('moved', 1);
    const bytes = randomBytes(20 * 2 ** 20);
    let sent = 0;
    const flood = async () => {
      for (; sent < bytes.length; sent += 2 ** 16)
        await new Promise((resolve) => peer.write(bytes.subarray(sent, sent + 2 ** 16), resolve));
      peer.end();
    };
    const flooded = flood();
    const begin = await one.do('readAll', 'moved', 1000);
    let before = 0;
    const stalls = () => {
      const isSame = sent === before;
      before = sent;
      return isSame;
    };
    await expect.poll(stalls, { interval: 100 }).toBe(true);
    // What the system takes by itself.
    expect(sent).toBeLessThan(15 * 2 ** 20);
    const rest = await one.do('readAll', 'moved', bytes.length);
    await flooded;
    expect(sum(Buffer.concat([begin, rest]))).toBe(sum(bytes));
    system.first.release('s');
    await one.do('release', 'moved');
  });

  test('goes on to a third scheduler, and home', async () => {
    const { system, one, two, peer } = await withStream(2);
    const { first } = system;
    first.share('s', 'a');
    await first.send('a', 1);
    await one.do('share', 'a', 'b');
    await one.do('send', 'b', 2);
    expect(await two.do('classOf', 'b')).toBe('RemoteStream');
    await one.do('release', 'a');
    peer.write('12');
    expect(text(await two.do('read', 'b', 1))).toBe('1');
    await two.do('send', 'b', 0);
    expect(first.classOf('b')).toBe('NetStream');
    expect(text(await first.read('b', 1))).toBe('2');
    await expect.poll(() => first.counts()).toEqual({ departing: 0, served: 0, remote: 0 });
    expect(await two.do('counts')).toEqual({ departing: 0, served: 0, remote: 0 });
    first.release('s');
    // Now there is one reference again, and it can move.
    await first.send('b', 2);
    expect(await two.do('classOf', 'b')).toBe('NetStream');
    await two.do('release', 'b');
  });

  test('fails there when its owner has ended, and is released here when the borrower has', async () => {
    const { system, one, two, peer } = await withStream(2);
    const { first } = system;
    await first.send('s', 1);
    await one.do('share', 's', 'lent');
    await one.do('share', 's', 'kept');
    await one.do('send', 'lent', 2);
    await one.do('send', 'kept', 0);
    const reading = two.do('read', 'lent', 10);
    await two.do('write', 'lent', Buffer.from('alive'));
    const here = first.read('kept', 10);
    // The borrower that ends had the first place in the line of readers.
    await system.kill(2);
    await expect(Promise.race([reading, one.do('pid')])).resolves.toBeTypeOf('number');
    peer.write('x');
    expect(text(await here)).toBe('x');
    const late = first.read('kept', 10);
    await system.kill(1);
    expect(await late).toBe('The connection was closed: the scheduler that it belongs to has ended');
    expect(await first.write('kept', Buffer.from('x'))).toMatch(/^The connection was closed/);
    expect(await first.timeout('kept', 'read')).toBe(-1n);
    expect(first.peerPort('kept')).toBeUndefined();
    first.release('kept');
    expect(first.counts()).toEqual({ departing: 0, served: 0, remote: 0 });
  });
});

describe('a TLS stream', () => {
  test('is served by its owner, and carries megabytes both ways', async () => {
    const system = startSystem(1);
    const { first, others } = system;
    const [one] = others;
    const port = await first.listen('listener', true);
    const client = tlsClient(port);
    onTestFinished(() => {
      client.destroy();
      first.release('listener');
    });
    await first.accept('listener', 's');
    await first.send('s', 1);
    expect(await one?.do('classOf', 's')).toBe('RemoteStream');
    const bytes = randomBytes(2 * 2 ** 20);
    client.write(bytes);
    const { all } = collected(client);
    expect(sum((await one?.do('readAll', 's', bytes.length)) ?? new Uint8Array(0))).toBe(sum(bytes));
    await one?.do('writeAll', 's', bytes);
    await one?.do('release', 's');
    expect(sum(await all)).toBe(sum(bytes));
    await expect.poll(() => first.counts()).toEqual({ departing: 0, served: 0, remote: 0 });
  });
});
