import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModule } from '../../runtime/wasm/index.ts';

/** A kernel on a stack that can suspend: takes how much to do, and gives a checksum. */
export type Kernel = (size: number) => Promise<unknown>;

const directory = join(import.meta.dirname, 'kernels');

/** The modules of `kernels/` by language: AssemblyScript always, C where there is a clang. */
export async function buildKernels(): Promise<Map<string, Uint8Array>> {
  const programs = new Map([['as', await buildAssemblyScript()]]);
  const c = buildC();
  if (c !== undefined) programs.set('c', c);
  return programs;
}

async function buildAssemblyScript(): Promise<Uint8Array> {
  // Large, and only wanted here.
  const { default: asc } = await import('assemblyscript/asc');
  const source = readFileSync(join(directory, 'kernels.as'), 'utf8');
  const { error, binary, stderr } = await asc.compileString(
    { 'kernels.ts': source },
    { optimizeLevel: 3, runtime: 'minimal' },
  );
  if (error || binary === null) throw new Error(`AssemblyScript: ${stderr}`, { cause: error });
  return binary;
}

function buildC(): Uint8Array | undefined {
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
    execFileSync('clang', [...flags, '-o', file, join(directory, 'kernels.c')], { stdio: 'pipe' });
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    process.stderr.write(`no kernels in C: ${error instanceof Error ? error.message : error}\n`);
    return undefined;
  } finally {
    rmSync(output, { recursive: true });
  }
}

/** The same module with other bytes, which the engine compiles anew. */
export function withMark(bytes: Uint8Array, mark: number): Uint8Array {
  const customSection = [0, 2, 1, 'a'.charCodeAt(0) + mark];
  return Uint8Array.of(...bytes, ...customSection);
}

/**
 * Instantiates a module of kernels, rewritten or not.
 * @param startExport what the rewriter made of the start function
 * @param onTick called when the code asks whether to give way; it never does
 */
export async function instantiateKernels(
  bytes: Uint8Array,
  startExport?: string,
  onTick: () => void = () => {},
): Promise<Map<string, Kernel>> {
  const memory = readModule(bytes).imports.find((entry) => entry.kind === 'memory');
  const limits = memory?.kind === 'memory' ? memory.memory : { initial: 1 };
  const maximum = 'maximum' in limits && limits.maximum !== undefined ? { maximum: limits.maximum } : {};
  const kernel = {
    memory: new WebAssembly.Memory({ initial: limits.initial, ...maximum }),
    tick: new WebAssembly.Suspending(onTick),
    refuel: new WebAssembly.Suspending(() => 100_000),
    grow: (pages: number) => pages,
  };
  const env = { abort: () => {}, seed: () => 1 };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    'lunatic:kernel': kernel,
    env,
  });
  const start = exports[startExport ?? ''];
  if (typeof start === 'function') await WebAssembly.promising(start as () => void)();
  const kernels = new Map<string, Kernel>();
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === 'function' && value !== start && !name.startsWith('__')) {
      kernels.set(name, WebAssembly.promising(value as (size: number) => unknown));
    }
  }
  return kernels;
}
