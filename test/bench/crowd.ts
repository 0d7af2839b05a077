/** What processes of a real guest cost: of Rust, with the crate `lunatic`, beside upstream's runtime. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessConfig, Runtime } from '../../runtime/internal.ts';
import { projectFolder } from '../support/command.ts';
import { Capture, Feed } from '../support/program.ts';
import { alternate } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { residentBytes, touchYoungGeneration } from './memory.ts';
import { besideUpstream, GuestCommand } from './upstream.ts';

const ROUNDS = 3;
const TURNS = 20_000;
const BURST = 5000;
const RING = 1000;
const HOPS = 200_000;

/** Upstream's runtime fails with 10,000. */
const MOST_IN_UPSTREAM = 9000;

const guest = join(projectFolder, 'test', 'guests', 'built', 'rust', 'crowd.wasm');

/** Runs the guest, and returns the nanoseconds that it prints. */
async function run(command: GuestCommand, figures: number): Promise<number[]> {
  try {
    const times = await command.numbers(figures);
    await command.finish();
    return times;
  } finally {
    await command.kill();
  }
}

const ours = (...args: (string | number)[]) => GuestCommand.ours(guest, args.map(String));
const upstream = (...args: (string | number)[]) => GuestCommand.upstream(guest, args.map(String));

/** A row for the time of one word of the guest, divided by `per` nanoseconds. */
function timed(
  row: { name: string; what: string; unit: string; must: number; aim: number },
  program: string,
  count: number,
  theirs: number,
  per: number,
): Benchmark {
  const time = async (command: GuestCommand) => ((await run(command, 1))[0] ?? 0) / per;
  return besideUpstream({
    rows: [{ ...row, better: 'less', peer: null }],
    measure: async () => [
      await alternate(
        ROUNDS,
        () => time(ours(program, count)),
        () => time(upstream(program, theirs)),
      ),
    ],
  });
}

const waiting: readonly Benchmark[] = [4000, 10_000].map((count) => {
  const name = `crowd of ${count.toLocaleString('en')}`;
  const theirs = Math.min(count, MOST_IN_UPSTREAM);
  const what = `spawning processes of a Rust guest (1.1 MiB each) until all wait; ${theirs.toLocaleString('en')} of upstream's`;
  return timed({ name, what, unit: 'ms', must: 2, aim: 0.7 }, 'wait', count, theirs, 1e6);
});

const ring = besideUpstream({
  rows: [
    {
      name: 'Rust ring, set-up',
      unit: 'ms',
      what: 'spawning a ring of 1,000 processes of a Rust guest',
      peer: null,
      better: 'less',
      must: 1.5,
      aim: 0.7,
    },
    {
      name: 'Rust ring, hop',
      unit: 'us',
      what: 'a message from one of these processes to the next',
      peer: null,
      better: 'less',
      must: 0.9,
      aim: 0.5,
    },
  ],
  async measure() {
    const least = [0, 1].map(() => ({
      value: Number.POSITIVE_INFINITY,
      peerValue: Number.POSITIVE_INFINITY,
    }));
    for (let round = 0; round < ROUNDS; round++) {
      const mine = await run(ours('ring', RING, HOPS), 2);
      const theirs = await run(upstream('ring', RING, HOPS), 2);
      for (const [i, figure] of least.entries()) {
        const per = i === 0 ? 1e6 : 1000 * HOPS;
        figure.value = Math.min(figure.value, (mine[i] ?? 0) / per);
        figure.peerValue = Math.min(figure.peerValue, (theirs[i] ?? 0) / per);
      }
    }
    return least;
  },
});

const FIRST = 2000;
const MORE = 6000;

const resident: Benchmark = {
  rows: [
    {
      name: 'one of a crowd',
      unit: 'KB',
      what: 'real memory of each more process of a Rust guest that waits for a message',
      peer: null,
      better: 'less',
      must: 48,
      aim: 24,
    },
  ],
  async measure() {
    touchYoungGeneration();
    const runtime = new Runtime();
    const module = runtime.load(readFileSync(guest));
    const spawned = async (count: number) => {
      const output = new Capture();
      const config = ProcessConfig.forRoot();
      config.commandLineArguments = ['crowd', 'wait', String(count)];
      const root = await runtime.run(module, {
        config,
        stdio: { input: new Feed(), output, error: new Capture() },
      });
      while (!output.text.includes('\n') && root.environment.size > 0) {
        await new Promise((done) => setImmediate(done));
      }
      const { size } = root.environment;
      if (size !== 1 + count) throw new Error(`${size} processes live, not ${1 + count}`);
    };
    await spawned(FIRST);
    const few = await residentBytes();
    await spawned(MORE);
    const many = await residentBytes();
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
    const details = [`${FIRST}: ${megabytes(few)}, ${FIRST + MORE}: ${megabytes(many)}`];
    return [{ value: (many - few) / MORE / 1024, peerValue: null, details }];
  },
};

export const crowd: readonly Benchmark[] = [
  ...waiting,
  resident,
  timed(
    {
      name: 'Rust spawn to exit',
      what: 'spawning a process of a Rust guest that sends a message and ends, and receiving that',
      unit: 'us',
      must: 0.9,
      aim: 0.3,
    },
    'turn',
    TURNS,
    TURNS,
    1000 * TURNS,
  ),
  timed(
    {
      name: 'Rust spawn to exit, at once',
      what: 'the same with 5,000 processes at once',
      unit: 'us',
      must: 0.9,
      aim: 0.3,
    },
    'burst',
    BURST,
    BURST,
    1000 * BURST,
  ),
  ring,
];

if (import.meta.main) process.exit(await bench(crowd, process.argv.slice(2)));
