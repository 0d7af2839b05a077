import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import {
  allOf,
  client,
  finished,
  networkGuest,
  openHandles,
  printed,
  serve,
  server,
  settled,
  stop,
  until,
} from '../support/network.ts';
import { linesOf, nudge, start, trapOf } from '../support/program.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));
const CA = fixture('test-ca.pem');
const BLOBS = {
  ca: CA,
  stranger: fixture('stranger-ca.pem'),
  cert: fixture('server.pem'),
  key: fixture('server.key'),
  other: fixture('elsewhere.key'),
  garbage: Buffer.from('no certificate at all'),
  broken: Buffer.from('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  'two keys': Buffer.concat([fixture('server.key'), fixture('elsewhere.key')]),
  'two certs': Buffer.concat([fixture('server.pem'), fixture('elsewhere.pem')]),
  'chatty key': Buffer.concat([
    Buffer.from('Bag Attributes\n'),
    fixture('server.key'),
    Buffer.from('the end'),
  ]),
};

const FUNCTIONS = `
  (func $bind_with (param $cert i32) (param $cert_length i32) (param $key i32) (param $key_length i32) (result i32)
    (call $loopback)
    (call $networking.tls_bind (i32.const 4) (i32.const 0x80) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0xa0)
      (local.get $cert) (local.get $cert_length) (local.get $key) (local.get $key_length)))
  (func $tls_serve (result i64) (local $l i64)
    (call $ok (call $bind_with (blob "cert") (blob "key")))
    (local.set $l (call $id))
    (call $ok (call $networking.tls_local_addr (local.get $l) (i32.const 0xa0)))
    (call $show32 (text "port") (call $take_address (call $id)))
    (local.get $l))
  (func $try_accept (param $l i64) (result i32)
    (call $networking.tls_accept (local.get $l) (i32.const 0xa0) (i32.const 0xa8)))
  (func $tls_accept (param $l i64) (result i64)
    (call $ok (call $try_accept (local.get $l)))
    (call $networking.drop_dns_iterator (i64.load (i32.const 0xa8)))
    (call $id))
  ;; A record of address and length at 0x200.
  (func $trust (param $at i32) (param $length i32)
    (i32.store (i32.const 0x200) (local.get $at)) (i32.store (i32.const 0x204) (local.get $length)))
  (func $tls_connect (param $host i32) (param $length i32) (param $port i32) (param $roots i32) (param $timeout i64)
      (result i32)
    (call $networking.tls_connect (local.get $host) (local.get $length) (local.get $port) (local.get $timeout)
      (i32.const 0xa0) (i32.const 0x200) (local.get $roots)))
  (func $tls_try_read (param $s i64) (result i32)
    (call $networking.tls_read (local.get $s) (i32.const 0x4000) (i32.const 0xb000) (i32.const 0xa0)))
  (func $tls_read (param $s i64) (result i32)
    (call $ok (call $tls_try_read (local.get $s)))
    (i32.wrap_i64 (call $id)))
  (func $tls_show_read (param $s i64) (call $print (i32.const 0x4000) (call $tls_read (local.get $s))))
  (func $tls_try_write (param $s i64) (param $at i32) (param $size i32) (result i32)
    (i32.store (i32.const 0xc0) (local.get $at)) (i32.store (i32.const 0xc4) (local.get $size))
    (call $networking.tls_write_vectored (local.get $s) (i32.const 0xc0) (i32.const 1) (i32.const 0xa0)))
  (func $tls_write_all (param $s i64) (param $at i32) (param $size i32) (local $n i32)
    (loop $more
      (call $ok (call $tls_try_write (local.get $s) (local.get $at) (local.get $size)))
      (local.set $n (i32.wrap_i64 (call $id)))
      (local.set $at (i32.add (local.get $at) (local.get $n)))
      (br_if $more (local.tee $size (i32.sub (local.get $size) (local.get $n))))))
  (func $tls_flush (param $s i64)
    (call $ok (call $networking.tls_flush (local.get $s) (i32.const 0xa0))))
  (func $tls_echo (param $s i64) (local $n i32)
    (loop $more
      (if (i32.eqz (local.tee $n (call $tls_read (local.get $s)))) (then (return)))
      (call $tls_write_all (local.get $s) (i32.const 0x4000) (local.get $n))
      (br $more)))`;

const tlsGuest = (functions: string, memory?: string) =>
  networkGuest(`${FUNCTIONS} ${functions}`, memory, BLOBS);
const tlsMain = (body: string, memory?: string) =>
  tlsGuest(
    `(func (export "_start") (local $l i64) (local $s i64) (local $t i64) (local $n i32) ${body})`,
    memory,
  );

/** A client of Node's that trusts the tests' authority. */
async function tlsClient(port: number, options = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca: CA, ALPNProtocols: [], ...options });
  await new Promise<void>((secure, failed) => socket.once('secureConnect', secure).once('error', failed));
  socket.removeAllListeners('error');
  socket.on('error', () => {});
  return socket;
}

