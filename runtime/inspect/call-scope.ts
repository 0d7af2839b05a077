import {
  BYTE,
  type Code,
  ExpressionError,
  exact,
  INTEGER,
  inMemory,
  readI64,
  type Scope,
  type Type,
} from '../expressions/index.ts';
import type { FrameLayout, KeptLocal, KeptType, WasmModule } from '../wasm/index.ts';
import type { CallContext } from './call-context.ts';
import { ManagedCode } from './managed-code.ts';
import { processCode } from './process-code.ts';
import type { ValueType, VariablePlace } from './protocol.ts';
import { typedCode, typedValue } from './typed-code.ts';

/** What names stand for in the calls of a function. */
export class CallScope implements Scope<CallContext> {
  readonly #layout: FrameLayout;
  readonly #module: WasmModule;
  readonly #names: ReadonlyMap<string, VariablePlace>;
  readonly #types: readonly ValueType[];

  /** @param names where the variables are that a client has found */
  constructor(
    module: WasmModule,
    layout: FrameLayout,
    names: ReadonlyMap<string, VariablePlace>,
    types: readonly ValueType[],
  ) {
    this.#types = types;
    this.#module = module;
    this.#layout = layout;
    this.#names = names;
  }

  /** Objects of AssemblyScript have their classes with them. */
  get at(): ((context: CallContext) => Scope<CallContext>) | undefined {
    const isDynamic = this.#types.some(({ kind }) => kind === 'object');
    return isDynamic
      ? (context) => ({ isLate: true, find: (name) => this.#findAt(context, name) })
      : undefined;
  }

  #findAt(context: CallContext, name: string): Code<CallContext> | undefined {
    const found = this.find(name);
    const place = this.#names.get(name);
    const type = place !== undefined && 'type' in place ? this.#types[place.type ?? -1] : undefined;
    if (found?.value === undefined || type?.kind !== 'object') return found;
    const pointer = Number(found.value(context)) >>> 0;
    return new ManagedCode(context, type).object(pointer) ?? found;
  }

  find(name: string): Code<CallContext> | undefined {
    const place = this.#names.get(name);
    const found = this.#found(name, place);
    const member = place !== undefined && 'member' in place ? place.member : undefined;
    return member === undefined ? found : found?.member?.(member);
  }

  #found(name: string, place: VariablePlace | undefined): Code<CallContext> | undefined {
    switch (place?.kind) {
      case 'local':
      case 'global': {
        const raw = this.#stored(name, place.kind, place.index);
        return place.type === undefined ? raw : typedValue(this.#types, place.type, raw);
      }
      case 'memory': {
        const { base, offset } = place;
        const start = base === null ? undefined : this.#stored(name, base.store, base.index).value;
        return typedCode(this.#types, place.type, (context) =>
          start === undefined ? offset : ((Number(start(context)) >>> 0) + offset) >>> 0,
        );
      }
      case 'constant': {
        const value = exact(BigInt(place.value));
        return { type: INTEGER, value: () => value };
      }
      case 'type':
        return place.type === undefined
          ? { type: { kind: 'record', name }, bytes: place.bytes }
          : typedCode(this.#types, place.type, () => 0);
      case 'unreadable':
        throw new ExpressionError(`${name} has no value here: ${place.why}`);
      default:
        break;
    }
    if (name === 'memory') return inMemory({ kind: 'array', of: BYTE }, () => 0);
    if (name === 'process') return processCode();
    if (name === 'null' || name === 'nullptr' || name === 'NULL')
      return { type: { kind: 'pointer', to: BYTE }, value: () => 0 };
    return undefined;
  }

  #stored(name: string, store: 'local' | 'global', index: number): Code<CallContext> {
    if (store === 'global') return globalCode(name, this.#module, index);
    return localCode(
      name,
      this.#layout.locals.find((local) => local.index === index),
    );
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
