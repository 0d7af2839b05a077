import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
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
  processesOf,
  serve,
  server,
  settled,
  stop,
  until,
} from '../support/network.ts';
import { linesOf, nudge, start, trapOf } from '../support/program.ts';

/** `tcp_bind` or `udp_bind` of what is at 0x80. */
const BIND = (type: number, port: number) =>
  `(call $networking.tcp_bind (i32.const ${type}) (i32.const 0x80) (i32.const ${port}) (i32.const 0) (i32.const 0) (i32.const 0xa0))`;

/** A server that waits in `accept`, and hands each stream to a process of its own. */
const SERVER = (worker: string) =>
  networkGuest(`
    (func (export "worker") (local $s i64) (local $n i32)
      (call $expect (call $receive) (i32.const 0))
      (local.set $s (call $message.take_tcp_stream (i64.const 0)))
      ${worker})
    (func (export "_start") (local $l i64)
      (local.set $l (call $serve))
      (loop $next
        (call $message.create_data (i64.const 0) (i64.const 0))
        (drop (call $message.push_tcp_stream (call $accept (local.get $l))))
        (drop (call $message.send (call $spawn (i64.const 0) (text "worker"))))
        (br $next)))`);

describe('tcp_bind', () => {
  test('gives listener ids from 0, each with a port of its own where 0 was asked for', async () => {
    const source = networkMain(`
      (call $show (text "first") (call $listen))
      (call $show (text "second") (call $listen))
      (call $show32 (text "differ") (i32.ne (call $port_of (i64.const 0)) (call $port_of (i64.const 1))))
      (call $show32 (text "type") (i32.load (i32.const 0xb0)))
      (call $show32 (text "address") (i32.eq (i32.load (i32.const 0x80)) (i32.const 0x0100007f)))`);
    expect(await linesOf(source)).toEqual(['first 0', 'second 1', 'differ 1', 'type 4', 'address 1']);
  });

  test('takes the lower 16 bits of the port', async () => {
    const source = networkMain(`(call $loopback)
      (call $ok ${BIND(4, 0x7_0000)})
      (call $show32 (text "free") (i32.ne (call $port_of (i64.const 0)) (i32.const 0)))`);
    expect(await linesOf(source)).toEqual(['free 1']);
  });

  test('binds to an IPv6 address, which takes connections', async () => {
    const source = networkMain(`
      (i32.store8 (i32.const 0x8f) (i32.const 1))
      (call $ok ${BIND(6, 0)})
      (i64.store (i32.const 0x80) (i64.const -1))
      (call $show32 (text "port") (call $port_of (i64.const 0)))
      (call $show32 (text "type") (i32.load (i32.const 0xb0)))
      (call $show (text "first half") (i64.load (i32.const 0x80)))
      (call $show (text "second half") (i64.load (i32.const 0x88)))
      (call $show (text "flow and scope") (i64.load (i32.const 0xb8)))
      (call $ok (call $networking.tcp_accept (i64.const 0) (i32.const 0xa0) (i32.const 0xa8)))
      (call $show_read (call $id))
      (drop (call $take_address (i64.load (i32.const 0xa8))))
      (call $show32 (text "type") (i32.load (i32.const 0xb0)))
      (call $show (text "second half") (i64.load (i32.const 0x88)))`);
    const { program, port } = await serve(source);
    const socket = await client(port, '::1');
    socket.end('over IPv6');
    const lines = await finished(program);
    expect(lines.slice(1)).toEqual([
      'type 6',
      'first half 0',
      'second half 72057594037927936',
      'flow and scope 0',
      'over IPv6',
      'type 6',
      'second half 72057594037927936',
    ]);
    socket.destroy();
  });

  test('refuses a port that is taken, with the text of the system', async () => {
    const { port, close } = await server(() => {});
    const source = networkMain(`(call $loopback) (call $refused ${BIND(4, port)})`);
    expect(await linesOf(source)).toEqual(['Address already in use (os error 98)']);
    close();
  });

  test('refuses an address of another machine', async () => {
    const source = networkMain(
      `(i32.store (i32.const 0x80) (i32.const 0x010200c0)) (call $refused ${BIND(4, 0)})`,
    );
    expect(await linesOf(source)).toEqual(['Address not available (os error 99)']);
  });

  test.each([0, 5, 7, -1])('traps for addresses of type %i', async (type) => {
    expect(await trapOf(networkMain(`(drop ${BIND(type, 0)})`))).toMatch(/an address is of type 4 or 6/);
  });

  test.each([
    [
      'an address',
      '(i32.const 4) (i32.const 0x1fffd) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)',
    ],
    [
      'an address',
      '(i32.const 6) (i32.const 0x1fff1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)',
    ],
    [
      'an out cell',
      '(i32.const 4) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0x1fff9)',
    ],
  ])('traps for %s outside memory', async (_, operands) => {
    const source = networkMain(
      `(drop (call $networking.tcp_bind ${operands}))`,
      '(memory (export "memory") 2)',
    );
    expect(await trapOf(source)).toMatch(/out of bounds/);
    expect(openHandles()).toEqual([]);
  });

  test('one that is dropped refuses connections', async () => {
    const source = networkMain(`
      (local.set $n (call $port_of (call $listen)))
      (call $networking.drop_tcp_listener (i64.const 0))
      (call $refused (call $try_connect (local.get $n) (i64.const -1)))`);
    expect(await linesOf(source)).toEqual(['Connection refused (os error 111)']);
  });
});

