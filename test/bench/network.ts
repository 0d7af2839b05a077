/** What TCP costs through guests, beside the same straight on `node:net`. */
import { fork } from 'node:child_process';
import { createServer } from 'node:net';
import { memoryUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { guest } from '../support/guest.ts';
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark, Row } from './benchmark.ts';
import { GuestRun } from './guest-run.ts';
import type { Answer, Order } from './network-client.ts';

const CONNECTIONS = 64;
const ROUNDS = 7;
/** Milliseconds of a round. */
const ROUND = 600;

const FIRST = 1000;
const MORE = 4000;
/** Descriptors that a Node needs besides those of its connections. */
const OTHER_DESCRIPTORS = 100;

/**
 * Accepts, and spawns a process for each connection, which gets the stream in a message and echoes what comes. The first
 * report is the port it listens on.
 */
const ECHO = guest(`
  (func $ok (param i32) (if (local.get 0) (then unreachable)))
  (func (export "echo") (local $s i64)
    (call $expect (call $receive) (i32.const 0))
    (local.set $s (call $message.take_tcp_stream (i64.const 0)))
    (i32.store (i32.const 0x10) (i32.const 0x1000))
    (loop $next
      (if (call $networking.tcp_read (local.get $s) (i32.const 0x1000) (i32.const 0xe000) (i32.const 0)) (then (return)))
      (i32.store (i32.const 0x14) (i32.load (i32.const 0)))
      (if (i32.eqz (i32.load (i32.const 0))) (then (return)))
      (loop $more
        (if (call $networking.tcp_write_vectored (local.get $s) (i32.const 0x10) (i32.const 1) (i32.const 0)) (then (return)))
        (i32.store (i32.const 0x10) (i32.add (i32.load (i32.const 0x10)) (i32.load (i32.const 0))))
        (i32.store (i32.const 0x14) (i32.sub (i32.load (i32.const 0x14)) (i32.load (i32.const 0))))
        (br_if $more (i32.load (i32.const 0x14))))
      (i32.store (i32.const 0x10) (i32.const 0x1000))
      (br $next)))
  (func (export "_start") (local $l i64)
    (i32.store (i32.const 0x20) (i32.const 0x0100007f))
    (call $ok (call $networking.tcp_bind (i32.const 4) (i32.const 0x20) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (local.set $l (i64.load (i32.const 0)))
    (call $ok (call $networking.tcp_local_addr (local.get $l) (i32.const 0)))
    (call $ok (call $networking.resolve_next (i64.load (i32.const 0))
      (i32.const 0x40) (i32.const 0x48) (i32.const 0x60) (i32.const 0) (i32.const 0)))
    (i64.store (i32.const 0x58) (i64.const 0))
    (call $write (i32.const 0x58) (i32.const 16))
    (loop $next
      (call $ok (call $networking.tcp_accept (local.get $l) (i32.const 0) (i32.const 8)))
      (call $networking.drop_dns_iterator (i64.load (i32.const 8)))
      (call $message.create_data (i64.const 0) (i64.const 0))
      (drop (call $message.push_tcp_stream (i64.load (i32.const 0))))
      (drop (call $message.send (call $spawn (i64.const 0) (text "echo"))))
      (br $next)))`);

/** Clients in a Node of their own, connected to one server. */
class Clients {
  readonly #child = fork(new URL('network-client.ts', import.meta.url), { execArgv: [] });

  static async connect(port: number, connections: number): Promise<Clients> {
    const clients = new Clients();
    await clients.open(port, connections);
    return clients;
  }

  async open(port: number, connections: number): Promise<void> {
    await this.#order({ port, connections });
  }

  /** Microseconds for each message of a size, all connections together. */
  async microseconds(size: number): Promise<number> {
    const { nanoseconds, count } = await this.#order({ size, milliseconds: ROUND });
    return nanoseconds / 1000 / count;
  }

  /** Sees to it that each connection answers. */
  async check(): Promise<number> {
    const { answered } = await this.#order({ size: 1, milliseconds: 0 });
    return answered;
  }

  #order(order: Order): Promise<Answer> {
    return new Promise((done, failed) => {
      this.#child.once('message', (answer: Answer) => {
        if (answer.error === undefined) done(answer);
        else failed(new Error(answer.error));
      });
      this.#child.send(order);
    });
  }

  close(): void {
    this.#child.kill();
  }
}

