import { ByteCursor, DwarfError, unlessMalformed } from './byte-cursor.ts';
import type { Contributions } from './unit-context.ts';

/** What the index of a package says of a unit. */
export interface PackagePart {
  readonly signature: bigint;
  readonly contributions: Contributions;
}

/** Numbers of sections in the index. Source: DWARF 5, 7.3.5.3; before it, GCC's "DebugFissionDWP". */
const COLUMNS: readonly ReadonlyMap<number, keyof Contributions | 'info'>[] = [
  new Map([
    [1, 'info'],
    [3, 'abbrev'],
    [4, 'line'],
    [5, 'loc'],
    [6, 'strOffsets'],
  ]),
  new Map([
    [1, 'info'],
    [3, 'abbrev'],
    [4, 'line'],
    [5, 'loc'],
    [6, 'strOffsets'],
    [8, 'rnglists'],
  ]),
];

/** Reads the index of a package of split units. Returns its units by their offset in .debug_info; null if there is none. */
export function packageParts(section: Uint8Array): Map<number, PackagePart> | null {
  if (section.length === 0) return null;
  const parts = new Map<number, PackagePart>();
  unlessMalformed(() => readIndex(new ByteCursor(section), parts), undefined);
  return parts;
}

function readIndex(cursor: ByteCursor, parts: Map<number, PackagePart>): void {
  // Four bytes up to version 2; two and two unused ones in version 5.
  const names = COLUMNS[cursor.u32() === 5 ? 1 : 0];
  const columns = cursor.u32();
  const units = cursor.u32();
  const slots = cursor.u32();
  const signatures = cursor.position;
  const rows = signatures + 8 * slots;
  const ids = rows + 4 * slots;
  const offsets = ids + 4 * columns;
  // Every part below is inside of the section then.
  if (columns > 16 || offsets + 8 * columns * units > cursor.end)
    throw new DwarfError('an index beyond its section');
  const at = (position: number) => new ByteCursor(cursor.bytes, position);
  for (let slot = 0; slot < slots; slot++) {
    const row = at(rows + 4 * slot).u32();
    if (row === 0 || row > units) continue;
    const found = { info: 0, abbrev: 0, line: 0, strOffsets: 0, loc: 0, rnglists: 0 };
    for (let column = 0; column < columns; column++) {
      const name = names?.get(at(ids + 4 * column).u32());
      if (name !== undefined) found[name] = at(offsets + 4 * ((row - 1) * columns + column)).u32();
    }
    const { info, ...contributions } = found;
    parts.set(info, { signature: at(signatures + 8 * slot).bigUint64(), contributions });
  }
}