describe('tcp_connect', () => {
  test('gives a stream whose peer is the address, without timeouts', async () => {
    const { port, close } = await server((socket) => socket.end('welcome'));
    const source = networkMain(`
      (local.set $s (call $connect (i32.const ${port})))
      (call $ok (call $networking.tcp_peer_addr (local.get $s) (i32.const 0xa0)))
      (call $show32 (text "port") (call $take_address (call $id)))
      (call $show (text "read") (call $networking.get_read_timeout (local.get $s)))
      (call $show (text "write") (call $networking.get_write_timeout (local.get $s)))
      (call $show (text "peek") (call $networking.get_peek_timeout (local.get $s)))
      (call $show_read (local.get $s))`);
    expect(await linesOf(source)).toEqual([`port ${port}`, 'read -1', 'write -1', 'peek -1', 'welcome']);
    close();
  });

  test('with a timeout of 0 succeeds if it can at once', async () => {
    const { port, close } = await server((socket) => socket.end());
    const source = networkMain(
      `(call $ok (call $try_connect (i32.const ${port}) (i64.const 0))) (call $print (text "connected"))`,
    );
    expect(await linesOf(source)).toEqual(['connected']);
    close();
  });

  test('gives up after its timeout, and leaves an error that can be read and dropped', async () => {
    // Nobody accepts here, and the system answers no more once its queue is full.
    const worker = new Worker(
      `const { createServer } = require('node:net');
       const { parentPort, workerData } = require('node:worker_threads');
       const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         parentPort.postMessage(server.address().port);
         Atomics.wait(workerData, 0, 0);
         process.exit();
       });`,
      { eval: true, workerData: new Int32Array(new SharedArrayBuffer(4)) },
    );
    const [port] = await once(worker, 'message');
    const source = networkMain(`
      (loop $fill
        (local.set $n (call $try_connect (i32.const ${port}) (i64.const 50)))
        (br_if $fill (i32.eqz (local.get $n))))
      (call $show32 (text "code") (local.get $n))
      (call $print_error (call $id))
      (call $error.drop (call $id))
      (call $late (call $try_connect (i32.const ${port}) (i64.const 0)))
      (call $error.drop (call $id))`);
    const program = await start(source);
    expect(await finished(program)).toEqual([
      'code 9027',
      'The operation timed out',
      'The operation timed out',
    ]);
    await stop(program);
    await worker.terminate();
  });

  test('one that is killed meanwhile abandons the connection', async () => {
    const worker = new Worker(
      `const { createServer } = require('node:net');
       const { parentPort, workerData } = require('node:worker_threads');
       const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         parentPort.postMessage(server.address().port);
         Atomics.wait(workerData, 0, 0);
         process.exit();
       });`,
      { eval: true, workerData: new Int32Array(new SharedArrayBuffer(4)) },
    );
    const [port] = await once(worker, 'message');
    const source = networkGuest(`
      (func (export "child")
        (loop $fill (drop (call $try_connect (i32.const ${port}) (i64.const -1))) (br $fill)))
      (func (export "_start") (local $child i64)
        (local.set $child (call $spawn (i64.const 0) (text "child")))
        (call $process.sleep_ms (i64.const 100))
        (call $process.kill (local.get $child)))`);
    const program = await start(source);
    await finished(program);
    await program.empty;
    await until(() => openHandles().length === 0, 'the end of all handles');
    await worker.terminate();
  });

  test('traps for a bad type of address and for what is outside memory', async () => {
    const connect = (type: number, address: number, out: number) =>
      networkMain(
        `(drop (call $networking.tcp_connect (i32.const ${type}) (i32.const ${address}) (i32.const 1) (i32.const 0) (i32.const 0) (i64.const -1) (i32.const ${out})))`,
        '(memory (export "memory") 2)',
      );
    expect(await trapOf(connect(3, 0, 0))).toMatch(/type 4 or 6, not 3/);
    expect(await trapOf(connect(4, 0x1fffd, 0))).toMatch(/out of bounds/);
    expect(await trapOf(connect(4, 0, 0x1fff9))).toMatch(/out of bounds/);
  });
});

