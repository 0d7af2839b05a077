/** What the tests of `runtime/wasm` share: it builds modules, and runs them as they are and rewritten. */
import binaryen from 'binaryen';
import {
  KERNEL_MODULE,
  type Limits,
  memoryImport,
  memoryPass,
  meterPass,
  type Pass,
  preemptPass,
  type RewrittenModule,
  readModule,
  rewriteModule,
} from '../../../runtime/wasm/index.ts';
import { assembleText } from '../../../runtime/wat/index.ts';
import { Counts } from './count-pass.ts';

export type Wasm = Uint8Array<ArrayBuffer>;

/** Assembles text with wabt, with every feature that wabt knows. */
export async function wat(source: string): Promise<Wasm> {
  return new Uint8Array(await assembleText(source, 'test.wat'));
}

/** Assembles text with binaryen, for garbage collection and `try_table`, which wabt does not know. */
export function modernWat(source: string): Wasm {
  const module = binaryen.parseText(source);
  module.setFeatures(binaryen.Features.All);
  // What binaryen keeps of names is the same for all who use it in this OS process, as the compiler of AssemblyScript does.
  binaryen.setDebugInfo(false);
  const bytes = new Uint8Array(module.emitBinary());
  module.dispose();
  return bytes;
}

/** Makes a module of sections, each given as `[id, ...contents]`. It fills in their sizes. */
export function binary(...sections: number[][]): Wasm {
  const bytes = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  for (const [id = 0, ...contents] of sections) bytes.push(id, ...leb(contents.length), ...contents);
  return new Uint8Array(bytes);
}

