import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import {
  finished,
  networkGuest,
  openHandles,
  printed,
  serve,
  settled,
  stop,
  until,
} from '../support/network.ts';
import { linesOf, nudge, start, trapOf } from '../support/program.ts';

const FUNCTIONS = `
  (func $udp_bind_at (param $port i32) (result i32)
    (call $loopback)
    (call $networking.udp_bind (i32.const 4) (i32.const 0x80) (local.get $port) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
  (func $udp (result i64) (call $ok (call $udp_bind_at (i32.const 0))) (call $id))
  (func $udp_port (param $s i64) (result i32)
    (call $ok (call $networking.udp_local_addr (local.get $s) (i32.const 0xa0)))
    (call $take_address (call $id)))
  (func $udp_serve (result i64) (local $s i64)
    (local.set $s (call $udp))
    (call $show32 (text "port") (call $udp_port (local.get $s)))
    (local.get $s))
  (func $try_send_to (param $s i64) (param $at i32) (param $size i32) (param $port i32) (result i32)
    (call $loopback)
    (call $networking.udp_send_to (local.get $s) (local.get $at) (local.get $size) (i32.const 4) (i32.const 0x80)
      (local.get $port) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
  (func $send_to (param $s i64) (param $at i32) (param $size i32) (param $port i32)
    (call $ok (call $try_send_to (local.get $s) (local.get $at) (local.get $size) (local.get $port)))
    (call $expect (i32.wrap_i64 (call $id)) (local.get $size)))
  (func $try_udp_send (param $s i64) (param $at i32) (param $size i32) (result i32)
    (call $networking.udp_send (local.get $s) (local.get $at) (local.get $size) (i32.const 0xa0)))
  (func $try_udp_connect (param $s i64) (param $port i32) (param $timeout i64) (result i32)
    (call $loopback)
    (call $networking.udp_connect (local.get $s) (i32.const 4) (i32.const 0x80) (local.get $port) (i32.const 0) (i32.const 0)
      (local.get $timeout) (i32.const 0xa0)))
  (func $try_receive (param $s i64) (param $size i32) (result i32)
    (call $networking.udp_receive (local.get $s) (i32.const 0x4000) (local.get $size) (i32.const 0xa0)))
  (func $show_datagram (param $s i64) (param $size i32)
    (call $ok (call $try_receive (local.get $s) (local.get $size)))
    (call $print (i32.const 0x4000) (i32.wrap_i64 (call $id))))
  ;; Prints a datagram and gives the sender's port.
  (func $show_datagram_from (param $s i64) (result i32)
    (call $ok (call $networking.udp_receive_from (local.get $s) (i32.const 0x4000) (i32.const 1000)
      (i32.const 0xa0) (i32.const 0xa8)))
    (call $print (i32.const 0x4000) (i32.wrap_i64 (call $id)))
    (call $take_address (i64.load (i32.const 0xa8))))`;

const udpGuest = (functions: string, memory?: string) => networkGuest(`${FUNCTIONS} ${functions}`, memory);
const udpMain = (body: string, memory?: string) =>
  udpGuest(`(func (export "_start") (local $s i64) (local $t i64) (local $n i32) ${body})`, memory);

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

