import { identifierName } from '../literals.ts';
import type { Atom, Node } from '../syntax.ts';
import { headOf, type Items } from './items.ts';
import type { TypedName } from './names.ts';
import { unsigned } from './numbers.ts';
import type { Place } from './place.ts';
import type { Scope } from './scope.ts';
import type { Field, FunctionShape, Shape } from './type-table.ts';
import {
  FIRST_DEFINED,
  HEAP_NAMES,
  isReference,
  NUMBER_TYPES,
  REFERENCE_NAMES,
  reference,
  Type,
} from './types.ts';

/** A parameter or local: its type, its name if it has one, and where it is written. */
export interface Variable {
  readonly type: number;
  readonly identifier: Atom | undefined;
  readonly list: Place;
}

export interface Signature {
  readonly params: readonly Variable[];
  readonly results: readonly number[];
}

/** A function's type as it is used: its index, and its parameters with their names. */
export interface TypeUse {
  /** Undefined where it can't be told, and where code writes only its parameters and results: nothing can refer to that type. */
  readonly index: number | undefined;
  /** Whether it could be told. */
  readonly isKnown: boolean;
  readonly shape: FunctionShape;
  readonly params: readonly Variable[];
}

export interface Limits {
  readonly minimum: bigint;
  readonly maximum: bigint | undefined;
}

/** Reads types, and tells what is wrong with them. Where a type can't be told, it is `Type.unknown`. */
export class TypeReader {
  readonly #scope: Scope;
  /** While the types of a module are read: the first index behind the group, which its types can't refer to. */
  groupEnd: number | undefined;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Takes a value type; undefined, and nothing is taken, if the next item is none. */
  optionalValueType(items: Items): number | undefined {
    const { next } = items;
    if (next === undefined) return undefined;
    if (next.kind === 'keyword') {
      const word = items.textOf(next);
      const type = NUMBER_TYPES.get(word) ?? REFERENCE_NAMES.get(word);
      if (type !== undefined) items.take();
      return type;
    }
    return next.kind === 'list' && next.head === 'ref' ? this.#referenceType(items) : undefined;
  }

  valueType(items: Items): number {
    const type = this.optionalValueType(items);
    if (type !== undefined) return type;
    this.#expected(items, 'a type');
    return Type.unknown;
  }

  /** Takes the type of a reference. */
  referenceType(items: Items): number {
    const { place } = items;
    const type = this.valueType(items);
    if (isReference(type) || type === Type.unknown) return type;
    this.#scope.problems.syntax(place, `${this.#scope.typeText(type)} is no type of references`);
    return Type.unknown;
  }

