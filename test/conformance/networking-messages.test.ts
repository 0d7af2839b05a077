import { createSocket } from 'node:dgram';
import { describe, expect, test } from 'vitest';
import {
  allOf,
  bytesOf,
  client,
  finished,
  networkGuest,
  networkMain,
  openHandles,
  printed,
  serve,
  stop,
  until,
} from '../support/network.ts';
import { linesOf, trapOf } from '../support/program.ts';

/** Sends the stream \`$s\` to \`$to\` in a message of a tag. */
const SEND_STREAM = `
  (func $send_stream (param $to i64) (param $tag i64) (param $s i64)
    (call $message.create_data (local.get $tag) (i64.const 0))
    (call $expect (i32.wrap_i64 (call $message.push_tcp_stream (local.get $s))) (i32.const 0))
    (drop (call $message.send (local.get $to))))
  (func $take_stream (result i64)
    (call $expect (call $receive) (i32.const 0))
    (call $message.take_tcp_stream (i64.const 0)))`;
const guestOf = (functions: string) => networkGuest(`${SEND_STREAM} ${functions}`);

describe('streams in messages', () => {
  test('move to the receiver under a new id, with their timeouts and what was not read', async () => {
    const source = guestOf(`
      (func (export "receiver") (local $s i64)
        (local.set $s (call $take_stream))
        (call $show (text "new id") (local.get $s))
        (call $show (text "timeout") (call $networking.get_read_timeout (local.get $s)))
        (call $show_read (local.get $s))
        (call $send_text (local.get $s) (text "from the receiver"))
        (call $send (i64.const 1) (i64.const 0) (i64.const 0)))
      (func (export "_start") (local $l i64) (local $s i64)
        (local.set $l (call $serve))
        (drop (call $accept (local.get $l)))
        (local.set $s (call $accept (local.get $l)))
        (call $networking.set_read_timeout (local.get $s) (i64.const 4321))
        (call $expect (call $read (local.get $s) (i32.const 3)) (i32.const 3))
        (call $send_stream (call $spawn (i64.const 0) (text "receiver")) (i64.const 0) (local.get $s))
        (drop (call $receive))
        (drop (call $networking.clone_tcp_stream (local.get $s))))`);
    const { program, port } = await serve(source);
    const first = await client(port);
    const second = await client(port);
    second.write('abcdef');
    expect((await allOf(second)).toString()).toBe('from the receiver');
    const exit = await program.root.ended;
    expect(exit).toMatchObject({ kind: 'trapped', message: 'unknown TCP stream id 1 (the process has 1)' });
    expect(program.stdout.lines.slice(1)).toEqual(['new id 0', 'timeout 4321', 'def']);
    first.destroy();
    second.destroy();
  });

  test('written by one process and read by another at the same time; a clone stays open', async () => {
    const source = guestOf(`
      (func (export "writer") (local $s i64) (local $n i32)
        (local.set $s (call $take_stream))
        (loop $more
          (call $write_all (local.get $s) (i32.const 0) (i32.const 10000))
          (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200)))))
      (func (export "_start") (local $l i64) (local $s i64) (local $n i32) (local $total i64)
        (local.set $l (call $serve))
        (local.set $s (call $accept (local.get $l)))
        (call $send_stream (call $spawn (i64.const 0) (text "writer")) (i64.const 0)
          (call $networking.clone_tcp_stream (local.get $s)))
        (loop $more
          (local.set $n (call $read (local.get $s) (i32.const 1000)))
          (local.set $total (i64.add (local.get $total) (i64.extend_i32_u (local.get $n))))
          (br_if $more (local.get $n)))
        (call $show (text "read") (local.get $total)))`);
    const { program, port } = await serve(source);
    const socket = await client(port);
    socket.write(Buffer.alloc(100_000));
    expect((await bytesOf(socket, 2_000_000)).length).toBe(2_000_000);
    socket.end(Buffer.alloc(500));
    expect((await finished(program)).at(-1)).toBe('read 100500');
    socket.destroy();
  });

  test('a second reader waits for the first; so does a process that sets or reads the timeout', async () => {
    const source = guestOf(`
      (func (export "reader") (local $s i64)
        (local.set $s (call $take_stream))
        (call $show_read (local.get $s))
        (call $send (i64.const 1) (i64.const 0) (i64.const 1)))
      (func (export "setter") (local $s i64)
        (local.set $s (call $take_stream))
        (call $networking.set_peek_timeout (local.get $s) (i64.const 5))
        (call $print (text "peeks are free"))
        (call $networking.set_read_timeout (local.get $s) (i64.const 77))
        (call $show (text "timeout") (call $networking.get_read_timeout (local.get $s)))
        (call $send (i64.const 1) (i64.const 0) (i64.const 1)))
      (func (export "_start") (local $l i64) (local $s i64)
        (local.set $l (call $serve))
        (local.set $s (call $accept (local.get $l)))
        (call $send_stream (call $spawn (i64.const 0) (text "reader")) (i64.const 0) (call $networking.clone_tcp_stream (local.get $s)))
        (call $process.sleep_ms (i64.const 0))
        (call $send_stream (call $spawn (i64.const 0) (text "reader")) (i64.const 0) (call $networking.clone_tcp_stream (local.get $s)))
        (call $process.sleep_ms (i64.const 0))
        (call $send_stream (call $spawn (i64.const 0) (text "setter")) (i64.const 0) (local.get $s))
        (drop (call $receive)) (drop (call $receive)) (drop (call $receive)))`);
    const { program, port } = await serve(source);
    const socket = await client(port);
    await printed(program, 'peeks are free');
    socket.write('first');
    await printed(program, 'first');
    expect(program.stdout.lines.slice(1)).toEqual(['peeks are free', 'first']);
    socket.write('second');
    await finished(program);
    expect(program.stdout.lines.slice(1)).toEqual(['peeks are free', 'first', 'second', 'timeout 77']);
    socket.destroy();
  });

  test('a reader that is killed gives way to the next; nobody loses bytes', async () => {
    const source = guestOf(`
      (func (export "reader") (call $show_read (call $take_stream)) (call $send (i64.const 1) (i64.const 0) (i64.const 1)))
      (func (export "_start") (local $l i64) (local $s i64) (local $victim i64)
        (local.set $l (call $serve))
        (local.set $s (call $accept (local.get $l)))
        (local.set $victim (call $spawn (i64.const 0) (text "reader")))
        (call $send_stream (local.get $victim) (i64.const 0) (call $networking.clone_tcp_stream (local.get $s)))
        (call $process.sleep_ms (i64.const 0))
        (call $send_stream (call $spawn (i64.const 0) (text "reader")) (i64.const 0) (local.get $s))
        (call $process.sleep_ms (i64.const 0))
        (call $process.kill (local.get $victim))
        (call $print (text "killed"))
        (drop (call $receive)))`);
    const { program, port } = await serve(source);
    const socket = await client(port);
    await printed(program, 'killed');
    socket.write('for the next');
    expect((await finished(program)).slice(1)).toEqual(['killed', 'for the next']);
    socket.destroy();
  });

  test('a process that waits to set a timeout goes on when the reader is killed, or gives up', async () => {
    const source = guestOf(`
      (func (export "reader") (drop (call $try_read (call $take_stream) (i32.const 1))) (call $forever))
      (func (export "setter") (local $s i64)
        (local.set $s (call $take_stream))
        (call $networking.set_read_timeout (local.get $s) (i64.const 10))
        (call $print (text "after the kill"))
        (call $send_stream (call $spawn (i64.const 0) (text "reader")) (i64.const 0) (call $networking.clone_tcp_stream (local.get $s)))
        (call $process.sleep_ms (i64.const 0))
        (call $show (text "after the timeout") (call $networking.get_read_timeout (local.get $s)))
        (call $send (i64.const 1) (i64.const 0) (i64.const 1)))
      (func (export "_start") (local $l i64) (local $s i64) (local $victim i64)
        (local.set $l (call $serve))
        (local.set $s (call $accept (local.get $l)))
        (local.set $victim (call $spawn (i64.const 0) (text "reader")))
        (call $send_stream (local.get $victim) (i64.const 0) (call $networking.clone_tcp_stream (local.get $s)))
        (call $process.sleep_ms (i64.const 0))
        (call $send_stream (call $spawn (i64.const 0) (text "setter")) (i64.const 0) (local.get $s))
        (call $process.sleep_ms (i64.const 0))
        (call $print (text "killing"))
        (call $process.kill (local.get $victim))
        (drop (call $receive)))`);
    const { program, port } = await serve(source);
    const socket = await client(port);
    expect((await finished(program)).slice(1)).toEqual(['killing', 'after the kill', 'after the timeout 10']);
    socket.destroy();
    await stop(program);
  });
});

