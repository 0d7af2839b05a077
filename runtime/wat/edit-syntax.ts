import { lowest } from '../wasm/ascending.ts';
import {
  hidesBalance,
  indentAt,
  type OpenList,
  type OpenNode,
  type OpenSyntax,
  readOpenSyntax,
  SyntaxReader,
  UNCLOSED,
} from './syntax.ts';

/** What an edit of a text has changed in its syntax. */
export interface SyntaxChange {
  /** What stood behind here moved along. Offsets are those before the edit. */
  readonly movedFrom: number;
  /** By how much. */
  readonly by: number;
  /** The only list outside of others, or in the module, that has other items now; undefined if not even one has. */
  readonly list: OpenList | undefined;
  /** The index of the first of them. */
  readonly from: number;
}

/**
 * Brings a syntax up to date with a text that somebody has edited. Only the fields that the edit touches are read: the others stay the
 * objects that they were, and only move. The result is what `readSyntax` would read.
 * @returns what has changed; undefined if more than one field has
 */
export function editSyntax(syntax: OpenSyntax, source: string): SyntaxChange | undefined {
  const change = syntax.isStrict
    ? 'again'
    : new SyntaxEditor(syntax, source, editBetween(syntax.source, source)).edit();
  if (change === 'again') {
    Object.assign(syntax, readOpenSyntax(source));
    return undefined;
  }
  return change;
}

/** A range of a text that was replaced. */
interface Edit {
  readonly start: number;
  /** Before the edit. */
  readonly end: number;
  /** By how much the text has become longer. */
  readonly by: number;
}

/** How many characters are compared at once, which is much quicker than one by one. */
const CHUNK = 1024;

/** The shortest edit that makes one text of another. */
function editBetween(before: string, after: string): Edit {
  const by = after.length - before.length;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  const isSame = (from: number, to: number, moved: number): boolean =>
    before.slice(from, to) === after.slice(from + moved, to + moved);
  while (start + CHUNK <= shorter && isSame(start, start + CHUNK, 0)) start += CHUNK;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = before.length;
  // What both have in common is no longer than the shorter one.
  const least = Math.max(start, start - by);
  while (end - CHUNK >= least && isSame(end - CHUNK, end, by)) end -= CHUNK;
  while (end > least && before.charCodeAt(end - 1) === after.charCodeAt(end + by - 1)) end--;
  return { start, end, by };
}

class SyntaxEditor {
  readonly #syntax: OpenSyntax;
  readonly #source: string;
  readonly #edit: Edit;
  /** The index in `roots` of the first node that the edit touches. */
  readonly #root: number;
  /** That node, if it is a module whose first word the edit does not touch, */
  readonly #module: OpenList | undefined;
  /** and the index of the first of its items that the edit touches. */
  readonly #item: number;