/** A socket of Node's on loopback, with what it received. */
async function peer(
  type: 'udp4' | 'udp6' = 'udp4',
): Promise<{ socket: Socket; port: number; received: string[] }> {
  const socket = createSocket(type);
  sockets.push(socket);
  const received: string[] = [];
  socket.on('message', (bytes) => received.push(bytes.toString()));
  await new Promise<void>((bound) => socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1', bound));
  return { socket, port: socket.address().port, received };
}

describe('datagrams', () => {
  test('go to and fro with their sender; what does not fit is dropped', async () => {
    const { program, port } = await serve(
      udpMain(`
        (local.set $s (call $udp_serve))
        (local.set $n (call $show_datagram_from (local.get $s)))
        (call $show32 (text "from") (local.get $n))
        (call $send_to (local.get $s) (text "answer") (local.get $n))
        (call $show_datagram (local.get $s) (i32.const 5))
        (call $show_datagram (local.get $s) (i32.const 100))
        (call $show_datagram (local.get $s) (i32.const 100))`),
    );
    const { socket, port: own, received } = await peer();
    socket.send('question', port, '127.0.0.1');
    await until(() => received.length === 1, 'the answer');
    for (const text of ['123456789', '', 'last']) {
      await new Promise<void>((sent) => socket.send(text, port, '127.0.0.1', () => sent()));
    }
    expect((await finished(program)).slice(1)).toEqual(['question', `from ${own}`, '12345', '', 'last']);
    expect(received).toEqual(['answer']);
  });

  test('over IPv6, with the address in full', async () => {
    const { program, port } = await serve(
      udpMain(`
        (i32.store8 (i32.const 0x8f) (i32.const 1))
        (call $ok (call $networking.udp_bind (i32.const 6) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
        (local.set $s (call $id))
        (call $show32 (text "port") (call $udp_port (local.get $s)))
        (local.set $n (call $show_datagram_from (local.get $s)))
        (call $show32 (text "type") (i32.load (i32.const 0xb0)))
        (call $show (text "address") (i64.load (i32.const 0x88)))
        (call $ok (call $networking.udp_send_to (local.get $s) (text "back") (i32.const 6) (i32.const 0x80) (local.get $n)
          (i32.const 0) (i32.const 0) (i32.const 0xa0)))`),
    );
    const { socket, received } = await peer('udp6');
    socket.send('six', port, '::1');
    expect((await finished(program)).slice(1)).toEqual(['six', 'type 6', `address ${2n ** 56n}`]);
    await until(() => received.length === 1, 'the answer');
    expect(received).toEqual(['back']);
  });

  test('that nobody receives are dropped beyond some point, and the rest arrives in order', async () => {
    const { program, port } = await serve(
      udpMain(`
        (local.set $s (call $udp_serve))
        (call $expect (call $receive) (i32.const 0))
        (loop $more
          (call $show_datagram (local.get $s) (i32.const 4))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br_if $more (i32.lt_u (local.get $n) (i32.const 100))))
        (call $print (text "the rest"))
        (local.set $n (i32.const 0))
        (loop $rest
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (call $ok (call $try_receive (local.get $s) (i32.const 1)))
          (br_if $rest (i32.ne (i32.load8_u (i32.const 0x4000)) (i32.const 0x5a))))
        (call $show32 (text "kept") (local.get $n))`),
    );
    const { socket } = await peer();
    for (let i = 0; i < 5000; i++) {
      const bytes = Buffer.alloc(1000);
      bytes.write(String(i).padStart(4, '0'));
      await new Promise<void>((sent) => socket.send(bytes, port, '127.0.0.1', () => sent()));
      // The guest's socket takes them out of the system's buffer, which holds fewer.
      if (i % 20 === 0) await new Promise((turn) => setImmediate(turn));
    }
    nudge(program);
    await printed(program, 'the rest');
    // Sent when there is room again.
    await new Promise((turn) => setImmediate(turn));
    socket.send('Z', port, '127.0.0.1');
    const lines = (await finished(program)).slice(1);
    expect(lines.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, i) => String(i).padStart(4, '0')));
    const kept = Number(lines.at(-1)?.replace('kept ', ''));
    expect(kept).toBeGreaterThan(1);
    expect(kept).toBeLessThan(400);
  });

  test('that are too large are refused, as the system does it', async () => {
    const source = udpMain(
      `(local.set $s (call $udp))
       (call $refused (call $try_send_to (local.get $s) (i32.const 0) (i32.const 65508) (i32.const 9)))
       (call $refused (call $try_send_to (local.get $s) (i32.const 0) (i32.const 200000) (i32.const 9)))
       (call $refused (call $try_send_to (local.get $s) (i32.const 0) (i32.const 1) (i32.const 0)))`,
      '(memory (export "memory") 4)',
    );
    const large = expect.stringMatching(/^Message too long \(os error 90\)$/i);
    expect(await linesOf(source)).toEqual([large, large, 'Invalid argument (os error 22)']);
  });
});

