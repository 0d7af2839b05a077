import { equal } from '../expressions/exact.ts';
import { type Code, ExpressionError, type Type, type Value } from '../expressions/index.ts';
import type { CallContext } from './call-context.ts';
import type { MapEntries, ValueType } from './protocol.ts';
import { type Address, wordAt } from './words.ts';

/** Entries that are looked at for one key, and bytes of keys that are texts: the process stands meanwhile, and so do all others. */
const MOST_ENTRIES = 50_000;
const MOST_READ = 2 ** 20;
/** Places of a hash table that are looked at. */
const MOST_PLACES = 2 ** 20;
/** Trees of more levels have more entries than a memory has bytes. */
const MOST_LEVELS = 128;
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
  const count: Address = (context) => wordAt(context, address(context) + length);
  return {
    type,
    address,
    length: count,
    entry(wanted) {
      if (wanted.value === undefined) throw new ExpressionError('a key is a number or a text');
      const sought = wanted.value;
      let at = 0;
      const candidate = codeAt(key, () => at);
      return codeAt(value, (context) => {
        const found = sought(context);
        const isIt = comparison(candidate, found);
        let left = Math.min(count(context), MOST_ENTRIES);
        const isMore = left < count(context);
        for (const [keyAt, valueAt] of walk(entries, context, address(context))) {
          if (left-- === 0) break;
          at = keyAt;
          if (isIt(context)) return valueAt;
        }
        const text = typeof found === 'string' ? JSON.stringify(found) : found;
        throw new ExpressionError(
          isMore
            ? `there is no ${text} among the ${MOST_ENTRIES} entries that were looked at`
            : `there is no ${text} in it`,
        );
      });
    },
  };
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
  let left = MOST_READ;
  return (context) => {
    if (length(context) !== bytes) return false;
    left -= bytes;
    if (left < 0) throw new ExpressionError('its keys are longer than an expression may read');
    return value(context) === sought;
  };
}

const numberOf = (value: Exclude<Value, string>) => (typeof value === 'boolean' ? Number(value) : value);

function walk(entries: MapEntries, context: CallContext, map: number): Generator<Entry> {
  switch (entries.form) {
    case 'table':
      return table(entries, context, map);
    case 'b-tree': {
      const root = wordAt(context, map + entries.root);
      return node(entries, context, root, root === 0 ? 0 : wordAt(context, map + entries.height));
    }
    case 'tree':
      return tree(entries, context, wordAt(context, map + entries.root), 0);
    case 'chain':
      return chain(entries, context, wordAt(context, map + entries.first));
  }
}

type Form<Name> = Extract<MapEntries, { readonly form: Name }>;

function* table(
  { control, mask, stride, keyAt, valueAt }: Form<'table'>,
  context: CallContext,
  map: number,
): Generator<Entry> {
  const start = wordAt(context, map + control);
  const last = Math.min(wordAt(context, map + mask), MOST_PLACES - 1);
  const { memory } = context;
  for (let slot = 0; slot <= last && start + slot < memory.byteLength; slot++) {
    if ((memory.getUint8(start + slot) & 0x80) !== 0) continue;
    const place = start - (slot + 1) * stride;
    yield [place + keyAt, place + valueAt];
  }
}

function* node(form: Form<'b-tree'>, context: CallContext, at: number, height: number): Generator<Entry> {
  if (at === 0 || height > MOST_LEVELS) return;
  const count = Math.min(wordAt(context, at + form.count) & 0xffff, MOST_IN_NODE);
  for (let i = 0; i <= count; i++) {
    if (height > 0) yield* node(form, context, wordAt(context, at + form.edges + 4 * i), height - 1);
    if (i < count) yield [at + form.keyAt + i * form.keyBytes, at + form.valueAt + i * form.valueBytes];
  }
}

function* tree(form: Form<'tree'>, context: CallContext, at: number, level: number): Generator<Entry> {
  if (at === 0 || level > MOST_LEVELS) return;
  yield* tree(form, context, wordAt(context, at + form.left), level + 1);
  yield [at + form.keyAt, at + form.valueAt];
  yield* tree(form, context, wordAt(context, at + form.right), level + 1);
}

function* chain(
  { next, keyAt, valueAt }: Form<'chain'>,
  context: CallContext,
  first: number,
): Generator<Entry> {
  for (let at = first; at !== 0; at = wordAt(context, at + next)) yield [at + keyAt, at + valueAt];
}
