/** How fast symbols are found in a module with much debug information, and what that takes. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ModuleParts } from '../../runtime/symbols/module-parts.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';
import { moduleWithDebugInfo } from './large-debug-info.ts';

const SIZE = 30e6;
const LOOKUPS = 20_000;
const ROUNDS = 4;

export const symbols: Benchmark = {
  rows: [
    {
      name: 'first symbol',
      unit: 'ms',
      what: 'function, file, line and inlined calls at the first offset of a module with 30 MB of debug information',
      peer: null,
      better: 'less',
      must: 300,
      aim: 100,
    },
    {
      name: 'symbol',
      unit: 'us',
      what: 'the same at a random offset later, the median of 20,000',
      peer: null,
      better: 'less',
      must: 100,
      aim: 10,
    },
    {
      name: 'symbols, memory',
      unit: 'x',
      what: 'memory of the debug sections and of what is kept after that, by the size of the sections',
      peer: null,
      better: 'less',
      must: 2,
      aim: 1.25,
    },
  ],
  async measure() {
    const module = moduleWithDebugInfo(SIZE);
    const before = await usedMemory();
    const parts = new ModuleParts(module);
    const found = openSymbols(parts);
    let state = 1;
    let known = 0;
    const times = new Float64Array(LOOKUPS);
    for (let i = 0; i < LOOKUPS; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const offset = parts.codeStart + Math.floor((state / 2 ** 32) * (parts.codeEnd - parts.codeStart));
      const start = performance.now();
      if (found.framesAt(offset).length > 0) known++;
      times[i] = performance.now() - start;
    }
    if (known < 0.8 * LOOKUPS) throw new Error(`only ${known} of ${LOOKUPS} offsets have a function`);
    times.sort();
    const kept = (await usedMemory()) - before;
    // It was all still there.
    if (found.framesAt(parts.codeStart + 1000).length === 0) throw new Error('the symbols are gone');
    const at = (share: number) => `${((times[Math.floor(share * LOOKUPS)] ?? 0) * 1000).toFixed(1)} us`;
    return [
      { value: firstLookUp(), peerValue: null },
      {
        value: (times[LOOKUPS / 2] ?? 0) * 1000,
        peerValue: null,
        details: [`9 of 10 ${at(0.9)}, 99 of 100 ${at(0.99)}, the slowest ${at(1 - 1 / LOOKUPS)}`],
      },
      { value: (SIZE + kept) / SIZE, peerValue: null },
    ];
  },
};

/** Milliseconds of the first look-up, the least of several that each begin in a Node of their own. */
function firstLookUp(): number {
  const script = join(import.meta.dirname, 'first-symbol.ts');
  const times = Array.from({ length: ROUNDS }, () =>
    Number(execFileSync(process.execPath, [script, String(SIZE)])),
  );
  return Math.min(...times);
}

async function usedMemory(): Promise<number> {
  // Buffers are freed by another thread, some time after the collection.
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await setTimeout(100);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

if (import.meta.main) process.exit(await bench([symbols], process.argv.slice(2)));