describe('tcp_accept', () => {
  test('gives the stream and the address of the peer', async () => {
    const source = networkMain(`
      (local.set $l (call $serve))
      (call $ok (call $networking.tcp_accept (local.get $l) (i32.const 0xa0) (i32.const 0xa8)))
      (call $show (text "stream") (call $id))
      (call $show32 (text "peer") (call $take_address (i64.load (i32.const 0xa8))))
      (call $show32 (text "address") (i32.eq (i32.load (i32.const 0x80)) (i32.const 0x0100007f)))`);
    const { program, port } = await serve(source);
    const socket = await client(port);
    const { localPort } = socket;
    expect((await finished(program)).slice(1)).toEqual(['stream 0', `peer ${localPort}`, 'address 1']);
    socket.destroy();
  });

  test('keeps connections that come before anybody accepts, in order', async () => {
    const source = networkMain(`
      (local.set $l (call $serve))
      (call $expect (call $receive_tag (i64.const 1) (i64.const 100)) (i32.const 9027))
      (call $show_read (call $accept (local.get $l)))
      (call $show_read (call $accept (local.get $l)))`);
    const { program, port } = await serve(source);
    const first = await client(port);
    const second = await client(port);
    second.end('second');
    first.end('first');
    expect((await finished(program)).slice(1)).toEqual(['first', 'second']);
    first.destroy();
    second.destroy();
  });

  test('a crowd that nobody accepts is turned away from some point on', async () => {
    const { program, port } = await serve(networkMain('(local.set $l (call $serve)) (call $forever)'));
    const sockets = await Promise.all(Array.from({ length: 1100 }, () => client(port)));
    const closed = () => sockets.filter((socket) => socket.destroyed || socket.readableEnded).length;
    for (const socket of sockets) socket.resume();
    await until(() => closed() === sockets.length - 1024, 'the refusals');
    await stop(program);
    await until(() => closed() === sockets.length, 'the end of all');
    for (const socket of sockets) socket.destroy();
  });
});

/** Starts guests whose stream `$s` is a connection that they accept, or one that they open. Both read in ways of their own. */
const STREAMS = {
  async accepted(body: (another: string) => string) {
    const another = '(call $accept (local.get $l))';
    const { program, port } = await serve(
      networkMain(`(local.set $l (call $serve)) (local.set $s ${another}) ${body(another)}`),
    );
    return { program, peer: () => client(port) };
  },
  async connected(body: (another: string) => string) {
    const peers: Socket[] = [];
    const { port, node } = await server((socket) => peers.push(socket));
    const another = `(call $connect (i32.const ${port}))`;
    const { program } = await serve(
      networkMain(
        `(call $show32 (text "port") (i32.const ${port})) (local.set $s ${another}) ${body(another)}`,
      ),
    );
    void program.root.ended.then(() => node.close());
    return {
      program,
      async peer() {
        await until(() => peers.length > 0);
        const [socket] = peers.splice(0, 1);
        if (socket === undefined) throw new Error('no connection');
        return socket;
      },
    };
  },
};

