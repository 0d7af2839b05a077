import type { Atom, List, Node, Syntax } from '../syntax.ts';
import type { Place } from './place.ts';

/** Takes the items of a list one after another. */
export class Items {
  readonly syntax: Syntax;
  readonly list: List;
  readonly #items: readonly Node[];
  /** The index of the next item. */
  at: number;

  constructor(syntax: Syntax, list: List, at = 1) {
    this.syntax = syntax;
    this.list = list;
    this.#items = list.items;
    this.at = at;
  }

  /** The next one, which is not taken. */
  get next(): Node | undefined {
    return this.#items[this.at];
  }

  get isAtEnd(): boolean {
    return this.at >= this.#items.length;
  }

  /** Where the next one stands, or where the list ends. */
  get place(): Place {
    const { next, list } = this;
    if (next !== undefined) return next.kind === 'list' ? headOf(next) : next;
    return { start: Math.max(list.start, list.end - 1), end: list.end };
  }

  take(): Node | undefined {
    return this.#items[this.at++];
  }

  textOf(node: Node): string {
    return this.syntax.source.slice(node.start, node.end);
  }

  /** Takes the next one if it is a word of this kind. */
  atom(kind: Atom['kind']): Atom | undefined {
    const { next } = this;
    if (next === undefined || next.kind !== kind) return undefined;
    this.at++;
    return next;
  }

  identifier(): Atom | undefined {
    return this.atom('identifier');
  }

  /** Takes the next one if it can be an index: a `$name` or a number. */
  index(): Atom | undefined {
    return this.identifier() ?? this.atom('number');
  }

  /** Takes the next one if it is this keyword. */
  keyword(word: string): Atom | undefined {
    const { next } = this;
    if (next?.kind !== 'keyword' || this.textOf(next) !== word) return undefined;
    this.at++;
    return next;
  }

  /** Takes the next one if it is a list that begins with this word. */
  listOf(head: string): List | undefined {
    const { next } = this;
    if (next?.kind !== 'list' || next.head !== head) return undefined;
    this.at++;
    return next;
  }

  /** Takes the next one if it is a list, and gives its items. */
  within(head: string): Items | undefined {
    const list = this.listOf(head);
    return list && new Items(this.syntax, list);
  }

  /** How much of the list was taken, from a node on. */
  placeFrom(first: Place): Place {
    const last = this.#items[this.at - 1];
    return { start: first.start, end: Math.max(first.end, last?.end ?? 0) };
  }
}

/** The parenthesis and the word that a list begins with: enough to show where it is. */
export function headOf({ start, end, items }: List): Place {
  const [first] = items;
  return { start, end: first === undefined || first.kind === 'list' ? Math.min(start + 1, end) : first.end };
}
