import { FIRST_DEFINED, Heap, heapOf, isNullable, isReference, Type } from './types.ts';

export interface FunctionShape {
  readonly kind: 'func';
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface Field {
  readonly type: number;
  readonly mutable: boolean;
}

export interface StructShape {
  readonly kind: 'struct';
  readonly fields: readonly Field[];
}

export interface ArrayShape {
  readonly kind: 'array';
  readonly fields: readonly [Field];
}

export type Shape = FunctionShape | StructShape | ArrayShape;

export interface DefinedType {
  readonly shape: Shape;
  readonly final: boolean;
  /** The index of the type that it says it is a subtype of. */
  readonly supertype: number | undefined;
}

/** The types that a module defines. Types of groups that look the same are the same. Source: core specification, 3.3 "Matching". */
export class TypeTable {
  readonly #types: DefinedType[] = [];
  /** By index: a number that types have in common which are the same. */
  readonly #identity: number[] = [];
  readonly #known = new Map<string, number>();
  /** Of function types that stand alone, final and without a supertype, the first index. */
  readonly #plainFunctions = new Map<string, number>();

  get count(): number {
    return this.#types.length;
  }

  get(index: number): DefinedType | undefined {
    return this.#types[index];
  }

  /** Defines the types of a group, which may refer to each other. */
  define(group: readonly DefinedType[]): void {
    const start = this.#types.length;
    const text = group.map((type) => this.#textOf(type, start)).join(';');
    let identity = this.#known.get(text);
    if (identity === undefined) {
      identity = start;
      this.#known.set(text, identity);
    }
    for (const [i, type] of group.entries()) {
      this.#types.push(type);
      this.#identity.push(identity + i);
    }
    const [only] = group;
    if (group.length === 1 && only?.shape.kind === 'func' && only.final && only.supertype === undefined) {
      const key = functionKey(only.shape);
      if (!this.#plainFunctions.has(key)) this.#plainFunctions.set(key, start);
    }
  }

  /** The index of the type that a function has of which only the parameters and results are written. */
  functionType(shape: FunctionShape): number {
    const key = functionKey(shape);
    const found = this.#plainFunctions.get(key);
    if (found !== undefined) return found;
    this.define([{ shape, final: true, supertype: undefined }]);
    return this.#types.length - 1;
  }

  /** Whether two indices are of the same type. */
  isSame(one: number, other: number): boolean {
    return (
      one === other || (this.#identity[one] !== undefined && this.#identity[one] === this.#identity[other])
    );
  }

  /** Whether a value of the first type may be where one of the second is expected. */
  matches(type: number, expected: number): boolean {
    if (type === expected || type === Type.unknown || expected === Type.unknown) return true;
    if (!isReference(type) || !isReference(expected)) return false;
    if (isNullable(type) && !isNullable(expected)) return false;
    return this.matchesHeap(heapOf(type), heapOf(expected));
  }

  matchesAll(types: readonly number[], expected: readonly number[]): boolean {
    return (
      types.length === expected.length &&
      types.every((type, i) => this.matches(type, expected[i] ?? Type.unknown))
    );
  }

  matchesHeap(heap: number, expected: number): boolean {
    if (heap === expected || heap === Heap.unknown) return true;
    if (heap >= FIRST_DEFINED) {
      if (expected >= FIRST_DEFINED) return this.#isSubtype(heap - FIRST_DEFINED, expected - FIRST_DEFINED);
      const kind = this.#types[heap - FIRST_DEFINED]?.shape.kind;
      // A type that is not there was told already.
      return kind === undefined || Heap[kind] === expected || this.matchesHeap(Heap[kind], expected);
    }
    switch (heap) {
      case Heap.none:
        return expected <= Heap.array || (expected >= FIRST_DEFINED && !this.#isFunction(expected));
      case Heap.nofunc:
        return expected === Heap.func || (expected >= FIRST_DEFINED && this.#isFunction(expected));
      case Heap.noextern:
        return expected === Heap.extern;
      case Heap.noexn:
        return expected === Heap.exn;
      case Heap.i31:
      case Heap.struct:
      case Heap.array:
        return expected === Heap.eq || expected === Heap.any;
      case Heap.eq:
        return expected === Heap.any;
      default:
        return false;
    }
  }

  /** The type on top of all types that a heap type may be cast to. */
  topOf(heap: number): number {
    for (const top of [Heap.func, Heap.extern, Heap.exn]) if (this.matchesHeap(heap, top)) return top;
    return Heap.any;
  }

  #isFunction(heap: number): boolean {
    return this.#types[heap - FIRST_DEFINED]?.shape.kind === 'func';
  }

  #isSubtype(index: number, expected: number): boolean {
    // Supertypes have lower indices, so this ends.
    for (let at: number | undefined = index; at !== undefined; at = this.#types[at]?.supertype)
      if (this.isSame(at, expected)) return true;
    return false;
  }

  /** A type in a form that is the same for the same types: its own group counts from its start. */
  #textOf({ shape, final, supertype }: DefinedType, start: number): string {
    const indexText = (index: number): string =>
      index >= start ? `r${index - start}` : `c${this.#identity[index] ?? index}`;
    const text = (type: number): string =>
      isReference(type) && heapOf(type) >= FIRST_DEFINED
        ? `${isNullable(type) ? 'n' : ''}${indexText(heapOf(type) - FIRST_DEFINED)}`
        : String(type);
    const parts =
      shape.kind === 'func'
        ? `${shape.params.map(text)}>${shape.results.map(text)}`
        : shape.fields.map(({ type, mutable }) => (mutable ? 'm' : '') + text(type)).join(',');
    return `${final ? 'f' : ''}${supertype === undefined ? '' : indexText(supertype)}${shape.kind} ${parts}`;
  }
}

function functionKey({ params, results }: FunctionShape): string {
  return `${params}>${results}`;
}
