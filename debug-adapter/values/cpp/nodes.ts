import type { TypeId } from '../../../runtime/internal.ts';
import { type Entry, entriesShown } from '../entries.ts';
import type { Shower } from '../show-value.ts';
import { inMemory, type Part, type Shown, type Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';

/** Nodes that are looked at for a page. */
const MAX_NODES = 50_000;
/** Nodes above one another in a tree. */
const MAX_DEPTH = 128;

/** Containers whose elements are in nodes that point to each other. */
export async function showNodes(
  shower: Shower,
  value: Value,
  name: string,
  depth: number,
): Promise<Shown | null> {
  switch (name) {
    case 'map':
    case 'multimap':
    case 'set':
    case 'multiset':
      return await showTree(shower, value, name.endsWith('map'), depth);
    case 'unordered_map':
    case 'unordered_multimap':
    case 'unordered_set':
    case 'unordered_multiset':
      return await showHash(shower, value, name.endsWith('map'), depth);
    case 'list':
      return await showList(shower, value, depth);
    case 'forward_list':
      return await showForwardList(shower, value, depth);
    default:
      return null;
  }
}

/** Addresses of nodes, in their order. */
type NodeWalk = (limit: number) => Promise<number[]>;

async function showTree(shower: Shower, value: Value, isMap: boolean, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const tree = await reader.member(value, '__tree_');
  if (tree === null) return null;
  const pair = await reader.member(tree, '__pair1_');
  const end =
    pair === null ? await reader.member(tree, '__end_node_') : await reader.member(pair, '__value_');
  const root = end === null ? null : await reader.member(end, '__left_');
  const size = await counted(
    reader,
    (await reader.member(tree, '__pair3_')) ?? (await reader.member(tree, '__size_')),
  );
  const node = await nodeType(reader, pair ?? (await reader.member(tree, '__node_alloc_')));
  if (root === null || size === null || node === null) return null;
  const top = await reader.number(root);
  return await showAll(shower, node, size, (limit) => inOrder(reader, node, top ?? 0, limit), isMap, depth);
}

async function showHash(shower: Shower, value: Value, isMap: boolean, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const table = await reader.member(value, '__table_');
  if (table === null) return null;
  const pair = await reader.member(table, '__p1_');
  const first =
    pair === null ? await reader.member(table, '__first_node_') : await reader.member(pair, '__value_');
  const next = first === null ? null : await reader.member(first, '__next_');
  const size = await counted(
    reader,
    (await reader.member(table, '__p2_')) ?? (await reader.member(table, '__size_')),
  );
  const node = await nodeType(reader, pair ?? (await reader.member(table, '__node_alloc_')));
  if (next === null || size === null || node === null) return null;
  const start = (await reader.number(next)) ?? 0;
  return await showAll(shower, node, size, (limit) => chain(reader, node, start, limit), isMap, depth);
}

async function showList(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const pair = await reader.member(value, '__size_alloc_');
  const size = await counted(reader, pair ?? (await reader.member(value, '__size_')));
  const node = await nodeType(reader, pair ?? (await reader.member(value, '__node_alloc_')));
  const next = await reader.path(value, '__end_.__next_');
  if (size === null || node === null || next === null) return null;
  const start = (await reader.number(next)) ?? 0;
  return await showChain(shower, node, size, (limit) => chain(reader, node, start, limit), depth);
}

/** It does not know its length. */
async function showForwardList(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const pair = await reader.member(value, '__before_begin_');
  const node = await nodeType(reader, (await reader.member(value, '__alloc_')) ?? pair);
  const before = pair === null ? null : ((await reader.member(pair, '__value_')) ?? pair);
  const next = before === null ? null : await reader.member(before, '__next_');
  if (node === null || next === null) return null;
  const nodes = await chain(reader, node, (await reader.number(next)) ?? 0, MAX_NODES);
  return await showChain(shower, node, nodes.length, async () => nodes, depth);
}

/** Elements that are found one behind the other. */
async function showChain(
  shower: Shower,
  node: TypeId,
  size: number,
  walk: NodeWalk,
  depth: number,
): Promise<Shown> {
  const page = async (from: number, wanted: number): Promise<Part[]> => {
    const parts: Part[] = [];
    for (const address of (await walk(from + wanted)).slice(from, from + wanted)) {
      const index = `[${from + parts.length}]`;
      const part = await shower.reader.member(inMemory(node, address), '__value_');
      if (part !== null) parts.push({ name: index, value: part, path: index });
    }
    return parts;
  };
  return { ...(await shower.elements(size, page, depth)), isMade: true };
}

/** A number that may be in a pair. */
async function counted(reader: ValueReader, value: Value | null): Promise<number | null> {
  if (value === null) return null;
  return await reader.number((await reader.member(value, '__value_')) ?? value);
}

/** The type of nodes: what the allocator allocates that a pair has as its second part. */
async function nodeType(reader: ValueReader, pair: Value | null): Promise<TypeId | null> {
  if (pair === null) return null;
  const allocator = (await reader.argument(pair, '_T2')) ?? pair.type;
  return await reader.argument({ ...pair, type: allocator }, '_Tp');
}

async function showAll(
  shower: Shower,
  node: TypeId,
  size: number,
  walk: NodeWalk,
  isMap: boolean,
  depth: number,
): Promise<Shown> {
  const { reader } = shower;
  const entries = async (from: number, wanted: number): Promise<Entry[]> => {
    const found: Entry[] = [];
    for (const address of (await walk(from + wanted)).slice(from)) {
      const held = await reader.member(inMemory(node, address), '__value_');
      if (held === null) continue;
      const pair = isMap ? await pairIn(reader, held) : null;
      const key = pair === null ? held : await reader.member(pair, 'first');
      if (key !== null)
        found.push({ key, value: pair === null ? null : await reader.member(pair, 'second') });
    }
    return found;
  };
  return { ...(await entriesShown(shower, size, entries, depth)), isMade: true };
}

/** The pair that a node of a map has, which may be in a union or a structure of its own; null if there is none. */
export async function pairIn(reader: ValueReader, value: Value): Promise<Value | null> {
  if ((await reader.member(value, 'first')) !== null) return value;
  return (await reader.member(value, '__cc_')) ?? (await reader.member(value, '__cc'));
}

export async function pointerOf(
  reader: ValueReader,
  node: TypeId,
  address: number,
  name: string,
): Promise<number> {
  const pointer = await reader.member(inMemory(node, address), name);
  return (await reader.number(pointer)) ?? 0;
}

/** The first nodes of a tree, from the left. */
async function inOrder(reader: ValueReader, node: TypeId, root: number, limit: number): Promise<number[]> {
  const found: number[] = [];
  const above: number[] = [];
  let seen = 0;
  for (let at = root; (at !== 0 || above.length > 0) && found.length < limit && seen < MAX_NODES; ) {
    if (at !== 0) {
      seen++;
      if (above.length === MAX_DEPTH) return found;
      above.push(at);
      at = await pointerOf(reader, node, at, '__left_');
      continue;
    }
    const next = above.pop() ?? 0;
    found.push(next);
    at = await pointerOf(reader, node, next, '__right_');
  }
  return found;
}

/** The first nodes of a chain; that of a list would come back to its beginning. */
async function chain(reader: ValueReader, node: TypeId, first: number, limit: number): Promise<number[]> {
  const found: number[] = [];
  for (let at = first; at !== 0 && found.length < Math.min(limit, MAX_NODES); ) {
    found.push(at);
    at = await pointerOf(reader, node, at, '__next_');
  }
  return found;
}
