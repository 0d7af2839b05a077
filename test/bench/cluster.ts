/** What it takes processes of two nodes to reach each other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, hasNats, NatsServer } from '../support/cluster/nats-server.ts';
import { launcher } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { Erlang } from './erlang.ts';
import { withFolder } from './startup.ts';

const ROUNDS = 5;
const TRIPS = 5000;
const FLOOD = 200_000;
const SPAWNS = 1000;
const DEATHS = 3;

/** Waits on the first node for what the other one asks: see `MEASURES`. */
const PROGRAM = guest(`
  (func $now (result i64)
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 256))) (i64.load (i32.const 256)))
  (func $tell (param $node i64) (param $id i64) (param $value i64) (param $size i32)
    (i64.store (i32.const 512) (local.get $value))
    (call $message.create_data (i64.const 1) (i64.const 64))
    (drop (call $message.write_data (i32.const 512) (local.get $size)))
    (call $expect (call $distributed.send (local.get $node) (local.get $id)) (i32.const 0)))
  (func $spawn_there (param $name i32) (param $length i32) (result i64)
    (call $expect (call $distributed.spawn (i64.const 1) (i64.const -1) (call $distributed.module_id)
      (local.get $name) (local.get $length) (i32.const 0) (i32.const 0) (i32.const 16)) (i32.const 0))
    (i64.load (i32.const 16)))
  (func (export "nothing"))
  (func (export "echo")
    (loop $next (call $tell (i64.const 2) (call $receive_value) (i64.const 0) (i32.const 16)) (br $next)))
  (func (export "sink") (local $asker i64) (local $left i32)
    (local.set $asker (call $receive_value))
    (local.set $left (i32.const ${FLOOD}))
    (loop $next
      (drop (call $receive))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $tell (i64.const 2) (local.get $asker) (i64.const 0) (i32.const 16)))
  (func $trips (param $echo i64) (local $left i32)
    (local.set $left (i32.const ${TRIPS}))
    (loop $next
      (call $tell (i64.const 1) (local.get $echo) (call $process.process_id) (i32.const 16))
      (drop (call $receive))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  (func $spawns (local $left i32)
    (local.set $left (i32.const ${SPAWNS}))
    (loop $next
      (drop (call $spawn_there (text "nothing")))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
  (func $flood (local $sink i64) (local $left i32)
    (local.set $sink (call $spawn_there (text "sink")))
    (call $tell (i64.const 1) (local.get $sink) (call $process.process_id) (i32.const 16))
    (local.set $left (i32.const ${FLOOD}))
    (loop $next
      (call $tell (i64.const 1) (local.get $sink) (i64.const 0) (i32.const 64))
      (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (drop (call $receive)))
  (func $line (result i32)
    ;; One byte of standard input; 0 at its end.
    (i32.store (i32.const 300) (i32.const 320)) (i32.store (i32.const 304) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 300) (i32.const 1) (i32.const 308)))
    (if (result i32) (i32.load (i32.const 308)) (then (i32.load8_u (i32.const 320))) (else (i32.const 0))))
  (func (export "_start") (local $echo i64) (local $since i64) (local $what i32)
    (local.set $echo (call $spawn_there (text "echo")))
    (call $trips (local.get $echo))
    (call $print (text "ready"))
    (loop $next
      (if (i32.eqz (local.tee $what (call $line))) (then (return)))
      (local.set $since (call $now))
      (if (i32.eq (local.get $what) (i32.const 116)) (then (call $trips (local.get $echo))))
      (if (i32.eq (local.get $what) (i32.const 115)) (then (call $spawns)))
      (if (i32.eq (local.get $what) (i32.const 102)) (then (call $flood)))
      (if (i32.eq (local.get $what) (i32.const 108)) (then
        (call $process.die_when_link_dies (i32.const 0))
        (call $process.link (i64.const 9) (call $cluster.refer (i64.const 1) (local.get $echo)))
        (call $print (text "linked"))
        (drop (call $receive))))
      (call $show (text "took") (i64.sub (call $now) (local.get $since)))
      (br $next)))`);

/** An OS process that prints lines. */
class Peer {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.child.stdout === null) throw new Error('there is no pipe');
    this.#lines = createInterface(this.child.stdout)[Symbol.asyncIterator]();
  }

  /** A mode of `cluster-peer.ts`. */
  static bare(mode: string, port: number, count = 0): Peer {
    return new Peer([join(import.meta.dirname, 'cluster-peer.ts'), mode, String(port), String(count)]);
  }

  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`it has ended: ${this.child.spawnargs.join(' ')}`);
    return value;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

/** Two nodes, of which the second one runs the program. */
class Nodes {
  readonly first: Peer;
  readonly #second: Peer;

  private constructor(first: Peer, second: Peer) {
    this.first = first;
    this.#second = second;
  }

  /** @param where what the commands are told of the cluster */
  static async start(where: readonly string[]): Promise<Nodes> {
    return await withFolder(async (folder) => {
      const file = join(folder, 'nodes.wat');
      writeFileSync(file, PROGRAM);
      // The numbers of nodes are in the program: the first one must have joined.
      const waiting = join(folder, 'waiting.wat');
      writeFileSync(waiting, guest('(func (export "_start") (call $print (text "up")))'));
      const first = new Peer([launcher, 'node', ...where, '--wasm', waiting]);
      await first.line();
      const second = new Peer([launcher, 'node', ...where, '--wasm', file]);
      await second.line();
      return new Nodes(first, second);
    });
  }

