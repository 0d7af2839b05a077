import type { StructType, TypeId } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { sliceOf } from '../type-table.ts';
import { addressOf, inMemory, type Part, type Shown, type Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';
import { showUnsized, type Tail } from './unsized.ts';

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
  if (first.name === 'data_ptr' && second.name === 'length') {
    const target = OF_SLICE.test(type.name ?? '') ? null : await reader.target(pointer);
    if (target !== null)
      return await showUnsized(shower, target, await sliceTail(shower, extra, type), depth);
    return await showSlice(shower, pointer, extra, isText(type.name), depth);
  }
  if (first.name === 'pointer' && second.name === 'vtable')
    return await showObject(shower, await reader.target(pointer), extra, depth);
  return null;
}

/** A pointer to a slice or a text, rather than to a structure that ends with one, as `&Node<[u16]>` is. */
const OF_SLICE = /^(?:&(?:mut )?|\*(?:const|mut) |(?:alloc::boxed::)?Box<)(?:\[|str\b)/;

async function sliceTail(shower: Shower, length: Value, type: StructType): Promise<Tail> {
  const count = (await shower.reader.number(length)) ?? 0;
  const text = async (address: number, without: number): Promise<Shown> => {
    const size = Math.max(0, count - without);
    return { ...shower.shownString(await shower.string(address, size), size), isMade: true };
  };
  const show = async (address: number, element: TypeId | null, depth: number) =>
    /\bstr(?:, alloc::alloc::Global)?>+$/.test(type.name ?? '')
      ? await text(address, 0)
      : {
          ...(await sliceAt(shower, address, element, count, depth)),
          target: inMemory(sliceOf(element, count), address),
        };
  return { align: 1, text, show };
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

/** A trait object as its dynamic type, with what may be around it. */
async function showObject(shower: Shower, value: Value | null, vtable: Value, depth: number): Promise<Shown> {
  const { reader } = shower;
  const concrete = await reader.concrete(vtable);
  const unknown = { text: 'dyn …', isMade: true };
  if (concrete === null || value === null) return unknown;
  const show = async (address: number, _: TypeId | null, within: number) => {
    const target = inMemory(concrete, address);
    return { ...(await shower.covered(target, within)), target, isMade: true };
  };
  const { size, align } = await layoutOf(reader, vtable);
  const type = await reader.typeOf(inMemory(concrete, 0));
  // Debug information describes a function that needs no pointer as a pointer to it.
  if (size === 0 && type?.kind === 'pointer') return { text: type.label, isMade: true };
  return (await showUnsized(shower, value, { align, text: null, show }, depth)) ?? unknown;
}

/** Of a type, by its vtable: the bytes of its values, and what their addresses are multiples of. */
async function layoutOf(reader: ValueReader, vtable: Value): Promise<{ size: number; align: number }> {
  const table = await reader.number(vtable);
  const words = table === null ? null : await reader.memory.bytes(table, 12);
  if (words === null) return { size: 1, align: 1 };
  const view = new DataView(words.buffer, words.byteOffset);
  return { size: view.getUint32(4, true), align: Math.max(1, view.getUint32(8, true)) };
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
    const tail = await sliceTail(shower, length, type);
    const ofSlice = /^\w+<\[/.test(type.name ?? '') ? await tail.show(start, inner.type, depth) : null;
    return ofSlice ?? (await showUnsized(shower, inner, tail, depth)) ?? { text: '…' };
  }
  const vtable = fat === null ? null : await reader.member(pointer, 'vtable');
  if (vtable === null) return { ...(await shower.covered(inner, depth)), target: inner };
  // The value begins where its alignment lets it, behind the counters.
  const { align } = await layoutOf(reader, vtable);
  const base = addressOf(box) ?? 0;
  const place = base === 0 ? null : inMemory(inner.type, base + Math.ceil(COUNTERS / align) * align);
  return await showObject(shower, place, vtable, depth);
}