describe.each(['accepted', 'connected'] as const)('reading from a stream that was %s', (how) => {
  /** A guest with a stream `$s`, which goes on with `body`; `another` opens a second one. */
  const reading = (body: string | ((another: string) => string)) =>
    STREAMS[how](typeof body === 'string' ? () => body : body);

  test('gives what is there, at most what was asked for, and 0 bytes at the end, again and again', async () => {
    const { program, peer } = await reading(`
      (call $show32 (text "read") (call $read (local.get $s) (i32.const 4)))
      (call $print (i32.const 0x4000) (i32.const 4))
      (call $show32 (text "nothing") (call $read (local.get $s) (i32.const 0)))
      (call $show_read (local.get $s))
      (call $show32 (text "end") (call $read (local.get $s) (i32.const 10)))
      (call $show32 (text "end") (call $read (local.get $s) (i32.const 10)))`);
    const socket = await peer();
    socket.end('abcdefgh');
    expect((await finished(program)).slice(1)).toEqual([
      'read 4',
      'abcd',
      'nothing 0',
      'efgh',
      'end 0',
      'end 0',
    ]);
    socket.destroy();
  });

  test('a peek leaves the bytes in place, with and without a timeout', async () => {
    const peek = `
      (call $ok (call $networking.tcp_peek (local.get $s) (i32.const 0x4000) (i32.const 3) (i32.const 0xa0)))
      (call $print (i32.const 0x4000) (i32.wrap_i64 (call $id)))`;
    const { program, peer } = await reading(`
      ${peek} ${peek}
      (call $networking.set_peek_timeout (local.get $s) (i64.const 1000))
      ${peek}
      (call $show_read (local.get $s))
      (call $show32 (text "end") (call $networking.tcp_peek (local.get $s) (i32.const 0x4000) (i32.const 3) (i32.const 0xa0)))
      (call $show (text "bytes") (call $id))`);
    const socket = await peer();
    socket.end('peeked');
    expect((await finished(program)).slice(1)).toEqual(['pee', 'pee', 'pee', 'peeked', 'end 0', 'bytes 0']);
    socket.destroy();
  });

  test.each([0, 20])(
    'times out after %i ms with an error that can be dropped; later bytes are read',
    async (timeout) => {
      const { program, peer } = await reading(`
      (call $networking.set_read_timeout (local.get $s) (i64.const ${timeout}))
      (call $networking.set_peek_timeout (local.get $s) (i64.const ${timeout}))
      (call $show (text "timeout") (call $networking.get_read_timeout (local.get $s)))
      (call $late (call $try_read (local.get $s) (i32.const 10)))
      (call $error.drop (call $id))
      (call $late (call $networking.tcp_peek (local.get $s) (i32.const 0x4000) (i32.const 10) (i32.const 0xa0)))
      (call $error.drop (call $id))
      (call $networking.set_read_timeout (local.get $s) (i64.const -1))
      (call $send_text (local.get $s) (text "go on"))
      (call $show_read (local.get $s))`);
      const socket = await peer();
      expect((await bytesOf(socket, 5)).toString()).toBe('go on');
      socket.end('late');
      expect((await finished(program)).slice(1)).toEqual([
        `timeout ${timeout}`,
        'The operation timed out',
        'The operation timed out',
        'late',
      ]);
      socket.destroy();
    },
  );

  test('with a timeout of 0 gives what has arrived', async () => {
    const { program, peer } = await reading(`
      (call $networking.set_read_timeout (local.get $s) (i64.const 0))
      (call $expect (call $receive_tag (i64.const 1) (i64.const 50)) (i32.const 9027))
      (call $show_read (local.get $s))`);
    const socket = await peer();
    socket.write('there');
    expect((await finished(program)).slice(1)).toEqual(['there']);
    socket.destroy();
  });

  test('a guest that never drops the errors of its timeouts keeps only some', async () => {
    const { program, peer } = await reading(`
      (call $networking.set_read_timeout (local.get $s) (i64.const 0))
      (local.set $n (i32.const 1030))
      (loop $again
        (call $expect (call $try_read (local.get $s) (i32.const 1)) (i32.const 9027))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (call $show (text "last") (call $id))
      (call $print_error (call $id))
      (call $print_error (i64.const 6))
      (call $print_error (i64.const 5))`);
    const socket = await peer();
    const exit = await program.root.ended;
    expect(exit).toMatchObject({ message: 'unknown error id 5 (the process has 1024)' });
    const text = 'The operation timed out';
    expect(program.stdout.lines.slice(1)).toEqual(['last 1029', text, text]);
    socket.destroy();
  });

  test('an end while a process waits is an end; a reset is an error', async () => {
    const { program, peer } = await reading(
      (another) => `
      (call $show32 (text "end") (call $read (local.get $s) (i32.const 10)))
      (local.set $t ${another})
      (call $print (text "waiting"))
      (call $refused (call $try_read (local.get $t) (i32.const 10)))
      (call $refused (call $try_read (local.get $t) (i32.const 10)))
      (call $refused (call $try_write (local.get $t) (text "x")))`,
    );
    const first = await peer();
    first.end();
    await printed(program, 'end');
    const second = await peer();
    await printed(program, 'waiting');
    second.resetAndDestroy();
    const reset = 'Connection reset by peer (os error 104)';
    expect((await finished(program)).slice(1)).toEqual(['end 0', 'waiting', reset, reset, reset]);
    first.destroy();
  });

  test('a peer that floods a process which does not read has to wait, and loses nothing', async () => {
    const { program, peer } = await reading(`
      (call $expect (call $read (local.get $s) (i32.const 1)) (i32.const 1))
      (call $print (text "began"))
      (call $expect (call $receive) (i32.const 0))
      (local.set $t (i64.const 1))
      (loop $more
        (local.set $n (call $read (local.get $s) (i32.const 0x8000)))
        (local.set $t (i64.add (local.get $t) (i64.extend_i32_u (local.get $n))))
        (br_if $more (local.get $n)))
      (call $show (text "total") (local.get $t))`);
    const socket = await peer();
    const size = 64 * 2 ** 20;
    const chunk = Buffer.alloc(2 ** 16, 1);
    let sent = 0;
    const pump = () => {
      while (sent < size) {
        sent += chunk.length;
        if (!socket.write(chunk)) return;
      }
      socket.end();
    };
    socket.on('drain', pump);
    const before = process.memoryUsage().arrayBuffers;
    pump();
    await printed(program, 'began');
    // The system's own buffers hold some megabytes; after that nothing moves.
    let last = 0;
    let still = 0;
    await until(() => {
      still = sent === last ? still + 1 : 0;
      last = sent;
      return still === 300;
    });
    expect(sent).toBeLessThan(size / 2);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 21);
    nudge(program);
    expect((await finished(program)).at(-1)).toBe(`total ${size}`);
    socket.destroy();
  });

  test('what was not read of a stream stays as it came while others receive', async () => {
    const { program, peer } = await reading(
      (another) => `
      (local.set $t ${another})
      (call $show32 (text "one") (call $read (local.get $s) (i32.const 1)))
      (call $show_read (local.get $t))
      (call $show_read (local.get $s))
      (call $show_read (local.get $t))`,
    );
    const first = await peer();
    const second = await peer();
    first.write('first stream');
    await printed(program, 'one');
    second.write('second');
    await printed(program, 'second');
    second.write('the second again');
    expect((await finished(program)).slice(1)).toEqual([
      'one 1',
      'second',
      'irst stream',
      'the second again',
    ]);
    first.destroy();
    second.destroy();
  });
});