/** A server of Node's with a certificate of the tests. */
async function tlsServer(
  onConnection: (socket: TLSSocket) => void,
  certificate = 'server',
  options: TlsOptions = {},
): Promise<{ port: number; close(): void; failures: string[] }> {
  const node = createServer(
    {
      cert: fixture(`${certificate}.pem`),
      key: fixture(`${certificate}.key`),
      allowHalfOpen: true,
      ...options,
    },
    (socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    },
  );
  const sockets = new Set<Socket>();
  const failures: string[] = [];
  node.on('connection', (socket) => sockets.add(socket));
  node.on('tlsClientError', (error) => failures.push(String(error)));
  await new Promise<void>((listening) => node.listen(0, '127.0.0.1', listening));
  const { port } = node.address() as { port: number };
  const close = () => {
    node.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, close, failures };
}

describe('tls_accept', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('serves a client over %s, to the end', async (version) => {
    const { program, port } = await serve(
      tlsMain(`
        (local.set $l (call $tls_serve))
        (call $ok (call $try_accept (local.get $l)))
        (call $show (text "stream") (call $id))
        (local.set $s (call $id))
        (call $show32 (text "peer") (call $take_address (i64.load (i32.const 0xa8))))
        (call $tls_echo (local.get $s))
        (call $print (text "the end"))`),
    );
    const socket = await tlsClient(port, { minVersion: version, maxVersion: version, allowHalfOpen: true });
    expect(socket.authorized).toBe(true);
    const { localPort } = socket;
    const sent = Buffer.from('over TLS '.repeat(100_000));
    socket.end(sent);
    expect((await allOf(socket)).equals(sent)).toBe(true);
    expect((await finished(program)).slice(1)).toEqual(['stream 0', `peer ${localPort}`, 'the end']);
  });

  test('clients that do not shake hands, or do it wrong, keep nobody out; a wrong one is an error', async () => {
    const { program, port } = await serve(
      tlsMain(`
        (local.set $l (call $tls_serve))
        (call $show32 (text "code") (call $try_accept (local.get $l)))
        (call $print_error (call $id))
        (call $show (text "address") (i64.load (i32.const 0xa8)))
        (call $tls_show_read (call $tls_accept (local.get $l)))
        (call $expect (call $try_accept (local.get $l)) (i32.const 1))
        (call $print_error (call $id))`),
    );
    const silent = await Promise.all([client(port), client(port), client(port)]);
    const wrong = await client(port);
    wrong.write('GET / HTTP/1.1\r\n\r\n');
    expect(await printed(program, 'address')).toBe(' 0');
    const good = await tlsClient(port);
    good.write('good');
    await printed(program, 'good');
    const gone = await client(port);
    gone.destroy();
    const lines = await finished(program);
    expect(lines.slice(1)).toEqual([
      'code 1',
      'TLS handshake failed: http request',
      'address 0',
      'good',
      'TLS handshake failed: the peer closed the connection',
    ]);
    for (const socket of [...silent, wrong, good]) socket.destroy();
  });

  test('a key of another certificate is an error for each connection', async () => {
    const { program, port } = await serve(
      tlsMain(`
        (call $ok (call $bind_with (blob "cert") (blob "other")))
        (call $ok (call $networking.tls_local_addr (call $id) (i32.const 0xa0)))
        (call $show32 (text "port") (call $take_address (call $id)))
        (call $refused (call $try_accept (i64.const 0)))
        (call $show (text "address") (i64.load (i32.const 0xa8)))`),
    );
    const socket = connectTcp(port, '127.0.0.1').on('error', () => {});
    const lines = await finished(program);
    expect(lines[1]).toMatch(/^The certificate and the key cannot be used: .*key values mismatch/);
    expect(lines[2]).toBe('address 0');
    socket.destroy();
  });

  test('a process that is killed while it waits leaves nothing behind', async () => {
    const { program, port } = await serve(tlsMain('(drop (call $tls_accept (call $tls_serve)))'));
    const silent = await client(port);
    await stop(program);
    silent.resume();
    await until(() => silent.readableEnded || silent.destroyed, 'the end of the stream');
    silent.destroy();
    await until(() => openHandles().length === 0, 'the end of all handles');
  });
});

