import type { StructType, TypeId } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { addressOf, inMemory, type Shown, type Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';
import { ringPage } from './collections.ts';

/** Iterators over maps and sets, which know how many entries are left. */
const OF_TABLES = /^(?:std::collections::hash|hashbrown|alloc::collections::btree)::(?:map|set)$/;
const COUNTED: ReadonlySet<string> = new Set([
  'Iter',
  'IterMut',
  'IntoIter',
  'Drain',
  'Keys',
  'Values',
  'ValuesMut',
]);
/** Structures in each other through which that number is looked for. */
const MAX_LEVELS = 6;

/** Elements that stand one behind the other. */
interface Rest {
  readonly address: number;
  readonly count: number;
  readonly element: TypeId | null;
}

/** Iterators as what is left of them. The names of fields are those of the standard library from 1.63 on. */
export async function showIterator(
  shower: Shower,
  value: Value,
  type: StructType,
  name: string,
  depth: number,
): Promise<Shown | null> {
  const { reader } = shower;
  const module = type.scope.join('::');
  switch (`${module}::${name}`) {
    case 'core::slice::iter::Iter':
    case 'core::slice::iter::IterMut':
    case 'alloc::vec::into_iter::IntoIter':
      return await showRest(shower, name, await restOf(reader, value), depth);
    case 'alloc::vec::drain::Drain': {
      const inner = await reader.member(value, 'iter');
      return await showRest(shower, name, inner && (await restOf(reader, inner)), depth);
    }
    case 'core::array::iter::IntoIter':
      return await showRest(shower, name, await restOfArray(reader, value), depth);
    case 'alloc::collections::vec_deque::iter::Iter':
    case 'alloc::collections::vec_deque::iter_mut::IterMut':
      return await showDeque(shower, name, value, depth);
    case 'core::str::iter::Chars': {
      const bytes = await reader.member(value, 'iter');
      const rest = bytes && (await restOf(reader, bytes));
      if (rest === null) return null;
      const shown = shower.shownString(await shower.string(rest.address, rest.count), rest.count);
      return { ...shown, text: `${name} ${shown.text}`, isMade: true };
    }
    default: {
      const left = OF_TABLES.test(module) && COUNTED.has(name) ? await countOf(reader, value) : null;
      return left === null ? null : { text: `${name}, ${left} left`, isMade: true };
    }
  }
}

async function showRest(
  shower: Shower,
  name: string,
  rest: Rest | null,
  depth: number,
): Promise<Shown | null> {
  if (rest === null) return null;
  const { address, count, element } = rest;
  const shown = await shower.elements(count, shower.page(inMemory(element, address), element), depth);
  return { ...shown, text: `${name} ${shown.text}`, isMade: true };
}

/** From a first element up to an end. */
async function restOf(reader: ValueReader, value: Value): Promise<Rest | null> {
  const from = await reader.number(await reader.pointerIn(await reader.member(value, 'ptr')));
  const counted = await reader.member(value, 'end_or_len');
  const to = await reader.number(counted ?? (await reader.member(value, 'end')));
  const element = await reader.argument(value, 'T');
  const size = await reader.types.sizeOf(element);
  if (from === null || to === null || size === null) return null;
  // Elements without bytes are counted: by the distance in early versions, later as such.
  const count = size > 0 ? (to - from) / size : counted === null ? to - from : to;
  return { address: from, count: Math.max(0, Math.floor(count)), element };
}

/** An array of which a range is left. */
async function restOfArray(reader: ValueReader, value: Value): Promise<Rest | null> {
  const data = await reader.member(value, 'data');
  const start = await reader.number(await reader.path(value, 'alive.start'));
  const end = await reader.number(await reader.path(value, 'alive.end'));
  const element = await reader.argument(value, 'T');
  const size = await reader.types.sizeOf(element);
  const address = data === null ? null : addressOf(data);
  if (address === null || start === null || end === null || size === null) return null;
  return { address: address + start * size, count: Math.max(0, end - start), element };
}

/** Before 1.67 a ring, of which the places of the first element and behind the last one are known; then two slices. */
async function showDeque(shower: Shower, name: string, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const ring = await reader.member(value, 'ring');
  if (ring === null) return null;
  const address = await reader.number(await reader.pointerIn(ring));
  const size = await reader.number(await reader.member(ring, 'length'));
  const tail = await reader.number(await reader.member(value, 'tail'));
  const head = await reader.number(await reader.member(value, 'head'));
  const element = await reader.argument(value, 'T');
  if (address === null || !size || tail === null || head === null) return null;
  const page = ringPage(reader, inMemory(element, address), tail, size);
  const shown = await shower.elements((head - tail + size) % size, page, depth);
  return { ...shown, text: `${name} ${shown.text}`, isMade: true };
}

/** How many entries an iterator has left, as it says itself. */
async function countOf(reader: ValueReader, value: Value): Promise<number | null> {
  let at: Value | null = value;
  for (let level = 0; at !== null && level < MAX_LEVELS; level++) {
    const found: Value | null = (await reader.member(at, 'items')) ?? (await reader.member(at, 'length'));
    if (found !== null) return await reader.number(found);
    at =
      (await reader.member(at, 'base')) ??
      (await reader.member(at, 'inner')) ??
      (await reader.member(at, 'iter'));
  }
  return null;
}
