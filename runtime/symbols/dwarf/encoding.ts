import { type ByteCursor, DwarfError } from './byte-cursor.ts';
import { Form } from './constants.ts';

/** What the sizes of fields depend on; of a unit, or of a table with a header of its own. */
export interface Encoding {
  readonly version: number;
  /** Bytes of an offset: 4 in 32-bit DWARF, 8 in 64-bit DWARF. */
  readonly offsetSize: 4 | 8;
  /** 4 or 8. */
  readonly addressSize: number;
}

/** The beginning of units and tables: their length, which tells 32-bit from 64-bit DWARF. */
export interface InitialLength {
  readonly offsetSize: 4 | 8;
  /** Where the unit ends; never beyond its section. */
  readonly end: number;
}

/** @throws DwarfError where the unit does not fit its section */
export function readInitialLength(cursor: ByteCursor): InitialLength {
  const short = cursor.u32();
  if (short < 0xfffffff0) return { offsetSize: 4, end: endOf(cursor, short) };
  if (short !== 0xffffffff) throw new DwarfError('a reserved length');
  return { offsetSize: 8, end: endOf(cursor, cursor.u64()) };
}

function endOf(cursor: ByteCursor, length: number): number {
  const end = cursor.position + length;
  if (end > cursor.end) throw new DwarfError('a unit that is longer than its section');
  return end;
}

/** The size of a form whose size does not depend on its value; -1 for others. */
export function fixedSize(form: number, { version, offsetSize, addressSize }: Encoding): number {
  switch (form) {
    case Form.flagPresent:
    case Form.implicitConst:
      return 0;
    case Form.data1:
    case Form.ref1:
    case Form.flag:
    case Form.strx1:
    case Form.addrx1:
      return 1;
    case Form.data2:
    case Form.ref2:
    case Form.strx2:
    case Form.addrx2:
      return 2;
    case Form.strx3:
    case Form.addrx3:
      return 3;
    case Form.data4:
    case Form.ref4:
    case Form.refSup4:
    case Form.strx4:
    case Form.addrx4:
      return 4;
    case Form.data8:
    case Form.ref8:
    case Form.refSig8:
    case Form.refSup8:
      return 8;
    case Form.data16:
      return 16;
    case Form.addr:
      return addressSize;
    case Form.refAddr:
      return version <= 2 ? addressSize : offsetSize;
    case Form.strp:
    case Form.lineStrp:
    case Form.secOffset:
    case Form.strpSup:
    case Form.gnuRefAlt:
    case Form.gnuStrpAlt:
      return offsetSize;
    default:
      return -1;
  }
}

/** Skips the value of any form. @throws DwarfError at one that is not known: what follows cannot be read */
export function skipForm(cursor: ByteCursor, form: number, encoding: Encoding): void {
  const size = fixedSize(form, encoding);
  if (size >= 0) cursor.skip(size);
  else skipVariable(cursor, form, encoding);
}

function skipVariable(cursor: ByteCursor, form: number, encoding: Encoding): void {
  switch (form) {
    case Form.sdata:
    case Form.udata:
    case Form.refUdata:
    case Form.strx:
    case Form.addrx:
    case Form.loclistx:
    case Form.rnglistx:
    case Form.gnuAddrIndex:
    case Form.gnuStrIndex:
      cursor.skipLeb();
      break;
    case Form.string:
      cursor.skipString();
      break;
    case Form.block1:
      cursor.skip(cursor.u8());
      break;
    case Form.block2:
      cursor.skip(cursor.u16());
      break;
    case Form.block4:
      cursor.skip(cursor.u32());
      break;
    case Form.block:
    case Form.exprloc:
      cursor.skip(cursor.uleb());
      break;
    case Form.indirect:
      skipForm(cursor, directForm(cursor), encoding);
      break;
    default:
      throw new DwarfError(`the form 0x${form.toString(16)}`);
  }
}

/** The form that stands before a value of the form `indirect`. */
export function directForm(cursor: ByteCursor): number {
  const form = cursor.uleb();
  // These two would nest, or have no value at all.
  if (form === Form.indirect || form === Form.implicitConst)
    throw new DwarfError('an indirect form of an indirect one');
  return form;
}