  constructor(syntax: OpenSyntax, source: string, edit: Edit) {
    this.#syntax = syntax;
    this.#source = source;
    this.#edit = edit;
    this.#root = firstTouched(syntax.roots, edit.start);
    const around = syntax.roots[this.#root];
    const isModule = around?.kind === 'list' && around.head === 'module' && around.start < edit.start;
    this.#item = isModule ? firstTouched(around.items, edit.start) : 0;
    this.#module = isModule && this.#item > 0 ? around : undefined;
  }

  /** Returns `'again'` if the whole text has to be read. */
  edit(): SyntaxChange | undefined | 'again' {
    const { roots } = this.#syntax;
    const module = this.#module;
    const { by } = this.#edit;
    const from = (module === undefined ? roots[this.#root - 1] : module.items[this.#item - 1])?.end ?? 0;
    const open = module && { ...module, items: [], isClosed: false };
    const reader = new SyntaxReader(this.#source, true, from, open);
    const known = this.#readToKnown(reader, open);
    const fresh = reader.result();
    this.#replaceRest(fresh, from, known);

    move(roots, known.root, by);
    let change: SyntaxChange | undefined;
    if (module === undefined || open === undefined)
      change = this.#replaceNodes(roots, this.#root, known.root, fresh.roots);
    else {
      move(module.items, known.item, by);
      change = this.#replaceNodes(module.items, this.#item, known.item, open.items);
      if (known.isInModule) module.end += by;
      else {
        module.end = open.end;
        module.isClosed = open.isClosed;
        const behind = fresh.roots.slice(1);
        if (behind.length > 0 || known.root > this.#root + 1) change = undefined;
        replace(roots, this.#root + 1, known.root, behind);
      }
    }
    this.#syntax.source = this.#source;
    return hidesBalance(this.#syntax) ? 'again' : change;
  }

  /** Reads to the first list behind the edit that begins where it did, in the same way. */
  #readToKnown(reader: SyntaxReader, open: OpenList | undefined): Known {
    const { roots } = this.#syntax;
    const items = this.#module?.items ?? [];
    let item = this.#item;
    let root = this.#module === undefined ? this.#root : this.#root + 1;
    let known: Known | undefined;
    reader.read((start, list) => {
      const before = start - this.#edit.by;
      if (before < this.#edit.end || (list !== undefined && list !== open)) return false;
      const nodes = list === undefined ? roots : items;
      let at = list === undefined ? root : item;
      while ((nodes[at]?.start ?? before) < before) at++;
      const node = nodes[at];
      const isKnown =
        node?.kind === 'list' && node.start === before && node.indent === indentAt(this.#source, start);
      if (list === undefined) root = at;
      else item = at;
      if (isKnown)
        known =
          list === undefined
            ? { start: before, isInModule: false, item: items.length, root }
            : { start: before, isInModule: true, item, root };
      return isKnown;
    });
    const start = Number.POSITIVE_INFINITY;
    return known ?? { start, isInModule: false, item: items.length, root: roots.length };
  }

  /** Replaces what was told of the text that was read. */
  #replaceRest(fresh: OpenSyntax, from: number, { start, isInModule }: Known): void {
    const { comments, annotations, faults, imbalances } = this.#syntax;
    const { by } = this.#edit;
    for (const [places, read] of [
      [comments, fresh.comments],
      [annotations, fresh.annotations],
      [faults, fresh.faults],
    ] as const) {
      const behind = firstFrom(places, start);
      move(places, behind, by);
      replace<{ start: number; end: number }>(places, firstFrom(places, from), behind, read);
    }
    const module = this.#module;
    if (module !== undefined && !isInModule) {
      // Whether the module is closed was read, too.
      const told = faults.findIndex(
        (fault) =>
          fault.start === module.start && fault.message === UNCLOSED && !fresh.faults.includes(fault),
      );
      if (told >= 0) faults.splice(told, 1);
      faults.sort((a, b) => a.start - b.start);
    }
    if (start === Number.POSITIVE_INFINITY) this.#syntax.unclosed = fresh.unclosed;
    // A list that is known ends no other one: it was read where it stands in none.
    const behind = imbalances.filter(({ at }) => at > start);
    for (const imbalance of behind) imbalance.at += by;
    const before = imbalances.filter(({ at }) => at < from);
    replace(imbalances, 0, imbalances.length, [...before, ...fresh.imbalances, ...behind]);
  }

  #replaceNodes(
    nodes: OpenNode[],
    first: number,
    last: number,
    fresh: readonly OpenNode[],
  ): SyntaxChange | undefined {
    const { start, end, by } = this.#edit;
    const before = last - first === 1 ? nodes[first] : undefined;
    const now = fresh.length === 1 ? fresh[0] : undefined;
    const kept = before?.kind === 'list' ? firstTouched(before.items, start) : 0;
    // It stays the same list if it begins with the same.
    if (kept > 0 && before?.kind === 'list' && now?.kind === 'list') {
      replace(before.items, kept, before.items.length, now.items.slice(kept));
      before.end = now.end;
      before.isClosed = now.isClosed;
      return { movedFrom: end, by, list: before, from: kept };
    }
    replace(nodes, first, last, fresh);
    return last === first && fresh.length === 0
      ? { movedFrom: end, by, list: undefined, from: 0 }
      : undefined;
  }
}

/** Where reading met what is known. */
interface Known {
  /** Before the edit; infinity at the end of the text. */
  readonly start: number;
  readonly isInModule: boolean;
  /** The index of the first item of the module that is kept. */
  readonly item: number;
  /** The index of the first node behind, outside of lists, that is kept. */
  readonly root: number;
}

interface Place {
  start: number;
  end: number;
  readonly items?: OpenNode[];
}

/** The index of the first node that an edit may have changed. Lists that are not closed end by what follows. */
function firstTouched(nodes: readonly OpenNode[], offset: number): number {
  let first = lowest(nodes.length, (i) => {
    const node = nodes[i];
    // Whether a word ends depends on two characters behind it: on `;;`.
    const untouched = node?.kind === 'list' ? node.end : (node?.end ?? offset) + 2;
    return untouched > offset;
  });
  for (;;) {
    const before = nodes[first - 1];
    if (before?.kind !== 'list' || before.isClosed) return first;
    first--;
  }
}

/** The index of the first of places in order that begins at an offset or behind. */
function firstFrom(places: readonly Place[], offset: number): number {
  return lowest(places.length, (i) => (places[i]?.start ?? 0) >= offset);
}

/** Moves places from an index on, with all that is in them. */
function move(places: readonly Place[], from: number, by: number): void {
  if (by === 0) return;
  const waiting: (readonly Place[])[] = [];
  const moveAll = (all: readonly Place[], first: number): void => {
    for (let i = first; i < all.length; i++) {
      const place = all[i];
      if (place === undefined) continue;
      place.start += by;
      place.end += by;
      if (place.items !== undefined) waiting.push(place.items);
    }
  };
  moveAll(places, from);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) moveAll(next, 0);
}

/** Replaces a part of a list, which may be longer than a call can have arguments. */
function replace<T>(list: T[], first: number, last: number, fresh: readonly T[]): void {
  const behind = list.slice(last);
  list.length = first;
  for (const one of fresh) list.push(one);
  for (const one of behind) list.push(one);
}
