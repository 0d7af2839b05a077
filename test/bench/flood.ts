/** What it takes to be flooded with messages: Rust guests, with the crate `lunatic`, beside upstream's runtime. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder } from '../support/command.ts';
import { bench } from './bench.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { outsideProgram, programIsMissing } from './outside-programs.ts';
import { besideUpstream, GuestCommand } from './upstream.ts';

const ROUNDS = 5;
/** Of the longer flood, in which what waits takes more memory than the runtime. */
const LONG_ROUNDS = 2;
const LONG_REQUESTS = 50_000;

const guest = join(projectFolder, 'test', 'guests', 'built', 'rust', 'flood.wasm');

/** The tests `messaging` of the crate `lunatic`, and the one of them that is flooded. */
const TESTS = 'messaging.wasm';
const TEST = 'request_reply';

interface Run {
  /** Milliseconds from the start of the command until all requests were answered. */
  readonly time: number;
  /** The most real memory that it had until then, in MB; NaN where the system does not tell. */
  readonly peak: number;
}

/** Waits until the command prints a line which tells that all requests were answered. */
async function run(command: GuestCommand, answered: RegExp): Promise<Run> {
  const since = performance.now();
  let peak = Number.NaN;
  // While a process ends, the system may say 0.
  const look = () => {
    const seen = peakMemory(command);
    if (seen !== null && !(seen < peak)) peak = seen;
  };
  // Upstream's runtime is gone as soon as the last line is read, and its memory with it.
  const watch = setInterval(look, 5);
  try {
    while (!answered.test(await command.line()));
    const time = performance.now() - since;
    look();
    await command.finish();
    return { time, peak };
  } finally {
    clearInterval(watch);
    await command.kill();
  }
}

/** MB; null where the system does not tell, or the command has ended. */
function peakMemory({ child }: GuestCommand): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const [, kilobytes] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1')) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes) / 1000;
  } catch {
    return null;
  }
}

/** Runs both in turns. The shortest time and the least peak of each count. */
async function runs(rounds: number, ours: () => Promise<Run>, theirs: () => Promise<Run>): Promise<Figure[]> {
  const found: { ours: Run; theirs: Run }[] = [];
  for (let round = 0; round < rounds; round++) found.push({ ours: await ours(), theirs: await theirs() });
  const least = (of: 'time' | 'peak') => ({
    value: Math.min(...found.map((both) => both.ours[of])),
    peerValue: Math.min(...found.map((both) => both.theirs[of])),
  });
  return [least('time'), least('peak')];
}

const flooded: Benchmark = {
  rows: [
    {
      name: 'flood, time',
      unit: 'ms',
      what: "the SDK's own test of 5,000 requests while another process sends to the one that makes them; the whole command",
      peer: null,
      better: 'less',
      must: 1.5,
      aim: 0.5,
    },
    {
      name: 'flood, peak memory',
      unit: 'MB',
      what: 'the most real memory of the command meanwhile',
      peer: null,
      better: 'less',
      must: 2,
      aim: 1,
    },
  ],
  missing: programIsMissing(TESTS),
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'lunatic-bench-'));
    try {
      // Upstream's runtime knows tests by the folder that cargo puts them into.
      const built = join(folder, 'target', 'wasm32-wasi', 'debug', 'deps');
      mkdirSync(built, { recursive: true });
      const tests = join(built, TESTS);
      copyFileSync(outsideProgram(TESTS), tests);
      const passed = /^test result: \S*ok\S* 1 passed; 0 failed/;
      return await runs(
        ROUNDS,
        () => run(GuestCommand.ours(tests, [TEST], 'test'), passed),
        () => run(GuestCommand.upstream(tests, [TEST]), passed),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const longFlood: Benchmark = {
  rows: [
    {
      name: 'long flood, time',
      unit: 'ms',
      what: 'a Rust guest that makes 50,000 requests while another process sends to it without end',
      peer: null,
      better: 'less',
      must: 1.5,
      aim: 0.5,
    },
    {
      name: 'long flood, peak memory',
      unit: 'MB',
      what: 'the most real memory meanwhile, when what waits counts for more than the runtime',
      peer: null,
      better: 'less',
      must: 2,
      aim: 1,
    },
  ],
  measure: () => {
    const args = [String(LONG_REQUESTS)];
    const answered = new RegExp(`^${LONG_REQUESTS} requests are answered$`);
    return runs(
      LONG_ROUNDS,
      () => run(GuestCommand.ours(guest, args), answered),
      () => run(GuestCommand.upstream(guest, args), answered),
    );
  },
};

export const flood: readonly Benchmark[] = [besideUpstream(flooded), besideUpstream(longFlood)];

if (import.meta.main) process.exit(await bench(flood, process.argv.slice(2)));
