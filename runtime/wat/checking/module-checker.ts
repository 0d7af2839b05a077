import { type Declaration, type Declarations, readDeclarations, type Space } from '../declarations.ts';
import { isUtf8, stringValue } from '../literals.ts';
import type { Atom, List, Syntax } from '../syntax.ts';
import { CodeWalker } from './code-walker.ts';
import { InstructionChecker } from './instruction-checker.ts';
import { headOf, Items } from './items.ts';
import { type Place, Problems, type TextProblem } from './problems.ts';
import { type Limits, TypeReader, type TypeUse } from './read-types.ts';
import { Scope } from './scope.ts';
import type { DefinedType, Shape } from './type-table.ts';
import { FIRST_DEFINED, Heap, hasDefault, isReference, reference, Type } from './types.ts';

const FUNCTIONS = reference(Heap.func, true);

/** The most pages of 64 KiB that a memory has, by what addresses are. */
const MOST_PAGES: Readonly<Record<number, bigint>> = { [Type.i32]: 1n << 16n, [Type.i64]: 1n << 48n };
/** The most elements that a table has. */
const MOST_ELEMENTS: Readonly<Record<number, bigint>> = {
  [Type.i32]: (1n << 32n) - 1n,
  [Type.i64]: (1n << 64n) - 1n,
};

/** Checks a text as far as it can be read: its form, its names, its types. All that is wrong is told, each thing once. */
export function checkText(
  syntax: Syntax,
  declarations: Declarations = readDeclarations(syntax),
): readonly TextProblem[] {
  const checker = new ModuleChecker(syntax, declarations);
  checker.check();
  const faults = syntax.faults.map(({ start, end, message }) => ({
    start,
    end,
    message,
    kind: 'syntax' as const,
  }));
  return [...faults, ...checker.problems.found].sort((a, b) => a.start - b.start);
}

class ModuleChecker {
  readonly problems = new Problems();
  readonly #syntax: Syntax;
  readonly #scope: Scope;
  readonly #types: TypeReader;
  /** By the list that declares something. */
  readonly #byList: ReadonlyMap<List, Declaration>;
  readonly #importedGlobals: number;
  /** What is left to do once all is declared: finding what code may refer to, and checking code. */
  readonly #finding: (() => void)[] = [];
  readonly #later: (() => void)[] = [];
  readonly #exported = new Set<string>();
  /** What stands before imports and may not. */
  #defined: string | undefined;
  #start: Place | undefined;

