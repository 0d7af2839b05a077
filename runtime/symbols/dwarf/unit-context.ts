import type { AbbreviationTable, WalkPlan } from './abbreviations.ts';
import type { Encoding } from './encoding.ts';
import type { DwarfSections } from './sections.ts';

/** Where the parts of a unit of a package begin in their sections. Elsewhere all of them are 0. */
export interface Contributions {
  readonly abbrev: number;
  readonly line: number;
  readonly strOffsets: number;
  readonly loc: number;
  readonly rnglists: number;
}

/** Where the tables of a unit begin, as its first entry says. */
export interface Bases {
  readonly strOffsets: number;
  readonly addr: number;
  readonly rnglists: number;
  readonly loclists: number;
  /** What offsets of lists of ranges in split units count from, before DWARF 5. */
  readonly gnuRanges: number;
}

/** What is needed of a unit to read what it refers to in other sections. */
export interface UnitContext extends Encoding {
  /** The section that the unit is in. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly sections: DwarfSections;
  readonly contributions: Contributions;
  readonly bases: Bases;
  /** What ranges and locations count from by default. */
  readonly lowPc: number;
  readonly abbreviations: AbbreviationTable;
  readonly plan: WalkPlan;
  /** The unit that has the addresses and the line table: of a split unit, the one in the program that stands for it. */
  readonly inProgram: UnitContext;
  /** The address at an index of the table of addresses. @throws DwarfError */
  indexedAddress(index: number): number;
}
