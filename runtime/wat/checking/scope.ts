import { type Declaration, type Declarations, declaredName, type Space } from '../declarations.ts';
import { identifierName } from '../literals.ts';
import type { Atom, Syntax } from '../syntax.ts';
import { type Named, SPACE_WORDS, type TypedName, type Use } from './names.ts';
import { u32 } from './numbers.ts';
import type { Place } from './place.ts';
import type { Problems } from './problems.ts';
import { TypeTable } from './type-table.ts';
import { typeText } from './types.ts';

/** What an address or the size of a memory or table is: an i32, or an i64. */
export type AddressType = number;

export interface TableType {
  readonly element: number;
  readonly address: AddressType;
}

export interface MemoryType {
  readonly address: AddressType;
  readonly shared: boolean;
}

export interface GlobalType {
  readonly type: number;
  readonly mutable: boolean;
}

/** What a module declares, by index and by name, with the types of it. */
export class Scope {
  readonly syntax: Syntax;
  readonly problems: Problems;
  readonly types = new TypeTable();
  /** By the index of a function or tag, that of its type. */
  readonly functions: number[] = [];
  readonly tags: number[] = [];
  readonly tables: TableType[] = [];
  readonly memories: MemoryType[] = [];
  readonly globals: GlobalType[] = [];
  /** The types of the elements of element segments. */
  readonly elements: number[] = [];
  /** By type: its fields. */
  readonly fields = new Map<number, readonly TypedName[]>();
  /** Functions that code may make references to. */
  readonly referable = new Set<number>();
  /** Every place that names something, also where that is defined. */
  readonly uses: Use[] = [];
  readonly #bySpace = new Map<Space, Map<string, number>>();
  readonly #counts = new Map<Space, number>();
  readonly #declared = new Map<Space, Declaration[]>();
  readonly #typeNames: (string | undefined)[] = [];

  constructor(syntax: Syntax, declarations: Declarations, problems: Problems) {
    this.syntax = syntax;
    this.problems = problems;
    for (const declaration of declarations.all) this.#declare(declaration);
  }

  count(space: Space): number {
    return space === 'type'
      ? Math.max(this.types.count, this.#counts.get(space) ?? 0)
      : (this.#counts.get(space) ?? 0);
  }

  #declare(declaration: Declaration): void {
    const { space, index, identifier } = declaration;
    this.#counts.set(space, index + 1);
    const name = declaredName(this.syntax, declaration);
    if (space === 'type') this.#typeNames[index] = identifier && this.textOf(identifier);
    const declared = this.#declared.get(space);
    if (declared === undefined) this.#declared.set(space, [declaration]);
    else declared.push(declaration);
    if (name === undefined || identifier === undefined) return;
    this.define(declaration);
    const names = this.#bySpace.get(space) ?? new Map<string, number>();
    this.#bySpace.set(space, names);
    if (names.has(name))
      this.problems.syntax(identifier, `there is another ${SPACE_WORDS[space]} ${this.textOf(identifier)}`);
    else names.set(name, index);
  }

  /** What a module declares at an index; undefined for types that only follow from how functions are written. */
  declaration(space: Space, index: number): Declaration | undefined {
    return this.#declared.get(space)?.[index];
  }

  /** Everything that a module declares in a space. */
  declared(space: Space): readonly Declaration[] {
    return this.#declared.get(space) ?? [];
  }

  /** Records where something gets its name. */
  define(target: Named): void {
    if (target.identifier !== undefined) this.use(target.identifier, target);
  }

  /** Records what a name or index stands for. */
  use(at: Atom, target: Named): void {
    this.uses.push({ at, target });
  }

  /** Whether something has this `$name`. */
  isCalled({ identifier }: Named, name: string): boolean {
    return identifier !== undefined && identifierName(this.textOf(identifier)) === identifierName(name);
  }

  textOf({ start, end }: Atom): string {
    return this.syntax.source.slice(start, end);
  }

  /** The index that a `$name` or number stands for; undefined where there is nothing of that name or index, which is told. */
  resolve(space: Space, at: Atom): number | undefined {
    const index = this.find(space, at);
    const target = index === undefined ? undefined : this.declaration(space, index);
    if (target !== undefined) this.use(at, target);
    if (index !== undefined) return index;
    if (at.kind === 'number' && u32(this.textOf(at)) === undefined)
      this.problems.syntax(at, `${this.textOf(at)} is no index`);
    else this.#unknown(space, at);
    return undefined;
  }

  /** The index of the first one, which is meant where none is named; undefined where there is none, which is told. */
  first(space: Space, place: Place): number | undefined {
    if (this.count(space) > 0) return 0;
    this.problems.add(place, 'unknown', `the module has no ${SPACE_WORDS[space]}`);
    return undefined;
  }

  /** The index that a `$name` or number stands for, if there is one. Tells nothing. */
  find(space: Space, at: Atom): number | undefined {
    const text = this.textOf(at);
    if (at.kind === 'identifier') return this.#bySpace.get(space)?.get(identifierName(text));
    const index = u32(text);
    return index === undefined || index >= this.count(space) ? undefined : index;
  }

  #unknown(space: Space, at: Atom): void {
    const count = this.count(space);
    const word = SPACE_WORDS[space];
    const text = this.textOf(at);
    if (at.kind === 'identifier') this.problems.unknown(at, space, `there is no ${word} ${text}`);
    else {
      const there =
        count === 0
          ? `the module has none`
          : count === 1
            ? `the only one is 0`
            : `the last one is ${count - 1}`;
      this.problems.unknown(at, space, `there is no ${word} ${text}: ${there}`);
    }
  }

  readonly typeName = (index: number): string => this.#typeNames[index] ?? String(index);

  /** A type as it is written in this module. */
  typeText(type: number): string {
    return typeText(type, this.typeName);
  }

  /** Types as in `[i32 i64]`. */
  typesText(types: readonly number[]): string {
    return `[${types.map((type) => this.typeText(type)).join(' ')}]`;
  }
}
