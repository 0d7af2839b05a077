/** Runs one file of the core test suite and tells what came of each of its commands. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import {
  KERNEL_MODULE,
  type Pass,
  readModule,
  rewriteModule,
  type WasmModule,
} from '../../runtime/wasm/index.ts';
import { Counts } from '../unit/wasm/count-pass.ts';
import { armedMemory, coverMemory, memoriesFor } from '../unit/wasm/support.ts';
import { callExactly, isNumeric } from './exact-call.ts';

const VALUE = v.looseObject({
  type: v.string(),
  value: v.optional(v.union([v.string(), v.array(v.string())])),
});
const ACTION = v.looseObject({
  type: v.string(),
  module: v.optional(v.string()),
  field: v.string(),
  args: v.optional(v.array(VALUE), []),
});
const SCRIPT = v.looseObject({
  commands: v.array(
    v.looseObject({
      type: v.string(),
      line: v.number(),
      name: v.optional(v.string()),
      as: v.optional(v.string()),
      filename: v.optional(v.string()),
      module: v.optional(v.string()),
      instance: v.optional(v.string()),
      action: v.optional(ACTION),
    }),
  ),
});

type Action = v.InferOutput<typeof ACTION>;
export type SpecValue = v.InferOutput<typeof VALUE>;

export interface Outcome {
  readonly line: number;
  /** A result, or how it failed: two outcomes with equal texts are the same. */
  readonly text: string;
}

type Exports = WebAssembly.Imports[string];

/** A module of the suite and the instance that commands mean by its name. */
interface Running {
  readonly exports: Exports;
  readonly source: WasmModule;
}

/** @param passes undefined for the modules as they are */
export function outcomesOf(script: unknown, path: string, passes: readonly Pass[] | undefined): Outcome[] {
  const runner = new ScriptRunner(dirname(path), passes);
  const { commands } = v.parse(SCRIPT, script);
  const found: Outcome[] = [];
  for (const command of commands) {
    const text = runner.run(command);
    if (text !== undefined) found.push({ line: command.line, text });
  }
  return found;
}

class ScriptRunner {
  readonly #folder: string;
  readonly #passes: readonly Pass[] | undefined;
  readonly #named = new Map<string, Running>();
  readonly #definitions = new Map<string, string>();
  readonly #registered: WebAssembly.Imports = { spectest: spectest() };
  readonly #hostReferences = new Map<string, object>();
  #latest: Running | undefined;

  constructor(folder: string, passes: readonly Pass[] | undefined) {
    this.#folder = folder;
    this.#passes = passes;
  }

  /** What came of an assertion; undefined for commands that assert nothing about a module that runs. */
  run(command: v.InferOutput<typeof SCRIPT>['commands'][number]): string | undefined {
    const { name, filename, action } = command;
    switch (command.type) {
      case 'module':
        this.#latest = undefined;
        return this.#instance(filename, name);
      case 'module_definition':
        this.#definitions.set(name ?? '', filename ?? '');
        return undefined;
      case 'module_instance':
        return this.#instance(this.#definitions.get(command.module ?? ''), command.instance);
      case 'register': {
        const running = name === undefined ? this.#latest : this.#named.get(name);
        if (running !== undefined) this.#registered[command.as ?? ''] = running.exports;
        return undefined;
      }
      case 'assert_unlinkable':
      case 'assert_uninstantiable':
        return attempt(() => {
          this.#instantiate(filename ?? '');
          return 'instantiated';
        });
      case 'action':
      case 'assert_return':
      case 'assert_trap':
      case 'assert_exception':
      case 'assert_exhaustion':
        return action === undefined ? undefined : attempt(() => this.#act(action));
      default:
        return undefined;
    }
  }

  #instance(filename: string | undefined, name: string | undefined): string {
    return attempt(() => {
      const running = this.#instantiate(filename ?? '');
      this.#latest = running;
      if (name !== undefined) this.#named.set(name, running);
      return `exports ${Object.keys(running.exports)}`;
    });
  }