export function leb(value: number): number[] {
  const bytes = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

/** Makes a module of one function `() -> ()`, exported as `f`, with this code and no locals. */
export function oneFunction(...code: number[]): Wasm {
  return binary(
    [1, 1, 0x60, 0, 0],
    [3, 1, 0],
    [7, 1, 1, 0x66, 0, 0],
    [10, 1, ...leb(code.length + 2), 0, ...code, 0x0b],
  );
}

export interface Running {
  readonly exports: Record<string, unknown>;
  /** How many times the module asked for a tick, or for fuel. */
  asked: number;
  /** What the count pass counted, if it is among the passes. */
  readonly counts: Counts;
  readonly rewritten: RewrittenModule | undefined;
  call(name: string, ...args: unknown[]): Outcome;
}

/** How a call ended: with a result, or with a trap of this message. */
export type Outcome = { readonly result: unknown } | { readonly trap: string };

export class Stop extends Error {}

/** Traps as wasm does. A guest could catch an error of JavaScript, as it could not catch its end in the kernel. */
const trapping = new WebAssembly.Instance(new WebAssembly.Module(oneFunction(0x00))).exports[
  'f'
] as () => void;

export interface RunOptions {
  /** Ends the execution with an error after the module has asked this many times. */
  readonly stopAfter?: number;
  /** What `refuel` returns. */
  readonly fuel?: number;
  /** The guest's own imports return zeros instead of trapping. */
  readonly quietImports?: boolean;
  /** Called at each site of the probe pass, with the address of the frame in the memory of frames. */
  onProbe?(frame: number, frames: DataView): void;
  /** Called by the guest's own imports, where they are quiet. */
  onImport?(
    kernel: Record<string, WebAssembly.ImportValue>,
    exports: Record<string, unknown>,
    given: readonly unknown[],
  ): void;
  /** Whether sites of the probe pass are passed by. Default: each of them probes. */
  readonly unarmed?: boolean;
  /** Called after each call of a trace. */
  onCall?(running: Running, outcome: Outcome): void;
}

/** Instantiates a module, rewritten where passes are given, with imports that trap, and runs its start function. */
export function start(bytes: Wasm, passes?: readonly Pass[], options: RunOptions = {}): Running {
  const rewritten = passes === undefined ? undefined : rewriteModule(readModule(bytes), passes);
  const counts = new Counts();
  const running: Running = { exports: {}, asked: 0, counts, rewritten, call };
  let stopped = false;
  const ask = (): number => {
    running.asked++;
    if (running.asked > (options.stopAfter ?? Number.POSITIVE_INFINITY)) {
      stopped = true;
      trapping();
    }
    return options.fuel ?? 100_000;
  };
  const imports = stubImports(bytes, options.quietImports ?? false, (given) =>
    options.onImport?.(kernel, running.exports, given),
  );
  const draft = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const frames = new WebAssembly.Memory({ initial: 1 });
  const view = new DataView(frames.buffer);
  const kernel: Record<string, WebAssembly.ImportValue> = {
    tick: ask,
    refuel: ask,
    grow: (pages: number) => pages,
    growTable: () => {},
    draft,
    frames,
    armed: armedMemory(!options.unarmed),
    cover: coverMemory(rewritten?.bytes ?? bytes),
    probe: (frame: number) => options.onProbe?.(frame, view),
    'probe import': () => {},
    ...counts.imports,
    ...memoriesFor(rewritten?.memories ?? []),
  };
  imports[KERNEL_MODULE] = kernel;
  const module = new WebAssembly.Module(new Uint8Array(rewritten?.bytes ?? bytes));
  const { exports } = new WebAssembly.Instance(module, imports);
  for (const [name, value] of Object.entries(exports)) running.exports[name] = value;
  const begin = rewritten?.startExport;
  if (begin !== undefined) {
    const outcome = call(begin);
    delete running.exports[begin];
    if ('trap' in outcome) throw new WebAssembly.RuntimeError(outcome.trap);
  }
  return running;

  function call(name: string, ...args: unknown[]): Outcome {
    const fn = running.exports[name];
    if (typeof fn !== 'function') return { trap: `no function ${name}` };
    try {
      return { result: fn(...args) };
    } catch (error) {
      if (stopped) throw new Stop('asked too often', { cause: error });
      return { trap: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** The memory that tells of each function whether its sites probe. */
export function armedMemory(armed: boolean): WebAssembly.Memory {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  new Uint8Array(memory.buffer).fill(armed ? 1 : 0);
  return memory;
}

/** The memory in which a rewritten module sets flags, of the size that it wants; the least one if it sets none. */
export function coverMemory(bytes: Uint8Array): WebAssembly.Memory {
  const wanted = readModule(bytes).imports.find(
    ({ module, name }) => module === KERNEL_MODULE && name === 'cover',
  );
  const initial = wanted?.kind === 'memory' ? Number(wanted.memory.initial) : 1;
  return new WebAssembly.Memory({ initial, maximum: initial });
}

/** What the kernel provides for a module's own memories. All of them together may have as much as they like. */
export function memoriesFor(memories: RewrittenModule['memories']): Record<string, WebAssembly.ImportValue> {
  const provided: Record<string, WebAssembly.ImportValue> = { pages: 2 ** 31 - 1 };
  for (const [index, memory] of memories.entries()) provided[memoryImport(index)] = memoryWith(memory);
  return provided;
}

function memoryWith({ initial, maximum, is64 }: Omit<Limits, 'shared'>): WebAssembly.Memory {
  if (!is64) return new WebAssembly.Memory({ initial, ...(maximum === undefined ? {} : { maximum }) });
  const limits = { initial: BigInt(initial), ...(maximum === undefined ? {} : { maximum: BigInt(maximum) }) };
  return new WebAssembly.Memory({ address: 'i64', ...limits });
}

function stubImports(
  bytes: Wasm,
  quiet: boolean,
  onCall: (given: readonly unknown[]) => void,
): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {};
  const { imports: entries, types } = readModule(bytes);
  for (const entry of entries) {
    const module = imports[entry.module] ?? {};
    imports[entry.module] = module;
    if (entry.kind === 'function') {
      const results = types[entry.typeIndex]?.results ?? [];
      const values = results.map(zeroOf);
      module[entry.name] = (...given: unknown[]) => {
        if (!quiet) throw new WebAssembly.RuntimeError(`import ${entry.name}`);
        onCall(given);
        return values.length === 1 ? values[0] : values;
      };
    } else if (entry.kind === 'memory') {
      module[entry.name] = new WebAssembly.Memory(entry.memory);
    } else if (entry.kind === 'table') {
      const { initial, maximum } = entry.table;
      const element = entry.table.element === 'externref' ? 'externref' : 'anyfunc';
      module[entry.name] = new WebAssembly.Table({
        element,
        initial,
        ...(maximum === undefined ? {} : { maximum }),
      });
    } else if (entry.kind === 'global') {
      const { type, mutable } = entry.global;
      const value = type === 'funcref' ? 'anyfunc' : type;
      const plain = /^[if](32|64)$|^funcref$|^externref$/.test(type);
      module[entry.name] = plain || mutable ? new WebAssembly.Global({ value, mutable }, zeroOf(type)) : null;
    } else if (entry.kind === 'tag') {
      module[entry.name] = new WebAssembly.Tag({ parameters: [...(types[entry.typeIndex]?.params ?? [])] });
    }
  }
  return imports;
}

function zeroOf(type: string): unknown {
  if (type === 'i64') return 0n;
  return type === 'i32' || type === 'f32' || type === 'f64' ? 0 : null;
}

/** Arguments for a function with these parameter types: small numbers, varied by `seed`. */
export function sampleArguments(params: readonly string[], seed: number): unknown[] {
  const numbers = [0, 1, 7, -1, 40, 255, 65_537, -2_147_483_648];
  return params.map((type, i) => {
    const n = numbers[(seed * 5 + i * 3) % numbers.length] ?? 0;
    if (type === 'i64') return BigInt(n);
    return type === 'i32' || type === 'f32' || type === 'f64' ? n : null;
  });
}

/** Everything of an instance's state that a caller can see. */
export function visibleState(running: Running): unknown {
  const state: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(running.exports)) {
    if (name.startsWith('lunatic:')) continue;
    if (value instanceof WebAssembly.Memory) state[name] = hash(new Uint8Array(value.buffer));
    else if (value instanceof WebAssembly.Global) state[name] = readGlobal(value);
    else if (value instanceof WebAssembly.Table) state[name] = value.length;
  }
  return state;
}

function readGlobal(global: WebAssembly.Global): unknown {
  try {
    const { value } = global;
    return typeof value === 'function' || (typeof value === 'object' && value !== null)
      ? typeof value
      : value;
  } catch {
    return 'not for JavaScript';
  }
}

function hash(bytes: Uint8Array): string {
  let h = 2166136261;
  for (const byte of bytes) h = Math.imul(h ^ byte, 16777619);
  return `${bytes.length}:${h >>> 0}`;
}

export const preemptive: readonly Pass[] = [memoryPass, preemptPass];
export const metered: readonly Pass[] = [memoryPass, meterPass];

/** What every exported function returns for some arguments, in order, and the instance's state after that. */
export function trace(bytes: Wasm, passes?: readonly Pass[], options?: RunOptions): unknown[] {
  const running = start(bytes, passes, options);
  const module = readModule(bytes);
  const found: unknown[] = [];
  for (const { name, kind, index } of module.exports) {
    if (kind !== 'function') continue;
    const params = module.functionType(index)?.params ?? [];
    for (let seed = 0; seed < (params.length === 0 ? 2 : 8); seed++) {
      const outcome = running.call(name, ...sampleArguments(params, seed));
      options?.onCall?.(running, outcome);
      found.push([name, seed, comparable(outcome)]);
    }
  }
  found.push(visibleState(running));
  return found;
}

/** A trace with what each call executed. Stack overflows are left out, since they depend on the size of frames. */
export function countingTrace(bytes: Wasm, passes: readonly Pass[]): { trace: unknown[]; counts: unknown[] } {
  const counts: unknown[] = [];
  const found = trace(bytes, passes, {
    onCall: (running, outcome) => {
      const taken = running.counts.take();
      if ('trap' in outcome && /call stack/.test(outcome.trap)) return;
      counts.push(taken);
    },
  });
  return { trace: found, counts };
}

/** A result that can be compared between two instances: references are not the same objects. */
export function comparable(outcome: Outcome): unknown {
  if ('trap' in outcome) return outcome.trap;
  const { result } = outcome;
  if (Array.isArray(result)) return result.map((value) => comparable({ result: value }));
  return typeof result === 'object' || typeof result === 'function' ? typeof result : result;
}
