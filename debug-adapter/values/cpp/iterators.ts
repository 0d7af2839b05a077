import type { TypeId } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { inMemory, type Shown, type Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';
import { pairIn, pointerOf } from './nodes.ts';

/** Iterators: the element or the entry that they stand at. */
export async function showIterator(
  shower: Shower,
  value: Value,
  name: string,
  depth: number,
): Promise<Shown | null> {
  const { reader } = shower;
  switch (name) {
    case '__map_iterator':
    case '__map_const_iterator':
    case '__hash_map_iterator':
    case '__hash_map_const_iterator': {
      const inner = await reader.member(value, '__i_');
      return inner === null ? null : { ...(await shower.covered(inner, depth)), isMade: true };
    }
    case '__tree_iterator':
    case '__tree_const_iterator':
      return await showNode(shower, value, '__ptr_', isInTree, depth);
    case '__hash_iterator':
    case '__hash_const_iterator':
      return await showNode(shower, value, '__node_', async (_, __, address) => address !== 0, depth);
    case '__list_iterator':
    case '__list_const_iterator':
      return await showLink(shower, value, name, depth);
    case 'reverse_iterator': {
      const pointer = await reader.pointerIn(await reader.member(value, 'current'));
      return pointer === null ? null : await showBefore(shower, pointer, depth);
    }
    case '__bit_reference': {
      const mask = await reader.number(await reader.member(value, '__mask_'));
      const word = await reader.member(value, '__seg_');
      const bits = word === null ? null : await reader.number(await reader.target(word));
      return mask === null || bits === null ? null : { text: String((bits & mask) !== 0), isMade: true };
    }
    default:
      return null;
  }
}

/** What stands before the place of an iterator that goes backwards. Those over maps and lists say no more than where they stand. */
async function showBefore(shower: Shower, pointer: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const type = await reader.typeOf(pointer);
  const address = await reader.number(pointer);
  const target = type?.kind === 'pointer' ? await reader.typeOf(inMemory(type.target, 0)) : null;
  if (target?.size == null || address === null || isNode(target.name)) return null;
  const bytes = new Uint8Array(Uint32Array.of(address - target.size).buffer);
  const before: Value = { type: pointer.type, place: { kind: 'value', bytes }, offset: 0 };
  return { ...(await shower.covered(before, depth)), isMade: true };
}

const isNode = (name: string | null) => /^__\w*node/.test(name ?? '');

/** Most nodes of a list of which it is asked which of them is the end. */
const MAX_LINKS = 200;

/**
 * An iterator over a list. Its nodes are a ring, of which the list itself is the end: behind its two pointers stands the number of the
 * others. Null if another node might be that, too.
 */
async function showLink(shower: Shower, value: Value, name: string, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const type = await reader.typeOf(value);
  const address = await reader.number(await reader.member(value, '__ptr_'));
  const node = await reader.typeNamed((type?.name ?? '').replace(name, '__list_node'));
  if (address === null || node === null) return null;
  const ring: number[] = [];
  const sizes: number[] = [];
  for (let at = address; ring.length === 0 || at !== address; ) {
    const bytes = ring.length > MAX_LINKS ? null : await reader.memory.bytes(at, 12);
    if (bytes === null) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    ring.push(at);
    sizes.push(view.getUint32(8, true));
    at = view.getUint32(4, true);
  }
  const ends = ring.filter((_, i) => sizes[i] === ring.length - 1);
  if (ends.length !== 1) return null;
  if (ends[0] === address) return { text: 'end', isMade: true };
  const target = await reader.member(inMemory(node, address), '__value_');
  return target === null ? null : { ...(await shower.covered(target, depth)), target, isMade: true };
}

/** Whether an address is that of a node with an element, and not that of the end. */
type IsElement = (reader: ValueReader, node: TypeId, address: number) => Promise<boolean>;

async function showNode(
  shower: Shower,
  value: Value,
  pointer: string,
  isElement: IsElement,
  depth: number,
): Promise<Shown | null> {
  const { reader } = shower;
  const address = await reader.number(await reader.member(value, pointer));
  const nodes = await reader.types.resolve(await reader.argument(value, '_NodePtr'));
  if (address === null || nodes?.kind !== 'pointer' || nodes.target === null) return null;
  if (!(await isElement(reader, nodes.target, address))) return { text: 'end', isMade: true };
  const held = await reader.member(inMemory(nodes.target, address), '__value_');
  if (held === null) return null;
  const target = (await pairIn(reader, held)) ?? held;
  return { ...(await shower.covered(target, depth)), target, isMade: true };
}

/** Whether a node is below another one: the end has the root below it, and nothing above. */
async function isInTree(reader: ValueReader, node: TypeId, address: number): Promise<boolean> {
  const parent = await pointerOf(reader, node, address, '__parent_');
  if (parent === 0) return false;
  return (
    (await pointerOf(reader, node, parent, '__left_')) === address ||
    (await pointerOf(reader, node, parent, '__right_')) === address
  );
}
