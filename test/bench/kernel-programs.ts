import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModule } from '../../runtime/wasm/index.ts';

/** A kernel on a stack that can suspend: takes how much to do, and gives a checksum. */
export type Kernel = (size: number) => Promise<unknown>;

const directory = join(import.meta.dirname, 'kernels');

/** A module, and its source map if it has one. */
export interface KernelProgram {
  readonly bytes: Uint8Array;
  readonly sourceMap?: string;
}

/**
 * The modules of `kernels/` by language: AssemblyScript always, C where there is a clang.
 * @param debug whether they have debug information
 */
export async function buildKernels(debug = false): Promise<Map<string, KernelProgram>> {
  const programs = new Map<string, KernelProgram>([['as', await buildAssemblyScript(debug)]]);
  const c = buildC(debug ? ['-g'] : []);
  if (c !== undefined) programs.set('c', { bytes: c });
  return programs;
}

const SOURCE_MAP = 'kernels.wasm.map';

async function buildAssemblyScript(debug: boolean): Promise<KernelProgram> {
  // Large, and only wanted here.
  const { default: asc } = await import('assemblyscript/asc');
  const source = readFileSync(join(directory, 'kernels.as'), 'utf8');
  const { error, binary, stderr, ...written } = await asc.compileString(
    { 'kernels.ts': source },
    { optimizeLevel: 3, runtime: 'minimal', ...(debug ? { sourceMap: SOURCE_MAP } : {}) },
  );
  if (error || binary === null) throw new Error(`AssemblyScript: ${stderr}`, { cause: error });
  const sourceMap: unknown = Object.entries(written).find(([name]) => name === SOURCE_MAP)?.[1];
  return typeof sourceMap === 'string' ? { bytes: binary, sourceMap } : { bytes: binary };
}

function buildC(more: readonly string[]): Uint8Array | undefined {
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
      ...more,
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
  return new Uint8Array(Buffer.concat([bytes, Buffer.from(customSection)]));
}

/**
 * Instantiates a module of kernels, rewritten or not.
 * @param startExport what the rewriter made of the start function
 * @param onTick called when the code asks whether to give way; it never does
 * @param armedFor tells which function is armed while a kernel runs, by its place among those that the module defines; default: none
 */
export async function instantiateKernels(
  bytes: Uint8Array,
  startExport?: string,
  onTick: () => void = () => {},
  armedFor?: (kernel: string) => number,
): Promise<Map<string, Kernel>> {
  const memory = readModule(bytes).imports.find((entry) => entry.kind === 'memory');
  const limits = memory?.kind === 'memory' ? memory.memory : { initial: 1 };
  const maximum = 'maximum' in limits && limits.maximum !== undefined ? { maximum: limits.maximum } : {};
  const kernel = {
    memory: new WebAssembly.Memory({ initial: limits.initial, ...maximum }),
    tick: new WebAssembly.Suspending(onTick),
    refuel: new WebAssembly.Suspending(() => 100_000),
    grow: (pages: number) => pages,
    growTable: () => {},
    probe: new WebAssembly.Suspending(() => {}),
    'probe import': new WebAssembly.Suspending(() => {}),
    frames: new WebAssembly.Memory({ initial: 1 }),
    armed: new WebAssembly.Memory({ initial: 1, maximum: 1 }),
    cover: new WebAssembly.Memory({ initial: 1, maximum: 1 }),
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
      const run = WebAssembly.promising(value as (size: number) => unknown);
      const armed = new Uint8Array(kernel.armed.buffer);
      kernels.set(
        name,
        armedFor === undefined
          ? run
          : (size) => {
              armed.fill(0);
              armed[armedFor(name)] = 1;
              return run(size);
            },
      );
    }
  }
  return kernels;
}
