import {
  BYTE,
  type Code,
  type Context,
  ExpressionError,
  INTEGER,
  inMemory,
  readI64,
  type Scope,
  TEXT,
  type Type,
  type Value,
} from '../expressions/index.ts';
import type { Process } from '../kernel/process.ts';
import { displayName } from '../text/display-name.ts';
import type { FrameLayout, KeptLocal, KeptType, WasmModule } from '../wasm/index.ts';
import type { VariablePlace } from './protocol.ts';

const NO_MEMORY = new DataView(new ArrayBuffer(0));

/** A call in which expressions are evaluated: that of a process at a site. One object serves all, one after the other. */
export class CallContext implements Context {
  process: Process | null = null;
  /** The memory of frames. */
  frames: DataView = NO_MEMORY;
  /** The address of the frame. */
  frame = 0;

  get memory(): DataView {
    const instance = this.process?.instance;
    const exported = instance?.memory;
    if (exported !== undefined) return exported.view;
    const owned = instance?.owned?.memory.buffer;
    return owned === undefined ? NO_MEMORY : new DataView(owned);
  }

  /** @throws ExpressionError if the global is not there */
  global(index: number): Value {
    const instance = this.process?.instance;
    const name = instance?.compiled.probeGlobals?.own.find((global) => global.index === index)?.name;
    const global = name === undefined ? undefined : instance?.exports[name];
    const value: unknown = global instanceof WebAssembly.Global ? global.value : undefined;
    if (typeof value !== 'number' && typeof value !== 'bigint')
      throw new ExpressionError('the global cannot be read');
    return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}

/** What names stand for in the calls of a function. */
export class CallScope implements Scope<CallContext> {
  readonly #layout: FrameLayout;
  readonly #module: WasmModule;
  readonly #names: ReadonlyMap<string, VariablePlace>;

  /** @param names where the variables are that a client has found */
  constructor(module: WasmModule, layout: FrameLayout, names: ReadonlyMap<string, VariablePlace>) {
    this.#module = module;
    this.#layout = layout;
    this.#names = names;
  }

  find(name: string): Code<CallContext> | undefined {
    const place = this.#names.get(name);
    switch (place?.kind) {
      case 'local':
        return localCode(
          name,
          this.#layout.locals.find(({ index }) => index === place.index),
        );
      case 'global':
        return globalCode(name, this.#module, place.index);
      default:
        break;
    }
    if (name === 'memory') return inMemory({ kind: 'array', of: BYTE }, () => 0);
    if (name === 'process') return PROCESS;
    return undefined;
  }
}

function localCode(name: string, local: KeptLocal | undefined): Code<CallContext> {
  if (local === undefined)
    throw new ExpressionError(`the local ${name} is not kept, so it has no value here`);
  const { at } = local;
  const type = typeOf(name, local.type);
  switch (local.type) {
    case 'i32':
      return { type, value: ({ frames, frame }) => frames.getInt32(frame + at, true) };
    case 'i64':
      return { type, value: ({ frames, frame }) => readI64(frames, frame + at) };
    case 'f32':
      return { type, value: ({ frames, frame }) => frames.getFloat32(frame + at, true) };
    default:
      return { type, value: ({ frames, frame }) => frames.getFloat64(frame + at, true) };
  }
}

function globalCode(name: string, module: WasmModule, index: number): Code<CallContext> {
  const type = module.globals[index - module.importedGlobals]?.type;
  if (!isKept(type)) throw new ExpressionError(`the global ${name} cannot be read`);
  return { type: typeOf(name, type), value: (context) => context.global(index) };
}

function isKept(type: unknown): type is KeptType {
  return type === 'i32' || type === 'i64' || type === 'f32' || type === 'f64' || type === 'v128';
}

function typeOf(name: string, type: KeptType): Type {
  switch (type) {
    case 'i32':
      return { kind: 'integer', bytes: 4, isSigned: null };
    case 'i64':
      return { kind: 'integer', bytes: 8, isSigned: null };
    case 'f32':
      return { kind: 'float', bytes: 4 };
    case 'f64':
      return { kind: 'float', bytes: 8 };
    case 'v128':
      throw new ExpressionError(`${name} is a vector, with which nothing can be computed here`);
  }
}

/** The process that is in the call. */
const PROCESS: Code<CallContext> = {
  type: { kind: 'record', name: 'process' },
  member(name) {
    switch (name) {
      case 'id':
        return { type: INTEGER, value: ({ process }) => process?.id ?? 0 };
      case 'parent':
        return { type: INTEGER, value: ({ process }) => process?.parent ?? 0 };
      case 'entry':
        return { type: TEXT, value: ({ process }) => displayName(process?.entry.name ?? '') };
      case 'name':
        return { type: TEXT, value: ({ process }) => displayName(firstName(process)) };
      default:
        return undefined;
    }
  },
};

function firstName(process: Process | null): string {
  return process?.registry.namesOf(process.id, 1)[0] ?? '';
}
