import type { Atom } from '../syntax.ts';
import type { ConstantChecker } from './constant-checker.ts';
import { headOf, type Items } from './items.ts';
import type { ModuleState } from './module-state.ts';
import type { TypeReader } from './read-types.ts';
import type { Scope } from './scope.ts';
import { FIRST_DEFINED, Heap, reference, Type } from './types.ts';

const FUNCTIONS = reference(Heap.func, true);

/** Checks what memories and tables have in them at first. */
export class SegmentChecker {
  readonly #module: ModuleState;
  readonly #scope: Scope;
  readonly #types: TypeReader;
  readonly #constants: ConstantChecker;

  constructor(module: ModuleState) {
    this.#module = module;
    this.#scope = module.scope;
    this.#types = module.types;
    this.#constants = module.constants;
  }

  /** Takes the bytes of a segment. */
  strings(items: Items): void {
    while (items.atom('string') !== undefined);
    this.#types.end(items);
  }

  data(items: Items): void {
    const memory = items.within('memory');
    const at = memory?.index();
    if (memory !== undefined && at === undefined)
      this.#scope.problems.syntax(memory.place, 'a memory is expected here');
    const index = at ?? (items.next?.kind === 'list' ? undefined : items.index());
    const offset = items.next?.kind === 'list' ? items.next : undefined;
    const { list } = items;
    if (offset !== undefined) {
      items.take();
      this.#module.later(offset, (observer) => {
        const memoryIndex =
          index === undefined
            ? this.#scope.first('memory', headOf(list))
            : this.#scope.resolve('memory', index);
        const type =
          memoryIndex === undefined
            ? Type.unknown
            : (this.#scope.memories[memoryIndex]?.address ?? Type.unknown);
        this.#constants.checkEither(offset, 'offset', type, observer);
      });
    } else if (index !== undefined)
      this.#scope.problems.syntax(items.place, 'an offset is expected here, as (i32.const 0)');
    this.strings(items);
  }

  element(items: Items): void {
    const { list } = items;
    items.identifier();
    const index = this.#module.indexOf(list);
    const declares = items.keyword('declare') !== undefined;
    const table = declares ? undefined : items.within('table');
    const at = table?.index();
    if (table !== undefined && at === undefined)
      this.#scope.problems.syntax(table.place, 'a table is expected here');
    const named = at ?? (declares || items.next?.kind === 'list' ? undefined : this.#tableIndex(items));
    const offset =
      !declares && items.next?.kind === 'list' && items.next.head !== 'ref' && items.next.head !== 'item'
        ? items.next
        : undefined;
    if (offset !== undefined) {
      items.take();
      this.#module.later(offset, (observer) => {
        const place = headOf(list);
        const tableIndex =
          named === undefined ? this.#scope.first('table', place) : this.#scope.resolve('table', named);
        const type = tableIndex === undefined ? undefined : this.#scope.tables[tableIndex];
        this.#constants.checkEither(offset, 'offset', type?.address ?? Type.unknown, observer);
        const element = this.#scope.elements[index] ?? Type.unknown;
        if (type !== undefined && !this.#scope.types.matches(element, type.element))
          this.#scope.problems.type(
            place,
            `a table of ${this.#scope.typeText(type.element)} takes no ${this.#scope.typeText(element)}`,
          );
      });
    } else if (named !== undefined)
      this.#scope.problems.syntax(items.place, 'an offset is expected here, as (i32.const 0)');
    if (
      items.keyword('func') !== undefined ||
      (offset !== undefined &&
        (items.isAtEnd || items.next?.kind === 'identifier' || items.next?.kind === 'number'))
    ) {
      this.#scope.elements[index] = reference(Heap.func, false);
      this.elementItems(items, FUNCTIONS, true);
      return;
    }
    const element = this.#types.referenceType(items);
    this.#scope.elements[index] = element;
    this.elementItems(items, element, false);
  }

  /** The table that older texts name without parentheses. */
  #tableIndex(items: Items): Atom | undefined {
    const { next } = items;
    return next?.kind === 'identifier' || next?.kind === 'number' ? items.index() : undefined;
  }

  /** Takes functions, or expressions. */
  elementItems(items: Items, element: number, functions: boolean): void {
    if (functions) {
      const found: Atom[] = [];
      for (let at = items.index(); at !== undefined; at = items.index()) found.push(at);
      this.#types.end(items);
      this.#module.finding.push(() => {
        for (const at of found) {
          const index = this.#scope.resolve('function', at);
          if (index !== undefined) this.#scope.referable.add(index);
          const type = index === undefined ? undefined : this.#scope.functions[index];
          if (
            type !== undefined &&
            !Number.isNaN(type) &&
            element !== FUNCTIONS &&
            !this.#scope.types.matches(reference(FIRST_DEFINED + type, false), element)
          )
            this.#scope.problems.type(at, `this function is no ${this.#scope.typeText(element)}`);
        }
      });
      return;
    }
    for (; !items.isAtEnd; items.take()) {
      const { next } = items;
      if (next?.kind !== 'list') {
        this.#types.unexpected(next);
        continue;
      }
      this.#constants.findReferences(next);
      this.#module.later(next, (observer) => this.#constants.checkEither(next, 'item', element, observer));
    }
  }
}
