import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RunningCommand } from '../support/command.ts';
import { client, networkGuest } from '../support/network.ts';
import { pidOf, Several } from './several.ts';

const several = new Several();
afterAll(() => several.remove());

const APART = ['--schedulers', '3', '--place-children', 'apart'];
const CHILDREN = 4;
const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const fixture = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));

/**
 * Spawns children of which two are on each of the other schedulers; their ids are at 0x3000. The first child lets schedulers start, and
 * the others are spawned when somebody connects, which `serve` does.
 */
const FAMILY = `
  (func (export "first") (drop (call $receive)))
  (func $family (param $name i32) (param $length i32) (local $i i32) (local $gate i64)
    (drop (call $spawn (i64.const 0) (text "first")))
    (local.set $gate (call $listen))
    (call $show32 (text "gate") (call $port_of (local.get $gate)))
    (call $networking.drop_tcp_stream (call $accept (local.get $gate)))
    (loop $more
      (i64.store (i32.add (i32.const 0x3000) (i32.mul (local.get $i) (i32.const 8)))
        (call $spawn (i64.const 0) (local.get $name) (local.get $length)))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${CHILDREN}))))
    (call $process.sleep_ms (i64.const 300)))
  (func $child (param $n i32) (result i64)
    (i64.load (i32.add (i32.const 0x3000) (i32.mul (i32.rem_u (local.get $n) (i32.const ${CHILDREN})) (i32.const 8)))))
  (func $put_nothing (call $message.create_data (i64.const 0) (i64.const 0)))
  (func $await (call $expect (call $receive) (i32.const 0)))`;

/** Starts a program, and gives the port that it prints. */
async function serve(source: string): Promise<{ program: RunningCommand; port: number }> {
  const program = await several.start(source, APART, { input: null });
  onTestFinished(async () => {
    program.child.kill('SIGKILL');
    await program.ended;
  });
  const portOf = (name: string) => Number(new RegExp(`${name} (\\d+)\n`).exec(program.stdout)?.[1]);
  for (const index of [1, 2]) await pidOf(program, index);
  await program.printed('gate ');
  (await client(portOf('gate'))).destroy();
  await program.printed('ready\n');
  return { program, port: portOf('port') };
}

/** Sends bytes and ends, and gives what comes back. */
async function exchanged(socket: Socket, bytes: Uint8Array): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end(bytes);
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

