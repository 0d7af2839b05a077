/** How much a process takes that waits, and how many there can be. */
import { memoryUsage } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { GuestRun } from './guest-run.ts';
import { untilRefused, waiters } from './messages.ts';

const FIRST = 2000;
const MORE = 8000;

/** Bytes that this Node has in real memory when nothing is left to collect. */
export async function residentBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    // What is freed in the background goes back to the operating system a little later.
    await sleep(100);
  }
  return memoryUsage.rss();
}

/** Some objects survive, as they do while processes are spawned. */
const SURVIVORS = 10_000;

/** V8 takes real memory for its young generation as it first fills it, which is no cost of a process. In one turn it fills all. */
export function touchYoungGeneration(): number {
  const held: unknown[] = [];
  for (let i = 0; i < 3_000_000; i++) held[i % SURVIVORS] = new Array(16);
  return held.length;
}

const waitingProcess: Benchmark = {
  rows: [
    {
      name: 'waiting process',
      unit: 'KB',
      what: 'real memory of each more process of a small module that waits for a message',
      peer: null,
      better: 'less',
      must: 24,
      aim: 10,
    },
  ],
  async measure() {
    touchYoungGeneration();
    const guest = await GuestRun.start(waiters(FIRST, MORE));
    await guest.reported(1);
    const few = await residentBytes();
    guest.input.push('.');
    await guest.reported(2);
    const many = await residentBytes();
    const living = guest.root.environment.size;
    if (living !== 1 + FIRST + MORE) throw new Error(`${living} processes live, not ${1 + FIRST + MORE}`);
    const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
    const details = [`${FIRST}: ${megabytes(few)}, ${FIRST + MORE}: ${megabytes(many)}`];
    return [{ value: (many - few) / MORE / 1024, peerValue: null, details }];
  },
};

const liveProcesses: Benchmark = {
  rows: [
    {
      name: 'live processes',
      unit: 'processes',
      what: 'processes in one scheduler when a spawn is refused; the last one spawned must still answer',
      peer: null,
      better: 'more',
      must: 11_000,
      aim: 25_000,
    },
  ],
  async measure() {
    const guest = await GuestRun.start(untilRefused);
    const left = await guest.finish();
    const spawned = guest.reports[0]?.count ?? 0;
    if (left !== spawned) throw new Error(`${left} processes live of ${spawned}`);
    return [{ value: spawned, peerValue: null }];
  },
};

export const memory: readonly Benchmark[] = [waitingProcess, liveProcesses];

if (import.meta.main) process.exit(await bench(memory, process.argv.slice(2)));
