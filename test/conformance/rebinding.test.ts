import dns from 'node:dns';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest } from '../support/guest.ts';
import { linesOf } from '../support/program.ts';

/** Whoever answers for this name gives another address each time. */
const NAME = 'rebinding.test';

const { lookup } = dns;
let answers: string[][] = [];
/** The connections that have reached the address that is denied, and the one that is not. */
let denied = 0;
let allowed = 0;
const servers: Server[] = [];
let port = 0;

function changingLookup(host: string, ...rest: unknown[]): void {
  if (host !== NAME) {
    Reflect.apply(lookup, dns, [host, ...rest]);
    return;
  }
  const done = rest.at(-1) as (error: Error | null, found: object) => void;
  const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
  setImmediate(
    done,
    null,
    addresses.map((address) => ({ address, family: 4 })),
  );
}

async function listen(host: string, wanted: number, onConnection: () => void): Promise<void> {
  const server = createServer((socket) => {
    onConnection();
    socket.on('error', () => {}).destroy();
  });
  server.listen(wanted, host);
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  servers.push(server);
}

beforeEach(async () => {
  denied = 0;
  allowed = 0;
  await listen('127.0.0.1', 0, () => {
    denied++;
  });
  await listen('127.0.0.2', port, () => {
    allowed++;
  });
  dns.lookup = changingLookup as typeof lookup;
  syncBuiltinESMExports();
});

afterEach(() => {
  dns.lookup = lookup;
  syncBuiltinESMExports();
  for (const server of servers.splice(0)) server.close();
});

/** Connects over TLS by the name, again and again, then to each address that the name has now. */
const connecting = () =>
  guest(
    `(func (export "_start") (local $i i32)
       (loop $again
         (drop (call $networking.tls_connect (text "${NAME}") (i32.const ${port}) (i64.const -1) (i32.const 64)
           (i32.const 0) (i32.const 0)))
         (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
       (call $expect (call $networking.resolve (text "${NAME}:${port}") (i64.const -1) (i32.const 64)) (i32.const 0))
       (loop $next
         (if (i32.eqz (call $networking.resolve_next (i64.load (i32.const 64)) (i32.const 0) (i32.const 32) (i32.const 40)
               (i32.const 44) (i32.const 48)))
           (then
             (if (call $networking.tcp_connect (i32.const 4) (i32.const 32) (i32.const ${port}) (i32.const 0) (i32.const 0)
                   (i64.const -1) (i32.const 72))
               (then (call $print_error (i64.load (i32.const 72)))) (else (call $print (text "connected"))))
             (br $next)))))`,
  );

function denying(...rules: string[]): ProcessConfig {
  const config = ProcessConfig.forRoot();
  config.network = config.network.allowingConnect(`${NAME}:${port}`);
  for (const rule of rules) config.network = config.network.denying(rule);
  return config;
}

test.runIf(process.platform === 'linux')(
  'a name whose addresses change leads to none that is denied: the addresses that were checked are those that are connected to',
  async () => {
    answers = [['127.0.0.2'], ['127.0.0.1'], ['127.0.0.1', '127.0.0.2'], ['127.0.0.2', '127.0.0.1']];
    const lines = await linesOf(connecting(), { config: denying('127.0.0.1') });
    expect(lines).toEqual(['connected', expect.stringMatching(/may not connect to 127\.0\.0\.1/)]);
    expect(denied).toBe(0);
    expect(allowed).toBe(4);
  },
);

test.runIf(process.platform === 'linux')(
  'an address that a name has now is reached if it is denied to nobody',
  async () => {
    answers = [['127.0.0.2'], ['127.0.0.1']];
    expect(await linesOf(connecting(), { config: denying() })).toEqual(['connected']);
    expect([allowed, denied]).toEqual([1, 4]);
  },
);
