import { isCode } from './addresses.ts';
import { DwarfError } from './byte-cursor.ts';
import { At } from './constants.ts';
import { describesCode } from './dwarf-file.ts';
import { type FunctionIndex, rangeBudget } from './function-index.ts';
import { RangeCollector, type RangeMap } from './range-map.ts';
import { readRangeList } from './ranges.ts';
import type { Unit } from './unit.ts';

/** Says which unit an address belongs to, from what the first entry of each unit says. */
export class UnitMap {
  readonly #units: readonly Unit[];
  readonly #functionsOf: (unit: Unit) => FunctionIndex;
  readonly #ranges: RangeMap;
  /** Those whose first entry does not say where their code is. */
  readonly #unknown: number[] = [];
  #rangesOfUnknown: RangeMap | null = null;

  constructor(units: readonly Unit[], functionsOf: (unit: Unit) => FunctionIndex) {
    this.#units = units;
    this.#functionsOf = functionsOf;
    const ranges = new RangeCollector();
    let budget = units[0] === undefined ? 0 : rangeBudget(units[0]);
    for (const [index, unit] of units.entries()) {
      if (!describesCode(unit) || budget < 0) continue;
      try {
        budget -= this.#read(unit, index, ranges);
      } catch (error) {
        if (!(error instanceof DwarfError)) throw error;
        budget -= rangeBudget(unit) / 16;
      }
    }
    // The same function may be in several units. The linker has taken it from the first, where it did not say that it has not.
    this.#ranges = ranges.least();
  }

  unitAt(address: number): Unit | null {
    let index = this.#ranges.ownerOf(address);
    if (index < 0 && this.#unknown.length > 0) {
      this.#rangesOfUnknown ??= this.#walkUnknown();
      index = this.#rangesOfUnknown.ownerOf(address);
    }
    return this.#units[index] ?? null;
  }

  /** Adds where the code of a unit is. Returns the bytes that were read of lists. */
  #read(unit: Unit, index: number, ranges: RangeCollector): number {
    const { root } = unit;
    const list = root.find(At.ranges);
    if (list !== null) {
      return readRangeList(unit, list.form, list.cursor, (low, high) => ranges.add(low, high, index));
    }
    const low = root.address(At.lowPc);
    const high = root.address(At.highPc) ?? (low ?? 0) + (root.number(At.highPc) ?? 0);
    if (low !== null && isCode(low, high)) ranges.add(low, high, index);
    else if (root.has(At.stmtList)) this.#unknown.push(index);
    return 0;
  }

  #walkUnknown(): RangeMap {
    const ranges = new RangeCollector();
    for (const index of this.#unknown) {
      const unit = this.#units[index];
      if (unit === undefined) continue;
      this.#functionsOf(unit).forEachRange((low, high) => {
        ranges.add(low, high, index);
      });
    }
    return ranges.least();
  }
}
