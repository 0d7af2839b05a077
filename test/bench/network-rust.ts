/** What sockets cost guests of Rust, with the crate `lunatic`, beside `node:net` and upstream's runtime. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { projectFolder } from '../support/command.ts';
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { besideUpstream, GuestCommand } from './upstream.ts';

const CONNECTIONS = 64;
const ECHO_RUNS = 4;
/** Messages of each connection. */
const MESSAGES = 2500;
const BYTES = 64;

/** Servers of each side, one after another: how their memory and threads come to lie differs from one OS process to the next. */
const HTTP_SERVERS = 3;
/** Runs with each server. They are short, so that a slow moment of the machine is not that of all runs of one side. */
const HTTP_RUNS = 4;
/** Seconds of each. Opening the connections counts, too, so it must be a small part of them. */
const HTTP_TIME = 2;

const run = promisify(execFile);

function built(name: string): string {
  return join(projectFolder, 'test', 'guests', 'built', 'rust', `${name}.wasm`);
}

const echo: Benchmark = {
  rows: [
    {
      name: 'Rust TCP echo',
      unit: 'us',
      what: 'a message of 64 bytes from one process of a Rust guest to another and back over TCP, 64 connections (1.25 times as long is a share of 0.8)',
      peer: 'node:net',
      better: 'less',
      must: 1 / 0.8,
      aim: 1 / 1.1,
    },
  ],
  async measure() {
    const args = [CONNECTIONS, MESSAGES, BYTES].map(String);
    const perMessage = (nanoseconds: number) => nanoseconds / 1000 / (CONNECTIONS * MESSAGES);
    const guests = async () => {
      const command = GuestCommand.ours(built('echo_load'), args);
      try {
        const [time = 0] = await command.numbers(1);
        await command.finish();
        return perMessage(time);
      } finally {
        await command.kill();
      }
    };
    const plain = async () => {
      const peer = fileURLToPath(new URL('network-peer.ts', import.meta.url));
      return perMessage(Number((await run(process.execPath, [peer, ...args])).stdout));
    };
    return [await alternate(ECHO_RUNS, guests, plain)];
  },
};

/** Microseconds that `wrk` saw for each request, and the milliseconds that 99 of 100 took at most. */
export async function load(port: number): Promise<{ request: number; slow: number }> {
  const { stdout } = await run('wrk', [
    `--connections=${CONNECTIONS}`,
    '--threads=1',
    `--duration=${HTTP_TIME}s`,
    '--latency',
    `http://127.0.0.1:${port}/`,
  ]);
  const [, rate = ''] = /^Requests\/sec: +([\d.]+)$/m.exec(stdout) ?? [];
  const [, slow = '', unit = ''] = /^ +99% +([\d.]+)(us|ms|s)$/m.exec(stdout) ?? [];
  if (rate === '' || unit === '' || /Socket errors|Non-2xx/.test(stdout)) throw new Error(stdout);
  return { request: 1e6 / Number(rate), slow: Number(slow) * ({ us: 0.001, ms: 1 }[unit] ?? 1000) };
}

const hasWrk = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'wrk')));

const beside = besideUpstream({
  rows: [
    {
      name: 'Rust HTTP, request',
      unit: 'us',
      what: 'a request to a Rust guest with a process for each of 64 connections of wrk',
      peer: null,
      better: 'less',
      must: 1 / 0.9,
      aim: 1 / 1.3,
    },
    {
      name: 'Rust HTTP, p99',
      unit: 'ms',
      what: 'the time that 99 of 100 of these requests take at most',
      peer: null,
      better: 'less',
      must: 1.5,
      aim: 0.8,
    },
  ],
  async measure() {
    let figures = await measureServers();
    for (let i = 1; i < HTTP_SERVERS; i++) figures = least(figures, await measureServers());
    return figures;
  },
});

interface Figure {
  readonly value: number;
  readonly peerValue: number;
}

function least(figures: readonly Figure[], others: readonly Figure[]): Figure[] {
  return figures.map(({ value, peerValue }, row) => ({
    value: Math.min(value, others[row]?.value ?? value),
    peerValue: Math.min(peerValue, others[row]?.peerValue ?? peerValue),
  }));
}

/** Starts a server of each side, and measures them in turns: time of a request, and of the slow ones. */
async function measureServers(): Promise<Figure[]> {
  const servers = [GuestCommand.ours(built('http_load'), []), GuestCommand.upstream(built('http_load'), [])];
  try {
    const [ours = [], theirs = []] = await Promise.all(servers.map((server) => server.numbers(1)));
    const [mine = 0, peer = 0] = [ours, theirs].map(([port = 0]) => port);
    // Both warm up before the clock counts.
    for (const port of [mine, peer]) await load(port);
    const measure = async (): Promise<Figure[]> => {
      const [own, other] = [await load(mine), await load(peer)];
      return (['request', 'slow'] as const).map((name) => ({ value: own[name], peerValue: other[name] }));
    };
    let figures = await measure();
    for (let i = 1; i < HTTP_RUNS; i++) figures = least(figures, await measure());
    for (const server of servers) await server.finish();
    return figures;
  } finally {
    for (const server of servers) await server.kill();
  }
}

/** Why no requests can be measured; null if they can. */
export const wrkIsMissing = hasWrk ? null : 'there is no command wrk';

const http: Benchmark = { ...beside, missing: beside.missing ?? wrkIsMissing };

export const networkRust: readonly Benchmark[] = [echo, http];

if (import.meta.main) process.exit(await bench(networkRust, process.argv.slice(2)));
