import type { Member, StructType, TypeId } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { addressOf, inMemory, type Part, type Shown, type Value } from '../value.ts';
import { CELLS, stateOf } from './cells.ts';
import { standardName } from './names.ts';
import { fieldsShown } from './structs.ts';

/** Structures in each other that end with a value without a size. */
const MAX_LEVELS = 12;

/** Texts that end with a slice of bytes, and how many of these are no part of it. */
const TEXTS: ReadonlyMap<string | null, number> = new Map([
  ['OsStr', 0],
  ['Path', 0],
  ['CStr', 1],
]);

/** What a value without a size ends with, by what stands beside the pointer to it. */
export interface Tail {
  /** What its address is a multiple of. Places that debug information tells are for the least of all. */
  readonly align: number;
  /** Of so many elements, which have no type of their own: their bytes, but for some at the end, as a text. */
  readonly text: ((address: number, without: number) => Promise<Shown>) | null;
  readonly show: (address: number, type: TypeId | null, depth: number) => Promise<Shown>;
}

/** A trait object or a slice, and what may be around it: `RefCell<dyn Trait>`, `Node<[u16]>`. Null if it is not in memory. */
export async function showUnsized(
  shower: Shower,
  value: Value,
  tail: Tail,
  depth: number,
  level = 0,
): Promise<Shown | null> {
  const { reader } = shower;
  const address = addressOf(value);
  if (address === null || address === 0 || level > MAX_LEVELS) return null;
  const type = await reader.typeOf(value);
  const last = type?.kind === 'struct' ? lastOf(type) : undefined;
  if (type?.kind !== 'struct' || /^\(?dyn /.test(type.name ?? ''))
    return await tail.show(address, value.type, depth);
  const name = standardName(type);
  const without = TEXTS.get(name);
  if (without !== undefined && tail.text !== null) return await tail.text(address, without);
  const from = (last?.bitOffset ?? 0) / 8;
  if (last === undefined || !Number.isInteger(from)) return null;
  const at = address + Math.ceil(from / tail.align) * tail.align;
  // The elements of a slice stand behind the bytes that the structure has. A structure without any may end with a slice itself.
  const isTail =
    tail.text !== null && from >= (type.size ?? 0) && (await reader.types.sizeOf(last.type)) !== 0;
  const inner = isTail
    ? await tail.show(at, last.type, depth)
    : await showUnsized(shower, inMemory(last.type, at), tail, depth, level + 1);
  if (inner === null) return null;
  if (name !== null && CELLS.has(name))
    return { ...inner, text: inner.text + (await stateOf(shower, value, name)), isMade: true };
  const part: Part = { name: last.name ?? '', value: inner.target ?? inner.text, path: `.${last.name}` };
  const parts = (await shower.members(value, type)).map((one) => (one.name === last.name ? part : one));
  return { ...(await fieldsShown(shower, type, parts, depth)), target: value, tail: part, isMade: true };
}

function lastOf({ members }: StructType): Member | undefined {
  return members.reduce<Member | undefined>(
    (last, one) => ((one.bitOffset ?? -1) >= (last?.bitOffset ?? -1) ? one : last),
    undefined,
  );
}
