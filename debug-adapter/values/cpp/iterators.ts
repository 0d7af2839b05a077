import type { TypeId } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { inMemory, type Shown, type Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';
import { pairIn, pointerOf } from './nodes.ts';

/** Iterators over maps and sets: the entry that they stand at. Those over lists do not tell the end from an element. */
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
    default:
      return null;
  }
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