describe('a stream in a message that nobody takes is closed', () => {
  /** Where the message with the stream ends up. The stream is \`$s\`, the caller is process 1. */
  const FATES: Readonly<Record<string, string>> = {
    'sent to a process that is dead':
      '(call $send_stream (call $spawn (i64.const 0) (text "nothing")) (i64.const 0) (local.get $s))',
    'sent to a process that never was': '(call $send_stream (i64.const 99) (i64.const 0) (local.get $s))',
    'in the mailbox of a process that ends':
      '(call $send_stream (call $spawn (i64.const 0) (text "sleeper")) (i64.const 5) (local.get $s))',
    'in the mailbox of a process that is killed': `
      (local.set $child (call $spawn (i64.const 0) (text "waiter")))
      (call $send_stream (local.get $child) (i64.const 5) (local.get $s))
      (call $process.kill (local.get $child))`,
    'in the scratch area, which is written over': `
      (call $message.create_data (i64.const 0) (i64.const 0))
      (drop (call $message.push_tcp_stream (local.get $s)))
      (call $message.create_data (i64.const 0) (i64.const 0))`,
    'in the scratch area, when another message is received': `
      (call $put (i64.const 0) (i64.const 0))
      (drop (call $message.send (i64.const 1)))
      (call $message.create_data (i64.const 0) (i64.const 0))
      (drop (call $message.push_tcp_stream (local.get $s)))
      (drop (call $receive))`,
    'in a message that a trap loses': `
      (call $message.create_data (i64.const 0) (i64.const 0))
      (drop (call $message.push_tcp_stream (local.get $s)))
      (drop (call $trap.catch (i32.const 0) (i32.const 0)))`,
    'on a timer that is cancelled': `
      (call $message.create_data (i64.const 0) (i64.const 0))
      (drop (call $message.push_tcp_stream (local.get $s)))
      (call $expect (call $timer.cancel_timer (call $timer.send_after (i64.const 1) (i64.const 100000))) (i32.const 1))`,
    'on a timer to a process that is dead': `
      (call $message.create_data (i64.const 0) (i64.const 0))
      (drop (call $message.push_tcp_stream (local.get $s)))
      (drop (call $timer.send_after (i64.const 99) (i64.const 1)))`,
    'received, but not taken': `
      (call $send_stream (i64.const 1) (i64.const 0) (local.get $s))
      (drop (call $receive))
      (call $message.create_data (i64.const 0) (i64.const 0))`,
    'in a message of a process that ended before it sent it': `
      (local.set $child (call $spawn (i64.const 0) (text "holder")))
      (call $send_stream (local.get $child) (i64.const 0) (local.get $s))`,
    'in a message to itself when it is killed': `
      (local.set $child (call $spawn (i64.const 0) (text "own")))
      (call $send_stream (local.get $child) (i64.const 0) (local.get $s))`,
  };

  test.each(Object.keys(FATES))('%s', async (fate) => {
    const source = guestOf(`
      (func (export "nothing"))
      (func (export "sleeper") (call $process.sleep_ms (i64.const 10)))
      (func (export "waiter") (drop (call $receive_tag (i64.const 1) (i64.const -1))))
      (func (export "holder")
        (call $expect (call $receive) (i32.const 0)))
      (func (export "own") (local $s i64)
        (local.set $s (call $take_stream))
        (call $send_stream (call $process.process_id) (i64.const 0) (local.get $s))
        (call $process.kill (call $process.process_id))
        (call $forever))
      (func (export "_lunatic_catch_trap") (param i32 i32) (result i32)
        (drop (call $message.write_data (i32.const -1) (i32.const 10))) (i32.const 0))
      (func (export "_start") (local $l i64) (local $s i64) (local $child i64)
        (local.set $l (call $serve))
        (local.set $s (call $accept (local.get $l)))
        ${FATES[fate]}
        (call $print (text "done"))
        (drop (call $receive_tag (i64.const 77) (i64.const -1))))`);
    const { program, port } = await serve(source);
    const socket = await client(port);
    await printed(program, 'done');
    expect((await allOf(socket)).length).toBe(0);
    socket.destroy();
    await stop(program);
    await until(() => openHandles().length === 0, 'the end of all handles');
  });
});

