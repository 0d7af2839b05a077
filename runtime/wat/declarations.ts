import { identifierName, stringValue } from './literals.ts';
import { type Atom, type List, type Node, type Syntax, textOf } from './syntax.ts';

/** What is counted apart from each other. Source: core specification, 2.5.1 "Indices". */
export type Space = 'type' | 'function' | 'table' | 'memory' | 'global' | 'tag' | 'data' | 'element';

/** Something that a text module declares, and that has an index. */
export interface Declaration {
  readonly space: Space;
  readonly index: number;
  /** The `$name` that it is called by. */
  readonly identifier: Atom | undefined;
  /** The list that declares it: a field of the module, or a part of an import, of a `rec` or of another field. */
  readonly list: List;
  /** The strings under which it is imported. */
  readonly imported: { readonly module: string; readonly name: string } | undefined;
}

/** A name under which a text module exports something. */
export interface TextExport {
  readonly name: string;
  /** The string in the text. */
  readonly at: Atom;
  readonly space: Space;
  /** The `$name` or number of what is exported; undefined where it stands in what it exports. */
  readonly target: Atom | undefined;
  /** What is exported, where it stands there itself. */
  readonly declaration: Declaration | undefined;
}

/** What a text module consists of, as far as it can be told. */
export interface Declarations {
  /** In the order of the text, which is that of the indices of each space. */
  readonly all: readonly Declaration[];
  readonly exports: readonly TextExport[];
  /** The functions that are not imported, by their order. */
  readonly bodies: readonly Declaration[];
}

const SPACES: ReadonlyMap<string, Space> = new Map([
  ['type', 'type'],
  ['func', 'function'],
  ['table', 'table'],
  ['memory', 'memory'],
  ['global', 'global'],
  ['tag', 'tag'],
  ['data', 'data'],
  ['elem', 'element'],
]);

/** Reads what a text declares. Fields that stand outside of the module because of a mistake count as its own. */
export function readDeclarations(syntax: Syntax): Declarations {
  const reader = new DeclarationReader(syntax);
  for (const root of syntax.roots) {
    if (root.kind !== 'list') continue;
    if (root.head === 'module') for (const field of lists(root)) reader.field(field);
    else reader.field(root);
  }
  return reader;
}

class DeclarationReader implements Declarations {
  readonly all: Declaration[] = [];
  readonly exports: TextExport[] = [];
  readonly bodies: Declaration[] = [];
  readonly #syntax: Syntax;
  readonly #counts = new Map<Space, number>();

  constructor(syntax: Syntax) {
    this.#syntax = syntax;
  }

  field(field: List): void {
    switch (field.head) {
      case 'import':
        this.#import(field);
        return;
      case 'export':
        this.#export(field);
        return;
      case 'rec':
        for (const type of lists(field)) if (type.head === 'type') this.#declare('type', type, undefined);
        return;
    }
    const space = SPACES.get(field.head);
    if (space === undefined) return;
    const inline = leadingLists(field).find(({ head }) => head === 'import');
    const declaration = this.#declare(space, field, inline && this.#importedAs(inline));
    for (const list of leadingLists(field)) if (list.head === 'export') this.#inlineExport(list, declaration);
    if (space === 'table' || space === 'memory')
      for (const list of lists(field)) this.#inlineSegment(list, declaration);
    if (space === 'function' && inline === undefined) this.bodies.push(declaration);
  }

  #inlineExport(list: List, declaration: Declaration): void {
    const at = stringsOf(list)[0];
    if (at === undefined) return;
    this.exports.push({
      name: this.#string(at),
      at,
      space: declaration.space,
      target: undefined,
      declaration,
    });
  }

  /** The segment that a table or memory may bring. A name in there is that of an element. */
  #inlineSegment(list: List, { space }: Declaration): void {
    if (list.head === 'elem' && space === 'table')
      this.#add({ space: 'element', list, identifier: undefined, imported: undefined });
    if (list.head === 'data' && space === 'memory')
      this.#add({ space: 'data', list, identifier: undefined, imported: undefined });
  }

  #import(field: List): void {
    const imported = this.#importedAs(field);
    for (const list of lists(field)) {
      const space = SPACES.get(list.head);
      if (space !== undefined) this.#declare(space, list, imported);
    }
  }

  #export(field: List): void {
    const at = stringsOf(field)[0];
    const list = lists(field)[0];
    const space = list && SPACES.get(list.head);
    if (at === undefined || space === undefined) return;
    const target = list?.items.find(
      (item): item is Atom => item.kind === 'identifier' || item.kind === 'number',
    );
    this.exports.push({ name: this.#string(at), at, space, target, declaration: undefined });
  }

  #declare(space: Space, list: List, imported: Declaration['imported']): Declaration {
    const second = list.items[1];
    const identifier = second?.kind === 'identifier' ? second : undefined;
    return this.#add({ space, list, identifier, imported });
  }

  #add(declared: Omit<Declaration, 'index'>): Declaration {
    const index = this.#counts.get(declared.space) ?? 0;
    this.#counts.set(declared.space, index + 1);
    const declaration = { ...declared, index };
    this.all.push(declaration);
    return declaration;
  }

  #importedAs(list: List): { module: string; name: string } {
    const [module = '', name = ''] = stringsOf(list).map((atom) => this.#string(atom));
    return { module, name };
  }

  #string(atom: Atom): string {
    return stringValue(textOf(this.#syntax, atom));
  }
}

/** The name by which a declaration is called in its text, without its `$`. */
export function declaredName(syntax: Syntax, { identifier }: Declaration): string | undefined {
  return identifier && identifierName(textOf(syntax, identifier));
}

/** The lists that a field begins with, behind its name: names of exports and where it is imported from. */
function leadingLists({ items }: List): List[] {
  const from = items[1]?.kind === 'identifier' ? 2 : 1;
  const found: List[] = [];
  for (let at = from; ; at++) {
    const item = items[at];
    if (item?.kind !== 'list' || (item.head !== 'export' && item.head !== 'import')) return found;
    found.push(item);
  }
}

function lists(list: List): List[] {
  return list.items.filter((item) => item.kind === 'list');
}

function stringsOf(list: List): Atom[] {
  return list.items.filter((item: Node): item is Atom => item.kind === 'string');
}
