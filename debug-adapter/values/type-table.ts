import type { ArrayType, ModuleSymbols, PointerType, TypeId, TypeInfo } from '../../runtime/internal.ts';

/** Types that are other names for themselves. */
const MAX_ALIASES = 32;
/** Arrays of arrays. */
const MAX_NESTED = 16;

/** What stands before the id of a type in that of pointers to it. No type of a module has such an id. */
const POINTER = '*';

/** The id of the type of pointers to a type; null is `void`. */
export function pointerTo(type: TypeId | null): TypeId {
  return POINTER + (type ?? '');
}

/** What the id of a slice begins with. */
const SLICE = /^\[(\d+)\]/;

/** The id of the type of so many elements of a type. */
export function sliceOf(element: TypeId | null, count: number): TypeId {
  return `[${count}]${element ?? ''}`;
}

/** The types of a module, read when somebody looks at a value. */
export class TypeTable {
  readonly #symbols: ModuleSymbols;
  readonly #types = new Map<TypeId, TypeInfo>();
  readonly #concrete = new Map<number, Promise<TypeId | null>>();
  readonly #classes = new Map<string, Promise<TypeId | null>>();

  constructor(symbols: ModuleSymbols) {
    this.#symbols = symbols;
  }

  add(types: ReadonlyMap<TypeId, TypeInfo>): void {
    for (const [id, type] of types) this.#types.set(id, type);
  }

  /** Null if there is no such type. */
  async get(id: TypeId): Promise<TypeInfo | null> {
    const known = this.#types.get(id);
    if (known !== undefined) return known;
    if (id.startsWith(POINTER)) return await this.#pointer(id);
    const [prefix, count] = SLICE.exec(id) ?? [];
    if (prefix !== undefined) return await this.#slice(id.slice(prefix.length), Number(count));
    this.add(await this.#symbols.types([id]));
    return this.#types.get(id) ?? null;
  }

  /** A pointer to a type that the program need not have. */
  async #pointer(id: TypeId): Promise<PointerType> {
    const target = id.slice(POINTER.length);
    const label = target === '' ? 'void' : ((await this.get(target))?.label ?? '?');
    return {
      ...{ kind: 'pointer', form: 'pointer', label: label.endsWith('*') ? `${label}*` : `${label} *` },
      ...{ name: null, scope: [], size: 4, target: target === '' ? null : target },
    };
  }

  async #slice(element: TypeId, count: number): Promise<ArrayType> {
    const label = `[${(await this.get(element))?.label ?? '()'}]`;
    return { kind: 'array', label, name: null, scope: [], size: null, element, counts: [count] };
  }

  /** The type of an array with other lengths. Returns its id. */
  addArray(type: ArrayType, counts: readonly (number | null)[]): TypeId {
    const id = `${sliceOf(type.element, 0)}${counts.map((count) => `[${count ?? ''}]`).join('')}`;
    const label = type.label.replace(/(?:\[[^[\]]*\])+$/, counts.map((count) => `[${count ?? ''}]`).join(''));
    const { lengths: _, ...rest } = type;
    this.#types.set(id, { ...rest, label, counts });
    return id;
  }

  /** The type itself, behind qualifiers and other names. Null is `void`. */
  async resolve(id: TypeId | null): Promise<TypeInfo | null> {
    let at = id;
    for (let count = 0; at !== null && count < MAX_ALIASES; count++) {
      const type = await this.get(at);
      if (type === null || type.kind !== 'alias') return type;
      at = type.target;
    }
    return null;
  }

  /** Bytes of a type; null if it is not known. */
  async sizeOf(id: TypeId | null, depth = 0): Promise<number | null> {
    const type = await this.resolve(id);
    if (type === null) return null;
    if (type.kind !== 'array' || type.size !== null) return type.size;
    if (depth === MAX_NESTED || type.counts.includes(null)) return null;
    const element = await this.sizeOf(type.element, depth + 1);
    if (element === null) return null;
    return type.counts.reduce((size: number, count) => size * (count ?? 0), element);
  }

  /** The value of a constant of an enum that was seen. */
  constant(name: string): bigint | undefined {
    for (const type of this.#types.values()) {
      const found = type.kind === 'enum' ? type.enumerators.find((one) => one.name === name) : undefined;
      if (found !== undefined) return found.value;
    }
    return undefined;
  }

  /** A type by its name, that which is nearest to the source of an offset; null if there is none. */
  named(name: string, offset: number): Promise<TypeId | null> {
    return this.#symbols.typeNamed(name, offset);
  }

  /** Bytes of a type by its name, that which is nearest to the source of an offset; null if there is none. */
  async sizeNamed(name: string, offset: number): Promise<number | null> {
    return await this.sizeOf(await this.#symbols.typeNamed(name, offset));
  }

  /** The type whose vtable is at an address. */
  concrete(vtable: number, offset: number): Promise<TypeId | null> {
    let type = this.#concrete.get(vtable);
    if (type === undefined) {
      type = this.#symbols.concreteType(vtable, offset);
      this.#concrete.set(vtable, type);
    }
    return type;
  }

  /** The class of C++ that has this name in its run-time type information. */
  classNamed(name: string): Promise<TypeId | null> {
    let type = this.#classes.get(name);
    if (type === undefined) {
      type = this.#symbols.classNamed(name);
      this.#classes.set(name, type);
    }
    return type;
  }
}