describe('udp_connect', () => {
  test('succeeds with a timeout of 0, sets the peer, and keeps others out', async () => {
    const [friend, stranger] = [await peer(), await peer()];
    const { program, port } = await serve(
      udpMain(`
        (local.set $s (call $udp_serve))
        (call $show32 (text "code") (call $networking.udp_peer_addr (local.get $s) (i32.const 0xa0)))
        (call $print_error (call $id))
        (call $refused (call $try_udp_send (local.get $s) (text "x")))
        (call $ok (call $try_udp_connect (local.get $s) (i32.const ${friend.port}) (i64.const 0)))
        (call $show (text "result") (call $id))
        (call $ok (call $networking.udp_peer_addr (local.get $s) (i32.const 0xa0)))
        (call $show32 (text "peer") (call $take_address (call $id)))
        (call $ok (call $try_udp_send (local.get $s) (text "to a friend")))
        (call $show (text "sent") (call $id))
        (call $show32 (text "same port") (call $udp_port (local.get $s)))
        (call $show_datagram (local.get $s) (i32.const 100))`),
    );
    await until(() => friend.received.length === 1, 'the datagram');
    await new Promise<void>((sent) => stranger.socket.send('let me in', port, '127.0.0.1', () => sent()));
    friend.socket.send('from a friend', port, '127.0.0.1');
    expect((await finished(program)).slice(1)).toEqual([
      'code 1',
      'Socket is not connected (os error 107)',
      'Destination address required (os error 89)',
      'result 0',
      `peer ${friend.port}`,
      'sent 11',
      `same port ${port}`,
      'from a friend',
    ]);
  });

  test('drops what strangers sent before, takes a new peer, and still sends to others from its port', async () => {
    const [first, second, stranger] = [await peer(), await peer(), await peer()];
    const { program, port } = await serve(
      udpMain(`
        (local.set $s (call $udp_serve))
        (call $expect (call $receive) (i32.const 0))
        (call $ok (call $try_udp_connect (local.get $s) (i32.const ${first.port}) (i64.const -1)))
        (call $show_datagram (local.get $s) (i32.const 100))
        (call $ok (call $try_udp_connect (local.get $s) (i32.const ${second.port}) (i64.const -1)))
        (call $ok (call $try_udp_send (local.get $s) (text "to the second")))
        (call $send_to (local.get $s) (text "to a stranger") (i32.const ${stranger.port}))
        (call $ok (call $try_udp_send (local.get $s) (text "to the second again")))
        (call $show32 (text "same port") (call $udp_port (local.get $s)))
        (call $show_datagram (local.get $s) (i32.const 100))`),
    );
    let from = 0;
    stranger.socket.on('message', (_, info) => {
      from = info.port;
    });
    const send = ({ socket }: typeof first, text: string) =>
      new Promise<void>((sent) => socket.send(text, port, '127.0.0.1', () => sent()));
    await send(stranger, 'early stranger');
    await send(first, 'early first');
    // Both have reached the guest's socket by then.
    await settled();
    nudge(program);
    await until(() => second.received.length === 2, 'the datagrams');
    await send(first, 'late first');
    await send(second, 'second');
    expect((await finished(program)).slice(1)).toEqual(['early first', `same port ${port}`, 'second']);
    expect(second.received).toEqual(['to the second', 'to the second again']);
    expect(stranger.received).toEqual(['to a stranger']);
    expect(from).toBe(port);
  });

  test('learns that nobody is there', async () => {
    const { port } = await peer();
    for (const socket of sockets.splice(0)) socket.close();
    const source = udpMain(`
      (local.set $s (call $udp))
      (call $ok (call $try_udp_connect (local.get $s) (i32.const ${port}) (i64.const -1)))
      (call $ok (call $try_udp_send (local.get $s) (text "anybody?")))
      (call $refused (call $try_receive (local.get $s) (i32.const 10)))
      (call $refused (call $try_udp_connect (local.get $s) (i32.const 0) (i64.const -1)))`);
    expect(await linesOf(source)).toEqual([
      'Connection refused (os error 111)',
      'Invalid argument (os error 22)',
    ]);
  });
});

