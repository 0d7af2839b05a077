/**
 * What preemption costs: runs small programs as compiled and as rewritten, and prints the ratios.
 *
 *     node test/bench/kernels.ts [filter]
 *
 * Programs come from `kernels/`: the AssemblyScript ones are always built, the C ones where clang can. Both forms run
 * in turn on a stack that can suspend; the least of many times counts, since noise only ever adds.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { type RewritePasses, readModule, rewriteModule } from '../../runtime/wasm/index.ts';

type Kernel = (size: number) => Promise<unknown>;
type Ratio = { name: string; plain: number; rewritten: number; ratio: number; ticks: number };

/** Arguments for about 10 ms each. */
const sizes: Record<string, number> = {
  fib: 27,
  sieve: 8,
  matrix: 12,
  mandelbrot: 140,
  nbody: 12_000,
  sort: 4,
  search: 30,
  sha256: 12_000,
  indirect: 3_000_000,
  trees: 40,
  tight: 5_000_000,
  collatz: 40_000,
  strings: 5_000,
  map: 300_000,
};
const rounds = Number(process.env['ROUNDS'] ?? 25);
const passes: RewritePasses = process.env['METER']
  ? { memory: true, meter: true }
  : { memory: true, preempt: true };

const directory = join(import.meta.dirname, 'kernels');
let ticks = 0;

async function main(): Promise<void> {
  const filter = process.argv[2] ?? '';
  const results: Ratio[] = [];
  for (const [language, bytes] of await build()) {
    const plain = await instantiate(bytes);
    const changed = rewriteModule(readModule(bytes), passes);
    const rewritten = await instantiate(changed.bytes, changed.startExport);
    for (const [name, kernel] of plain) {
      const other = rewritten.get(name);
      const label = `${language} ${name}`;
      if (other === undefined || !label.includes(filter)) continue;
      results.push(await compare(label, kernel, other, sizes[name] ?? 1));
    }
  }
  report(results);
}

async function build(): Promise<Map<string, Uint8Array>> {
  const programs = new Map<string, Uint8Array>();
  const source = readFileSync(join(directory, 'kernels.as'), 'utf8');
  const { error, binary, stderr } = await asc.compileString(
    { 'kernels.ts': source },
    { optimizeLevel: 3, runtime: 'minimal' },
  );
  if (error || binary === null) throw new Error(`AssemblyScript: ${stderr}`, { cause: error });
  programs.set('as', binary);
  const output = mkdtempSync(join(tmpdir(), 'kernels-'));
  try {
    const file = join(output, 'kernels.wasm');
    const flags = [
      '--target=wasm32',
      '-O3',
      '-fno-builtin',
      '-nostdlib',
      '-Wl,--no-entry',
      '-Wno-everything',
    ];
    execFileSync('clang', [...flags, '-o', file, join(directory, 'kernels.c')], { stdio: 'inherit' });
    programs.set('c', new Uint8Array(readFileSync(file)));
  } catch (error) {
    console.log(`no C kernels: ${error instanceof Error ? error.message : error}`);
  } finally {
    rmSync(output, { recursive: true });
  }
  return programs;
}

async function instantiate(bytes: Uint8Array, startExport?: string): Promise<Map<string, Kernel>> {
  const module = new WebAssembly.Module(bytes);
  const memory = readModule(bytes).imports.find((entry) => entry.kind === 'memory');
  const limits = memory?.kind === 'memory' ? memory.memory : { initial: 1 };
  const maximum = 'maximum' in limits && limits.maximum !== undefined ? { maximum: limits.maximum } : {};
  const kernel = {
    memory: new WebAssembly.Memory({ initial: limits.initial, ...maximum }),
    tick: new WebAssembly.Suspending(() => {
      ticks++;
    }),
    refuel: new WebAssembly.Suspending(() => 100_000),
  };
  const env = { abort: () => {}, seed: () => 1 };
  const { exports } = new WebAssembly.Instance(module, { 'lunatic:kernel': kernel, env });
  const start = exports[startExport ?? ''];
  if (typeof start === 'function') await WebAssembly.promising(start as () => void)();
  const kernels = new Map<string, Kernel>();
  for (const [name, value] of Object.entries(exports)) {
    if (name in sizes && typeof value === 'function') {
      kernels.set(name, WebAssembly.promising(value as (size: number) => unknown));
    }
  }
  return kernels;
}

async function compare(name: string, plain: Kernel, rewritten: Kernel, size: number): Promise<Ratio> {
  // Until the optimizing compiler has had its say on both.
  for (let i = 0; i < 8; i++) {
    const expected = await plain(size);
    const result = await rewritten(size);
    if (result !== expected) throw new Error(`${name}: ${result}, not ${expected}`);
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  let best = Number.POSITIVE_INFINITY;
  let other = Number.POSITIVE_INFINITY;
  ticks = 0;
  for (let i = 0; i < rounds; i++) {
    best = Math.min(best, await time(plain, size));
    other = Math.min(other, await time(rewritten, size));
  }
  return { name, plain: best, rewritten: other, ratio: other / best, ticks: ticks / rounds };
}

async function time(kernel: Kernel, size: number): Promise<number> {
  const start = performance.now();
  await kernel(size);
  return performance.now() - start;
}

function report(results: readonly Ratio[]): void {
  console.log('kernel            plain ms  rewritten   ratio  us/tick');
  for (const { name, plain, rewritten, ratio, ticks } of results) {
    const cells = [
      plain.toFixed(2).padStart(9),
      rewritten.toFixed(2).padStart(10),
      ratio.toFixed(3).padStart(7),
    ];
    const between = ticks === 0 ? '-' : ((1000 * rewritten) / ticks).toFixed(1);
    console.log(`${name.padEnd(16)} ${cells.join(' ')} ${between.padStart(8)}`);
  }
  const mean = Math.exp(results.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / results.length);
  const worst = Math.max(...results.map(({ ratio }) => ratio));
  console.log(`geometric mean ${mean.toFixed(3)}, worst ${worst.toFixed(3)}`);
}

await main();