describe('tls_bind', () => {
  test.each([
    ['no key', '(blob "cert") (blob "garbage")', /exactly one "PRIVATE KEY" in the PEM text, not 0/],
    ['two keys', '(blob "cert") (blob "two keys")', /exactly one "PRIVATE KEY" in the PEM text, not 2/],
    ['no certificate', '(blob "garbage") (blob "key")', /exactly one "CERTIFICATE" in the PEM text, not 0/],
    [
      'two certificates',
      '(blob "two certs") (blob "key")',
      /exactly one "CERTIFICATE" in the PEM text, not 2/,
    ],
    ['neither, where the key is looked at first', '(blob "garbage") (blob "garbage")', /"PRIVATE KEY"/],
    ['a key outside memory', '(blob "cert") (i32.const -1) (i32.const 10)', /out of bounds/],
    ['a key of 4 GiB', '(blob "cert") (i32.const 0) (i32.const -1)', /4294967295 bytes are too many/],
  ])('traps for %s', async (_, operands, message) => {
    expect(await trapOf(tlsMain(`(drop (call $bind_with ${operands}))`))).toMatch(message);
    expect(openHandles()).toEqual([]);
  });

  test('takes a key with text around it, and refuses a port that is taken', async () => {
    const { port, close } = await server(() => {});
    const source = tlsMain(`
      (call $ok (call $bind_with (blob "cert") (blob "chatty key")))
      (call $show (text "listener") (call $id))
      (call $networking.drop_tls_listener (call $id))
      (call $loopback)
      (call $refused (call $networking.tls_bind (i32.const 4) (i32.const 0x80) (i32.const ${port}) (i32.const 0)
        (i32.const 0) (i32.const 0xa0) (blob "cert") (blob "key")))`);
    expect(await linesOf(source)).toEqual(['listener 0', 'Address already in use (os error 98)']);
    close();
  });
});