  constructor(syntax: Syntax, declarations: Declarations) {
    this.#syntax = syntax;
    this.#scope = new Scope(syntax, declarations, this.problems);
    this.#types = new TypeReader(this.#scope);
    this.#importedGlobals = declarations.all.filter(
      ({ space, imported }) => space === 'global' && imported !== undefined,
    ).length;
    this.#byList = new Map(declarations.all.map((declaration) => [declaration.list, declaration]));
  }

  check(): void {
    const fields = this.#fields();
    for (const field of fields) this.#defineTypes(field);
    for (const field of fields) this.#field(field);
    for (const task of this.#finding) task();
    for (const task of this.#later) task();
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
    return new Items(this.#syntax.source, list);
  }

  // Types

  #defineTypes(field: List): void {
    if (field.head === 'type') this.#defineGroup([field]);
    if (field.head !== 'rec') return;
    const items = this.#items(field);
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
    const items = this.#items(list);
    items.identifier();
    const sub = items.within('sub');
    const inside = sub ?? items;
    const final = sub === undefined || sub.keyword('final') !== undefined;
    const above: number[] = [];
    for (let at = sub?.index(); at !== undefined; at = sub?.index()) {
      const found = this.#types.typeIndex(at);
      if (found !== undefined && found >= index)
        this.problems.add(at, 'unknown', 'a supertype is defined before its subtypes');
      else if (found !== undefined) above.push(found);
    }
    if (above.length > 1) this.problems.module(headOf(list), 'a type has one supertype');
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
      this.problems.module(
        headOf(list),
        `type ${this.#scope.typeName(type.supertype)} is final: it has no subtypes`,
      );
    else if (!this.#extends(type.shape, above.shape))
      this.problems.type(
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

  // Fields

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
        this.#finding.push(() => this.#export(items));
        return;
      case 'start':
        this.#later.push(() => this.#startFunction(items));
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
        this.#data(items);
        return;
      case 'elem':
        this.#element(items);
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
    const index = this.#byList.get(items.list)?.index;
    for (let inside = items.within('export'); inside !== undefined; inside = items.within('export')) {
      this.#exportName(inside);
      this.#types.end(inside);
      if (space === 'function' && index !== undefined) this.#scope.referable.add(index);
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
    else this.#later.push(() => this.#body(items, use));
  }

  #body(items: Items, use: TypeUse): void {
    const locals = this.#types.variables(items, 'local', true);
    const { list } = items;
    const checker = new InstructionChecker(this.#scope, this.#types, { knownGlobals: undefined });
    checker.begin(use, locals, headOf(list));
    const walker = new CodeWalker(this.#syntax.source, checker);
    walker.walk(list, items.at);
    walker.endUnfolded();
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
    this.#findReferences(items.list);
    this.#later.push(() => this.#constant(items.list, items.at, type, known));
  }

  #memory(items: Items, imported: boolean): void {
    const address = this.#types.addressType(items);
    const data = imported ? undefined : items.within('data');
    if (data !== undefined) {
      this.#scope.memories.push({ address, shared: false });
      this.#strings(data);
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
        this.#scope.elements[this.#byList.get(inside.list)?.index ?? 0] = element;
        this.#elementItems(inside, element, inside.next?.kind !== 'list');
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
      this.#findReferences(items.list);
      // In the binary, tables come before globals.
      this.#later.push(() => this.#constant(items.list, items.at, element, this.#importedGlobals));
    } else if (isReference(element) && !hasDefault(element))
      this.problems.type(
        items.placeFrom(place),
        `the elements of this table need a first value: ${this.#scope.typeText(element)} has none`,
      );
  }

  // Segments

  #strings(items: Items): void {
    while (items.atom('string') !== undefined);
    this.#types.end(items);
  }

  #data(items: Items): void {
    const memory = items.within('memory');
    const at = memory?.index();
    if (memory !== undefined && at === undefined)
      this.problems.syntax(memory.place, 'a memory is expected here');
    const index = at ?? (items.next?.kind === 'list' ? undefined : items.index());
    const offset = items.next?.kind === 'list' ? items.next : undefined;
    const place = headOf(items.list);
    if (offset !== undefined) {
      items.take();
      this.#later.push(() => {
        const memoryIndex =
          index === undefined ? this.#first('memory', place) : this.#scope.resolve('memory', index);
        const type =
          memoryIndex === undefined
            ? Type.unknown
            : (this.#scope.memories[memoryIndex]?.address ?? Type.unknown);
        this.#offset(offset, type);
      });
    } else if (index !== undefined)
      this.problems.syntax(items.place, 'an offset is expected here, as (i32.const 0)');
    this.#strings(items);
  }

  #first(space: Space, place: Place): number | undefined {
    if (this.#scope.count(space) > 0) return 0;
    this.problems.add(place, 'unknown', `the module has no ${space}`);
    return undefined;
  }

  #offset(list: List, type: number): void {
    if (list.head === 'offset') this.#constant(list, 1, type, this.#scope.globals.length);
    else this.#constantOf(list, type, (walker) => walker.walkFolded(list));
  }

  #element(items: Items): void {
    const { list } = items;
    items.identifier();
    const index = this.#byList.get(list)?.index ?? 0;
    const declares = items.keyword('declare') !== undefined;
    const table = declares ? undefined : items.within('table');
    const at = table?.index();
    if (table !== undefined && at === undefined)
      this.problems.syntax(table.place, 'a table is expected here');
    const named = at ?? (declares || items.next?.kind === 'list' ? undefined : this.#tableIndex(items));
    const offset =
      !declares && items.next?.kind === 'list' && items.next.head !== 'ref' && items.next.head !== 'item'
        ? items.next
        : undefined;
    if (offset !== undefined) {
      items.take();
      this.#later.push(() => {
        const place = headOf(list);
        const tableIndex =
          named === undefined ? this.#first('table', place) : this.#scope.resolve('table', named);
        const type = tableIndex === undefined ? undefined : this.#scope.tables[tableIndex];
        this.#offset(offset, type?.address ?? Type.unknown);
        const element = this.#scope.elements[index] ?? Type.unknown;
        if (type !== undefined && !this.#scope.types.matches(element, type.element))
          this.problems.type(
            place,
            `a table of ${this.#scope.typeText(type.element)} takes no ${this.#scope.typeText(element)}`,
          );
      });
    } else if (named !== undefined)
      this.problems.syntax(items.place, 'an offset is expected here, as (i32.const 0)');
    if (
      items.keyword('func') !== undefined ||
      (offset !== undefined &&
        (items.isAtEnd || items.next?.kind === 'identifier' || items.next?.kind === 'number'))
    ) {
      this.#scope.elements[index] = reference(Heap.func, false);
      this.#elementItems(items, FUNCTIONS, true);
      return;
    }
    const element = this.#types.referenceType(items);
    this.#scope.elements[index] = element;
    this.#elementItems(items, element, false);
  }

  /** The table that older texts name without parentheses. */
  #tableIndex(items: Items): Atom | undefined {
    const { next } = items;
    return next?.kind === 'identifier' || next?.kind === 'number' ? items.index() : undefined;
  }

  /** Takes functions, or expressions. */
  #elementItems(items: Items, element: number, functions: boolean): void {
    if (functions) {
      const found: Atom[] = [];
      for (let at = items.index(); at !== undefined; at = items.index()) found.push(at);
      this.#types.end(items);
      this.#finding.push(() => {
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
            this.problems.type(at, `this function is no ${this.#scope.typeText(element)}`);
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
      this.#findReferences(next);
      this.#later.push(() => {
        if (next.head === 'item') this.#constant(next, 1, element, this.#scope.globals.length);
        else this.#constantOf(next, element, (walker) => walker.walkFolded(next));
      });
    }
  }

  /** Functions to which an expression refers may be referred to by code as well. */
  #findReferences(list: List): void {
    const waiting: List[] = [list];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const [i, item] of next.items.entries()) {
        if (item.kind === 'list') waiting.push(item);
        else if (item.kind === 'keyword' && this.#scope.textOf(item) === 'ref.func') {
          const at = next.items[i + 1];
          if (at?.kind !== 'identifier' && at?.kind !== 'number') continue;
          const index = this.#scope.find('function', at);
          if (index !== undefined) this.#scope.referable.add(index);
        }
      }
    }
  }

  // Expressions

  #constant(list: List, from: number, type: number, knownGlobals: number): void {
    this.#constantOf(list, type, (walker) => walker.walk(list, from), knownGlobals);
  }

  #constantOf(
    list: List,
    type: number,
    walk: (walker: CodeWalker) => void,
    knownGlobals = this.#scope.globals.length,
  ): void {
    const checker = new InstructionChecker(this.#scope, this.#types, { knownGlobals });
    checker.open({
      word: 'the expression',
      place: headOf(list),
      label: undefined,
      start: [],
      end: [type],
      folded: true,
    });
    const walker = new CodeWalker(this.#syntax.source, checker);
    walk(walker);
    walker.endUnfolded();
    checker.close(headOf(list));
  }

  // Exports, start

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
    if (this.#start !== undefined) this.problems.syntax(headOf(items.list), 'a module has one start');
    this.#start = headOf(items.list);
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