describe('reading', () => {
  test('traps for unknown streams and for what is outside memory', async () => {
    const read = (name: string, id: number, at: number, size: number, out: number) =>
      trapOf(
        networkMain(
          `(drop (call $connect (call $port_of (call $listen))))
           (drop (call $networking.${name} (i64.const ${id}) (i32.const ${at}) (i32.const ${size}) (i32.const ${out})))`,
          '(memory (export "memory") 2)',
        ),
      );
    for (const name of ['tcp_read', 'tcp_peek']) {
      expect(await read(name, 1, 0, 1, 0)).toMatch(/unknown TCP stream id 1/);
      expect(await read(name, -1, 0, 1, 0)).toMatch(/unknown TCP stream id 18446744073709551615/);
      expect(await read(name, 0, 0x1fff0, 0x11, 0)).toMatch(/out of bounds/);
      expect(await read(name, 0, -1, -1, 0)).toMatch(/out of bounds/);
      expect(await read(name, 0, 0, 1, 0x1fff9)).toMatch(/out of bounds/);
    }
  });
});

describe('writing', () => {
  const accepting = (body: string, memory?: string) =>
    serve(
      networkMain(
        `(local.set $l (call $serve)) (local.set $s (call $accept (local.get $l))) ${body}`,
        memory,
      ),
    );

  test('gathers several buffers, empty ones too, in one go', async () => {
    const { program, port } = await accepting(`
      (i64.store (i32.const 0x1000) (i64.const 0x0000000200002000))
      (i64.store (i32.const 0x1008) (i64.const 0x0000000000000000))
      (i64.store (i32.const 0x1010) (i64.const 0x0000000300003000))
      (i32.store (i32.const 0x2000) (i32.const 0x4241))
      (i32.store (i32.const 0x3000) (i32.const 0x656463))
      (call $ok (call $networking.tcp_write_vectored (local.get $s) (i32.const 0x1000) (i32.const 3) (i32.const 0xa0)))
      (call $show (text "written") (call $id))
      (call $ok (call $networking.tcp_write_vectored (local.get $s) (i32.const 0x1008) (i32.const 1) (i32.const 0xa0)))
      (call $show (text "written") (call $id))
      (call $ok (call $networking.tcp_write_vectored (local.get $s) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
      (call $show (text "written") (call $id))
      (call $ok (call $networking.tcp_flush (local.get $s) (i32.const 0xa0)))
      (call $show (text "flushed") (call $id))`);
    const socket = await client(port);
    expect((await allOf(socket)).toString()).toBe('ABcde');
    expect((await finished(program)).slice(1)).toEqual(['written 5', 'written 0', 'written 0', 'flushed 0']);
    socket.destroy();
  });

  test('takes at most 256 KiB at once, and from its memory as it is at that moment', async () => {
    const { program, port } = await accepting(
      `(memory.fill (i32.const 0x20000) (i32.const 97) (i32.const 0x100000))
       (call $ok (call $try_write (local.get $s) (i32.const 0x20000) (i32.const 0x100000)))
       (call $show (text "written") (call $id))
       (memory.fill (i32.const 0x20000) (i32.const 98) (i32.const 0x100000))
       (drop (memory.grow (i32.const 1)))`,
      '(memory (export "memory") 20 40)',
    );
    const socket = await client(port);
    expect((await allOf(socket)).equals(Buffer.alloc(0x40000, 'a'))).toBe(true);
    expect((await finished(program)).slice(1)).toEqual(['written 262144']);
    socket.destroy();
  });

  test('waits for a peer that does not read; others go on, and nothing is lost or out of order', async () => {
    const source = networkGuest(
      `(func (export "other") (local $n i32)
         (loop $again
           (call $process.sleep_ms (i64.const 1))
           (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 5))))
         (call $print (text "others go on")))
       (func (export "_start") (local $l i64) (local $s i64) (local $n i32)
         (local.set $l (call $serve))
         (local.set $s (call $accept (local.get $l)))
         (drop (call $spawn (i64.const 0) (text "other")))
         (loop $more
           (i32.store (i32.const 0x20000) (local.get $n))
           (call $write_all (local.get $s) (i32.const 0x20000) (i32.const 0x8000))
           (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))
         (call $print (text "all written")))`,
      '(memory (export "memory") 4)',
    );
    const { program, port } = await serve(source);
    const socket = await client(port);
    await printed(program, 'others go on');
    expect(program.root.process.state).toBe('waiting');
    const all = await allOf(socket);
    expect(all.length).toBe(1000 * 0x8000);
    for (let i = 0; i < 1000; i++) expect(all.readUInt32LE(i * 0x8000)).toBe(i);
    expect((await finished(program)).at(-1)).toBe('all written');
    socket.destroy();
  });

  test('what one stream still has to write is not touched by what others write meanwhile', async () => {
    const source = networkGuest(
      `(func (export "other") (local $s i64) (local $n i32)
         (call $expect (call $receive) (i32.const 0))
         (local.set $s (call $message.take_tcp_stream (i64.const 0)))
         (call $expect (call $read (local.get $s) (i32.const 1)) (i32.const 1))
         (memory.fill (i32.const 0x20000) (i32.const 98) (i32.const 0x10000))
         (loop $more
           (call $write_all (local.get $s) (i32.const 0x20000) (i32.const 0x10000))
           (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 50)))))
       (func (export "_start") (local $l i64) (local $s i64)
         (local.set $l (call $serve))
         (local.set $s (call $accept (local.get $l)))
         (call $message.create_data (i64.const 0) (i64.const 0))
         (drop (call $message.push_tcp_stream (call $accept (local.get $l))))
         (drop (call $message.send (call $spawn (i64.const 0) (text "other"))))
         (memory.fill (i32.const 0x20000) (i32.const 97) (i32.const 0x10000))
         (loop $more
           (call $write_all (local.get $s) (i32.const 0x20000) (i32.const 0x10000))
           (br $more)))`,
      '(memory (export "memory") 4)',
    );
    const { program, port } = await serve(source);
    const stalled = await client(port);
    const reading = await client(port);
    await until(() => program.root.environment.size > 1, 'the other process');
    await settled();
    expect(program.root.process.state).toBe('waiting');
    reading.write('!');
    expect((await allOf(reading)).equals(Buffer.alloc(50 * 2 ** 16, 'b'))).toBe(true);
    program.root.stop();
    const all = await allOf(stalled);
    expect(all.length).toBeGreaterThan(2 ** 17);
    expect(all.equals(Buffer.alloc(all.length, 'a'))).toBe(true);
    stalled.destroy();
    reading.destroy();
  });

  test.each([0, 30])(
    'times out after %i ms where the peer reads nothing; what was taken arrives',
    async (timeout) => {
      const { program, port } = await accepting(
        `(call $networking.set_write_timeout (local.get $s) (i64.const ${timeout}))
       (call $show (text "timeout") (call $networking.get_write_timeout (local.get $s)))
       (loop $more
         (local.set $n (call $try_write (local.get $s) (i32.const 0x20000) (i32.const 0x40000)))
         (if (i32.eqz (local.get $n)) (then
           (local.set $t (i64.add (local.get $t) (call $id)))
           (br $more))))
       (call $late (local.get $n))
       (call $error.drop (call $id))
       (call $show (text "taken") (local.get $t))
       (call $networking.set_write_timeout (local.get $s) (i64.const -1))
       (call $show_read (local.get $s))
       (call $ok (call $networking.tcp_flush (local.get $s) (i32.const 0xa0)))`,
        '(memory (export "memory") 8)',
      );
      const socket = await client(port);
      const taken = Number(await printed(program, 'taken '));
      expect(taken).toBeGreaterThan(0);
      socket.write('now');
      expect((await allOf(socket)).length).toBe(taken);
      expect((await finished(program)).slice(1, 3)).toEqual([
        `timeout ${timeout}`,
        'The operation timed out',
      ]);
      socket.destroy();
    },
  );

  test('to a peer that has gone fails', async () => {
    const { program, port } = await accepting(`
      (call $print (text "accepted"))
      (call $expect (call $read (local.get $s) (i32.const 1)) (i32.const 0))
      (loop $more
        (br_if $more (i32.eqz (local.tee $n (call $try_write (local.get $s) (i32.const 0) (i32.const 0x8000))))))
      (call $show32 (text "code") (local.get $n))
      (call $print_error (call $id))`);
    const socket = await client(port);
    await printed(program, 'accepted');
    socket.destroy();
    const lines = await finished(program);
    expect(lines.at(-2)).toBe('code 1');
    expect(lines.at(-1)).toMatch(/^(Broken pipe \(os error 32\)|Connection reset by peer \(os error 104\))$/);
  });

  test('after the end of what the peer sends still works', async () => {
    const { program, port } = await accepting(`
      (call $expect (call $read (local.get $s) (i32.const 10)) (i32.const 0))
      (call $send_text (local.get $s) (text "still here"))`);
    const socket = await client(port);
    socket.end();
    expect((await allOf(socket)).toString()).toBe('still here');
    await finished(program);
    socket.destroy();
  });

  test('traps for buffers outside memory before it looks at the stream', async () => {
    const write = (at: string, count: string, id = '99', out = '0xa0') =>
      trapOf(
        networkMain(
          `(i64.store (i32.const 0x1000) (i64.const 0x000000020001ffff))
           (i64.store (i32.const 0x1008) (i64.const 0xffffffffffffffff))
           (drop (call $networking.tcp_write_vectored (i64.const ${id}) (i32.const ${at}) (i32.const ${count}) (i32.const ${out})))`,
          '(memory (export "memory") 2)',
        ),
      );
    expect(await write('0x1000', '1')).toMatch(/out of bounds: 2 bytes at 0x1ffff/);
    expect(await write('0x1008', '1')).toMatch(/out of bounds/);
    expect(await write('0x1fffc', '1')).toMatch(/out of bounds/);
    expect(await write('0', '0x20000000')).toMatch(/out of bounds/);
    expect(await write('0', '-1')).toMatch(/out of bounds/);
    expect(await write('0', '1')).toMatch(/unknown TCP stream id 99/);
  });
});

