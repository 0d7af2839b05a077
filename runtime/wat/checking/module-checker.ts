import type { Declarations, Space } from '../declarations.ts';
import { isUtf8, stringValue } from '../literals.ts';
import type { List, Syntax } from '../syntax.ts';
import type { CodeObserver } from './code-observer.ts';
import { CodeWalker } from './code-walker.ts';
import type { ConstantChecker } from './constant-checker.ts';
import { InstructionChecker } from './instruction-checker.ts';
import { headOf, Items } from './items.ts';
import { ModuleState } from './module-state.ts';
import type { Place } from './place.ts';
import type { Problems } from './problems.ts';
import type { Limits, TypeReader, TypeUse } from './read-types.ts';
import type { Scope } from './scope.ts';
import { SegmentChecker } from './segment-checker.ts';
import { TypeDefiner } from './type-definer.ts';
import { hasDefault, isReference, Type } from './types.ts';

/** The most pages of 64 KiB that a memory has, by what addresses are. */
const MOST_PAGES: Readonly<Record<number, bigint>> = { [Type.i32]: 1n << 16n, [Type.i64]: 1n << 48n };
/** The most elements that a table has. */
const MOST_ELEMENTS: Readonly<Record<number, bigint>> = {
  [Type.i32]: (1n << 32n) - 1n,
  [Type.i64]: (1n << 64n) - 1n,
};

/** Checks the fields of a module. The code in it is checked when all is declared. */
export class ModuleChecker {
  readonly problems: Problems;
  readonly module: ModuleState;
  readonly #syntax: Syntax;
  readonly #scope: Scope;
  readonly #types: TypeReader;
  readonly #constants: ConstantChecker;
  readonly #segments: SegmentChecker;
  readonly #importedGlobals: number;
  readonly #exported = new Set<string>();
  /** What stands before imports and may not. */
  #defined: string | undefined;
  #start: List | undefined;

