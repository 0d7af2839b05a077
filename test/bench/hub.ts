/** What carries bytes between nodes, without the nodes above it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { joinHub } from '../../runtime/cluster/hub/join.ts';
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

const ROUNDS = 7;
const TRIPS = 5000;
const FLOOD = 200_000;
/** Bytes of a message that goes one way. */
const SIZE = 64;
/** Bytes that wait, from which on a client of the bare relay sends no more, as a node does. */
const MUCH = 2 ** 20;

/** One end of a connection over a relay. The other one is a process of `hub-peer.ts`. */
interface End {
  send(bytes: Uint8Array): void;
  readonly isFull: boolean;
  whenWritable(ready: () => void): void;
  /** Called for each message that comes. */
  onMessage: () => void;
}

const processes: ChildProcess[] = [];

/** Starts a process of `hub-peer.ts`, and returns what it says first. */
async function start(role: string, url = ''): Promise<unknown> {
  const child = fork(new URL('hub-peer.ts', import.meta.url).pathname, [role, url], { execArgv: [] });
  processes.push(child);
  const [said] = await once(child, 'message');
  return said;
}

async function overHub(): Promise<End> {
  const url = String(await start('hub'));
  const far = Number(await start('node', url));
  const transport = await joinHub(
    url,
    {},
    { received: () => end.onMessage(), joined: () => {}, left: () => {}, lost: () => {} },
  );
  const to = [...transport.nodes.keys()].find((id) => id === far);
  if (to === undefined) throw new Error('the other node is not known');
  const end: End = {
    onMessage: () => {},
    send: (bytes) => transport.send(to, 1, bytes),
    get isFull() {
      return transport.isFull;
    },
    whenWritable: (ready) => transport.whenWritable(ready),
  };
  return end;
}

async function overRelay(): Promise<End> {
  const url = String(await start('relay'));
  await start('client', url);
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  let ready = () => {};
  const sent = () => {
    if (socket.bufferedAmount < MUCH / 2) ready();
  };
  const end: End = {
    onMessage: () => {},
    send: (bytes) => socket.send(bytes, sent),
    get isFull() {
      return socket.bufferedAmount > MUCH;
    },
    whenWritable: (call) => {
      ready = call;
    },
  };
  socket.on('message', () => end.onMessage());
  return end;
}

/** Microseconds of a message there and back. */
async function trips(end: End): Promise<number> {
  const bytes = new Uint8Array(SIZE).subarray(0, 4);
  const begin = performance.now();
  await new Promise<void>((done) => {
    let left = TRIPS;
    end.onMessage = () => {
      if (--left === 0) done();
      else end.send(bytes);
    };
    end.send(bytes);
  });
  return ((performance.now() - begin) * 1000) / TRIPS;
}

/** Microseconds for each message of many that go one way. */
async function flood(end: End): Promise<number> {
  const bytes = new Uint8Array(SIZE);
  const answered = new Promise<void>((done) => {
    end.onMessage = done;
  });
  const begin = performance.now();
  for (let i = 1; i <= FLOOD; i++) {
    // The last one is answered.
    bytes[0] = i === FLOOD ? 1 : 0;
    end.send(bytes);
    if (end.isFull) await new Promise<void>((ready) => end.whenWritable(ready));
    // What has come is read now and then, as by a node whose processes take turns.
    else if (i % 500 === 0) await new Promise((turn) => setImmediate(turn));
  }
  await answered;
  return ((performance.now() - begin) * 1000) / FLOOD;
}

export const hub: Benchmark = {
  rows: [
    {
      name: 'bytes there and back, hub',
      unit: 'us',
      what: 'a message of 4 bytes to another node over a hub, and back; three OS processes',
      peer: 'bare ws relay',
      better: 'less',
      must: 1.5,
      aim: 1.1,
    },
    {
      name: 'bytes one way, hub',
      unit: 'us',
      what: 'each of 200,000 messages of 64 bytes to another node over a hub',
      peer: 'bare ws relay',
      better: 'less',
      must: 0.5,
      aim: 0.2,
    },
  ],
  async measure() {
    const [ours, relay] = [await overHub(), await overRelay()];
    try {
      // Both warm up before the clock counts.
      for (const end of [ours, relay]) await trips(end);
      const trip = await alternate(
        ROUNDS,
        () => trips(ours),
        () => trips(relay),
      );
      const oneWay = await alternate(
        ROUNDS,
        () => flood(ours),
        () => flood(relay),
      );
      const perSecond = (us: number) => `${Math.round(1e6 / us).toLocaleString('en')} messages/s`;
      const details = [`hub ${perSecond(oneWay.value)}, relay ${perSecond(oneWay.peerValue)}`];
      return [trip, { ...oneWay, details }];
    } finally {
      for (const child of processes) child.kill();
    }
  },
};

if (import.meta.main) process.exit(await bench([hub], process.argv.slice(2)));