describe('references', () => {
  test('a clone is the same stream: bytes, timeouts, and it stays when the other is dropped', async () => {
    const source = networkMain(`
      (local.set $l (call $serve))
      (local.set $s (call $accept (local.get $l)))
      (local.set $t (call $networking.clone_tcp_stream (local.get $s)))
      (call $show (text "clone") (local.get $t))
      (call $networking.set_read_timeout (local.get $s) (i64.const 0x123456789abcdef))
      (call $show (text "timeout") (call $networking.get_read_timeout (local.get $t)))
      (call $show32 (text "read") (call $read (local.get $s) (i32.const 2)))
      (call $networking.drop_tcp_stream (local.get $s))
      (call $show_read (local.get $t))
      (call $networking.drop_tcp_stream (local.get $t))
      (call $print (text "dropped"))
      (call $forever)`);
    const { program, port } = await serve(source);
    const socket = await client(port);
    socket.write('abcdef');
    await printed(program, 'dropped');
    expect((await allOf(socket)).length).toBe(0);
    expect(program.stdout.lines.slice(1)).toEqual([
      'clone 1',
      'timeout 81985529216486895',
      'read 2',
      'cdef',
      'dropped',
    ]);
    socket.destroy();
    await stop(program);
  });

  test.each([
    'drop_tcp_listener',
    'drop_tcp_stream',
    'clone_tcp_stream',
    'drop_dns_iterator',
    'get_read_timeout',
    'get_write_timeout',
    'get_peek_timeout',
    'set_read_timeout',
    'set_write_timeout',
    'set_peek_timeout',
    'tcp_local_addr',
    'tcp_peer_addr',
    'tcp_flush',
    'tcp_accept',
  ])('%s traps for an id that is unknown, or was dropped', async (name) => {
    const kind =
      name.includes('listener') || /local|accept/.test(name)
        ? 'TCP listener'
        : name.includes('dns')
          ? 'DNS iterator'
          : 'TCP stream';
    const operands: Record<string, string> = {
      tcp_accept: '(i32.const 0) (i32.const 8)',
      set: '(i64.const 5)',
      tcp: '(i32.const 0)',
    };
    const rest = operands[name] ?? operands[name.split('_')[0] ?? ''] ?? '';
    const call = (id: number) => `(call $networking.${name} (i64.const ${id}) ${rest})`;
    const wrap = (text: string) => (/^(clone|get|tcp)/.test(name) ? `(drop ${text})` : text);
    expect(await trapOf(networkMain(wrap(call(0))))).toBe(`unknown ${kind} id 0 (the process has none)`);
    const made = `(local.set $l (call $listen)) (local.set $s (call $connect (call $port_of (local.get $l))))
      (call $ok (call $networking.tcp_local_addr (local.get $l) (i32.const 0xa0)))
      (call $networking.drop_tcp_stream (local.get $s)) (call $networking.drop_tcp_listener (local.get $l))
      (call $networking.drop_dns_iterator (call $id))`;
    const id = kind === 'DNS iterator' ? 1 : 0;
    expect(await trapOf(networkMain(`${made} ${wrap(call(id))}`))).toBe(
      `unknown ${kind} id ${id} (the process has none)`,
    );
  });
});