  #instantiate(filename: string): Running {
    const bytes = new Uint8Array(readFileSync(join(this.#folder, filename)));
    // What the engine does not know is the same for both.
    const original = new WebAssembly.Module(bytes);
    const source = readModule(bytes);
    if (this.#passes === undefined) {
      const { exports } = new WebAssembly.Instance(original, this.#registered);
      return { source, exports: exportsOf(source, exports) };
    }
    const rewritten = rewriteModule(source, this.#passes);
    const { memories, startExport } = rewritten;
    const kernel: Record<string, WebAssembly.ImportValue> = {
      tick: () => {},
      refuel: () => 1_000_000,
      grow: (pages: number) => pages,
      growTable: () => {},
      draft: new WebAssembly.Memory({ initial: 1, maximum: 1 }),
      probe: () => {},
      'probe import': () => {},
      frames: new WebAssembly.Memory({ initial: 1 }),
      armed: armedMemory(true),
      cover: coverMemory(rewritten.bytes),
      ...new Counts().imports,
      ...memoriesFor(memories),
    };
    const module = new WebAssembly.Module(new Uint8Array(rewritten.bytes));
    const instance = new WebAssembly.Instance(module, { ...this.#registered, [KERNEL_MODULE]: kernel });
    const begin = startExport === undefined ? undefined : instance.exports[startExport];
    if (typeof begin === 'function') begin();
    return { source, exports: exportsOf(source, instance.exports) };
  }

  #act({ type, module, field, args }: Action): string {
    const running = module === undefined ? this.#latest : this.#named.get(module);
    if (running === undefined) return 'no instance';
    const target = running.exports[field];
    if (type === 'get') return target instanceof WebAssembly.Global ? describe(target.value) : 'no global';
    if (typeof target !== 'function') return 'no function';
    const entry = running.source.exports.find((one) => one.kind === 'function' && one.name === field);
    const signature = entry === undefined ? undefined : running.source.functionType(entry.index);
    if (signature !== undefined && isNumeric(signature)) return callExactly(target, signature, args);
    return describe(target(...args.map((arg) => this.#toJavaScript(arg))));
  }

  #toJavaScript({ type, value }: SpecValue): unknown {
    if (typeof value !== 'string' || value === 'null') return null;
    if (type === 'externref' || type === 'anyref' || type === 'hostref') {
      const known = this.#hostReferences.get(value) ?? { host: value };
      this.#hostReferences.set(value, known);
      return known;
    }
    if (type === 'i64') return BigInt.asIntN(64, BigInt(value));
    if (type === 'i32') return Number(value) | 0;
    if (type === 'f32') return new Float32Array(new Uint32Array([Number(value)]).buffer)[0];
    if (type === 'f64') return new Float64Array(new BigUint64Array([BigInt(value)]).buffer)[0];
    return null;
  }
}

/** What the module itself exports, for others to import. */
function exportsOf(source: WasmModule, exports: WebAssembly.Exports): Exports {
  const found: Exports = {};
  for (const { name } of source.exports) {
    const value = exports[name];
    if (typeof value === 'function' || typeof value === 'object') found[name] = value;
  }
  return found;
}

function attempt(action: () => string): string {
  try {
    return action();
  } catch (error) {
    if (error instanceof WebAssembly.Exception) return 'an exception';
    // Which limit of a table does not fit depends on the maximum that the memory pass gives to tables.
    if (error instanceof WebAssembly.LinkError) return 'LinkError';
    return String(error);
  }
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(describe).join()}]`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null)
    return `an object ${'host' in value ? String(value.host) : ''}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

/** `(module (table (export "table64") i64 10 20 funcref))` */
const TABLE64 = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[4, 5, 1, 0x70, 5, 10, 20],
  ...[7, 11, 1, 7, ...new TextEncoder().encode('table64'), 1, 0],
]);

/** The module that the suite expects its host to provide. Source: the suite's reference interpreter, `spectest.ml`. */
function spectest(): Record<string, WebAssembly.ImportValue> {
  const print = () => {};
  return {
    print,
    print_i32: print,
    print_i64: print,
    print_f32: print,
    print_f64: print,
    print_i32_f32: print,
    print_f64_f64: print,
    global_i32: new WebAssembly.Global({ value: 'i32' }, 666),
    global_i64: new WebAssembly.Global({ value: 'i64' }, 666n),
    global_f32: new WebAssembly.Global({ value: 'f32' }, 666.6),
    global_f64: new WebAssembly.Global({ value: 'f64' }, 666.6),
    table: new WebAssembly.Table({ element: 'anyfunc', initial: 10, maximum: 20 }),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
    shared_memory: new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }),
    ...exportsOf(readModule(TABLE64), new WebAssembly.Instance(new WebAssembly.Module(TABLE64)).exports),
  };
}