describe('sockets in messages between schedulers', () => {
  test('TCP streams move, and every byte comes back', { timeout: 60_000 }, async () => {
    const { program, port } = await serve(
      networkGuest(`${FAMILY}
      (func (export "echo") (local $s i64)
        (loop $next
          (call $await)
          (local.set $s (call $message.take_tcp_stream (i64.const 0)))
          (call $echo (local.get $s))
          (call $networking.drop_tcp_stream (local.get $s))
          (br $next)))
      (func (export "_start") (local $l i64) (local $s i64) (local $n i32)
        (local.set $l (call $serve))
        (call $family (text "echo"))
        (call $print (text "ready"))
        (loop $next
          (local.set $s (call $accept (local.get $l)))
          ;; Some bytes may have been read and not be taken.
          (drop (call $networking.tcp_peek (local.get $s) (i32.const 0x4000) (i32.const 1) (i32.const 0xa0)))
          (call $put_nothing)
          (drop (call $message.push_tcp_stream (local.get $s)))
          (drop (call $message.send (call $child (local.get $n))))
          (local.set $n (i32.add (local.get $n) (i32.const 1)))
          (br $next)))`),
    );
    for (let round = 0; round < 5; round++) {
      const all = Array.from({ length: CHILDREN }, async (_, i) => {
        const bytes = randomBytes(200_000 + 77_777 * i);
        expect(sum(await exchanged(await client(port), bytes))).toBe(sum(bytes));
      });
      await Promise.all(all);
    }
    expect(program.stderr).toMatch(/moved to scheduler 1/);
    expect(program.stderr).toMatch(/moved to scheduler 2/);
  });

  test('a stream that two processes share is read by one and written by another', {
    timeout: 60_000,
  }, async () => {
    const { port } = await serve(
      networkGuest(`${FAMILY}
      ;; Gives all that it reads to the writer, whose id comes with the stream.
      (func (export "reader") (local $s i64) (local $n i32) (local $to i64)
        (call $await)
        (drop (call $message.read_data (i32.const 0x3100) (i32.const 8)))
        (local.set $s (call $message.take_tcp_stream (i64.const 0)))
        (if (i64.eqz (local.tee $to (i64.load (i32.const 0x3100))))
          (then
            (loop $next
              (call $await)
              (local.set $n (i32.wrap_i64 (call $message.data_size)))
              (if (i32.eqz (local.get $n)) (then (return)))
              (drop (call $message.read_data (i32.const 0x4000) (local.get $n)))
              (call $write_all (local.get $s) (i32.const 0x4000) (local.get $n))
              (br $next))))
        (loop $next
          (local.set $n (call $read (local.get $s) (i32.const 5000)))
          (call $put_nothing)
          (drop (call $message.write_data (i32.const 0x4000) (local.get $n)))
          (drop (call $message.send (local.get $to)))
          (br_if $next (local.get $n))))
      (func $give (param $to i64) (param $writer i64) (param $s i64)
        (i64.store (i32.const 0x3100) (local.get $writer))
        (call $put_nothing)
        (drop (call $message.write_data (i32.const 0x3100) (i32.const 8)))
        (drop (call $message.push_tcp_stream (local.get $s)))
        (drop (call $message.send (local.get $to))))
      (func (export "_start") (local $l i64) (local $s i64)
        (local.set $l (call $serve))
        (call $family (text "reader"))
        (call $print (text "ready"))
        (local.set $s (call $accept (local.get $l)))
        (call $give (call $child (i32.const 0)) (i64.const 0) (call $networking.clone_tcp_stream (local.get $s)))
        (call $give (call $child (i32.const 1)) (call $child (i32.const 0)) (local.get $s))
        (drop (call $receive)))`),
    );
    const bytes = randomBytes(500_000);
    expect(sum(await exchanged(await client(port), bytes))).toBe(sum(bytes));
  });

  test('several accept on one listener, also when a scheduler dies', { timeout: 60_000 }, async () => {
    const { program, port } = await serve(
      networkGuest(`${FAMILY}
      (func (export "acceptor") (local $l i64) (local $s i64)
        (call $await)
        (local.set $l (call $listener.take_tcp_listener (i64.const 0)))
        (loop $next
          (local.set $s (call $accept (local.get $l)))
          (i64.store (i32.const 0x4000) (call $process.process_id))
          (call $send_text (local.get $s) (i32.const 0x4000) (i32.const 8))
          (call $networking.drop_tcp_stream (local.get $s))
          (br $next)))
      (func (export "_start") (local $l i64) (local $n i32)
        (call $process.die_when_link_dies (i32.const 0))
        (local.set $l (call $serve))
        (call $family (text "acceptor"))
        (loop $more
          (call $put_nothing)
          (drop (call $listener.push_tcp_listener (call $listener.clone_tcp_listener (local.get $l))))
          (drop (call $message.send (call $child (local.get $n))))
          (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const ${CHILDREN}))))
        (call $networking.drop_tcp_listener (local.get $l))
        (call $print (text "ready"))
        (loop $forever (drop (call $receive)) (br $forever)))`),
    );
    const served = async () => (await exchanged(await client(port), new Uint8Array(0))).readBigUInt64LE();
    // The operating system decides who gets a connection.
    const servers = new Set<bigint>();
    for (let tries = 0; tries < 50 && servers.size < CHILDREN; tries++)
      for (const id of await Promise.all(Array.from({ length: 20 }, served))) servers.add(id);
    expect(servers.size).toBe(CHILDREN);
    process.kill(await pidOf(program, 1), 'SIGKILL');
    await program.printed('Scheduler 1 has ended', 'stderr');
    const later = await Promise.all(Array.from({ length: 60 }, served));
    expect(new Set(later).size).toBeGreaterThan(0);
    expect(new Set(later).size).toBeLessThanOrEqual(CHILDREN / 2);
  });

  test('UDP sockets move', { timeout: 60_000 }, async () => {
    const { port } = await serve(
      networkGuest(`${FAMILY}
      ;; Answers one datagram, and gives the socket to the next one.
      (func (export "answerer") (local $u i64) (local $n i32) (local $p i32)
        (call $await)
        (drop (call $message.read_data (i32.const 0x3000) (i32.const ${8 * CHILDREN})))
        (loop $next
          (local.set $u (call $message.take_udp_socket (i64.const 0)))
          (call $ok (call $networking.udp_receive_from (local.get $u) (i32.const 0x4000) (i32.const 1000) (i32.const 0xa0) (i32.const 0xa8)))
          (local.set $n (i32.wrap_i64 (call $id)))
          (local.set $p (call $take_address (i64.load (i32.const 0xa8))))
          (call $ok (call $networking.udp_send_to (local.get $u) (i32.const 0x4000) (local.get $n)
            (i32.const 4) (i32.const 0x80) (local.get $p) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
          (call $put_nothing)
          (drop (call $message.write_data (i32.const 0x3000) (i32.const ${8 * CHILDREN})))
          (drop (call $message.push_udp_socket (local.get $u)))
          (drop (call $message.send (call $child (i32.load8_u (i32.const 0x4000)))))
          (call $await)
          (br $next)))
      (func (export "_start") (local $u i64)
        (call $family (text "answerer"))
        (call $loopback)
        (call $ok (call $networking.udp_bind (i32.const 4) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)))
        (local.set $u (call $id))
        (call $ok (call $networking.udp_local_addr (local.get $u) (i32.const 0xa0)))
        (call $show32 (text "port") (call $take_address (call $id)))
        (call $put_nothing)
        (drop (call $message.write_data (i32.const 0x3000) (i32.const ${8 * CHILDREN})))
        (drop (call $message.push_udp_socket (local.get $u)))
        (drop (call $message.send (call $child (i32.const 0))))
        (call $print (text "ready"))
        (drop (call $receive)))`),
    );
    const peer = createSocket('udp4');
    onTestFinished(() => {
      peer.close();
    });
    const answers: string[] = [];
    // The first byte says who gets the socket next, also on its way.
    for (const text of ['1 a', '2 b', '3 c', '0 d', '2 e', '1 f']) {
      const answer = once(peer, 'message');
      peer.send(text, port, '127.0.0.1');
      const [bytes, from] = await answer;
      expect(from.port).toBe(port);
      answers.push(String(bytes));
    }
    expect(answers).toEqual(['1 a', '2 b', '3 c', '0 d', '2 e', '1 f']);
  });

  test('TLS streams are served, and TLS listeners accept anywhere', { timeout: 60_000 }, async () => {
    const source = networkGuest(
      `${FAMILY}
      (func $tls_accept (param $l i64) (result i64)
        (call $ok (call $networking.tls_accept (local.get $l) (i32.const 0xa0) (i32.const 0xa8)))
        (call $networking.drop_dns_iterator (i64.load (i32.const 0xa8)))
        (call $id))
      (func $tls_echo (param $s i64) (local $n i32)
        (loop $more
          (call $ok (call $networking.tls_read (local.get $s) (i32.const 0x4000) (i32.const 20000) (i32.const 0xa0)))
          (if (i32.eqz (local.tee $n (i32.wrap_i64 (call $id)))) (then (return)))
          (i32.store (i32.const 0xc0) (i32.const 0x4000)) (i32.store (i32.const 0xc4) (local.get $n))
          (call $ok (call $networking.tls_write_vectored (local.get $s) (i32.const 0xc0) (i32.const 1) (i32.const 0xa0)))
          (br $more)))
      ;; The first gets listeners, and gives each other one streams.
      (func (export "server") (local $l i64) (local $s i64) (local $n i32)
        (call $await)
        (if (i64.ne (call $message.data_size) (i64.const 0))
          (then
            (drop (call $message.read_data (i32.const 0x3000) (i32.const ${8 * CHILDREN})))
            (local.set $l (call $listener.take_tls_listener (i64.const 0)))
            (loop $next
              (local.set $s (call $tls_accept (local.get $l)))
              (call $put_nothing)
              (drop (call $message.push_tls_stream (local.get $s)))
              (local.set $n (i32.add (i32.const 1) (i32.rem_u (i32.add (local.get $n) (i32.const 1)) (i32.const ${CHILDREN - 1}))))
              (drop (call $message.send (call $child (local.get $n))))
              (br $next))))
        (loop $next
          (local.set $s (call $message.take_tls_stream (i64.const 0)))
          (call $tls_echo (local.get $s))
          (call $networking.drop_tls_stream (local.get $s))
          (call $await)
          (br $next)))
      (func (export "_start") (local $l i64)
        (call $loopback)
        (call $ok (call $networking.tls_bind (i32.const 4) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)
          (blob "cert") (blob "key")))
        (local.set $l (call $id))
        (call $ok (call $networking.tls_local_addr (local.get $l) (i32.const 0xa0)))
        (call $show32 (text "port") (call $take_address (call $id)))
        (call $family (text "server"))
        (call $put_nothing)
        (drop (call $message.write_data (i32.const 0x3000) (i32.const ${8 * CHILDREN})))
        (drop (call $listener.push_tls_listener (local.get $l)))
        (drop (call $message.send (call $child (i32.const 0))))
        (call $print (text "ready"))
        (drop (call $receive)))`,
      undefined,
      { cert: fixture('server.pem'), key: fixture('server.key') },
    );
    const { port } = await serve(source);
    for (let round = 0; round < 6; round++) {
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        allowHalfOpen: true,
      } as never);
      const bytes = randomBytes(100_000);
      expect(sum(await exchanged(socket, bytes))).toBe(sum(bytes));
      socket.destroy();
    }
  });
});