describe('ends of processes', () => {
  test('streams and listeners of a process that returned, trapped or was killed are closed', async () => {
    for (const end of [
      '(return)',
      'unreachable',
      '(call $process.kill (call $process.process_id)) (call $forever)',
    ]) {
      const source = networkGuest(`
        (func (export "child") (local $l i64) (local $s i64)
          (local.set $l (call $serve))
          (local.set $s (call $accept (local.get $l)))
          (call $send_text (local.get $s) (text "last words"))
          ${end})
        (func (export "_start") (drop (call $spawn (i64.const 0) (text "child"))) (call $forever))`);
      const { program, port } = await serve(source);
      const socket = await client(port);
      expect((await allOf(socket)).toString()).toBe('last words');
      await expect(client(port)).rejects.toThrow('ECONNREFUSED');
      socket.destroy();
      await stop(program);
    }
    await until(() => openHandles().length === 0, 'the end of all handles');
  });

  test('one that is killed while it reads, writes or accepts leaves nothing behind', async () => {
    const source = networkGuest(`
      (func (export "reader") (local $s i64)
        (local.set $s (call $accept (call $serve)))
        (drop (call $try_read (local.get $s) (i32.const 1))))
      (func (export "writer") (local $s i64)
        (local.set $s (call $accept (call $serve)))
        (loop $more (drop (call $try_write (local.get $s) (i32.const 0) (i32.const 0x8000))) (br $more)))
      (func (export "accepter") (drop (call $accept (call $serve))))
      (func (export "_start") (call $forever))`);
    for (const name of ['reader', 'writer', 'accepter']) {
      const { program, port } = await serve(source, { entry: name });
      const { process } = program.root;
      const socket = await client(port);
      if (name === 'accepter') await program.root.ended;
      else await until(() => process.state === 'waiting', 'the wait');
      await stop(program);
      socket.resume();
      await until(() => socket.readableEnded || socket.destroyed, 'the end of the stream');
      socket.destroy();
    }
    await until(() => openHandles().length === 0, 'the end of all handles');
  });
});

test('a hundred clients are served at the same time, each by a process', async () => {
  const { program, port } = await serve(SERVER('(call $echo (local.get $s))'));
  const sockets = await Promise.all(Array.from({ length: 100 }, () => client(port)));
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      sockets.map(async (socket, i) => {
        const text = `${round} of client ${i} `.repeat(1 + 100 * (i % 7));
        socket.write(text);
        expect((await bytesOf(socket, text.length)).toString()).toBe(text);
      }),
    );
  }
  expect(processesOf(program)).toBe(101);
  for (const socket of sockets) socket.end();
  await Promise.all(sockets.map(allOf));
  await until(() => processesOf(program) === 1, 'the end of the workers');
  await stop(program);
});
