import type { PointerType, TypeInfo } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import type { Shown, Value } from '../value.ts';
import { showAddress } from './addresses.ts';
import { showCell } from './cells.ts';
import { showCollection } from './collections.ts';
import { showIterator } from './iterators.ts';
import { standardName } from './names.ts';
import { showFat, showShared } from './pointers.ts';
import { showStruct } from './structs.ts';
import { showTime } from './times.ts';

/** Displays values as Rust writes them. The names of fields are those of the standard library from 1.63 on. */
export async function showRust(
  shower: Shower,
  value: Value,
  type: TypeInfo,
  depth: number,
): Promise<Shown | null> {
  if (type.kind === 'pointer') return await showPointer(shower, value, type, depth);
  if (type.kind !== 'struct') return null;
  const fat = await showFat(shower, value, type, depth);
  if (fat !== null) return fat;
  const name = standardName(type);
  const known =
    name === null
      ? null
      : ((await showCollection(shower, value, name, depth)) ??
        (await showShared(shower, value, type, name, depth)) ??
        (await showCell(shower, value, type, name, depth)) ??
        (await showTime(shower, value, name)) ??
        (await showAddress(shower, value, type, name, depth)) ??
        (await showIterator(shower, value, type, name, depth)));
  return known ?? (await showStruct(shower, value, type, depth));
}

/** References and boxes are displayed as what they lead to; of a pointer, one sees the address, too. */
async function showPointer(
  shower: Shower,
  value: Value,
  { name }: PointerType,
  depth: number,
): Promise<Shown | null> {
  if (name === null || !/^(?:&|alloc::boxed::Box<|Box<)/.test(name)) return null;
  const target = await shower.reader.target(value);
  if (target === null) return null;
  return { ...(await shower.referred(target, depth)), target, isMade: true };
}
