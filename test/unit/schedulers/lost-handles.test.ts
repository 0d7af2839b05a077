import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HandlePassing, type IpcChannel } from '../../../runtime/schedulers/handle-passing.ts';
import { startSystem } from '../../support/schedulers/system.ts';

const text = (got: unknown) => Buffer.from(got as Uint8Array).toString();
const NOTHING = { departing: 0, served: 0, remote: 0 };

describe('an OS process that has no descriptors left', () => {
  test('gets a stand-in for a stream, which can come back', async () => {
    const { first, others } = startSystem(2, 64);
    const [one, two] = others;
    const port = await first.listen('l');
    const peer = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => {
      peer.destroy();
      first.release('l');
    });
    await first.accept('l', 's');
    peer.write('hello, world');
    expect(text(await first.read('s', 5))).toBe('hello');
    // Scheduler 0 passes it on.
    await first.send('s', 1);
    expect(await two?.do('useUpDescriptors')).toBeGreaterThan(10);
    await one?.do('send', 's', 2);
    expect(await two?.do('classOf', 's')).toBe('RemoteStream');
    expect(text(await two?.do('read', 's', 100))).toBe(', world');
    await two?.do('writeAll', 's', Buffer.from('answer'));
    expect(String((await once(peer, 'data'))[0])).toBe('answer');
    await two?.do('freeDescriptors');
    await two?.do('send', 's', 1);
    expect(await one?.do('classOf', 's')).toBe('NetStream');
    await one?.do('send', 's', 2);
    expect(await two?.do('classOf', 's')).toBe('NetStream');
    await two?.do('release', 's');
    expect(first.counts()).toEqual(NOTHING);
    expect(await one?.do('counts')).toEqual(NOTHING);
  });

  test('gets a stand-in for a UDP socket', async () => {
    const { first, others } = startSystem(1, 64);
    const [one] = others;
    const port = await first.bind('u');
    await first.bind('v');
    await one?.do('useUpDescriptors');
    await first.send('u', 1);
    expect(await one?.do('classOf', 'u')).toBe('RemoteUdpSocket');
    expect(await first.sendDatagram('v', 'hello', port)).toBe('sent');
    expect(await one?.do('receive', 'u')).toBe('hello');
    await one?.do('release', 'u');
    first.release('v');
    await expect.poll(() => first.counts()).toEqual(NOTHING);
  });

  test('gets connections of a listener when it has some again', async () => {
    const { first, others } = startSystem(1, 64);
    const [one] = others;
    const port = await first.listen('l');
    first.share('l', 'm');
    await one?.do('useUpDescriptors');
    await first.send('m', 1);
    expect(await one?.do('classOf', 'm')).toBe('TcpListener');
    const accepted = one?.do('accept', 'm', 's');
    const peer = connect({ port, host: '127.0.0.1' });
    onTestFinished(() => {
      peer.destroy();
      first.release('l');
    });
    peer.write('hello');
    await once(peer, 'connect');
    await one?.do('freeDescriptors');
    await accepted;
    expect(text(await one?.do('read', 's', 100))).toBe('hello');
    // It has no socket of its own to listen on, and is given those that come while it waits.
    for (let i = 0; i < 10; i++) {
      const next = one?.do('accept', 'm', `s${i}`);
      for (let turn = 0; turn < 2 * i; turn++) await one?.do('pid');
      connect({ port, host: '127.0.0.1' }).end('hello');
      await next;
      expect(text(await one?.do('read', `s${i}`, 100))).toBe('hello');
      await one?.do('release', `s${i}`);
    }
  });
});

/** An IPC channel that a test speaks through. */
function channel() {
  const sent: object[] = [];
  let listener: (message: unknown, handle: unknown) => void = () => {};
  const ipc: IpcChannel = {
    send: (message) => {
      sent.push(message);
      return true;
    },
    on: (_, heard) => {
      listener = heard;
    },
  };
  return { ipc, sent, say: (message: unknown, handle?: unknown) => listener(message, handle) };
}

describe('handles', () => {
  test('of somebody who has ended, or for nobody, are closed', async () => {
    const server = createServer().listen(0);
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    expect(port).toBeGreaterThan(0);
    let closed = 0;
    const handle = () => ({ close: () => closed++ });
    const first = new HandlePassing(0);
    const [one, two] = [channel(), channel()];
    first.connect(1, one.ipc);
    first.connect(2, two.ipc);
    const message = (number: number, to: number) => ({ socketHandle: number, what: 'handle', from: 1, to });
    one.say(message(1, 0), handle());
    one.say(message(2, 3), handle());
    expect(closed).toBe(1);
    // One speaks for another: only scheduler 0 may.
    two.say(message(3, 0), handle());
    expect(await first.take(2, 3)).toMatchObject({ close: expect.any(Function) });
    one.say(message(4, 2), handle());
    expect(two.sent).toContainEqual(message(4, 2));
    first.disconnect(2);
    expect(closed).toBe(2);
    const late = first.take(1, 5);
    first.disconnect(1);
    expect(await late).toBeNull();
    expect(closed).toBe(3);
    one.say(message(6, 0), handle());
    expect(closed).toBe(4);
    expect(await first.take(1, 6)).toBeNull();
  });

  test.each([
    [null],
    ['text'],
    [{}],
    [{ socketHandle: 1 }],
    [{ socketHandle: -1, what: 'handle', from: 1, to: 0 }],
    [{ socketHandle: 1.5, what: 'handle', from: 1, to: 0 }],
    [{ socketHandle: 1, what: 'other', from: 1, to: 0 }],
    [{ socketHandle: 1, what: 'handle', from: '1', to: 0 }],
    [{ socketHandle: 1, what: 'sent', from: 1, to: 9 }],
    [{ socketHandle: 1, what: 'arrived', from: 7, to: 9 }],
  ])('are not had by a message such as %j', (message) => {
    const first = new HandlePassing(0);
    const one = channel();
    first.connect(1, one.ipc);
    one.say(message);
    one.say(message, 'no handle');
    first.disconnect(1);
    expect(one.sent).toEqual([]);
  });
});
