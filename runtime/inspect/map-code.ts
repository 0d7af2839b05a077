import { type Code, ExpressionError, equal, type Type, type Value } from '../expressions/index.ts';
import type { CallContext } from './call-context.ts';
import { entriesText } from './parts-text.ts';
import type { MapEntries, ValueType } from './protocol.ts';
import { type Address, wordAt } from './words.ts';

/** Bytes of a key that take as long to be read as an entry. */
export const BYTES_AS_ENTRY = 64;
/** Places of a hash table that take as long. */
const PLACES_AS_ENTRY = 16;
/** Trees of more levels have more entries than a memory has bytes. */
const MOST_LEVELS = 64;
const MOST_LEVELS_OF_B_TREE = 24;
/** Entries of a node of a b-tree. */
const MOST_IN_NODE = 11;

type MapType = Extract<ValueType, { readonly kind: 'map' }>;

/** Where the key of an entry is, and its value. */
type Entry = readonly [key: number, value: number];

/**
 * A map at an address: what its keys lead to.
 * @param codeAt returns what is of a type of the list at an address
 */
export function mapCode(
  { length, key, value, entries }: MapType,
  type: Type,
  address: Address,
  codeAt: (type: number, address: Address) => Code<CallContext>,
): Code<CallContext> {
  return {
    type,
    address,
    length: (context) => wordAt(context, address(context) + length),
    text(context, depth) {
      const map = address(context);
      const count = wordAt(context, map + length);
      const codes = function* () {
        for (const [keyAt, valueAt] of count === 0 ? [] : walk(entries, context, map)) {
          if (!context.look(1)) return;
          yield [codeAt(key, () => keyAt), codeAt(value, () => valueAt)] as const;
        }
      };
      return entriesText(count, codes(), context, depth);
    },
    entry(wanted) {
      if (wanted.value === undefined) throw new ExpressionError('a key is a number or a text');
      const sought = wanted.value;
      let at = 0;
      const candidate = codeAt(key, () => at);
      return codeAt(value, (context) => {
        // Once: it may be in another map, which is looked through each time.
        const map = address(context);
        const count = wordAt(context, map + length);
        const found = sought(context);
        const isIt = comparison(candidate, found);
        let looked = 0;
        for (const [keyAt, valueAt] of walk(entries, context, map)) {
          if (looked === count || !context.look(1)) break;
          looked++;
          at = keyAt;
          if (isIt(context)) return valueAt;
        }
        throw noEntry(found, looked, count);
      });
    },
  };
}

/** @param looked how many of the entries were looked at */
export function noEntry(sought: Value, looked: number, count: number): ExpressionError {
  const text = typeof sought === 'string' ? JSON.stringify(sought) : sought;
  const where = looked < count ? `among the ${looked} entries that were looked at` : 'in it';
  return new ExpressionError(`there is no ${text} ${where}`);
}

/** Whether a key is the one that is looked for. Texts are only read if they are as long. */
function comparison(key: Code<CallContext>, sought: Value): (context: CallContext) => boolean {
  const { value, length } = key;
  if (value === undefined) throw new ExpressionError('only keys that are numbers or texts can be looked for');
  if (typeof sought !== 'string') {
    const wanted = numberOf(sought);
    return (context) => {
      const found = value(context);
      return typeof found !== 'string' && equal(numberOf(found), wanted);
    };
  }
  if (key.type.kind !== 'text' || length === undefined) throw new ExpressionError('its keys are not texts');
  const bytes = Buffer.byteLength(sought);
  return (context) => {
    if (length(context) !== bytes) return false;
    if (!context.look(bytes / BYTES_AS_ENTRY))
      throw new ExpressionError('its keys are longer than an expression may read');
    return value(context) === sought;
  };
}

const numberOf = (value: Exclude<Value, string>) => (typeof value === 'boolean' ? Number(value) : value);

/** The entries of a map, until there are no more, or no more may be looked at. The memory may say anything. */
function walk(entries: MapEntries, context: CallContext, map: number): Generator<Entry> {
  switch (entries.form) {
    case 'table':
      return table(entries, context, map);
    case 'b-tree':
      return bTree(entries, context, map);
    case 'tree':
      return tree(entries, context, map);
    case 'chain':
      return chain(entries, context, map);
  }
}

type Form<Name> = Extract<MapEntries, { readonly form: Name }>;

function* table(
  { control, mask, stride, keyAt, valueAt }: Form<'table'>,
  context: CallContext,
  map: number,
): Generator<Entry> {
  const start = wordAt(context, map + control);
  const last = wordAt(context, map + mask);
  const { memory } = context;
  for (let slot = 0; slot <= last && start + slot < memory.byteLength; slot++) {
    if (slot % PLACES_AS_ENTRY === 0 && !context.look(1)) return;
    if ((memory.getUint8(start + slot) & 0x80) !== 0) continue;
    const place = start - (slot + 1) * stride;
    yield [place + keyAt, place + valueAt];
  }
}

/** A node of a b-tree: the entries before `next` are done with, and what is below the edges before them. */
interface Node {
  readonly at: number;
  readonly count: number;
  next: number;
}

function* bTree(form: Form<'b-tree'>, context: CallContext, map: number): Generator<Entry> {
  const root = wordAt(context, map + form.root);
  const height = root === 0 ? 0 : wordAt(context, map + form.height);
  if (height > MOST_LEVELS_OF_B_TREE) return;
  /** The present node, and those above it. */
  const path: Node[] = [];
  const edge = (at: number, index: number) =>
    path.length <= height ? wordAt(context, at + form.edges + 4 * index) : 0;
  for (let below = root; ; ) {
    while (below !== 0) {
      if (!context.look(1)) return;
      const count = Math.min(wordAt(context, below + form.count) & 0xffff, MOST_IN_NODE);
      path.push({ at: below, count, next: 0 });
      below = edge(below, 0);
    }
    let node = path.at(-1);
    for (; node !== undefined && node.next === node.count; node = path.at(-1)) path.pop();
    if (node === undefined) return;
    const index = node.next++;
    yield [node.at + form.keyAt + index * form.keyBytes, node.at + form.valueAt + index * form.valueBytes];
    below = edge(node.at, index + 1);
  }
}

function* tree(
  { root, left, right, keyAt, valueAt }: Form<'tree'>,
  context: CallContext,
  map: number,
): Generator<Entry> {
  const above: number[] = [];
  let at = wordAt(context, map + root);
  for (;;) {
    for (; at !== 0; at = wordAt(context, at + left)) {
      if (above.length === MOST_LEVELS) return;
      above.push(at);
    }
    const node = above.pop();
    if (node === undefined) return;
    yield [node + keyAt, node + valueAt];
    at = wordAt(context, node + right);
  }
}

function* chain(
  { first, next, keyAt, valueAt }: Form<'chain'>,
  context: CallContext,
  map: number,
): Generator<Entry> {
  for (let at = wordAt(context, map + first); at !== 0; at = wordAt(context, at + next))
    yield [at + keyAt, at + valueAt];
}
