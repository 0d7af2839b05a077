import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import type { NetworkPermission } from '../../runtime/permissions/network-permission.ts';
import { guest } from '../support/guest.ts';
import { linesOf, type ProgramOptions } from '../support/program.ts';

/** Prints the code of each call, and the error where it failed. The address 127.0.0.1 is at 0, 0.0.0.0 at 4, ::1 at 16. */
const calling = (...calls: string[]) =>
  guest(`
    (func $say (param $code i32)
      (if (local.get $code)
        (then (call $print_error (i64.load (i32.const 64))))
        (else (call $print (text "allowed")))))
    (func (export "_start")
      (i32.store (i32.const 0) (i32.const 0x0100007f))
      (i32.store8 (i32.const 31) (i32.const 1))
      ${calls.map((call) => `(call $say ${call})`).join('\n')})`);

const LOOPBACK = '(i32.const 4) (i32.const 0)';
const ALL = '(i32.const 4) (i32.const 4)';
const OUT = '(i32.const 64)';
const at = (address: string, port: number) => `${address} (i32.const ${port}) (i32.const 0) (i32.const 0)`;
const bind = (kind: string, address: string, port: number) =>
  `(call $networking.${kind}_bind ${at(address, port)} ${OUT})`;
const connect = (address: string, port: number) =>
  `(call $networking.tcp_connect ${at(address, port)} (i64.const -1) ${OUT})`;
const resolve = (name: string) => `(call $networking.resolve (text "${name}") (i64.const -1) ${OUT})`;
const tls = (name: string, port: number) =>
  `(call $networking.tls_connect (text "${name}") (i32.const ${port}) (i64.const -1) ${OUT} (i32.const 0) (i32.const 0))`;

function permitting(change: (network: NetworkPermission) => NetworkPermission): ProgramOptions {
  const config = ProcessConfig.forRoot();
  config.network = change(config.network);
  return { config };
}

