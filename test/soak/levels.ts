import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { trimAllocator } from './allocator.ts';

const MEBIBYTE = 2 ** 20;
/** Milliseconds after which what has not come back has not come back. */
const SETTLING_TIME = 5000;

/** What this OS process holds. Where it cannot be counted it is 0. */
export interface Levels {
  /** MiB in memory, without V8's young generation, whose size is what it last needed to be. */
  readonly memory: number;
  /** Mappings of the kernel. */
  readonly mappings: number;
  readonly descriptors: number;
  /** Timers of Node. */
  readonly timers: number;
  /** Whatever else keeps Node alive: sockets, pipes, OS processes. */
  readonly handles: number;
  readonly 'temporary files': number;
  readonly 'OS processes': number;
}

/** OS processes that the runtime keeps for later once it has needed them: two helpers for SQL, and the guard of OS programs. */
const KEPT = 3;

/** How far each may be above its level at the end. */
const TOLERANCE: Readonly<Record<keyof Levels, (level: number) => number>> = {
  memory: (level) => 48 + level * 0.1,
  mappings: (level) => 300 + level * 0.1,
  descriptors: () => 1 + KEPT,
  timers: () => 1,
  handles: () => 1,
  'temporary files': () => 0,
  'OS processes': (level) => Math.max(0, KEPT - level),
};

/** Collects garbage and waits for what ends a little later; then measures. `level` is what it should come back to. */
export async function settledLevels(temporary: string, level: Levels | null): Promise<Levels> {
  const until = Date.now() + SETTLING_TIME;
  for (;;) {
    const levels = measure(temporary);
    if (Date.now() >= until || (level !== null && beyond(level, levels).length === 0)) return levels;
    await delay(250);
  }
}

/** What is above its level, for people. */
export function beyond(level: Levels, now: Levels): string[] {
  return keys(level)
    .filter((key) => now[key] > level[key] + TOLERANCE[key](level[key]))
    .map((key) => `${key}: ${Math.round(now[key])}, and it was ${Math.round(level[key])}`);
}

export function levelsText(levels: Levels): string {
  return keys(levels)
    .map((key) => `${key} ${Math.round(levels[key])}`)
    .join(', ');
}

function keys(levels: Levels): (keyof Levels)[] {
  return Object.keys(levels) as (keyof Levels)[];
}

/** Collects garbage, and measures. @param temporary the folder of all temporary files */
export function measure(temporary: string): Levels {
  // A plain collection leaves V8 pages that it freed, more or less as its heap was large before.
  for (let i = 0; i < 2; i++) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  trimAllocator();
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((name) => name === 'Timeout').length;
  return {
    memory: (process.memoryUsage.rss() - (young?.physical_space_size ?? 0)) / MEBIBYTE,
    mappings: counted(() => readFileSync('/proc/self/maps', 'latin1').split('\n').length - 1),
    descriptors: counted(() => readdirSync('/proc/self/fd').length),
    timers,
    handles: resources.length - timers,
    'temporary files': readdirSync(temporary, { recursive: true }).length,
    'OS processes': counted(() => children().length),
  };
}

function children(): string[] {
  const ids = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ');
  return ids.filter((id) => id !== '');
}

/** What is there in more words: for somebody who looks for what has been left behind. */
export function detailsText(temporary: string): string {
  const lines = [...readdirSync(temporary, { recursive: true }).map((path) => `file ${path}`)];
  lines.push(...process.getActiveResourcesInfo().map((name) => `handle ${name}`));
  if (process.platform !== 'linux') return lines.join('\n');
  for (const id of children()) {
    const [command = ''] = [readFileSync(`/proc/${id}/cmdline`, 'latin1').replaceAll('\0', ' ')];
    lines.push(`OS process ${id}: ${command}`);
  }
  return lines.join('\n');
}

function counted(count: () => number): number {
  return process.platform === 'linux' ? count() : 0;
}