describe('tls_connect', () => {
  const HOST = '(text "localhost")';
  const attempt = (port: number, trust = '(call $trust (blob "ca"))', host = HOST, roots = 1) => `
    ${trust}
    (local.set $n (call $tls_connect ${host} (i32.const ${port}) (i32.const ${roots}) (i64.const -1)))`;

  test.each([
    ['a name', HOST],
    ['an address', '(text "127.0.0.1")'],
  ])('connects to %s with a root of its own, talks, and ends with a notice', async (_, host) => {
    let name: string | false | null = null;
    const { port, close } = await tlsServer((socket) => {
      name = socket.servername ?? false;
      socket.once('data', (data) => socket.end(`you said ${data}`));
    });
    const source = tlsMain(`
      ${attempt(port, undefined, host)}
      (call $ok (local.get $n))
      (local.set $s (call $id))
      (call $show (text "stream") (local.get $s))
      (call $show (text "timeouts") (i64.and (call $networking.get_tls_read_timeout (local.get $s))
        (call $networking.get_tls_write_timeout (local.get $s))))
      (call $tls_write_all (local.get $s) (text "hello"))
      (call $tls_flush (local.get $s))
      (call $show (text "flushed") (call $id))
      (call $tls_show_read (local.get $s))
      (call $show32 (text "end") (call $tls_read (local.get $s)))`);
    expect(await linesOf(source)).toEqual([
      'stream 0',
      'timeouts -1',
      'flushed 0',
      'you said hello',
      'end 0',
    ]);
    expect(name).toBe(host === HOST ? 'localhost' : false);
    close();
  });

  /** Trusts one certificate, with address and length in the wrong order. Another one lies before it in memory. */
  const SWAPPED = `
    (call $trust (blob "stranger"))
    (call $trust (blob "ca"))
    (local.set $n (i32.load (i32.const 0x200)))
    (i32.store (i32.const 0x200) (i32.load (i32.const 0x204)))
    (i32.store (i32.const 0x204) (local.get $n))`;

  test('finds the certificate where address and length are the other way round, as the Rust SDK has them', async () => {
    const { port, close } = await tlsServer((socket) => socket.end('welcome'));
    const source = tlsMain(
      `${attempt(port, SWAPPED)} (call $ok (local.get $n)) (call $tls_show_read (call $id))`,
    );
    expect(await linesOf(source)).toEqual(['welcome']);
    close();
  });

  test('and no other certificate with it', async () => {
    const { port, close } = await tlsServer(() => {}, 'stranger');
    const source = tlsMain(`${attempt(port, SWAPPED)} (call $refused (local.get $n))`);
    expect(await linesOf(source)).toEqual([expect.stringMatching(/^TLS handshake failed: unable to/)]);
    close();
  });

  test.each([
    [
      'the built-in roots',
      'server',
      '',
      0,
      /unable to verify the first certificate|unable to get local issuer/,
    ],
    [
      'a stranger',
      'server',
      '(call $trust (blob "stranger"))',
      1,
      /unable to verify the first certificate|unable to get local issuer/,
    ],
    [
      'a certificate for another host',
      'elsewhere',
      undefined,
      1,
      /localhost. is not in the cert's altnames: DNS:elsewhere.test/,
    ],
    ['a certificate that is over', 'expired', undefined, 1, /certificate has expired/],
    [
      'a certificate of a stranger',
      'stranger',
      undefined,
      1,
      /unable to verify the first certificate|unable to get local issuer/,
    ],
  ])('fails with %s', async (_, certificate, trust, roots, message) => {
    const { port, close } = await tlsServer(() => {}, certificate);
    const source = tlsMain(`${attempt(port, trust, HOST, roots)} (call $refused (local.get $n))`);
    const [text = ''] = await linesOf(source);
    expect(text).toMatch(/^TLS handshake failed: /);
    expect(text).toMatch(message);
    close();
    await until(() => openHandles().length === 0, 'the end of all handles');
  });

  test.each([
    [
      'text that is no certificate',
      '(call $trust (blob "garbage"))',
      1,
      'certificate 0 to trust is not a certificate in PEM',
    ],
    [
      'a broken certificate',
      '(call $trust (blob "broken"))',
      1,
      'certificate 0 to trust is not a certificate in PEM',
    ],
    [
      'a record outside memory',
      '(call $trust (i32.const -1) (i32.const -1))',
      1,
      'certificate 0 to trust is not a certificate in PEM',
    ],
    [
      'a second record that is empty',
      '(call $trust (blob "ca"))',
      2,
      'certificate 1 to trust is not a certificate in PEM',
    ],
    ['too many', '', 2000, '2000 certificates to trust are too many'],
  ])('refuses %s', async (_, trust, roots, message) => {
    const source = tlsMain(`${attempt(1, trust, HOST, roots)} (call $refused (local.get $n))`);
    expect(await linesOf(source)).toEqual([message]);
  });

  test.each([
    ['a port where nobody listens', '(text "127.0.0.1")', 'Connection refused (os error 111)'],
    ['a name with a space', '(text "local host")', '"local host" is not a host name'],
    ['no name', '(i32.const 0) (i32.const 0)', '"" is not a host name'],
    ['a name that cannot be', '(text "no.such.name.invalid")', 'Failed to look up "no.such.name.invalid"'],
  ])('refuses %s', async (_, host, message) => {
    const [text] = await linesOf(tlsMain(`${attempt(1, undefined, host)} (call $refused (local.get $n))`));
    expect(text).toContain(message);
  });

  test('fails if the server does not speak TLS, or hangs up', async () => {
    const answers = ['SSH-2.0-OpenSSH_9.2\r\n'];
    const { port, close } = await server((socket) => socket.end(answers.shift() ?? ''));
    const source = tlsMain(
      `${attempt(port)} (call $refused (local.get $n)) ${attempt(port)} (call $refused (local.get $n))`,
    );
    expect(await linesOf(source)).toEqual([
      expect.stringMatching(/^TLS handshake failed: .*(wrong version number|packet length)/),
      'TLS handshake failed: the peer closed the connection',
    ]);
    close();
  });

  test('the timeout is not for the handshake; one that is killed there leaves nothing behind', async () => {
    let connected = false;
    const { port, close } = await server(() => {
      connected = true;
    });
    const program = await start(
      tlsMain(`(call $trust (blob "ca"))
        (drop (call $tls_connect ${HOST} (i32.const ${port}) (i32.const 1) (i64.const 40)))
        (call $print (text "not reached"))`),
    );
    await until(() => connected, 'the connection');
    await new Promise((passed) => setTimeout(passed, 80));
    expect(program.root.process.state).toBe('waiting');
    await stop(program);
    close();
    await until(() => openHandles().length === 0, 'the end of all handles');
  });

  test('traps for a name that is not UTF-8 and for what is outside memory', async () => {
    expect(
      await trapOf(
        tlsMain(`(i32.store8 (i32.const 0) (i32.const 0xff))
      (drop (call $tls_connect (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 0) (i64.const -1)))`),
      ),
    ).toMatch(/not UTF-8/);
    for (const call of [
      '(i32.const -1) (i32.const 9) (i32.const 1) (i64.const -1) (i32.const 0) (i32.const 0) (i32.const 0)',
      '(text "a") (i32.const 1) (i64.const -1) (i32.const -8) (i32.const 0) (i32.const 0)',
      '(text "a") (i32.const 1) (i64.const -1) (i32.const 0) (i32.const 0) (i32.const 0x20000000)',
    ])
      expect(await trapOf(tlsMain(`(drop (call $networking.tls_connect ${call}))`))).toMatch(/out of bounds/);
  });
});

