import { indexedList, isCode, isDropped, readPlainAddress, readSectionOffset } from './addresses.ts';
import { ByteCursor, DwarfError } from './byte-cursor.ts';
import { Form, RangeEntry } from './constants.ts';
import type { UnitContext } from './unit-context.ts';

type Visit = (low: number, high: number) => void;

/**
 * Reads the list of ranges that an attribute refers to, as pairs of the first address and the one behind the last. Calls
 * `visit` for each that holds code. Returns the bytes that were read, since lists could overlap without end.
 * @param cursor stands at the value of the attribute
 * @throws DwarfError
 */
export function readRangeList(unit: UnitContext, form: number, cursor: ByteCursor, visit: Visit): number {
  if (unit.version >= 5) {
    const { rnglists } = unit.sections;
    const offset =
      form === Form.rnglistx
        ? indexedList(unit, rnglists, unit.bases.rnglists, cursor.uleb())
        : offsetOf(unit, form, cursor) + unit.contributions.rnglists;
    const entries = new ByteCursor(rnglists, offset);
    readEntries(unit, entries, visit);
    return entries.position - offset;
  }
  const program = unit.inProgram;
  const base = unit === program ? 0 : program.bases.gnuRanges;
  const offset = base + offsetOf(unit, form, cursor);
  const pairs = new ByteCursor(program.sections.ranges, offset);
  readPairs(unit, pairs, visit);
  return pairs.position - offset;
}

function offsetOf(unit: UnitContext, form: number, cursor: ByteCursor): number {
  const offset = readSectionOffset(unit, form, cursor);
  if (offset === null) throw new DwarfError(`a list of ranges of the form 0x${form.toString(16)}`);
  return offset;
}

/** The format up to DWARF 4. Source: DWARF 4, 2.17.3. */
function readPairs(unit: UnitContext, cursor: ByteCursor, visit: Visit): void {
  const largest = unit.addressSize === 8 ? 2 ** 64 : 0xffffffff;
  let base = unit.lowPc;
  for (;;) {
    const low = cursor.uint(unit.addressSize);
    const high = cursor.uint(unit.addressSize);
    if (low === 0 && high === 0) return;
    if (low === largest) base = high;
    else if (
      !(isDropped(low) && low > 0) &&
      !(isDropped(base) && base > 0) &&
      isCode(base + low, base + high)
    )
      visit(base + low, base + high);
  }
}

/** The format of DWARF 5, 2.17.3. */
function readEntries(unit: UnitContext, cursor: ByteCursor, visit: Visit): void {
  let base = unit.lowPc;
  for (;;) {
    let low: number;
    let high: number;
    const kind = cursor.u8();
    switch (kind) {
      case RangeEntry.endOfList:
        return;
      case RangeEntry.baseAddressx:
        base = unit.indexedAddress(cursor.uleb());
        continue;
      case RangeEntry.baseAddress:
        base = readPlainAddress(unit, cursor);
        continue;
      case RangeEntry.startxEndx:
        low = unit.indexedAddress(cursor.uleb());
        high = unit.indexedAddress(cursor.uleb());
        break;
      case RangeEntry.startxLength:
        low = unit.indexedAddress(cursor.uleb());
        high = low + cursor.uleb();
        break;
      case RangeEntry.offsetPair:
        low = base + cursor.uleb();
        high = base + cursor.uleb();
        if (base > 0 && isDropped(base)) continue;
        break;
      case RangeEntry.startEnd:
        low = readPlainAddress(unit, cursor);
        high = readPlainAddress(unit, cursor);
        break;
      case RangeEntry.startLength:
        low = readPlainAddress(unit, cursor);
        high = low + cursor.uleb();
        break;
      default:
        throw new DwarfError(`a range of the kind ${kind}`);
    }
    if (isCode(low, high)) visit(low, high);
  }
}
