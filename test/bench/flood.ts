/** What it takes to be flooded with messages: a Rust guest, with the crate `lunatic`, beside upstream's runtime. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../support/command.ts';
import { bench } from './bench.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { besideUpstream, GuestCommand } from './upstream.ts';

const ROUNDS = 5;
const REQUESTS = 5000;
/** Of the longer flood, in which what waits takes more memory than the runtime. */
const LONG_ROUNDS = 2;
const LONG_REQUESTS = 50_000;

const guest = join(projectFolder, 'test', 'guests', 'built', 'rust', 'flood.wasm');

interface Run {
  /** Milliseconds from the start of the command until all requests were answered. */
  readonly time: number;
  /** The most real memory that it had until then, in MB; null where the system does not tell. */
  readonly peak: number | null;
}

type Start = (module: string, args: readonly string[]) => GuestCommand;

async function run(start: Start, requests: number): Promise<Run> {
  const since = performance.now();
  const command = start(guest, [String(requests)]);
  try {
    const line = await command.line();
    const time = performance.now() - since;
    if (line !== `${requests} requests are answered`) throw new Error(`the guest printed ${line}`);
    const peak = peakMemory(command.child.pid);
    await command.finish();
    return { time, peak };
  } finally {
    await command.kill();
  }
}

function peakMemory(id: number | undefined): number | null {
  if (process.platform !== 'linux') return null;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${id}/status`, 'latin1')) ?? [];
  return Number(kilobytes) / 1000;
}

/** Runs both in turns. */
async function runs(rounds: number, requests: number): Promise<{ ours: Run[]; theirs: Run[] }> {
  const ours: Run[] = [];
  const theirs: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await run(GuestCommand.ours, requests));
    theirs.push(await run(GuestCommand.upstream, requests));
  }
  return { ours, theirs };
}

function leastPeak({ ours, theirs }: { ours: Run[]; theirs: Run[] }): Figure {
  const least = (found: Run[]) => Math.min(...found.map(({ peak }) => peak ?? Number.NaN));
  return { value: least(ours), peerValue: least(theirs) };
}

/** The shortest time and the least peak of both. */
const flooded: Benchmark = {
  rows: [
    {
      name: 'flood, time',
      unit: 'ms',
      what: 'a Rust guest makes 5,000 requests while another process sends to it without end; the whole command',
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
  async measure() {
    const found = await runs(ROUNDS, REQUESTS);
    const shortest = (of: Run[]) => Math.min(...of.map(({ time }) => time));
    return [{ value: shortest(found.ours), peerValue: shortest(found.theirs) }, leastPeak(found)];
  },
};

const longFlood: Benchmark = {
  rows: [
    {
      name: 'long flood, peak memory',
      unit: 'MB',
      what: 'the same during 50,000 requests, when what waits counts for more than the runtime',
      peer: null,
      better: 'less',
      must: 2,
      aim: 1,
    },
  ],
  measure: async () => [leastPeak(await runs(LONG_ROUNDS, LONG_REQUESTS))],
};

export const flood: readonly Benchmark[] = [besideUpstream(flooded), besideUpstream(longFlood)];

if (import.meta.main) process.exit(await bench(flood, process.argv.slice(2)));
