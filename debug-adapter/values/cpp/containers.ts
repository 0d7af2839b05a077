import type { Shower } from '../show-value.ts';
import { inMemory, type Part, type Shown, type Value } from '../value.ts';

/** Containers whose elements stand behind one another, all of them or in blocks. */
export async function showContainer(
  shower: Shower,
  value: Value,
  name: string,
  depth: number,
): Promise<Shown | null> {
  switch (name) {
    case 'vector':
    case 'valarray':
      return await showVector(shower, value, depth);
    case 'initializer_list':
    case 'span': {
      const { reader } = shower;
      const member = async (name: string) =>
        (await reader.member(value, `${name}_`)) ?? (await reader.member(value, name));
      const first = (await reader.member(value, '__begin_')) ?? (await member('__data'));
      const count = await reader.number(await member('__size'));
      return await showRun(shower, first, count, depth);
    }
    case 'array': {
      const type = await shower.reader.typeOf(value);
      // One without elements has a place for them, which means nothing.
      if (/, 0[UL]*>$/.test(type?.name ?? ''))
        return { ...(await shower.elements(0, async () => [], depth)), isMade: true };
      const elements = await shower.reader.member(value, '__elems_');
      return elements === null ? null : { ...(await shower.covered(elements, depth)), isMade: true };
    }
    case 'deque':
      return await showDeque(shower, value, depth);
    default:
      return null;
  }
}

async function showVector(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const first = await reader.member(value, '__begin_');
  const end = await reader.member(value, '__end_');
  const size = await reader.member(value, '__size_');
  if (first !== null && end === null && size !== null) return await showBits(shower, first, size, depth);
  const from = await reader.number(first);
  const to = await reader.number(end);
  const type = first === null ? null : await reader.typeOf(first);
  const element = type?.kind === 'pointer' ? await reader.types.sizeOf(type.target) : null;
  if (from === null || to === null || element === null || element === 0) return null;
  return await showRun(shower, first, Math.max(0, Math.floor((to - from) / element)), depth);
}

/** So many elements from where a pointer points to. */
async function showRun(
  shower: Shower,
  pointer: Value | null,
  count: number | null,
  depth: number,
): Promise<Shown | null> {
  if (pointer === null || count === null) return null;
  const { reader } = shower;
  const type = await reader.typeOf(pointer);
  const address = await reader.number(pointer);
  if (type?.kind !== 'pointer' || address === null) return null;
  const page = shower.page(inMemory(type.target, address), type.target);
  return { ...(await shower.elements(count, page, depth)), isMade: true };
}

/** A `std::vector<bool>`. */
async function showBits(shower: Shower, first: Value, size: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const start = await reader.number(first);
  const count = await reader.number(size);
  if (start === null || count === null) return null;
  const page = async (from: number, wanted: number): Promise<Part[]> => {
    const bytes = await reader.memory.bytes(start + (from >> 3), Math.ceil(((from & 7) + wanted) / 8));
    if (bytes === null) return [];
    return Array.from({ length: Math.min(wanted, Math.max(0, count - from)) }, (_, i) => {
      const bit = (from & 7) + i;
      const isSet = (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
      return { name: `[${from + i}]`, value: String(isSet), path: null };
    });
  };
  return { ...(await shower.elements(count, page, depth)), isMade: true };
}

/** Blocks of 4096 bytes, but of 16 elements at least, in a list of pointers to them. */
async function showDeque(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const blocks = await reader.path(value, '__map_.__begin_');
  const begin = await reader.number(blocks);
  const start = await reader.number(await reader.member(value, '__start_'));
  const pair = await reader.member(value, '__size_');
  const count = await reader.number(pair === null ? null : ((await reader.member(pair, '__value_')) ?? pair));
  const list = blocks === null ? null : await reader.typeOf(blocks);
  const block = list?.kind === 'pointer' ? await reader.types.resolve(list.target) : null;
  const element = block?.kind === 'pointer' ? block.target : null;
  const size = await reader.types.sizeOf(element);
  if (begin === null || start === null || count === null || !size) return null;
  const perBlock = size < 256 ? Math.floor(4096 / size) : 16;
  const page = async (from: number, wanted: number): Promise<Part[]> => {
    const parts: Part[] = [];
    for (let index = from; index < Math.min(count, from + wanted); index++) {
      const at = start + index;
      const pointer = await reader.memory.bytes(begin + 4 * Math.floor(at / perBlock), 4);
      if (pointer === null) break;
      const address = new DataView(pointer.buffer, pointer.byteOffset).getUint32(0, true);
      parts.push({
        name: `[${index}]`,
        value: inMemory(element, address + (at % perBlock) * size),
        path: `[${index}]`,
      });
    }
    return parts;
  };
  return { ...(await shower.elements(count, page, depth)), isMade: true };
}