describe('TLS streams', () => {
  const accepting = (body: string, memory?: string) =>
    serve(
      tlsMain(
        `(local.set $l (call $tls_serve)) (local.set $s (call $tls_accept (local.get $l))) ${body}`,
        memory,
      ),
    );

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a peer that hangs up without a notice is an error, after all it sent was read (%s)',
    async (version) => {
      const { program, port } = await accepting(`
        (call $tls_show_read (local.get $s))
        (call $refused (call $tls_try_read (local.get $s)))
        (call $refused (call $tls_try_read (local.get $s)))`);
      const raw = await client(port);
      const socket = await tlsClient(port, { socket: raw, minVersion: version, maxVersion: version });
      await new Promise<void>((written) => socket.write('half of it', () => written()));
      raw.end();
      const text = 'The peer closed the connection without a TLS close notification';
      expect((await finished(program)).slice(1)).toEqual(['half of it', text, text]);
      raw.destroy();
    },
  );

  test('the same if much is left unread when the peer hangs up', async () => {
    const { program, port } = await accepting(`
      (call $print (text "accepted"))
      (call $expect (call $receive_tag (i64.const 1) (i64.const 100)) (i32.const 9027))
      (loop $more
        (if (i32.eqz (local.tee $n (call $tls_try_read (local.get $s)))) (then
          (local.set $t (i64.add (local.get $t) (call $id)))
          (br $more))))
      (call $refused (local.get $n))
      (call $show (text "read") (local.get $t))`);
    const raw = await client(port);
    const socket = await tlsClient(port, { socket: raw });
    await new Promise<void>((written) => socket.write(Buffer.alloc(300_000), () => written()));
    raw.end();
    const lines = await finished(program);
    expect(lines.slice(2)).toEqual([
      'The peer closed the connection without a TLS close notification',
      'read 300000',
    ]);
    raw.destroy();
  });

  test('a reset is an error; a stream that is dropped ends with a notice', async () => {
    const { program, port } = await accepting(`
      (call $print (text "waiting"))
      (call $refused (call $tls_try_read (local.get $s)))
      (local.set $t (call $tls_accept (local.get $l)))
      (call $tls_write_all (local.get $t) (text "bye"))
      (call $networking.drop_tls_stream (local.get $t))
      (call $forever)`);
    const raw = await client(port);
    await tlsClient(port, { socket: raw });
    await printed(program, 'waiting');
    raw.resetAndDestroy();
    expect(await printed(program, 'Connection')).toBe(' reset by peer (os error 104)');
    const second = await tlsClient(port);
    expect((await allOf(second)).toString()).toBe('bye');
    await stop(program);
  });

  test('one that broke while it waited to be accepted is an error when it is read', async () => {
    const { program, port } = await accepting(`
      (call $print (text "first"))
      (call $tls_show_read (local.get $s))
      (call $expect (call $receive) (i32.const 0))
      (local.set $t (call $tls_accept (local.get $l)))
      (call $print (text "second"))
      (loop $more (br_if $more (i32.eqz (local.tee $n (call $tls_try_read (local.get $t))))))
      (call $refused (local.get $n))`);
    const raws = await Promise.all([client(port), client(port)]);
    const clients = await Promise.all(raws.map((socket) => tlsClient(port, { socket })));
    await printed(program, 'first');
    // Either may have been accepted first; the handshake of the other one is done as well.
    await Promise.all(clients.map((socket) => new Promise((written) => socket.write('go on', written))));
    await printed(program, 'go on');
    for (const raw of raws) raw.resetAndDestroy();
    await settled();
    nudge(program);
    const lines = await finished(program);
    expect(lines.slice(-2)).toEqual(['second', expect.stringMatching(/reset by peer|closed/)]);
  });

  test('reads and writes time out', async () => {
    const { program, port } = await accepting(
      `(call $networking.set_tls_read_timeout (local.get $s) (i64.const 10))
       (call $networking.set_tls_write_timeout (local.get $s) (i64.const 20))
       (call $show (text "read") (call $networking.get_tls_read_timeout (local.get $s)))
       (call $show (text "write") (call $networking.get_tls_write_timeout (local.get $s)))
       (call $late (call $tls_try_read (local.get $s)))
       (call $error.drop (call $id))
       (loop $more
         (br_if $more (i32.eqz (local.tee $n (call $tls_try_write (local.get $s) (i32.const 0x20000) (i32.const 0x40000))))))
       (call $late (local.get $n))
       (call $error.drop (call $id))`,
      '(memory (export "memory") 8)',
    );
    const raw = await client(port);
    const socket = await tlsClient(port, { socket: raw });
    socket.pause();
    expect((await finished(program)).slice(1)).toEqual([
      'read 10',
      'write 20',
      'The operation timed out',
      'The operation timed out',
    ]);
    raw.destroy();
  });

  test('a peer that reads nothing stops its writer, and gets everything later', async () => {
    const { program, port } = await accepting(
      `(loop $more
         (i32.store (i32.const 0x20000) (local.get $n))
         (call $tls_write_all (local.get $s) (i32.const 0x20000) (i32.const 0x8000))
         (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 500))))
       (call $print (text "all written"))
       (call $tls_flush (local.get $s))`,
      '(memory (export "memory") 4)',
    );
    const socket = await tlsClient(port);
    socket.pause();
    await until(() => program.root.process.state === 'waiting', 'the wait');
    const all = await allOf(socket);
    expect(all.length).toBe(500 * 0x8000);
    for (let i = 0; i < 500; i++) expect(all.readUInt32LE(i * 0x8000)).toBe(i);
    await finished(program);
  });

  test('guests talk to each other, a process for each connection', async () => {
    const source = tlsGuest(`
      (func (export "worker")
        (call $expect (call $receive) (i32.const 0))
        (call $tls_echo (call $message.take_tls_stream (i64.const 0))))
      (func (export "server") (local $l i64)
        (local.set $l (call $tls_serve))
        (loop $next
          (call $message.create_data (i64.const 0) (i64.const 0))
          (drop (call $message.push_tls_stream (call $tls_accept (local.get $l))))
          (drop (call $message.send (call $spawn (i64.const 0) (text "worker"))))
          (br $next)))`);
    const { program, port } = await serve(source, { entry: 'server' });
    const user = tlsMain(`(call $trust (blob "ca"))
      (call $ok (call $tls_connect (text "localhost") (i32.const ${port}) (i32.const 1) (i64.const 5000)))
      (local.set $s (call $id))
      (local.set $t (call $networking.clone_tls_stream (local.get $s)))
      (call $networking.drop_tls_stream (local.get $s))
      (call $tls_write_all (local.get $t) (text "echo me"))
      (call $tls_show_read (local.get $t))`);
    const all = await Promise.all(Array.from({ length: 20 }, () => linesOf(user)));
    expect(all).toEqual(Array(20).fill(['echo me']));
    await until(() => program.root.environment.size === 1, 'the end of the workers');
    await stop(program);
    await until(() => openHandles().length === 0, 'the end of all handles');
  });

  test.each([
    ['drop_tls_listener', 'TLS listener', ''],
    ['tls_local_addr', 'TLS listener', '(i32.const 0)'],
    ['tls_accept', 'TLS listener', '(i32.const 0) (i32.const 8)'],
    ['drop_tls_stream', 'TLS stream', ''],
    ['clone_tls_stream', 'TLS stream', ''],
    ['tls_read', 'TLS stream', '(i32.const 0) (i32.const 1) (i32.const 8)'],
    ['tls_write_vectored', 'TLS stream', '(i32.const 0) (i32.const 0) (i32.const 8)'],
    ['tls_flush', 'TLS stream', '(i32.const 0)'],
    ['get_tls_read_timeout', 'TLS stream', ''],
    ['get_tls_write_timeout', 'TLS stream', ''],
    ['set_tls_read_timeout', 'TLS stream', '(i64.const 1)'],
    ['set_tls_write_timeout', 'TLS stream', '(i64.const 1)'],
  ])('%s traps for an unknown %s', async (name, kind, rest) => {
    const call = `(call $networking.${name} (i64.const 3) ${rest})`;
    const hasResult = /^(tls|clone|get)/.test(name);
    expect(await trapOf(tlsMain(hasResult ? `(drop ${call})` : call))).toBe(
      `unknown ${kind} id 3 (the process has none)`,
    );
  });
});
