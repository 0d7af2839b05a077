import type { FieldType } from './managed-classes.ts';

/** What AssemblyScript says of each class besides its number. Source: its std/assembly/shared/typeinfo.ts. */
const Flag = {
  bufferView: 1 << 0,
  array: 1 << 1,
  staticArray: 1 << 2,
  set: 1 << 3,
  map: 1 << 4,
} as const;

const VALUE = 6;
const KEY = 15;
/** From the place of each: five bits for the size, then these. */
const Slot = { signed: 5, float: 6, managed: 8 } as const;

export type ManagedKind = 'object' | 'array' | 'static array' | 'view' | 'set' | 'map';

/** An element of an array, or a key or value of a table. */
export interface SlotType {
  readonly type: FieldType | 'u32' | 'u64';
  readonly size: number;
  /** Whether it is a pointer to an object. */
  readonly isManaged: boolean;
  /** False if it may be a number as well. */
  readonly isCertain?: boolean;
}

export function kindOf(flags: number): ManagedKind {
  if ((flags & Flag.map) !== 0) return 'map';
  if ((flags & Flag.set) !== 0) return 'set';
  if ((flags & Flag.array) !== 0) return 'array';
  if ((flags & Flag.staticArray) !== 0) return 'static array';
  return (flags & Flag.bufferView) !== 0 && (flags >> VALUE) & 0x1f ? 'view' : 'object';
}

export const valueSlot = (flags: number): SlotType => slot(flags >> VALUE);
export const keySlot = (flags: number): SlotType => slot(flags >> KEY);

function slot(bits: number): SlotType {
  const size = [1, 2, 4, 8].find((_, i) => ((bits >> i) & 1) === 1) ?? 4;
  const isSigned = ((bits >> Slot.signed) & 1) === 1;
  // A pointer has four bytes.
  const isManaged = size === 4 && ((bits >> Slot.managed) & 1) === 1;
  if (((bits >> Slot.float) & 1) === 1) return { type: size === 4 ? 'f32' : 'f64', size, isManaged };
  return { type: integerType(size, isSigned), size, isManaged };
}

function integerType(size: number, isSigned: boolean): SlotType['type'] {
  switch (size) {
    case 1:
      return isSigned ? 'i8' : 'u8';
    case 2:
      return isSigned ? 'i16' : 'u16';
    case 4:
      return isSigned ? 'i32' : 'u32';
    default:
      return isSigned ? 'i64' : 'u64';
  }
}

/** Where the parts of an entry of a map or a set are, in bytes, and how far it is from one to the next. */
export function tableLayout(
  key: SlotType,
  value: SlotType | null,
): { readonly valueAt: number; readonly nextAt: number; readonly stride: number } {
  const valueAt = value === null ? key.size : aligned(key.size, value.size);
  const nextAt = aligned(value === null ? key.size : valueAt + value.size, 4);
  const stride = aligned(nextAt + 4, Math.max(key.size, value?.size ?? 4, 4));
  return { valueAt, nextAt, stride };
}

function aligned(offset: number, size: number): number {
  return Math.ceil(offset / size) * size;
}