  #referenceType(items: Items): number {
    const inside = items.within('ref');
    if (inside === undefined) return Type.unknown;
    const nullable = inside.keyword('null') !== undefined;
    const heap = this.heapType(inside);
    this.end(inside);
    return heap === undefined ? Type.unknown : reference(heap, nullable);
  }

  /** Takes a heap type: a word, or a type of the module. */
  heapType(items: Items): number | undefined {
    const { next } = items;
    if (next?.kind === 'keyword') {
      const heap = HEAP_NAMES.get(items.textOf(next));
      if (heap !== undefined) {
        items.take();
        return heap;
      }
    }
    const at = items.index();
    if (at === undefined) {
      this.#expected(items, 'a heap type, as func or $type');
      return undefined;
    }
    const index = this.typeIndex(at);
    return index === undefined ? undefined : FIRST_DEFINED + index;
  }

  /** The index of a type that is named. */
  typeIndex(at: Atom): number | undefined {
    const index = this.#scope.resolve('type', at);
    if (index === undefined) return undefined;
    if (index < (this.groupEnd ?? Number.POSITIVE_INFINITY)) return index;
    this.#scope.problems.add(
      at,
      'unknown',
      `type ${this.#scope.textOf(at)} is defined later: only types of one (rec) can refer to each other so`,
    );
    return undefined;
  }

  /** Takes `(param ...)*`. */
  params(items: Items, named: boolean): Variable[] {
    return this.variables(items, 'param', named);
  }

  /** Takes lists of types of which each may have a name if it is the only one in its list. */
  variables(items: Items, head: 'param' | 'local', named: boolean): Variable[] {
    const found: Variable[] = [];
    for (let inside = items.within(head); inside !== undefined; inside = items.within(head)) {
      const identifier = inside.identifier();
      if (identifier !== undefined) {
        if (!named) this.#scope.problems.syntax(identifier, 'parameters have no names here');
        found.push({ identifier, type: this.valueType(inside), list: inside.list });
      } else
        while (!inside.isAtEnd) {
          const { next } = inside;
          const type = this.optionalValueType(inside);
          if (type === undefined || next === undefined) break;
          found.push({ identifier: undefined, type, list: next });
        }
      this.end(inside);
    }
    return found;
  }

  /** Takes `(result ...)*`. */
  results(items: Items): number[] {
    const found: number[] = [];
    for (let inside = items.within('result'); inside !== undefined; inside = items.within('result')) {
      for (
        let type = this.optionalValueType(inside);
        type !== undefined;
        type = this.optionalValueType(inside)
      )
        found.push(type);
      this.end(inside);
    }
    return found;
  }

  signature(items: Items, named: boolean): Signature {
    return { params: this.params(items, named), results: this.results(items) };
  }

  /**
   * Takes `(type $t)? (param ...)* (result ...)*`.
   * @param declares whether that is the type of what the module declares: then its parameters may have names
   */
  typeUse(items: Items, declares: boolean): TypeUse {
    const { next, place } = items;
    const use = items.within('type');
    const at = use?.index();
    if (use !== undefined) {
      if (at === undefined) this.#expected(use, 'a type');
      this.end(use);
    }
    const start = items.at;
    const { params, results } = this.signature(items, declares);
    const written: FunctionShape = { kind: 'func', params: params.map(({ type }) => type), results };
    if (use === undefined) {
      const index = declares ? this.#scope.types.functionType(written) : undefined;
      return { index, isKnown: true, shape: written, params };
    }
    const index = at && this.typeIndex(at);
    const shape = index === undefined ? undefined : this.functionShape(index, at);
    if (shape === undefined) return { index: undefined, isKnown: false, shape: written, params };
    if (items.at === start)
      return {
        index,
        isKnown: true,
        shape,
        params: shape.params.map((type) => ({ type, identifier: undefined, list: next ?? items.list })),
      };
    if (!this.#isSame(shape.params, written.params) || !this.#isSame(shape.results, written.results))
      this.#scope.problems.syntax(
        items.placeFrom(place),
        `type ${this.#scope.textOf(at as Atom)} is ${this.shapeText(shape)}, and not ${this.shapeText(written)}`,
      );
    return { index, isKnown: true, shape, params };
  }

  /** The parameters and results of a function type; tells where it is another type. */
  functionShape(index: number, at: Atom | undefined): FunctionShape | undefined {
    const shape = this.#scope.types.get(index)?.shape;
    if (shape?.kind === 'func') return shape;
    if (shape !== undefined && at !== undefined)
      this.#scope.problems.type(
        at,
        `type ${this.#scope.textOf(at)} is ${shape.kind === 'struct' ? 'a struct' : 'an array'}, and no function`,
      );
    return undefined;
  }

  shapeText({ params, results }: FunctionShape): string {
    return `${this.#scope.typesText(params)} -> ${this.#scope.typesText(results)}`;
  }

  /** Takes a composite type: `(func ...)`, `(struct ...)`, `(array ...)`. */
  shape(items: Items, index: number): Shape {
    const fields = (inside: Items): Field[] => this.#fields(inside, index);
    const func = items.within('func');
    if (func !== undefined) {
      const { params, results } = this.signature(func, true);
      this.end(func);
      this.#unique(params);
      return { kind: 'func', params: params.map(({ type }) => type), results };
    }
    const struct = items.within('struct');
    if (struct !== undefined) {
      const shape = { kind: 'struct', fields: fields(struct) } as const;
      this.end(struct);
      return shape;
    }
    const array = items.within('array');
    if (array !== undefined) {
      const shape = { kind: 'array', fields: [this.#field(array)] } as const;
      this.end(array);
      return shape;
    }
    this.#expected(items, '(func ...), (struct ...) or (array ...)');
    return { kind: 'func', params: [], results: [] };
  }

  #unique(variables: readonly Variable[]): void {
    const names = new Set<string>();
    for (const { identifier } of variables) {
      if (identifier === undefined) continue;
      const name = this.#scope.textOf(identifier);
      if (names.has(name)) this.#scope.problems.syntax(identifier, `there is another parameter ${name}`);
      names.add(name);
    }
  }

  #fields(items: Items, type: number): Field[] {
    const fields: Field[] = [];
    const named: TypedName[] = [];
    const names = new Set<string>();
    const add = (inside: Items, identifier: Atom | undefined, list: Place): void => {
      const field = this.#field(inside);
      named.push({ space: 'field', index: fields.length, identifier, list, type: field.type });
      fields.push(field);
    };
    for (let inside = items.within('field'); inside !== undefined; inside = items.within('field')) {
      const identifier = inside.identifier();
      if (identifier !== undefined) {
        const name = identifierName(this.#scope.textOf(identifier));
        if (names.has(name))
          this.#scope.problems.syntax(identifier, `there is another field ${this.#scope.textOf(identifier)}`);
        names.add(name);
        add(inside, identifier, inside.list);
      } else
        while (!inside.isAtEnd) {
          const before = inside.at;
          add(inside, undefined, inside.next ?? inside.list);
          if (inside.at === before) break;
        }
      this.end(inside);
    }
    for (const field of named) this.#scope.define(field);
    this.#scope.fields.set(type, named);
    return fields;
  }

  #field(items: Items): Field {
    const inside = items.within('mut');
    if (inside === undefined) return { mutable: false, type: this.#storageType(items) };
    const type = this.#storageType(inside);
    this.end(inside);
    return { mutable: true, type };
  }

  #storageType(items: Items): number {
    if (items.keyword('i8') !== undefined) return Type.i8;
    if (items.keyword('i16') !== undefined) return Type.i16;
    return this.valueType(items);
  }

  /** Takes `i32` or `i64`, if it is there: what addresses are. */
  addressType(items: Items): number {
    if (items.keyword('i64') !== undefined) return Type.i64;
    items.keyword('i32');
    return Type.i32;
  }

  /** Takes one or two numbers; undefined if there is none. */
  limits(items: Items): Limits | undefined {
    const minimum = this.#limit(items);
    if (minimum === undefined) return undefined;
    return { minimum, maximum: items.next?.kind === 'number' ? this.#limit(items) : undefined };
  }

  #limit(items: Items): bigint | undefined {
    const at = items.atom('number');
    if (at === undefined) {
      this.#expected(items, 'a size');
      return undefined;
    }
    const value = unsigned(items.textOf(at), 64);
    if (value === undefined) this.#scope.problems.syntax(at, `${items.textOf(at)} is no size`);
    return value;
  }

  /** Tells that something is left of a list. */
  end(items: Items): void {
    if (!items.isAtEnd) this.unexpected(items.next);
  }

  unexpected(node: Node | undefined): void {
    if (node === undefined) return;
    const place = node.kind === 'list' ? headOf(node) : node;
    const text = this.#scope.syntax.source.slice(place.start, place.end);
    const isNameWithoutQuotes = node.kind !== 'identifier' && /^\$[^"$]+$/.test(text);
    this.#scope.problems.syntax(
      place,
      isNameWithoutQuotes ? `as a name, this needs quotes: $"${text.slice(1)}"` : `${text} can't stand here`,
    );
  }

  #expected(items: Items, what: string): void {
    this.#scope.problems.syntax(items.place, `${what} is expected here`);
  }

  #isSame(types: readonly number[], others: readonly number[]): boolean {
    const { types: table } = this.#scope;
    return table.matchesAll(types, others) && table.matchesAll(others, types);
  }
}
