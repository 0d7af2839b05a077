import { ByteCursor, DwarfError } from './byte-cursor.ts';
import { Form } from './constants.ts';
import type { UnitContext } from './unit-context.ts';

/** The first of the addresses that linkers write for what they have dropped. */
const DROPPED = 0xfffffffe;

/** Whether a linker has dropped what was at this address. At 0, where there is no function, older ones put all of it. */
export function isDropped(address: number): boolean {
  return address === 0 || address >= DROPPED;
}

/** Whether a linker has dropped the data that was at this address. There may be some at 0. */
export function isDroppedData(address: number): boolean {
  return address >= DROPPED;
}

/** Whether this is a range of code. */
export function isCode(low: number, high: number): boolean {
  return low < high && high <= 0xffffffff && !isDropped(low);
}

/** Reads an address as it is in the section. One that does not fit 32 bits is that of no code. */
export function readPlainAddress({ addressSize }: UnitContext, cursor: ByteCursor): number {
  return Math.min(cursor.uint(addressSize), 0xffffffff);
}

/** Reads an address of any form; null if the form is of another class. */
export function readAddress(unit: UnitContext, form: number, cursor: ByteCursor): number | null {
  switch (form) {
    case Form.addr:
      return readPlainAddress(unit, cursor);
    case Form.addrx:
    case Form.gnuAddrIndex:
      return unit.indexedAddress(cursor.uleb());
    case Form.addrx1:
      return unit.indexedAddress(cursor.u8());
    case Form.addrx2:
      return unit.indexedAddress(cursor.u16());
    case Form.addrx3:
      return unit.indexedAddress(cursor.u24());
    case Form.addrx4:
      return unit.indexedAddress(cursor.u32());
    default:
      return null;
  }
}

/** Reads where a list begins, from the table of offsets at `base`. */
export function indexedList(unit: UnitContext, section: Uint8Array, base: number, index: number): number {
  const at = base + index * unit.offsetSize;
  if (!Number.isSafeInteger(at)) throw new DwarfError('an index beyond its table');
  return base + new ByteCursor(section, at).uint(unit.offsetSize);
}

/** Reads an offset in another section; null if the form is of another class. Before DWARF 4 such offsets were constants. */
export function readSectionOffset(unit: UnitContext, form: number, cursor: ByteCursor): number | null {
  if (form === Form.secOffset) return cursor.uint(unit.offsetSize);
  if (unit.version >= 4) return null;
  return form === Form.data4 ? cursor.u32() : form === Form.data8 ? cursor.u64() : null;
}
