/** What it takes to be flooded with messages: a Rust guest, with the crate `lunatic`, beside upstream's runtime. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../support/command.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { besideUpstream, GuestCommand } from './upstream.ts';

const ROUNDS = 5;
const REQUESTS = 5000;

const guest = join(projectFolder, 'test', 'guests', 'built', 'rust', 'flood.wasm');

interface Run {
  /** Milliseconds from the start of the command until all requests were answered. */
  readonly time: number;
  /** The most real memory that it had until then, in MB; null where the system does not tell. */
  readonly peak: number | null;
}

async function run(start: (module: string, args: readonly string[]) => GuestCommand): Promise<Run> {
  const since = performance.now();
  const command = start(guest, [String(REQUESTS)]);
  try {
    const line = await command.line();
    const time = performance.now() - since;
    if (line !== `${REQUESTS} requests are answered`) throw new Error(`the guest printed ${line}`);
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
    const ours: Run[] = [];
    const theirs: Run[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await run(GuestCommand.ours));
      theirs.push(await run(GuestCommand.upstream));
    }
    const least = (of: (run: Run) => number) => ({
      value: Math.min(...ours.map(of)),
      peerValue: Math.min(...theirs.map(of)),
    });
    return [least(({ time }) => time), least(({ peak }) => peak ?? Number.NaN)];
  },
};

export const flood: readonly Benchmark[] = [besideUpstream(flooded)];

if (import.meta.main) process.exit(await bench(flood, process.argv.slice(2)));
