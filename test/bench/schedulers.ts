/** What several schedulers bring, and what they cost. */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { launcher, projectFolder } from '../support/command.ts';
import { alternate, alternateMedian, time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark, Figure, Row } from './benchmark.ts';
import { Erlang } from './erlang.ts';
import { load, wrkIsMissing } from './network-rust.ts';
import { besideIdle, chain, flood, roundTripApart } from './scheduler-programs.ts';
import { reportsOf, timeOf, withSchedulers } from './scheduler-run.ts';
import { helloFile, run, withFolder } from './startup.ts';
import { GuestCommand } from './upstream.ts';

const ROUNDS = 5;
/** Rounds of what takes several seconds. */
const FEW_ROUNDS = 3;
const STARTS = 25;

const TRIPS = 20_000;
const FLOOD = 500_000;
const OWN_ROUNDS = 9;
const OWN_TRIPS = 500_000;
const OWN_SPAWNS = 100_000;
const MOST_PROCESSES = 250_000;

const builtGuests = join(projectFolder, 'test', 'guests', 'built');

/** Whether the command has the option; it is asked when a row is wanted. */
let lacking: string | null | undefined;
function schedulersAreMissing(): string | null {
  if (lacking === undefined) {
    const { stdout } = spawnSync(process.execPath, [launcher, 'run', '--help'], { encoding: 'utf8' });
    lacking = stdout.includes('--schedulers') ? null : 'the command has no option --schedulers';
  }
  return lacking;
}

/** A benchmark of rows about several schedulers. */
function withOption({ rows, missing = null, measure }: Benchmark): Benchmark {
  return {
    rows,
    measure,
    get missing() {
      return missing ?? schedulersAreMissing();
    },
  };
}

const ONE = { peer: '1 scheduler', better: 'less' } as const satisfies Partial<Row>;

/** Runs eight workers at once, and gives the milliseconds that they took. */
async function workers(schedulers: number): Promise<{ milliseconds: number; checksum: number }> {
  const module = join(import.meta.dirname, 'programs', 'workers.wasm');
  const command = GuestCommand.ours(module, [], 'run', withSchedulers(schedulers));
  try {
    const [nanoseconds = 0, checksum = 0] = await command.numbers(2);
    await command.finish();
    return { milliseconds: nanoseconds / 1e6, checksum };
  } finally {
    await command.kill();
  }
}

const compute: Benchmark = {
  rows: [
    {
      ...ONE,
      name: 'eight workers, 2 schedulers',
      unit: 'ms',
      what: 'eight processes in C that compute, spawned at once (a ratio of 0.56 is 1.8 times as fast)',
      must: 1 / 1.8,
      aim: 1 / 1.97,
    },
  ],
  async measure() {
    const { checksum } = await workers(1);
    const timed = async (schedulers: number) => {
      const done = await workers(schedulers);
      if (done.checksum !== checksum)
        throw new Error(`the workers computed ${done.checksum}, not ${checksum}`);
      return done.milliseconds;
    };
    const figure = await alternate(
      FEW_ROUNDS,
      () => timed(2),
      () => timed(1),
    );
    return [{ ...figure, details: [`${(figure.peerValue / figure.value).toFixed(2)} times as fast`] }];
  },
};

/** Starts a server, and returns the port that it prints. */
async function serve(module: string, args: readonly string[], schedulers: number) {
  const command = GuestCommand.ours(module, args, 'run', withSchedulers(schedulers));
  const [port] = /\d+$/.exec(await command.line()) ?? [];
  return { command, port: Number(port) };
}

/** Microseconds for each request to servers on two schedulers and on one. */
async function requests(module: string, args: readonly string[]): Promise<Figure> {
  const servers = await Promise.all([2, 1].map((schedulers) => serve(module, args, schedulers)));
  try {
    // Both warm up before the clock counts.
    for (const { port } of servers) await load(port);
    const [two, one] = servers.map(
      ({ port }) =>
        async () =>
          (await load(port)).request,
    );
    if (two === undefined || one === undefined) throw new Error('there are no servers');
    const figure = await alternate(ROUNDS, two, one);
    const perSecond = (us: number) => `${Math.round(1e6 / us).toLocaleString('en')} requests/s`;
    const details = [`on 2 ${perSecond(figure.value)}, on 1 ${perSecond(figure.peerValue)}`];
    return { ...figure, details };
  } finally {
    for (const { command } of servers) await command.kill();
  }
}

const requestRow = { ...ONE, unit: 'us', must: 1 / 1.2, aim: 1 / 1.6 } as const;

const rustServer: Benchmark = {
  rows: [
    {
      ...requestRow,
      name: 'Rust HTTP, 2 schedulers',
      what: 'a request to an HTTP/1.1 server in Rust with a process for each of 64 connections of wrk, which takes half a core itself (a ratio of 0.83 is 1.2 times as many a second)',
    },
  ],
  missing: wrkIsMissing,
  measure: async () => [await requests(join(builtGuests, 'rust', 'http_server.wasm'), [])],
};

