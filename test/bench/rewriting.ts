/** How fast modules are read and rewritten. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  dropCustomsPass,
  memoryPass,
  preemptPass,
  readModule,
  rewriteModule,
} from '../../runtime/wasm/index.ts';
import { projectFolder } from '../support/command.ts';
import { time } from './alternate.ts';
import { bench } from './bench.ts';
import type { Benchmark } from './benchmark.ts';

const ROUNDS = 12;

/** The Rust guests of the tests, and the largest module near: the 9 MB of Binaryen, which AssemblyScript brings along. */
async function collectModules(): Promise<Map<string, Uint8Array>> {
  const modules = new Map<string, Uint8Array>();
  const folder = join(projectFolder, 'test', 'guests', 'built', 'rust');
  for (const file of readdirSync(folder)) modules.set(file, new Uint8Array(readFileSync(join(folder, file))));
  modules.set('binaryen', await captureBinaryen());
  return modules;
}

/** Its module is packed into a JavaScript file, so it is caught when that instantiates it. */
async function captureBinaryen(): Promise<Uint8Array> {
  const instantiate: unknown = Reflect.get(WebAssembly, 'instantiate');
  if (typeof instantiate !== 'function') throw new Error('there is no WebAssembly.instantiate');
  let captured: Uint8Array | undefined;
  Reflect.set(WebAssembly, 'instantiate', (source: Uint8Array, imports: WebAssembly.Imports) => {
    captured = new Uint8Array(source);
    return Reflect.apply(instantiate, WebAssembly, [source, imports]);
  });
  try {
    await import('assemblyscript/asc');
  } finally {
    Reflect.set(WebAssembly, 'instantiate', instantiate);
  }
  if (captured === undefined) throw new Error('Binaryen instantiated no module');
  return captured;
}

/** As the kernel rewrites a module it loads. */
function rewrite(bytes: Uint8Array): Uint8Array {
  return rewriteModule(readModule(bytes), [memoryPass, preemptPass, dropCustomsPass]).bytes;
}

export const rewriting: Benchmark = {
  rows: [
    {
      name: 'rewriting',
      unit: 'MB/s',
      what: 'reading and rewriting a module of 9 MB and the Rust guests, as for a spawn, compilation apart',
      peer: null,
      better: 'more',
      must: 20,
      aim: 60,
    },
  ],
  async measure() {
    const details: string[] = [];
    let total = 0;
    let all = 0;
    for (const [name, bytes] of await collectModules()) {
      if (!WebAssembly.validate(rewrite(bytes))) throw new Error(`${name} is not valid when rewritten`);
      const megabytes = bytes.length / 1e6;
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await time(() => rewrite(bytes)));
      details.push(`${name.padEnd(24)} ${(megabytes / (best / 1000)).toFixed(1).padStart(6)} MB/s`);
      total += megabytes;
      all += best / 1000;
    }
    return [{ value: total / all, peerValue: null, details }];
  },
};

if (import.meta.main) process.exit(await bench([rewriting], process.argv.slice(2)));