describe('network permissions at the host calls', () => {
  let server: Server;
  let port = 0;
  beforeAll(async () => {
    server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    port = address.port;
  });
  afterAll(() => server.close());

  test('without rules all is allowed', async () => {
    const calls = [
      connect(LOOPBACK, port),
      bind('tcp', LOOPBACK, 0),
      bind('udp', ALL, 0),
      resolve('localhost:1'),
    ];
    expect(await linesOf(calling(...calls))).toEqual(calls.map(() => 'allowed'));
  });

  test('what denies this machine denies it in every spelling', async () => {
    const names = [
      '::0.0.0.0',
      '0:0:0:0:0:0:0.0.0.0',
      '::0.0.0.1',
      '::1%1',
      '::ffff:127.0.0.1',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
    ];
    const refusals = names.map((name) => expect.stringMatching(`may not connect to ${name}, port ${port} `));
    const deny = (...rules: string[]) =>
      permitting((network) => rules.reduce((denied, rule) => denied.denying(rule), network));
    const calls = names.map((name) => tls(name, port));
    expect(await linesOf(calling(...calls), deny('127.0.0.0/8', '::1'))).toEqual(refusals);
    expect(await linesOf(calling(...calls), deny('0.0.0.0', '::'))).toEqual(refusals);
    const ipv4 = [tls('0.0.0.0', port), tls('127.0.0.1', port), connect(ALL, port), connect(LOOPBACK, port)];
    for (const rule of ['0.0.0.0', '127.0.0.0/8', '::ffff:0:0']) {
      expect(await linesOf(calling(...ipv4), deny(rule))).toEqual(
        ipv4.map(() => expect.stringMatching(/may not connect to .*config; --deny-net forbids it\)/)),
      );
    }
    const both = permitting((network) => network.denying('127.0.0.0/8').allowingConnect('localhost'));
    expect(await linesOf(calling(connect(LOOPBACK, port)), both)).toEqual([
      expect.stringContaining('; --allow-net and --deny-net decide)'),
    ]);
  });

  test('with nothing allowed each call fails, and says why', async () => {
    const refused = await linesOf(
      calling(
        connect(LOOPBACK, port),
        bind('tcp', LOOPBACK, 0),
        bind('udp', ALL, 0),
        resolve('localhost:1'),
        tls('127.0.0.1', port),
        tls('localhost', port),
      ),
      permitting((network) => network.withNothing()),
    );
    expect(refused).toEqual([
      `this process may not connect to 127.0.0.1:${port} (network permissions of its config; --allow-net allows more)`,
      'this process may not listen on 127.0.0.1:0 (network permissions of its config; --allow-listen allows more)',
      'this process may not bind 0.0.0.0:0 (network permissions of its config; --allow-listen allows more)',
      'this process may not resolve localhost (network permissions of its config; --allow-net allows more)',
      `this process may not connect to 127.0.0.1, port ${port} (network permissions of its config; --allow-net allows more)`,
      'this process may not resolve localhost (network permissions of its config; --allow-net allows more)',
    ]);
  });

  test('a rule is for its address and port', async () => {
    const options = permitting((network) => network.allowingConnect(`127.0.0.1:${port}`));
    const lines = await linesOf(
      calling(
        connect(LOOPBACK, port),
        // The machine itself, by another name.
        connect(ALL, port),
        connect(LOOPBACK, 1),
        connect('(i32.const 6) (i32.const 16)', port),
        bind('tcp', LOOPBACK, 0),
        bind('udp', ALL, 0),
        resolve('localhost:1'),
        resolve('127.0.0.1:1'),
      ),
      options,
    );
    expect(lines.map((line) => line.replace(/^this process may not (\w+).*$/, 'may not $1'))).toEqual([
      'allowed',
      'allowed',
      'may not connect',
      'may not connect',
      'may not listen',
      'allowed',
      'may not resolve',
      'allowed',
    ]);
  });

  test('a host by its name can be resolved, and then be connected to', async () => {
    const options = permitting((network) => network.allowingConnect(`localhost:${port}`));
    expect(await linesOf(calling(resolve(`localhost:${port}`), connect(LOOPBACK, port)), options)).toEqual([
      'allowed',
      'allowed',
    ]);
  });

  test('datagrams are judged one by one, connected or not', async () => {
    const source = guest(`
      (func $say (param $code i32)
        (if (local.get $code)
          (then (call $print_error (i64.load (i32.const 64))))
          (else (call $print (text "allowed")))))
      (func $to (param $socket i64) (param $port i32)
        (call $say (call $networking.udp_send_to (local.get $socket) (i32.const 0) (i32.const 1) ${LOOPBACK}
          (local.get $port) (i32.const 0) (i32.const 0) ${OUT}))
        (call $say (call $networking.udp_connect (local.get $socket) ${LOOPBACK}
          (local.get $port) (i32.const 0) (i32.const 0) (i64.const 0) ${OUT})))
      (func (export "_start") (local $socket i64)
        (i32.store (i32.const 0) (i32.const 0x0100007f))
        (call $expect ${bind('udp', LOOPBACK, 0)} (i32.const 0))
        (local.set $socket (i64.load (i32.const 64)))
        (call $to (local.get $socket) (i32.const ${port}))
        (call $to (local.get $socket) (i32.const 9)))`);
    const options = permitting((network) => network.allowingConnect(`127.0.0.1:${port}`));
    expect(await linesOf(source, options)).toEqual([
      'allowed',
      'allowed',
      expect.stringMatching('this process may not send to 127.0.0.1:9 '),
      expect.stringMatching('this process may not connect to 127.0.0.1:9 '),
    ]);
  });

  test('whether a process may listen depends on address and port', async () => {
    const options = permitting((network) => network.allowingListen('127.0.0.1:0').allowingListen('[::1]'));
    const lines = await linesOf(
      calling(
        bind('tcp', LOOPBACK, 0),
        bind('tcp', ALL, 0),
        bind('tcp', LOOPBACK, 9),
        bind('udp', LOOPBACK, 0),
        connect(LOOPBACK, port),
      ),
      options,
    );
    expect(lines.map((line) => line.replace(/^this process may not (.*) \(.*$/, 'may not $1'))).toEqual([
      'allowed',
      'may not listen on 0.0.0.0:0',
      'may not listen on 127.0.0.1:9',
      'allowed',
      `may not connect to 127.0.0.1:${port}`,
    ]);
  });
});