  /** Asks for a measurement, a letter. Returns the nanoseconds that it took. */
  async took(what: string): Promise<number> {
    this.#second.child.stdin?.write(what);
    return Number((await this.#second.line()).replace('took ', ''));
  }

  /** Milliseconds from the death of the first node to that of a link to a process of it. */
  async death(): Promise<number> {
    this.#second.child.stdin?.write('l');
    await this.#second.line();
    const since = performance.now();
    this.first.child.kill('SIGKILL');
    await this.#second.line();
    return performance.now() - since;
  }

  async end(): Promise<void> {
    await Promise.all([this.first.end(), this.#second.end()]);
  }
}

/** What carries a cluster, and the port of it. */
interface Engine {
  readonly where: readonly string[];
  readonly port: number;
  stop(): Promise<void>;
}

async function startNats(): Promise<Engine> {
  const server = await NatsServer.start();
  return { where: ['--cluster', server.url], port: server.port, stop: () => server.stop() };
}

async function startHub(): Promise<Engine> {
  const port = await freePort();
  const control = new Peer([launcher, 'control', '--bind-socket', `127.0.0.1:${port}`]);
  while (
    !(await fetch(`http://127.0.0.1:${port}/nodes`).then(
      () => true,
      () => false,
    ))
  );
  return { where: [`http://127.0.0.1:${port}/`], port, stop: () => control.end() };
}

/** Measures two nodes, and a bare peer in the same engine, or beside it. */
async function onNodes<T>(
  start: () => Promise<Engine>,
  measure: (nodes: Nodes, engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await start();
  const nodes = await Nodes.start(engine.where);
  try {
    return await measure(nodes, engine);
  } finally {
    await nodes.end();
    await engine.stop();
  }
}

async function besides<T>(modes: readonly string[], port: number, measure: () => Promise<T>): Promise<T> {
  const peers: Peer[] = [];
  try {
    for (const mode of modes) {
      const peer = Peer.bare(mode, port);
      peers.push(peer);
      await peer.line();
    }
    return await measure();
  } finally {
    for (const peer of peers) await peer.end();
  }
}

/** Microseconds of one operation of a bare peer. */
async function bare(mode: string, port: number, count: number): Promise<number> {
  const peer = Peer.bare(mode, port, count);
  try {
    return Number(await peer.line()) / 1000;
  } finally {
    await peer.end();
  }
}

const LESS = { unit: 'us', better: 'less' } as const;
const trip = (nodes: Nodes) => async () => (await nodes.took('t')) / 1000 / TRIPS;

const overNats: Benchmark = {
  rows: [
    {
      ...LESS,
      name: 'node trip, NATS',
      what: 'a message of 16 bytes to a process on another node through NATS and one back; a bare request and reply there',
      peer: 'bare',
      must: 1.5,
      aim: 1.1,
    },
    {
      ...LESS,
      name: 'node one way, NATS',
      what: 'a message of 64 bytes to a process on another node through NATS, as fast as they can be sent; a bare publish (a ratio of 1.67 is 0.6 times as many a second)',
      peer: 'bare',
      must: 1 / 0.6,
      aim: 1 / 0.9,
    },
  ],
  missing: hasNats ? null : 'there is no command nats-server',
  measure: () =>
    onNodes(startNats, (nodes, { port }) =>
      besides(['nats-echo'], port, async () => [
        await alternate(ROUNDS, trip(nodes), () => bare('nats-trip', port, TRIPS)),
        await alternate(
          ROUNDS,
          async () => (await nodes.took('f')) / 1000 / FLOOD,
          () => bare('nats-flood', port, FLOOD),
        ),
      ]),
    ),
};

const overHub: Benchmark = {
  rows: [
    {
      ...LESS,
      name: 'node trip, hub',
      what: 'a message of 16 bytes to a process on another node through the hub and one back; an echo through a bare relay of WebSockets',
      peer: 'bare ws',
      must: 1.5,
      aim: 1.1,
    },
    {
      ...LESS,
      name: 'node spawn, hub',
      what: 'a process spawned on another node, which has the module; a message there and one back',
      peer: 'trip',
      must: 3,
      aim: 1.5,
    },
    {
      ...LESS,
      name: 'node trip, Erlang',
      what: 'a message of 16 bytes to a process on another node through the hub and one back; between two Erlang nodes on this machine',
      peer: 'Erlang',
      must: 3,
      aim: 1.5,
    },
  ],
  measure: () =>
    onNodes(startHub, async (nodes) => {
      const relay = await freePort();
      const erlang = new Erlang();
      try {
        return await besides(['ws-relay', 'ws-echo'], relay, async () => [
          await alternate(ROUNDS, trip(nodes), () => bare('ws-trip', relay, TRIPS)),
          await alternate(ROUNDS, async () => (await nodes.took('s')) / 1000 / SPAWNS, trip(nodes)),
          await alternate(ROUNDS, trip(nodes), () => erlang.measureNodes('node-trip', TRIPS)),
        ]);
      } finally {
        erlang.close();
      }
    }),
};

/** How long a link takes to tell of the death of a node. */
function death(name: string, start: () => Promise<Engine>, missing: string | null): Benchmark {
  return {
    rows: [
      {
        name,
        unit: 'ms',
        what: 'from the SIGKILL of a node to the death of a link to a process of it',
        peer: null,
        better: 'less',
        must: 2000,
        aim: 300,
      },
    ],
    missing,
    async measure(): Promise<Figure[]> {
      const times: number[] = [];
      for (let i = 0; i < DEATHS; i++) times.push(await onNodes(start, (nodes) => nodes.death()));
      return [{ value: Math.max(...times), peerValue: null, details: [] }];
    },
  };
}

export const cluster: readonly Benchmark[] = [
  overNats,
  overHub,
  death('node death, NATS', startNats, overNats.missing ?? null),
  death('node death, hub', startHub, null),
];

if (import.meta.main) process.exit(await bench(cluster, process.argv.slice(2)));
