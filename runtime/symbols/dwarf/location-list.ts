import { isDropped, readPlainAddress } from './addresses.ts';
import { ByteCursor, DwarfError } from './byte-cursor.ts';
import { LocationEntry } from './constants.ts';
import type { UnitContext } from './unit-context.ts';

/** Entries of lists in split units before DWARF 5. Source: GCC's "DebugFission". */
const SplitEntry = { endOfList: 0, baseAddressx: 1, startxEndx: 2, startxLength: 3 } as const;

/** A part of a list: the expression that holds at addresses from `low` to before `high`. */
export interface ListedLocation {
  readonly low: number;
  readonly high: number;
  readonly expression: Uint8Array;
}

/**
 * Returns the expression of a list that holds at an address; null if none does: the variable is nowhere then.
 * @param offset of the list in its section
 * @throws DwarfError
 */
export function expressionAt(unit: UnitContext, offset: number, address: number): Uint8Array | null {
  for (const { low, high, expression } of listedLocations(unit, offset)) {
    if (low <= address && address < high) return expression;
  }
  return null;
}

/** The parts of a list in their order. One for all other addresses comes last. @throws DwarfError */
export function listedLocations(unit: UnitContext, offset: number): ListedLocation[] {
  const { loclists, loc } = unit.sections;
  if (unit.version >= 5) return readEntries(unit, new ByteCursor(loclists, offset));
  const cursor = new ByteCursor(loc, offset);
  return unit.inProgram === unit ? readPairs(unit, cursor) : readSplitEntries(unit, cursor);
}

function readPairs(unit: UnitContext, cursor: ByteCursor): ListedLocation[] {
  const largest = unit.addressSize === 8 ? 2 ** 64 : 0xffffffff;
  const found: ListedLocation[] = [];
  let base = unit.lowPc;
  for (;;) {
    const low = cursor.uint(unit.addressSize);
    const high = cursor.uint(unit.addressSize);
    if (low === 0 && high === 0) return found;
    if (low === largest) {
      base = high;
      continue;
    }
    const expression = cursor.view(cursor.u16());
    if (!(isDropped(low) && low > 0)) found.push({ low: base + low, high: base + high, expression });
  }
}

function readSplitEntries(unit: UnitContext, cursor: ByteCursor): ListedLocation[] {
  const found: ListedLocation[] = [];
  for (;;) {
    let low: number;
    let high: number;
    switch (cursor.u8()) {
      case SplitEntry.endOfList:
        return found;
      case SplitEntry.baseAddressx:
        cursor.skipLeb();
        continue;
      case SplitEntry.startxEndx:
        low = unit.indexedAddress(cursor.uleb());
        high = unit.indexedAddress(cursor.uleb());
        break;
      case SplitEntry.startxLength:
        low = unit.indexedAddress(cursor.uleb());
        high = low + cursor.u32();
        break;
      default:
        throw new DwarfError('a location of an unknown kind');
    }
    found.push({ low, high, expression: cursor.view(cursor.u16()) });
  }
}

function readEntries(unit: UnitContext, cursor: ByteCursor): ListedLocation[] {
  const found: ListedLocation[] = [];
  let otherwise: ListedLocation | null = null;
  let base = unit.lowPc;
  for (;;) {
    let low = 0;
    let high = Number.POSITIVE_INFINITY;
    const kind = cursor.u8();
    switch (kind) {
      case LocationEntry.endOfList:
        return otherwise === null ? found : [...found, otherwise];
      case LocationEntry.baseAddressx:
        base = unit.indexedAddress(cursor.uleb());
        continue;
      case LocationEntry.baseAddress:
        base = readPlainAddress(unit, cursor);
        continue;
      case LocationEntry.startxEndx:
        low = unit.indexedAddress(cursor.uleb());
        high = unit.indexedAddress(cursor.uleb());
        break;
      case LocationEntry.startxLength:
        low = unit.indexedAddress(cursor.uleb());
        high = low + cursor.uleb();
        break;
      case LocationEntry.offsetPair:
        low = base + cursor.uleb();
        high = base + cursor.uleb();
        break;
      case LocationEntry.defaultLocation:
        break;
      case LocationEntry.startEnd:
        low = readPlainAddress(unit, cursor);
        high = readPlainAddress(unit, cursor);
        break;
      case LocationEntry.startLength:
        low = readPlainAddress(unit, cursor);
        high = low + cursor.uleb();
        break;
      default:
        throw new DwarfError(`a location of the kind ${kind}`);
    }
    const entry = { low, high, expression: cursor.view(cursor.uleb()) };
    if (kind === LocationEntry.defaultLocation) otherwise = entry;
    else found.push(entry);
  }
}