/** Starts the guests' server and gives its port. */
async function startGuests(): Promise<{ guests: GuestRun; port: number }> {
  const guests = await GuestRun.start(ECHO);
  await guests.reported(1);
  return { guests, port: guests.reports[0]?.count ?? 0 };
}

/** Starts Node's own server and gives its port. */
async function startNode(): Promise<{ close(): void; port: number }> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk) => socket.write(chunk)).on('error', () => {});
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { close: () => server.close(), port: address.port };
}

function echo(row: Pick<Row, 'name' | 'what' | 'must' | 'aim'>, size: number): Benchmark {
  return {
    rows: [{ ...row, unit: 'us', peer: 'node:net', better: 'less' }],
    async measure() {
      const { guests, port } = await startGuests();
      const node = await startNode();
      const [toGuests, toNode] = await Promise.all([
        Clients.connect(port, CONNECTIONS),
        Clients.connect(node.port, CONNECTIONS),
      ]);
      try {
        // Both warm up before the clock counts.
        await toGuests.microseconds(size);
        await toNode.microseconds(size);
        const figure = await alternate(
          ROUNDS,
          () => toGuests.microseconds(size),
          () => toNode.microseconds(size),
        );
        const living = guests.root.environment.size;
        if (living !== 1 + CONNECTIONS) throw new Error(`${living} processes live, not ${1 + CONNECTIONS}`);
        const speed = (us: number) =>
          `${Math.round(1e6 / us).toLocaleString('en')} messages/s, ${((2 * size) / us).toFixed(0)} MB/s`;
        const share = (figure.peerValue / figure.value).toFixed(2);
        const details = [
          `guests ${speed(figure.value)}; node:net ${speed(figure.peerValue)}; share ${share}`,
        ];
        return [{ ...figure, details }];
      } finally {
        toGuests.close();
        toNode.close();
        node.close();
      }
    },
  };
}

/** Bytes that this Node has in real memory when nothing is left to collect. */
async function residentBytes(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await sleep(100);
  }
  return memoryUsage.rss();
}

/** How many files and sockets this Node may have open. */
function descriptorLimit(): number {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft?: number | string } };
  };
  return Number(userLimits?.open_files?.soft ?? Number.POSITIVE_INFINITY) || Number.POSITIVE_INFINITY;
}

const idle: Benchmark = {
  rows: [
    {
      name: 'idle TCP connection',
      unit: 'KB',
      what: 'real memory of each more of 5,000 TCP connections, with a process each that waits for bytes',
      peer: null,
      better: 'less',
      must: 64,
      aim: 32,
    },
  ],
  async measure() {
    const limit = descriptorLimit();
    const needed = FIRST + MORE + OTHER_DESCRIPTORS;
    if (limit < needed)
      throw new Error(`only ${limit} descriptors may be open (ulimit -n), ${needed} are needed`);
    const { guests, port } = await startGuests();
    const clients = new Clients();
    try {
      await clients.open(port, FIRST);
      await clients.check();
      const few = await residentBytes();
      await clients.open(port, MORE);
      const answers = await clients.check();
      if (answers !== FIRST + MORE) throw new Error(`${answers} connections answer, not ${FIRST + MORE}`);
      const many = await residentBytes();
      const living = guests.root.environment.size;
      if (living !== 1 + FIRST + MORE) throw new Error(`${living} processes live, not ${1 + FIRST + MORE}`);
      const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
      const details = [`${FIRST}: ${megabytes(few)}, ${FIRST + MORE}: ${megabytes(many)}`];
      return [{ value: (many - few) / MORE / 1024, peerValue: null, details }];
    } finally {
      clients.close();
    }
  },
};

export const network: readonly Benchmark[] = [
  echo(
    {
      name: 'TCP echo, 64 bytes',
      what: 'a message of 64 bytes to a guest and back, on 64 connections (2.5 times as long is a share of 0.4)',
      must: 1 / 0.4,
      aim: 1 / 0.8,
    },
    64,
  ),
  echo(
    {
      name: 'TCP echo, 64 KiB',
      what: 'the same of 64 KiB (1.67 times as long is a share of 0.6)',
      must: 1 / 0.6,
      aim: 1 / 0.9,
    },
    2 ** 16,
  ),
  idle,
];

if (import.meta.main) process.exit(await bench(network, process.argv.slice(2)));
