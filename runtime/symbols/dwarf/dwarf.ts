import { ByteCache } from './byte-cache.ts';
import { unlessMalformed } from './byte-cursor.ts';
import { At } from './constants.ts';
import type { Die } from './die.ts';
import { DwarfFile, dwoIdOf } from './dwarf-file.ts';
import { FunctionIndex } from './function-index.ts';
import { LineHeader } from './line-header.ts';
import { LineTable } from './line-table.ts';
import type { DwarfSections } from './sections.ts';
import type { Unit } from './unit.ts';
import { UnitMap } from './unit-map.ts';

/** Gives the sections of split units: those of a file that a unit names, or of the package of all of them. */
export interface SplitFiles {
  /** @param name as the unit says @param compDir where the compiler ran */
  unit(name: string, compDir: string): DwarfSections | null;
  package(): DwarfSections | null;
}

/** A function at an address, or a call that was inlined there. */
export interface FunctionAt {
  readonly unit: Unit;
  readonly die: Die;
}

/**
 * The debug information of a program. Everything is read when it is first needed. Addresses count from the beginning of the
 * code section's contents.
 */
export class Dwarf {
  readonly file: DwarfFile;
  readonly #split: SplitFiles;
  readonly #functions: ByteCache<Unit, FunctionIndex>;
  readonly #lines: ByteCache<number, LineTable>;
  readonly #splitUnits = new Map<Unit, Unit | null>();
  #package: DwarfFile | null | undefined;
  #map: UnitMap | null = null;

  constructor(sections: DwarfSections, split: SplitFiles) {
    this.file = new DwarfFile(sections, false);
    this.#split = split;
    const size = Object.values(sections).reduce((sum: number, bytes: Uint8Array) => sum + bytes.length, 0);
    this.#functions = new ByteCache(size / 3 + 2 ** 20);
    this.#lines = new ByteCache(size / 6 + 2 ** 20);
  }

  /** The unit whose code is at an address, with its entries: where they are in a file of their own, that of the split unit. */
  unitAt(address: number): Unit | null {
    this.#map ??= new UnitMap(this.file.units, (unit) => this.functionsOf(this.whole(unit)));
    const unit = this.#map.unitAt(address);
    return unit === null ? null : this.whole(unit);
  }

  /** The unit with the entries that a unit of the program stands for: itself, or the split one if that can be found. */
  whole(unit: Unit): Unit {
    let whole = this.#splitUnits.get(unit);
    if (whole === undefined) {
      whole = unlessMalformed(() => this.#findSplit(unit), null);
      this.#splitUnits.set(unit, whole);
    }
    return whole ?? unit;
  }

  functionsOf(unit: Unit): FunctionIndex {
    return this.#functions.get(unit, () => new FunctionIndex(unit));
  }

  /** Where the line table of a unit begins; null if it has none. */
  lineOffset({ inProgram }: Unit): number | null {
    return unlessMalformed(() => inProgram.root.sectionOffset(At.stmtList), null);
  }

  /** The line table of a unit; null if it has none. */
  linesOf({ inProgram }: Unit): LineTable | null {
    const offset = this.lineOffset(inProgram);
    if (offset === null) return null;
    const make = () => new LineTable(this.#header(inProgram, offset));
    return unlessMalformed(() => this.#lines.get(offset, make), null);
  }

  /** The files that a unit names. */
  filesOf({ inProgram }: Unit): LineHeader | null {
    const offset = this.lineOffset(inProgram);
    return offset === null ? null : unlessMalformed(() => this.#header(inProgram, offset), null);
  }

  /** The calls at an address, innermost first: those that were inlined, and the function that they are in. */
  functionsAt(address: number): FunctionAt[] {
    const unit = this.unitAt(address);
    if (unit === null) return [];
    const functions = this.functionsOf(unit);
    const found: FunctionAt[] = [];
    for (let index = functions.at(address); index >= 0; index = functions.caller(index)) {
      const die = unit.dieAt(functions.die(index));
      if (die !== null) found.push({ unit, die });
    }
    return found;
  }

  #header({ sections, addressSize }: Unit, offset: number): LineHeader {
    return new LineHeader(sections, offset, addressSize);
  }

  #findSplit(unit: Unit): Unit | null {
    if (!unit.isSkeleton) return null;
    const id = dwoIdOf(unit);
    const name = unit.dwoName;
    if (id === null || name === null) return null;
    if (this.#package === undefined) this.#package = splitFile(this.#split.package());
    const whole =
      this.#package?.splitUnit(id) ?? splitFile(this.#split.unit(name, unit.compDir))?.splitUnit(id) ?? null;
    if (whole !== null) whole.skeleton = unit;
    return whole;
  }
}

function splitFile(sections: DwarfSections | null): DwarfFile | null {
  return sections === null ? null : new DwarfFile(sections, true);
}