describe('push and take', () => {
  const traps: [string, string, RegExp][] = [
    [
      'push of an unknown stream',
      '(call $put (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (i64.const 4)))',
      /unknown TCP stream id 4/,
    ],
    [
      'push of an unknown TLS stream',
      '(call $put (i64.const 0) (i64.const 0)) (drop (call $message.push_tls_stream (i64.const 4)))',
      /unknown TLS stream id 4/,
    ],
    [
      'push of an unknown socket',
      '(call $put (i64.const 0) (i64.const 0)) (drop (call $message.push_udp_socket (i64.const 4)))',
      /unknown UDP socket id 4/,
    ],
    [
      'push without a message',
      '(drop (call $message.push_tcp_stream (call $connect (call $port_of (call $listen)))))',
      /no message in the scratch area/,
    ],
    [
      'take without a message',
      '(drop (call $message.take_tcp_stream (i64.const 0)))',
      /no message in the scratch area/,
    ],
    [
      'take of nothing',
      '(call $put (i64.const 0) (i64.const 0)) (drop (call $message.take_tcp_stream (i64.const 0)))',
      /no resource of index 0/,
    ],
    [
      'take of a huge index',
      '(call $put (i64.const 0) (i64.const 0)) (drop (call $message.take_udp_socket (i64.const -1)))',
      /no resource of index 1844674407370955/,
    ],
    [
      'take of another kind',
      '(call $put (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (call $connect (call $port_of (call $listen))))) (drop (call $message.take_tls_stream (i64.const 0)))',
      /the resource of index 0 is not a TLS stream/,
    ],
    [
      'a second take',
      '(call $put (i64.const 0) (i64.const 0)) (drop (call $message.push_tcp_stream (call $connect (call $port_of (call $listen))))) (drop (call $message.take_tcp_stream (i64.const 0))) (drop (call $message.take_tcp_stream (i64.const 0)))',
      /was taken from the message before/,
    ],
  ];
  test.each(traps)('%s traps', async (_, body, message) => {
    expect(await trapOf(networkMain(body))).toMatch(message);
    await until(() => openHandles().length === 0, 'the end of all handles');
  });

  test('indexes count through all kinds, and stay', async () => {
    const source = networkMain(`
      (local.set $l (call $listen))
      (call $put (i64.const 0) (i64.const 0))
      (call $show (text "stream at") (call $message.push_tcp_stream (call $connect (call $port_of (local.get $l)))))
      (call $loopback)
      (call $ok (call $networking.udp_bind (i32.const 4) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
      (call $show (text "socket at") (call $message.push_udp_socket (call $id)))
      (call $show (text "stream at") (call $message.push_tcp_stream (call $connect (call $port_of (local.get $l)))))
      (call $show (text "stream") (call $message.take_tcp_stream (i64.const 2)))
      (call $show (text "socket") (call $message.take_udp_socket (i64.const 1)))
      (call $show (text "stream") (call $message.take_tcp_stream (i64.const 0)))`);
    expect(await linesOf(source)).toEqual([
      'stream at 0',
      'socket at 1',
      'stream at 2',
      'stream 2',
      'socket 1',
      'stream 3',
    ]);
  });

  test('a socket moves with what arrived for it', async () => {
    const source = networkGuest(`
      (func (export "receiver") (local $s i64)
        (call $expect (call $receive) (i32.const 0))
        (local.set $s (call $message.take_udp_socket (i64.const 0)))
        (call $ok (call $networking.udp_receive (local.get $s) (i32.const 0x4000) (i32.const 100) (i32.const 0xa0)))
        (call $print (i32.const 0x4000) (i32.wrap_i64 (call $id))))
      (func (export "_start") (local $s i64)
        (call $loopback)
        (call $ok (call $networking.udp_bind (i32.const 4) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
        (local.set $s (call $id))
        (call $ok (call $networking.udp_local_addr (local.get $s) (i32.const 0xa0)))
        (call $show32 (text "port") (call $take_address (call $id)))
        (call $message.create_data (i64.const 0) (i64.const 0))
        (drop (call $message.push_udp_socket (local.get $s)))
        (drop (call $message.send (call $spawn (i64.const 0) (text "receiver"))))
        (call $forever))`);
    const { program, port } = await serve(source);
    const socket = createSocket('udp4');
    socket.send('moved', port, '127.0.0.1');
    await printed(program, 'moved');
    socket.close();
    await stop(program);
    await until(() => openHandles().length === 0, 'the end of all handles');
  });
});

