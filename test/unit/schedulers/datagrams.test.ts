import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type RemoteAgent, type System, startSystem } from '../../support/schedulers/system.ts';

const NOTHING = { departing: 0, served: 0, remote: 0 };

/** A system with a UDP socket `u` in scheduler 0, and a peer. */
async function withSocket(count = 1) {
  const system: System = startSystem(count);
  const port = await system.first.bind('u');
  const peer = createSocket('udp4');
  peer.bind(0, '127.0.0.1');
  await once(peer, 'listening');
  onTestFinished(() => {
    peer.close();
  });
  const [one, two] = system.others as readonly [RemoteAgent, RemoteAgent];
  const tell = (text: string) =>
    new Promise((resolve) => {
      peer.send(text, port, '127.0.0.1', resolve);
    });
  return { system, one, two, port, peer, peerPort: peer.address().port, tell };
}

describe('a UDP socket with one reference', () => {
  test('moves with what has arrived, its peer and its options', async () => {
    const { system, one, port, peer, peerPort, tell } = await withSocket();
    const { first } = system;
    await first.settings('u', { ttl: 17, broadcast: true });
    expect(await first.connectDatagrams('u', peerPort)).toBe('connected');
    await tell('first');
    await tell('second');
    expect(await first.receive('u')).toBe('first');
    // Now the second one is no longer with the system.
    await new Promise((resolve) => setImmediate(resolve));
    await first.send('u', 1);
    expect(await one.do('classOf', 'u')).toBe('UdpSocket');
    expect(await one.do('receive', 'u')).toBe('second');
    const settings = await one.do('settings', 'u');
    expect(settings).toMatchObject({ ttl: 17, broadcast: true, peer: { host: '127.0.0.1', port: peerPort } });
    await tell('third');
    expect(await one.do('receive', 'u')).toBe('third');
    const answered = once(peer, 'message');
    expect(await one.do('sendDatagram', 'u', 'answer', null)).toBe('sent');
    const [answer, from] = await answered;
    expect(String(answer)).toBe('answer');
    expect(from.port).toBe(port);
    expect(first.counts()).toEqual(NOTHING);
    await one.do('release', 'u');
  });

  test('goes round while datagrams come in, and loses none', async () => {
    const { system, one, two, tell } = await withSocket(2);
    const { first } = system;
    const heard: string[] = [];
    for (let i = 0; i < 60; i++) {
      await tell(`${i}`);
      const place = i % 3;
      if (place === 0) heard.push(await first.receive('u'));
      else heard.push(await (place === 1 ? one : two).do('receive', 'u'));
      const moving =
        place === 0 ? first.send('u', 1) : (place === 1 ? one : two).do('send', 'u', (place + 1) % 3);
      await Promise.all([moving, tell(`${i} meanwhile`)]);
      const next = (place + 1) % 3;
      if (next === 0) heard.push(await first.receive('u'));
      else heard.push(await (next === 1 ? one : two).do('receive', 'u'));
    }
    expect(heard.sort()).toEqual(
      Array.from({ length: 60 }, (_, i) => [`${i}`, `${i} meanwhile`])
        .flat()
        .sort(),
    );
    first.release('u');
    expect(first.counts()).toEqual(NOTHING);
  });
});

describe('a UDP socket that is shared', () => {
  test('is served by its owner', async () => {
    const { system, one, peer, peerPort, tell } = await withSocket();
    const { first } = system;
    first.share('u', 'lent');
    await first.send('lent', 1);
    expect(await one.do('classOf', 'lent')).toBe('RemoteUdpSocket');
    await tell('one');
    expect(await one.do('receive', 'lent')).toBe('one');
    expect(await one.do('sendDatagram', 'lent', 'to nobody', null)).toMatch(/Destination address required/);
    const greeted = once(peer, 'message');
    expect(await one.do('sendDatagram', 'lent', 'hello', peerPort)).toBe('sent');
    expect(String((await greeted)[0])).toBe('hello');
    expect(await one.do('connectDatagrams', 'lent', peerPort)).toBe('connected');
    expect((await first.settings('u')).peer?.port).toBe(peerPort);
    await first.settings('u', { ttl: 33 });
    expect(await one.do('settings', 'lent', { broadcast: true })).toMatchObject({ ttl: 33, broadcast: true });
    await expect(one.do('settings', 'lent', { ttl: 0 })).rejects.toThrow(/Invalid argument/);
    first.release('u');
    await tell('still there');
    expect(await one.do('receive', 'lent')).toBe('still there');
    await one.do('release', 'lent');
    await expect.poll(() => first.counts()).toEqual(NOTHING);
  });

  test('loses no datagram to a receiver that gives up, however late', async () => {
    const { system, one, tell } = await withSocket();
    const { first } = system;
    first.share('u', 'lent');
    await first.send('lent', 1);
    const heard: string[] = [];
    for (let i = 0; i < 100; i++) {
      const receiving = one.do('receive', 'lent');
      await tell(`${i}`);
      for (let turn = i % 5; turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
      await one.do('giveUp', 'receive');
      const got = await receiving;
      heard.push(got === 'given up' ? await first.receive('u') : got);
    }
    expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => `${i}`));
    first.release('u');
    await one.do('release', 'lent');
  });

  test('fails there when its owner has ended', async () => {
    const { system, one, two } = await withSocket(2);
    const { first } = system;
    await first.send('u', 1);
    await one.do('share', 'u', 'lent');
    await one.do('send', 'lent', 2);
    const receiving = two.do('receive', 'lent');
    await system.kill(1);
    const lost = 'The connection was closed: the scheduler that it belongs to has ended';
    expect(await receiving).toBe(lost);
    expect(await two.do('sendDatagram', 'lent', 'x', 9)).toBe(lost);
    await expect(two.do('settings', 'lent')).rejects.toThrow(lost);
    await two.do('release', 'lent');
  });
});