const assemblyScriptServer: Benchmark = {
  rows: [
    {
      ...requestRow,
      name: 'AssemblyScript HTTP, 2',
      what: 'the same of the template in AssemblyScript, with a connection and a process for each request',
    },
  ],
  missing: wrkIsMissing,
  measure: () =>
    withFolder(async (folder) => {
      const template = join(projectFolder, 'media', 'templates', 'assemblyscript');
      copyFileSync(join(template, 'http', 'assembly', 'index.ts'), join(folder, 'index.ts'));
      copyFileSync(join(template, 'common', 'assembly', 'lunatic.ts'), join(folder, 'lunatic.ts'));
      const module = await buildAssemblyScript(join(folder, 'index.ts'), join(folder, 'server.wasm'));
      return [await requests(module, ['0'])];
    }),
};

const trip: Benchmark = {
  rows: [
    {
      name: 'round trip between two',
      unit: 'us',
      what: 'a message of 16 bytes to a process on another scheduler and one back; between two Erlang nodes on this machine',
      peer: 'Erlang',
      better: 'less',
      must: 1,
      aim: 0.5,
    },
  ],
  async measure() {
    const erlang = new Erlang();
    try {
      return [
        await alternate(
          ROUNDS,
          async () => (await timeOf(roundTripApart(TRIPS), 2, true, TRIPS)) / 1000 / TRIPS,
          () => erlang.measureNodes('node-trip', TRIPS),
        ),
      ];
    } finally {
      erlang.close();
    }
  },
};

const oneWay: Benchmark = {
  rows: [
    {
      name: 'one way between two',
      unit: 'us',
      what: 'a message of 64 bytes to a process on another scheduler, as fast as they can be sent (a ratio of 3.3 is 0.3 times as many a second)',
      peer: 'inside one',
      better: 'less',
      must: 1 / 0.3,
      aim: 1 / 0.8,
    },
  ],
  async measure() {
    const perMessage = async (isApart: boolean) =>
      (await timeOf(flood(FLOOD, isApart), 2, isApart, FLOOD)) / 1000 / FLOOD;
    const figure = await alternate(
      ROUNDS,
      () => perMessage(true),
      () => perMessage(false),
    );
    const perSecond = (us: number) => `${Math.round(1e6 / us).toLocaleString('en')} messages/s`;
    const details = [`between two ${perSecond(figure.value)}, inside one ${perSecond(figure.peerValue)}`];
    return [{ ...figure, details }];
  },
};

/** What one scheduler does beside another that has nothing to do. */
const own: readonly Benchmark[] = [
  { name: 'round trip', program: besideIdle.roundTrip(OWN_TRIPS), count: OWN_TRIPS, counted: OWN_TRIPS },
  { name: 'ring hop', program: besideIdle.ring(OWN_TRIPS), count: OWN_TRIPS, counted: OWN_TRIPS * 0.999 },
  { name: 'spawn to exit', program: besideIdle.spawn(OWN_SPAWNS), count: OWN_SPAWNS, counted: OWN_SPAWNS },
].map(({ name, program, count, counted }) => ({
  rows: [
    {
      name: `${name}, second idle`,
      unit: 'us',
      what: `the row "${name}" in a command that has a second scheduler with a process that waits, and with one`,
      peer: 'alone',
      better: 'less',
      must: 1.03,
      aim: 1,
    },
  ],
  measure: async () => [
    await alternateMedian(
      OWN_ROUNDS,
      async () => (await timeOf(program, 2, true, counted)) / 1000 / count,
      async () => (await timeOf(program, 1, false, counted)) / 1000 / count,
    ),
  ],
}));

const live: Benchmark = {
  rows: [
    {
      name: 'live processes of a program',
      unit: 'processes',
      what: 'processes that wait, spawned until one is refused, at most 250,000, with the default options; those count that answer at the end',
      peer: null,
      better: 'more',
      must: 100_000,
      aim: MOST_PROCESSES,
    },
  ],
  async measure() {
    const [spawned, answered] = await reportsOf(chain(MOST_PROCESSES), null, 2);
    if (spawned === undefined || answered === undefined) throw new Error('the guest reported nothing');
    const details = [
      `${spawned.second.toLocaleString('en')} spawned in ${(spawned.first / 1e9).toFixed(1)} s, all answered after ${(answered.first / 1e9).toFixed(1)} s`,
    ];
    if (answered.second !== spawned.second)
      throw new Error(`${answered.second} answered of ${spawned.second}`);
    return [{ value: answered.second, peerValue: null, details }];
  },
};

const start: Benchmark = {
  rows: [
    {
      ...ONE,
      name: 'hello world, schedulers',
      unit: 'ms',
      what: '`lunatic run` of a program that prints a line, with the default number of schedulers',
      must: 1.05,
      aim: 1,
    },
  ],
  measure: () =>
    withFolder(async (folder) => {
      const file = await helloFile(folder);
      const hello = (schedulers: number | null) => async () =>
        await time(() => run([launcher, 'run', ...withSchedulers(schedulers), file]));
      return [await alternateMedian(STARTS, hello(null), hello(1))];
    }),
};

export const schedulers: readonly Benchmark[] = [
  compute,
  rustServer,
  assemblyScriptServer,
  trip,
  oneWay,
  ...own,
  live,
  start,
].map((one) => withOption(one as Benchmark));

if (import.meta.main) process.exit(await bench(schedulers, process.argv.slice(2)));