describe('listeners in messages', () => {
  test('several processes accept on one; one that is killed gives way, and the last one closes it', async () => {
    const source = networkGuest(`
      (func (export "acceptor") (local $l i64) (local $s i64)
        (call $expect (call $receive) (i32.const 0))
        (local.set $l (call $listener.take_tcp_listener (i64.const 0)))
        (loop $next
          (local.set $s (call $accept (local.get $l)))
          (i64.store (i32.const 0x4000) (call $process.process_id))
          (call $send_text (local.get $s) (i32.const 0x4000) (i32.const 8))
          (call $networking.drop_tcp_stream (local.get $s))
          (br $next)))
      (func (export "_start") (local $l i64) (local $n i32)
        (local.set $l (call $serve))
        (loop $more
          (call $message.create_data (i64.const 0) (i64.const 0))
          (drop (call $listener.push_tcp_listener (call $listener.clone_tcp_listener (local.get $l))))
          (drop (call $message.send (call $spawn (i64.const 0) (text "acceptor"))))
          (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3))))
        (call $networking.drop_tcp_listener (local.get $l))
        (call $expect (call $receive) (i32.const 0)))`);
    const { program, port } = await serve(source);
    const served = async (): Promise<bigint> => {
      const socket = await client(port);
      const bytes = await allOf(socket);
      socket.destroy();
      return bytes.readBigUInt64LE();
    };
    const before = [await served(), await served(), await served()];
    expect(before.sort()).toEqual([2n, 3n, 4n]);
    const { environment } = program.root;
    const [, first] = [...environment.processes()];
    if (first === undefined) throw new Error('no acceptor');
    program.runtime.scheduler.kill(first);
    await until(() => environment.size === 3, 'the end of the acceptor');
    const after = [await served(), await served(), await served(), await served()];
    expect([...new Set(after)].sort()).toEqual([3n, 4n]);
    await stop(program);
    await until(() => openHandles().length === 0, 'the end of all handles');
    await expect(client(port)).rejects.toThrow('ECONNREFUSED');
  });

  test('one that is no longer in the table cannot be used', async () => {
    expect(
      await trapOf(
        networkMain(`
      (local.set $l (call $listen)) (call $put (i64.const 0) (i64.const 0))
      (drop (call $listener.push_tcp_listener (local.get $l)))
      (drop (call $accept (local.get $l)))`),
      ),
    ).toBe('unknown TCP listener id 0 (the process has none)');
    expect(await trapOf(networkMain('(drop (call $listener.clone_tls_listener (i64.const 0)))'))).toBe(
      'unknown TLS listener id 0 (the process has none)',
    );
    await until(() => openHandles().length === 0, 'the end of all handles');
  });
});
