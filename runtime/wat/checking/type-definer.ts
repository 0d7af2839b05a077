import type { List } from '../syntax.ts';
import { headOf, Items } from './items.ts';
import type { TypeReader } from './read-types.ts';
import type { Scope } from './scope.ts';
import type { DefinedType, Shape } from './type-table.ts';

/** Defines the types of a module, and checks that they have what their supertypes have. */
export class TypeDefiner {
  readonly #scope: Scope;
  readonly #types: TypeReader;

  constructor(scope: Scope, types: TypeReader) {
    this.#scope = scope;
    this.#types = types;
  }

  /** Defines the types of a field, if it has any. */
  define(field: List): void {
    if (field.head === 'type') this.#defineGroup([field]);
    if (field.head !== 'rec') return;
    const items = new Items(this.#scope.syntax, field);
    const group: List[] = [];
    for (; !items.isAtEnd; items.take()) {
      const { next } = items;
      if (next?.kind === 'list' && next.head === 'type') group.push(next);
      else this.#types.unexpected(next);
    }
    this.#defineGroup(group);
  }

  #defineGroup(group: readonly List[]): void {
    const { types } = this.#scope;
    const start = types.count;
    this.#types.groupEnd = start + group.length;
    const defined = group.map((list, i) => this.#definedType(list, start + i));
    this.#types.groupEnd = undefined;
    types.define(defined);
    for (const [i, list] of group.entries()) this.#checkSupertype(list, start + i, defined[i]);
  }

  #definedType(list: List, index: number): DefinedType {
    const items = new Items(this.#scope.syntax, list);
    items.identifier();
    const sub = items.within('sub');
    const inside = sub ?? items;
    const final = sub === undefined || sub.keyword('final') !== undefined;
    const above: number[] = [];
    for (let at = sub?.index(); at !== undefined; at = sub?.index()) {
      const found = this.#types.typeIndex(at);
      if (found !== undefined && found >= index)
        this.#scope.problems.add(at, 'unknown', 'a supertype is defined before its subtypes');
      else if (found !== undefined) above.push(found);
    }
    if (above.length > 1) this.#scope.problems.module(headOf(list), 'a type has one supertype');
    const shape = this.#types.shape(inside, index);
    if (sub !== undefined) this.#types.end(sub);
    this.#types.end(items);
    return { shape, final, supertype: above[0] };
  }

  #checkSupertype(list: List, index: number, type: DefinedType | undefined): void {
    if (type?.supertype === undefined) return;
    const { types } = this.#scope;
    const above = types.get(type.supertype);
    if (above === undefined) return;
    if (above.final)
      this.#scope.problems.module(
        headOf(list),
        `type ${this.#scope.typeName(type.supertype)} is final: it has no subtypes`,
      );
    else if (!this.#extends(type.shape, above.shape))
      this.#scope.problems.type(
        headOf(list),
        `type ${this.#scope.typeName(index)} does not have what its supertype ${this.#scope.typeName(type.supertype)} has`,
      );
  }

  #extends(shape: Shape, above: Shape): boolean {
    const { types } = this.#scope;
    if (shape.kind === 'func' || above.kind === 'func')
      return (
        shape.kind === 'func' &&
        above.kind === 'func' &&
        types.matchesAll(above.params, shape.params) &&
        types.matchesAll(shape.results, above.results)
      );
    if (shape.kind !== above.kind || shape.fields.length < above.fields.length) return false;
    return above.fields.every((field, i) => {
      const own = shape.fields[i];
      if (own === undefined || own.mutable !== field.mutable) return false;
      return types.matches(own.type, field.type) && (!own.mutable || types.matches(field.type, own.type));
    });
  }
}
