import { type Entry, entriesShown } from '../entries.ts';
import type { Shower } from '../show-value.ts';
import { inMemory, type Part, type Shown, type Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';
import { btreeEntries } from './btree.ts';

/** Slots of a hash table that are looked at. */
const MAX_SLOTS = 2 ** 20;
/** Nodes of a list that are looked at for a page. */
const MAX_NODES = 50_000;

export async function showCollection(
  shower: Shower,
  value: Value,
  name: string,
  depth: number,
): Promise<Shown | null> {
  switch (name) {
    case 'String':
    case 'OsString':
    case 'PathBuf':
      return await showString(shower, value);
    case 'CString':
      return await showString(shower, value, 1);
    case 'Vec':
      return await showVec(shower, value, depth);
    case 'VecDeque':
      return await showDeque(shower, value, depth);
    case 'LinkedList':
      return await showList(shower, value, depth);
    case 'HashMap':
    case 'HashSet':
      return await showHash(shower, value, name === 'HashMap', depth);
    case 'BTreeMap':
      return await showTree(shower, value, true, depth);
    case 'BTreeSet': {
      const map = await shower.reader.member(value, 'map');
      return map === null ? null : await showTree(shower, map, false, depth);
    }
    default:
      return null;
  }
}

/**
 * A text in a vector of bytes, whatever else is around that.
 * @param without how many bytes at the end are no part of it
 */
async function showString(shower: Shower, value: Value, without = 0): Promise<Shown | null> {
  const { reader } = shower;
  const pointer = await reader.number(await reader.pointerIn(value));
  let vec: Value | null = value;
  let length: Value | null = null;
  for (let count = 0; vec !== null && length === null && count < 8; count++) {
    length = (await reader.member(vec, 'len')) ?? (await reader.member(vec, 'length'));
    if (length === null) vec = await reader.only(vec);
  }
  const bytes = await reader.number(length);
  if (pointer === null || bytes === null) return null;
  const size = Math.max(0, bytes - without);
  return { ...shower.shownString(await shower.string(pointer, size), size), isMade: true };
}

async function showVec(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const address = await reader.number(await reader.pointerIn(await reader.member(value, 'buf')));
  const count = await reader.number(await reader.member(value, 'len'));
  const element = await reader.argument(value, 'T');
  if (address === null || count === null) return null;
  const page = shower.page(inMemory(element, address), element);
  return { ...(await shower.elements(count, page, depth)), isMade: true };
}

async function showDeque(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const buffer = await reader.member(value, 'buf');
  const address = await reader.number(await reader.pointerIn(buffer));
  const capacity = await reader.number(await capacityOf(shower, buffer));
  const head = await reader.number(await reader.member(value, 'head'));
  const element = await reader.argument(value, 'T');
  if (address === null || capacity === null || head === null) return null;
  // Before 1.67 it had no length, but the place of its first element and the one behind the last.
  const tail = await reader.number(await reader.member(value, 'tail'));
  const length = await reader.number(await reader.member(value, 'len'));
  const start = tail ?? head;
  const count = length ?? (tail === null ? 0 : (head - tail + capacity) % Math.max(1, capacity));
  const first = inMemory(element, address);
  const page = ringPage(reader, first, start, Math.max(1, capacity));
  return { ...(await shower.elements(count, page, depth)), isMade: true };
}

/** Elements of a buffer from a place on, behind whose last place the first one follows. */
export function ringPage(
  reader: ValueReader,
  buffer: Value,
  start: number,
  capacity: number,
): (from: number, count: number) => Promise<Part[]> {
  return async (from, count) => {
    const parts: Part[] = [];
    for (let index = from; index < from + count; index++) {
      const part = await reader.element(buffer, buffer.type, (start + index) % capacity);
      if (part === null) break;
      parts.push({ name: `[${index}]`, value: part, path: `[${index}]` });
    }
    return parts;
  };
}

/** Nodes that lead to the next one. */
async function showList(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const count = await reader.number(await reader.member(value, 'len'));
  if (count === null) return null;
  const page = async (from: number, wanted: number): Promise<Part[]> => {
    const parts: Part[] = [];
    let link = await reader.member(value, 'head');
    for (let index = 0; link !== null && index < Math.min(from + wanted, MAX_NODES); index++) {
      const some = await reader.member(link, '__0');
      const pointer = await reader.pointerIn(some);
      const node = pointer === null ? null : await reader.target(pointer);
      const element = node === null ? null : await reader.member(node, 'element');
      if (node === null || element === null) break;
      const name = `[${index}]`;
      if (index >= from) parts.push({ name, value: element, path: name });
      link = await reader.member(node, 'next');
    }
    return parts;
  };
  return { ...(await shower.elements(count, page, depth)), isMade: true };
}

async function capacityOf({ reader }: Shower, buffer: Value | null): Promise<Value | null> {
  if (buffer === null) return null;
  return (await reader.member(buffer, 'cap')) ?? (await reader.path(buffer, 'inner.cap'));
}

/** Tables of hashbrown: elements stand before a byte for each, from the last on; the highest bit of the byte says that there is none. */
async function showHash(shower: Shower, value: Value, isMap: boolean, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  let table: Value | null = null;
  for (const path of ['base.table', 'base.map.table', 'map.table', 'table']) {
    table ??= await reader.path(value, path);
  }
  if (table === null) return null;
  const element = await reader.argument(table, 'T');
  const raw = (await reader.member(table, 'table')) ?? table;
  const size = await reader.types.sizeOf(element);
  const control = await reader.number(await reader.pointerIn(await reader.member(raw, 'ctrl')));
  const mask = await reader.number(await reader.member(raw, 'bucket_mask'));
  const count = await reader.number(await reader.member(raw, 'items'));
  if (size === null || control === null || mask === null || count === null) return null;
  const entries = async (start: number, wanted: number): Promise<Entry[]> => {
    const found: Entry[] = [];
    const slots = await reader.memory.upTo(control, Math.min(mask + 1, MAX_SLOTS));
    let index = 0;
    for (const [slot, byte] of slots.entries()) {
      if ((byte & 0x80) !== 0 || index++ < start) continue;
      if (found.length === wanted) break;
      const pair = inMemory(element, control - (slot + 1) * size);
      const key = await reader.member(pair, '__0');
      if (key !== null) found.push({ key, value: isMap ? await reader.member(pair, '__1') : null });
    }
    return found;
  };
  return { ...(await entriesShown(shower, count, entries, depth)), isMade: true };
}

async function showTree(shower: Shower, value: Value, isMap: boolean, depth: number): Promise<Shown | null> {
  const count = await shower.reader.number(await shower.reader.member(value, 'length'));
  const entries = await btreeEntries(shower.reader, value);
  if (count === null || entries === null) return null;
  const page = async (start: number, wanted: number) =>
    (await entries(start, wanted)).map((entry) => (isMap ? entry : { ...entry, value: null }));
  return { ...(await entriesShown(shower, count, page, depth)), isMade: true };
}
