import type { StructType, TypeId } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { inMemory, type Part, type Shown, type Value } from '../value.ts';

/** Two counters stand before a value that is shared. */
const COUNTERS = 8;

/** Pointers with a length or a vtable beside them: `&str`, `&[T]`, `Box<dyn Trait>`. */
export async function showFat(
  shower: Shower,
  value: Value,
  type: StructType,
  depth: number,
): Promise<Shown | null> {
  const { reader } = shower;
  const [first, second, ...others] = type.members;
  if (first === undefined || second === undefined || others.length > 0) return null;
  const pointer = reader.part(value, first);
  const extra = reader.part(value, second);
  if (pointer === null || extra === null) return null;
  if (first.name === 'data_ptr' && second.name === 'length')
    return await showSlice(shower, pointer, extra, isText(type.name), depth);
  if (first.name === 'pointer' && second.name === 'vtable')
    return await showObject(shower, await reader.number(pointer), extra, 0, depth);
  return null;
}

const isText = (name: string | null) => /^&(?:mut )?str$|^\*(?:const|mut) str$|\bBox<str\b/.test(name ?? '');

async function showSlice(
  shower: Shower,
  pointer: Value,
  length: Value,
  isString: boolean,
  depth: number,
): Promise<Shown> {
  const { reader } = shower;
  const address = (await reader.number(pointer)) ?? 0;
  const count = (await reader.number(length)) ?? 0;
  const type = await reader.typeOf(pointer);
  const element = type?.kind === 'pointer' ? type.target : null;
  return isString
    ? { ...shower.shownString(await shower.string(address, count), count), isMade: true }
    : await sliceAt(shower, address, element, count, depth);
}

async function sliceAt(
  shower: Shower,
  address: number,
  element: TypeId | null,
  count: number,
  depth: number,
): Promise<Shown> {
  const page = shower.page(inMemory(element, address), element);
  return { ...(await shower.elements(count, page, depth)), isMade: true };
}

/** A trait object as its dynamic type. */
async function showObject(
  shower: Shower,
  address: number | null,
  vtable: Value,
  before: number,
  depth: number,
): Promise<Shown> {
  const { reader } = shower;
  const concrete = await reader.concrete(vtable);
  if (concrete === null || address === null || address === 0) return { text: 'dyn …', isMade: true };
  const target = inMemory(concrete, address + before);
  return { ...(await shower.covered(target, depth)), target, isMade: true };
}

/** `Rc`, `Arc` and their weak pointers: the value, and how many share it. */
export async function showShared(
  shower: Shower,
  value: Value,
  type: StructType,
  name: string,
  depth: number,
): Promise<Shown | null> {
  if (name !== 'Rc' && name !== 'Arc' && name !== 'Weak') return null;
  const { reader } = shower;
  const pointer = await reader.path(value, 'ptr.pointer');
  if (pointer === null) return null;
  const fat = await reader.typeOf(pointer);
  const address = fat?.kind === 'struct' ? await reader.pointerIn(pointer) : pointer;
  if (name === 'Weak' && (await reader.number(address)) === 0xffff_ffff)
    return { text: 'Weak to nothing', isMade: true };
  const box = address === null ? null : await reader.target(address);
  if (box === null) return null;
  const strong = await reader.number(await reader.member(box, 'strong'));
  const weak = await reader.number(await reader.member(box, 'weak'));
  const counts: Part[] = [
    { name: '(strong)', value: String(strong ?? '?'), path: null },
    // All that are strong are one that is weak together.
    { name: '(weak)', value: String(weak === null ? '?' : weak - (strong === 0 ? 0 : 1)), path: null },
  ];
  if (strong === 0) return { text: `${name} to what was dropped`, named: async () => counts, isMade: true };
  const inner = await showInner(shower, pointer, fat?.kind === 'struct' ? fat : null, box, type, depth);
  const named = async () => [...((await inner.named?.()) ?? []), ...counts];
  return { ...inner, named, isMade: true };
}

async function showInner(
  shower: Shower,
  pointer: Value,
  fat: StructType | null,
  box: Value,
  type: StructType,
  depth: number,
): Promise<Shown> {
  const { reader } = shower;
  const inner = (await reader.member(box, 'value')) ?? (await reader.member(box, 'data'));
  if (inner === null) return { text: '…' };
  const start = inner.place.kind === 'memory' ? inner.place.address + inner.offset : 0;
  const length = fat === null ? null : await reader.member(pointer, 'length');
  if (length !== null) {
    const count = (await reader.number(length)) ?? 0;
    return /<str\b/.test(type.name ?? '')
      ? shower.shownString(await shower.string(start, count), count)
      : await sliceAt(shower, start, inner.type, count, depth);
  }
  const vtable = fat === null ? null : await reader.member(pointer, 'vtable');
  if (vtable === null) return { ...(await shower.covered(inner, depth)), target: inner };
  const table = await reader.number(vtable);
  const words = table === null ? null : await reader.memory.bytes(table, 12);
  const align = words === null ? 1 : new DataView(words.buffer, words.byteOffset).getUint32(8, true);
  const base = box.place.kind === 'memory' ? box.place.address + box.offset : 0;
  // The value begins where its alignment lets it, behind the counters.
  return await showObject(
    shower,
    base,
    vtable,
    Math.ceil(COUNTERS / Math.max(1, align)) * Math.max(1, align),
    depth,
  );
}