describe('sockets', () => {
  test('have ids from 0; a clone is the same socket and stays when the other is dropped', async () => {
    const { program, port } = await serve(
      udpMain(`
        (local.set $s (call $udp_serve))
        (call $show (text "socket") (local.get $s))
        (local.set $t (call $networking.clone_udp_socket (local.get $s)))
        (call $show (text "clone") (local.get $t))
        (call $networking.drop_udp_socket (local.get $s))
        (call $show_datagram (local.get $t) (i32.const 100))
        (call $networking.drop_udp_socket (local.get $t))
        (call $ok (call $udp_bind_at (call $udp_port_again)))
        (call $print (text "free again"))`).replace(
        '(call $udp_port_again)',
        '(i32.load16_u (i32.const 0xb4))',
      ),
    );
    const { socket } = await peer();
    socket.send('for the clone', port, '127.0.0.1');
    expect((await finished(program)).slice(1)).toEqual([
      'socket 0',
      'clone 1',
      'for the clone',
      'free again',
    ]);
  });

  test('broadcast and time to live are set and told; what the system refuses traps', async () => {
    const source = (ttl: number) =>
      udpMain(`
        (local.set $s (call $udp))
        (call $show32 (text "broadcast") (call $networking.get_udp_socket_broadcast (local.get $s)))
        (call $networking.set_udp_socket_broadcast (local.get $s) (i32.const 0x100))
        (call $show32 (text "broadcast") (call $networking.get_udp_socket_broadcast (local.get $s)))
        (call $networking.set_udp_socket_broadcast (local.get $s) (i32.const 0))
        (call $show32 (text "broadcast") (call $networking.get_udp_socket_broadcast (local.get $s)))
        (call $show32 (text "ttl") (call $networking.get_udp_socket_ttl (local.get $s)))
        (call $networking.set_udp_socket_ttl (local.get $s) (i32.const ${ttl}))
        (call $show32 (text "ttl") (call $networking.get_udp_socket_ttl (local.get $s)))`);
    expect(await linesOf(source(255))).toEqual([
      'broadcast 0',
      'broadcast 1',
      'broadcast 0',
      'ttl 64',
      'ttl 255',
    ]);
    for (const ttl of [0, 256, -1]) expect(await trapOf(source(ttl))).toBe('Invalid argument (os error 22)');
  });

  test('a broadcast is refused unless it was allowed', async () => {
    const source = udpMain(`
      (call $ok (call $networking.udp_bind (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
      (local.set $s (call $id))
      (i32.store (i32.const 0x90) (i32.const -1))
      (call $refused (call $networking.udp_send_to (local.get $s) (text "all") (i32.const 4) (i32.const 0x90) (i32.const 9)
        (i32.const 0) (i32.const 0) (i32.const 0xa0)))`);
    expect(await linesOf(source)).toEqual([
      expect.stringMatching(/^(Permission denied \(os error 13\)|Network is unreachable.*)$/),
    ]);
  });

  test('a port that is taken is refused; bad addresses and memory trap', async () => {
    const { port } = await peer();
    expect(await linesOf(udpMain(`(call $refused (call $udp_bind_at (i32.const ${port})))`))).toEqual([
      'Address already in use (os error 98)',
    ]);
    const bind = (operands: string) =>
      trapOf(udpMain(`(drop (call $networking.udp_bind ${operands}))`, '(memory (export "memory") 2)'));
    expect(
      await bind('(i32.const 5) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)'),
    ).toMatch(/type 4 or 6/);
    expect(
      await bind('(i32.const 4) (i32.const 0x1fffd) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)'),
    ).toMatch(/out of bounds/);
    expect(
      await bind('(i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0x1fff9)'),
    ).toMatch(/out of bounds/);
  });

  test.each([
    ['udp_send', '(i32.const 0x1ffff) (i32.const 2) (i32.const 0)'],
    ['udp_send', '(i32.const 0) (i32.const 2) (i32.const 0x1fff9)'],
    ['udp_receive', '(i32.const -1) (i32.const -1) (i32.const 0)'],
    ['udp_receive', '(i32.const 0) (i32.const 1) (i32.const 0x1fff9)'],
    ['udp_receive_from', '(i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0x1fff9)'],
    [
      'udp_send_to',
      '(i32.const 0) (i32.const 1) (i32.const 4) (i32.const 0x1fffd) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)',
    ],
    [
      'udp_connect',
      '(i32.const 4) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0x1fff9)',
    ],
    ['udp_local_addr', '(i32.const 0x1fff9)'],
    ['udp_peer_addr', '(i32.const 0x1fff9)'],
  ])('%s traps for what is outside memory', async (name, operands) => {
    const source = udpMain(
      `(drop (call $networking.${name} (call $udp) ${operands}))`,
      '(memory (export "memory") 2)',
    );
    expect(await trapOf(source)).toMatch(/out of bounds/);
  });

  test.each([
    ['udp_local_addr', '(i32.const 0)'],
    ['udp_peer_addr', '(i32.const 0)'],
    ['drop_udp_socket', ''],
    ['clone_udp_socket', ''],
    ['udp_receive', '(i32.const 0) (i32.const 1) (i32.const 8)'],
    ['udp_receive_from', '(i32.const 0) (i32.const 1) (i32.const 8) (i32.const 16)'],
    [
      'udp_connect',
      '(i32.const 4) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0)',
    ],
    ['udp_send', '(i32.const 0) (i32.const 1) (i32.const 8)'],
    [
      'udp_send_to',
      '(i32.const 0) (i32.const 1) (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)',
    ],
    ['set_udp_socket_broadcast', '(i32.const 1)'],
    ['get_udp_socket_broadcast', ''],
    ['set_udp_socket_ttl', '(i32.const 1)'],
    ['get_udp_socket_ttl', ''],
  ])('%s traps for an unknown socket', async (name, operands) => {
    const call = `(call $networking.${name} (i64.const 7) ${operands})`;
    const source = udpMain(/^(udp|clone|get)/.test(name) ? `(drop ${call})` : call);
    expect(await trapOf(source)).toBe('unknown UDP socket id 7 (the process has none)');
  });

  test('one that is killed while it waits, or has ended, leaves no socket', async () => {
    const program = await start(udpMain('(drop (call $try_receive (call $udp_serve) (i32.const 1)))'));
    await printed(program, 'port');
    await until(() => program.root.process.state === 'waiting', 'the wait');
    await stop(program);
    await until(() => openHandles().length === 0, 'the end of all handles');
  });
});
