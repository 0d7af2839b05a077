import { Abbreviations } from './abbreviations.ts';
import { ByteCursor, unlessMalformed } from './byte-cursor.ts';
import { At, UnitType } from './constants.ts';
import type { Die } from './die.ts';
import { readInitialLength } from './encoding.ts';
import { packageParts } from './package-index.ts';
import type { DwarfSections } from './sections.ts';
import { Unit, type UnitHome } from './unit.ts';

/** No program has as many units. */
const MAX_UNITS = 2 ** 17;

/** A file with debug sections: a module, a file beside it, a split unit, or a package of these. */
export class DwarfFile implements UnitHome {
  readonly sections: DwarfSections;
  readonly isSplit: boolean;
  readonly abbreviations: Abbreviations;
  /** In the order of .debug_info. Type units are among them. */
  readonly units: readonly Unit[];
  readonly #typeUnits: readonly Unit[];
  #signatures: Map<bigint, Unit> | null = null;
  #splitUnits: Map<bigint, Unit> | null = null;

  constructor(sections: DwarfSections, isSplit: boolean) {
    this.sections = sections;
    this.isSplit = isSplit;
    this.abbreviations = new Abbreviations(sections.abbrev);
    this.units = readUnits(this, sections.info, false);
    this.#typeUnits = readUnits(this, sections.types, true);
    if (isSplit) this.#applyPackage();
  }

  unitAt(offset: number): Unit | null {
    return unitIn(this.units, offset);
  }

  /** The unit with this offset of .debug_types inside. */
  typeUnitAt(offset: number): Unit | null {
    return unitIn(this.#typeUnits, offset);
  }

  typeBySignature(signature: bigint): Die | null {
    if (this.#signatures === null) {
      this.#signatures = new Map();
      for (const unit of [...this.#typeUnits, ...this.units]) {
        if (unit.signature !== null) this.#signatures.set(unit.signature, unit);
      }
    }
    const unit = this.#signatures.get(signature);
    return unit === undefined ? null : unit.dieAt(unit.typeOffset);
  }

  /** The split unit with this number. */
  splitUnit(id: bigint): Unit | null {
    if (this.#splitUnits === null) {
      this.#splitUnits = new Map();
      for (const unit of this.units) {
        const number = dwoIdOf(unit);
        if (number !== null) this.#splitUnits.set(number, unit);
      }
    }
    return this.#splitUnits.get(id) ?? null;
  }

  #applyPackage(): void {
    const parts = packageParts(this.sections.cuIndex);
    if (parts === null) return;
    for (const unit of this.units) {
      const part = parts.get(unit.start);
      if (part === undefined) continue;
      unit.contributions = part.contributions;
      unit.dwoId ??= part.signature;
    }
  }
}

function unitIn(units: readonly Unit[], offset: number): Unit | null {
  let low = 0;
  let high = units.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((units[middle]?.end ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const unit = units[low];
  return unit !== undefined && offset >= unit.start ? unit : null;
}

function readUnits(home: UnitHome, section: Uint8Array, isOfTypes: boolean): Unit[] {
  const units: Unit[] = [];
  const cursor = new ByteCursor(section);
  const next = () => readInitialLength(cursor).end;
  while (cursor.end - cursor.position > 4 && units.length < MAX_UNITS) {
    const start = cursor.position;
    // The units before a break are good.
    const end = unlessMalformed(next, -1);
    if (end < 0) break;
    cursor.position = end;
    const unit = unlessMalformed(() => new Unit(home, section, start, isOfTypes), null);
    if (unit !== null) units.push(unit);
  }
  return units;
}

/** Whether a unit describes code, and not only types. */
export function describesCode({ unitType }: Unit): boolean {
  return unitType !== UnitType.type && unitType !== UnitType.splitType && unitType !== UnitType.partial;
}

/** The number that a unit shares with the one that it stands for, or that stands for it. Before DWARF 5, it was an attribute. */
export function dwoIdOf(unit: Unit): bigint | null {
  if (unit.version < 5) unit.dwoId ??= unlessMalformed(() => unit.root.bigint(At.gnuDwoId), null);
  return unit.dwoId;
}
