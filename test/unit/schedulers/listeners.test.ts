import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { tlsClient } from '../../support/schedulers/agent.ts';
import { type RemoteAgent, type System, startSystem } from '../../support/schedulers/system.ts';

const NOTHING = { departing: 0, served: 0, remote: 0 };

/** A system with a listener `l` in scheduler 0. */
async function withListener(
  count: number,
  isTls = false,
): Promise<{ system: System; one: RemoteAgent; two: RemoteAgent; port: number }> {
  const system = startSystem(count);
  const port = await system.first.listen('l', isTls);
  const [one, two] = system.others;
  if (one === undefined) throw new Error('no other scheduler');
  return { system, one, two: two ?? one, port };
}

/** A client, and what it hears until the end. */
function client(port: number): { socket: Socket; heard: Promise<string> } {
  return listening(connect({ port, host: '127.0.0.1' }));
}

function listening<T extends Socket | TLSSocket>(socket: T): { socket: T; heard: Promise<string> } {
  onTestFinished(() => {
    socket.destroy();
  });
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk;
  });
  socket.on('error', (error) => {
    heard += `! ${error.message}`;
  });
  return { socket, heard: new Promise((resolve) => socket.on('close', () => resolve(heard))) };
}

type Do = Pick<RemoteAgent, 'do'>;

/** Accepts connections again and again, greets each, and closes it. Returns a function that tells how many there were. */
function greet(agent: Do, listener: string, greeting: string): () => number {
  let count = 0;
  const serve = async () => {
    for (;;) {
      const name = `${greeting}${count}`;
      await agent.do('accept', listener, name);
      count++;
      await agent.do('writeAll', name, Buffer.from(greeting));
      await agent.do('release', name);
    }
  };
  serve().catch(() => {});
  return () => count;
}

/** Scheduler 0 as the others are used. */
function here({ first }: System): Do {
  return { do: async (method, ...args) => (first[method] as (...args: unknown[]) => never)(...args) };
}

describe('a TCP listener', () => {
  test('that several schedulers have accepts in all of them, and loses no connection', async () => {
    const { system, one, two, port } = await withListener(2);
    for (const name of ['one', 'two']) system.first.share('l', name);
    await system.first.send('one', 1);
    await system.first.send('two', 2);
    const counts = [greet(here(system), 'l', 'zero'), greet(one, 'one', 'one'), greet(two, 'two', 'two')];
    const heard: string[] = [];
    for (let i = 0; i < 30; i++) {
      const crowd = await Promise.all(Array.from({ length: 10 }, () => client(port).heard));
      heard.push(...crowd);
    }
    expect([...new Set(heard)].sort()).toEqual(['one', 'two', 'zero']);
    expect(counts.reduce((sum, count) => sum + count(), 0)).toBe(300);
    expect(system.first.counts()).toEqual(NOTHING);
  });

  test('that only one scheduler asks gives it all connections, also those that another has taken ahead', async () => {
    const { system, one, port } = await withListener(1);
    const crowd = Array.from({ length: 40 }, () => client(port));
    await Promise.all(crowd.map(({ socket }) => once(socket, 'connect')));
    system.first.share('l', 'one');
    await system.first.send('one', 1);
    greet(one, 'one', 'one');
    expect(new Set(await Promise.all(crowd.map(({ heard }) => heard)))).toEqual(new Set(['one']));
    const later = Array.from({ length: 20 }, () => client(port).heard);
    expect(new Set(await Promise.all(later))).toEqual(new Set(['one']));
  });

  test('that moves takes along the connections which nobody has accepted', async () => {
    const { system, one, port } = await withListener(1);
    const crowd = Array.from({ length: 30 }, () => client(port));
    await Promise.all(crowd.map(({ socket }) => once(socket, 'connect')));
    crowd[0]?.socket.write('said before');
    await system.first.send('l', 1);
    expect(await one.do('classOf', 'l')).toBe('TcpListener');
    await one.do('accept', 'l', 'first');
    expect(Buffer.from((await one.do('readAll', 'first', 11)) as Uint8Array).toString()).toBe('said before');
    await one.do('release', 'first');
    greet(one, 'l', 'one');
    const heard = await Promise.all(crowd.map((each) => each.heard));
    expect(heard).toEqual(['', ...Array.from({ length: 29 }, () => 'one')]);
    expect(await client(port).heard).toBe('one');
    await expect.poll(() => system.first.counts()).toEqual(NOTHING);
  });

  test('is closed when the last scheduler gives it back', async () => {
    const { system, one, port } = await withListener(1);
    system.first.share('l', 'one');
    await system.first.send('one', 1);
    system.first.release('l');
    greet(one, 'one', 'one');
    expect(await client(port).heard).toBe('one');
    await one.do('release', 'one');
    expect(await client(port).heard).toContain('ECONNREFUSED');
  });

  test('goes on where the scheduler has ended that opened it', async () => {
    const { system, one, two, port } = await withListener(2);
    await system.first.send('l', 1);
    await one.do('share', 'l', 'two');
    await one.do('send', 'two', 2);
    await system.kill(1);
    greet(two, 'two', 'two');
    expect(await client(port).heard).toBe('two');
  });

  test('comes home', async () => {
    const { system, one, port } = await withListener(1);
    system.first.share('l', 'one');
    await system.first.send('one', 1);
    await one.do('share', 'one', 'back');
    await one.do('send', 'back', 0);
    system.first.release('l');
    await one.do('release', 'one');
    greet(here(system), 'back', 'zero');
    expect(await client(port).heard).toBe('zero');
    system.first.release('back');
    expect(await client(port).heard).toContain('ECONNREFUSED');
  });
});

describe('a TLS listener', () => {
  test('shakes hands wherever somebody accepts, and its streams are there', async () => {
    const { system, one, port } = await withListener(1, true);
    system.first.share('l', 'one');
    await system.first.send('one', 1);
    expect(await one.do('classOf', 'one')).toBe('TlsListener');
    const counts = [greet(here(system), 'l', 'zero'), greet(one, 'one', 'one')];
    const heard: string[] = [];
    for (let i = 0; i < 10; i++)
      heard.push(...(await Promise.all(Array.from({ length: 6 }, () => listening(tlsClient(port)).heard))));
    expect(counts.reduce((sum, count) => sum + count(), 0)).toBe(60);
    expect([...new Set(heard)].sort()).toEqual(['one', 'zero']);
    expect(await one.do('counts')).toEqual(NOTHING);
  });

  test('that moves takes along the clients that wait', async () => {
    const { system, one, port } = await withListener(1, true);
    const crowd = Array.from({ length: 8 }, () => listening(tlsClient(port)));
    await Promise.all(crowd.map(({ socket }) => once(socket, 'connect')));
    await system.first.send('l', 1);
    greet(one, 'l', 'one');
    expect(new Set(await Promise.all(crowd.map(({ heard }) => heard)))).toEqual(new Set(['one']));
  });
});