  constructor(syntax: Syntax, declarations: Declarations) {
    this.#syntax = syntax;
    this.module = new ModuleState(syntax, declarations);
    this.problems = this.module.problems;
    this.#scope = this.module.scope;
    this.#types = this.module.types;
    this.#constants = this.module.constants;
    this.#segments = new SegmentChecker(this.module);
    this.#importedGlobals = declarations.all.filter(
      ({ space, imported }) => space === 'global' && imported !== undefined,
    ).length;
  }

  /** Checks all but code, which `module.code` has then. */
  checkFields(): void {
    const fields = this.#fields();
    const definer = new TypeDefiner(this.#scope, this.#types);
    for (const field of fields) definer.define(field);
    for (const field of fields) this.#field(field);
    for (const task of this.module.finding) task();
  }

  #fields(): List[] {
    const fields: List[] = [];
    let modules = 0;
    for (const root of this.#syntax.roots) {
      if (root.kind !== 'list') {
        this.#types.unexpected(root);
        continue;
      }
      if (root.head !== 'module') {
        fields.push(root);
        continue;
      }
      if (modules++ > 0) this.problems.syntax(headOf(root), 'a text has one module');
      const items = this.#items(root);
      items.identifier();
      // What it has inside is not written as text.
      if (items.keyword('binary') !== undefined || items.keyword('quote') !== undefined) continue;
      for (; !items.isAtEnd; items.take()) {
        const { next } = items;
        if (next?.kind === 'list') fields.push(next);
        else this.#types.unexpected(next);
      }
    }
    return fields;
  }

  #items(list: List): Items {
    return new Items(this.#syntax, list);
  }

  #field(field: List): void {
    const items = this.#items(field);
    switch (field.head) {
      case 'type':
      case 'rec':
        return;
      case 'import':
        this.#import(items);
        return;
      case 'export':
        this.module.finding.push(() => this.#export(items));
        return;
      case 'start':
        this.module.later(field, () => this.#startFunction(this.#items(field)));
        return;
      case 'func':
        this.#definition(items, 'function', (inside) => this.#function(inside, false));
        return;
      case 'table':
        this.#definition(items, 'table', (inside, imported) => this.#table(inside, imported));
        return;
      case 'memory':
        this.#definition(items, 'memory', (inside, imported) => this.#memory(inside, imported));
        return;
      case 'global':
        this.#definition(items, 'global', (inside, imported) => this.#global(inside, imported));
        return;
      case 'tag':
        this.#definition(items, 'tag', (inside) => this.#tag(inside));
        return;
      case 'data':
        items.identifier();
        this.#segments.data(items);
        return;
      case 'elem':
        this.#segments.element(items);
        return;
      default:
        this.problems.syntax(
          headOf(field),
          field.head === '' ? 'a field of a module is expected here' : `a module has no field ${field.head}`,
        );
    }
  }

  /** Takes what definitions have in common: name, exports, and where it is imported from. */
  #definition(items: Items, space: Space, define: (items: Items, imported: boolean) => void): void {
    items.identifier();
    const index = this.module.indexOf(items.list);
    for (let inside = items.within('export'); inside !== undefined; inside = items.within('export')) {
      this.#exportName(inside);
      this.#types.end(inside);
      if (space === 'function') this.#scope.referable.add(index);
    }
    const imported = items.within('import');
    if (imported === undefined) this.#defined ??= items.list.head;
    else this.#importNames(imported, items.list);
    if (imported !== undefined) this.#types.end(imported);
    if (imported !== undefined && space === 'function') this.#function(items, true);
    else define(items, imported !== undefined);
  }

  #importNames(items: Items, list: List): void {
    if (this.#defined !== undefined)
      this.problems.syntax(
        headOf(list),
        `imports stand before what a module defines, and there is a ${this.#defined} before`,
      );
    this.#name(items);
    this.#name(items);
  }

  /** Takes a string that is a name: text in UTF-8. */
  #name(items: Items): string | undefined {
    const at = items.atom('string');
    if (at === undefined) {
      this.problems.syntax(items.place, 'a name in quotes is expected here');
      return undefined;
    }
    const value = stringValue(items.textOf(at));
    if (!isUtf8(items.textOf(at))) this.problems.syntax(at, 'the bytes of a name are UTF-8');
    return value;
  }

  #import(items: Items): void {
    this.#importNames(items, items.list);
    const { next } = items;
    const inside = next?.kind === 'list' ? items.within(next.head) : undefined;
    if (inside === undefined) {
      this.problems.syntax(items.place, 'what is imported is expected here, as (func)');
      return;
    }
    inside.identifier();
    switch (inside.list.head) {
      case 'func':
        this.#function(inside, true);
        break;
      case 'table':
        this.#table(inside, true);
        break;
      case 'memory':
        this.#memory(inside, true);
        break;
      case 'global':
        this.#global(inside, true);
        break;
      case 'tag':
        this.#tag(inside);
        break;
      default:
        this.problems.syntax(headOf(inside.list), `nothing like this is imported`);
    }
    this.#types.end(items);
  }

  #function(items: Items, imported: boolean): void {
    const use = this.#types.typeUse(items, true);
    this.#scope.functions.push(use.index ?? Number.NaN);
    if (imported) this.#types.end(items);
    else {
      const { at, list } = items;
      this.module.later(list, (observer) => this.#body(new Items(items.syntax, list, at), use, observer), at);
    }
  }

  #body(items: Items, use: TypeUse, observer: CodeObserver | undefined): void {
    const locals = this.#types.variables(items, 'local', true);
    const { list } = items;
    const checker = new InstructionChecker(this.#scope, this.#types, { knownGlobals: undefined });
    checker.begin(use, locals, list);
    const walker = new CodeWalker(this.#syntax, checker, observer);
    walker.walk(list, items.at);
    walker.endUnfolded();
    observer?.before?.(list.end, checker);
    checker.close({ start: Math.max(list.start, list.end - 1), end: list.end });
  }

  #tag(items: Items): void {
    const { place } = items;
    const { index, shape } = this.#types.typeUse(items, true);
    if (shape.results.length > 0) this.problems.module(items.placeFrom(place), 'a tag has no results');
    this.#scope.tags.push(index ?? Number.NaN);
    this.#types.end(items);
  }

  #global(items: Items, imported: boolean): void {
    const inside = items.within('mut');
    const type = this.#types.valueType(inside ?? items);
    if (inside !== undefined) this.#types.end(inside);
    const known = this.#scope.globals.length;
    this.#scope.globals.push({ type, mutable: inside !== undefined });
    if (imported) {
      this.#types.end(items);
      return;
    }
    this.#constants.findReferences(items.list);
    const { list, at } = items;
    this.module.later(list, (observer) => this.#constants.check(list, at, type, observer, known));
  }

  #memory(items: Items, imported: boolean): void {
    const address = this.#types.addressType(items);
    const data = imported ? undefined : items.within('data');
    if (data !== undefined) {
      this.#scope.memories.push({ address, shared: false });
      this.#segments.strings(data);
      this.#types.end(items);
      return;
    }
    const { place } = items;
    const limits = this.#types.limits(items);
    const shared = items.keyword('shared') !== undefined;
    if (limits !== undefined)
      this.#checkLimits(limits, MOST_PAGES[address] ?? 0n, items.placeFrom(place), 'a memory', 'pages');
    if (shared && limits?.maximum === undefined)
      this.problems.module(items.placeFrom(place), 'a memory that is shared has a maximum');
    this.#scope.memories.push({ address, shared });
    this.#types.end(items);
  }

  #checkLimits({ minimum, maximum }: Limits, most: bigint, place: Place, what: string, units: string): void {
    if (minimum > most || (maximum ?? 0n) > most)
      this.problems.module(place, `${what} has at most ${most} ${units}`);
    else if (maximum !== undefined && minimum > maximum)
      this.problems.module(place, 'the maximum is below the minimum');
  }

  #table(items: Items, imported: boolean): void {
    const address = this.#types.addressType(items);
    const { place } = items;
    if (items.next?.kind !== 'number') {
      const element = this.#types.referenceType(items);
      this.#scope.tables.push({ element, address });
      const inside = imported ? undefined : items.within('elem');
      if (inside === undefined)
        this.problems.syntax(
          items.place,
          imported ? 'a size is expected here' : '(elem ...) or a size is expected here',
        );
      else {
        this.#scope.elements[this.module.indexOf(inside.list)] = element;
        this.#segments.elementItems(inside, element, inside.next?.kind !== 'list');
      }
      this.#types.end(items);
      return;
    }
    const limits = this.#types.limits(items);
    if (limits !== undefined)
      this.#checkLimits(limits, MOST_ELEMENTS[address] ?? 0n, items.placeFrom(place), 'a table', 'elements');
    const element = this.#types.referenceType(items);
    this.#scope.tables.push({ element, address });
    if (imported) this.#types.end(items);
    else if (!items.isAtEnd) {
      this.#constants.findReferences(items.list);
      // In the binary, tables come before globals.
      const { list, at } = items;
      this.module.later(list, (observer) =>
        this.#constants.check(list, at, element, observer, this.#importedGlobals),
      );
    } else if (isReference(element) && !hasDefault(element))
      this.problems.type(
        items.placeFrom(place),
        `the elements of this table need a first value: ${this.#scope.typeText(element)} has none`,
      );
  }

  #exportName(items: Items): void {
    const { place } = items;
    const name = this.#name(items);
    if (name === undefined) return;
    if (this.#exported.has(name)) this.problems.module(place, 'another export has this name');
    this.#exported.add(name);
  }

  #export(items: Items): void {
    this.#exportName(items);
    const { next } = items;
    const inside = next?.kind === 'list' ? items.within(next.head) : undefined;
    const space = inside && EXPORTED.get(inside.list.head);
    if (inside === undefined || space === undefined) {
      this.problems.syntax(items.place, 'what is exported is expected here, as (func $f)');
      return;
    }
    const at = inside.index();
    if (at === undefined) this.problems.syntax(inside.place, 'a name or index is expected here');
    else {
      const index = this.#scope.resolve(space, at);
      if (index !== undefined && space === 'function') this.#scope.referable.add(index);
    }
    this.#types.end(inside);
    this.#types.end(items);
  }

  #startFunction(items: Items): void {
    if (this.#start !== undefined && this.#start !== items.list)
      this.problems.syntax(headOf(items.list), 'a module has one start');
    this.#start ??= items.list;
    const at = items.index();
    if (at === undefined) {
      this.problems.syntax(items.place, 'a function is expected here');
      return;
    }
    const index = this.#scope.resolve('function', at);
    const type = index === undefined ? undefined : this.#scope.functions[index];
    const shape = type === undefined ? undefined : this.#scope.types.get(type)?.shape;
    if (shape?.kind === 'func' && shape.params.length + shape.results.length > 0)
      this.problems.type(
        at,
        `the start function takes and returns nothing, and this one is ${this.#types.shapeText(shape)}`,
      );
    this.#types.end(items);
  }
}

const EXPORTED: ReadonlyMap<string, Space> = new Map([
  ['func', 'function'],
  ['table', 'table'],
  ['memory', 'memory'],
  ['global', 'global'],
  ['tag', 'tag'],
]);
