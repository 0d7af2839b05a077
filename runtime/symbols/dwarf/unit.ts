import type { Abbreviations, AbbreviationTable, WalkPlan } from './abbreviations.ts';
import { readPlainAddress } from './addresses.ts';
import { ByteCursor, DwarfError, stringAt, unlessMalformed } from './byte-cursor.ts';
import { At, Tag, UnitType } from './constants.ts';
import { Die, type DieUnit } from './die.ts';
import { readInitialLength } from './encoding.ts';
import type { DwarfSections } from './sections.ts';
import type { Bases, Contributions } from './unit-context.ts';

const WHOLE: Contributions = { abbrev: 0, line: 0, strOffsets: 0, loc: 0, rnglists: 0 };

/** What a unit knows of the file that it is in. */
export interface UnitHome {
  readonly sections: DwarfSections;
  readonly abbreviations: Abbreviations;
  /** Whether the file holds split units, whose addresses are in another one. */
  readonly isSplit: boolean;
  /** The unit with this offset of .debug_info inside. */
  unitAt(offset: number): Unit | null;
  /** The unit with this offset of .debug_types inside. */
  typeUnitAt(offset: number): Unit | null;
  /** The entry of the type with this signature. */
  typeBySignature(signature: bigint): Die | null;
}

/** A unit of .debug_info (or .debug_types): its header, and what all of its entries need. */
export class Unit implements DieUnit {
  readonly home: UnitHome;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly version: number;
  readonly offsetSize: 4 | 8;
  readonly addressSize: number;
  readonly unitType: number;
  /** Offset of the entry that describes the unit. */
  readonly firstDie: number;
  /** Of a skeleton and of a split unit: the same number in both. */
  dwoId: bigint | null = null;
  /** Of a type unit: the signature of its type, and the offset of the entry. */
  readonly signature: bigint | null = null;
  readonly typeOffset: number = 0;
  contributions: Contributions = WHOLE;
  /** Of a split unit: the one in the program that stands for it, with the addresses. */
  skeleton: Unit | null = null;
  readonly #abbreviationOffset: number;
  #abbreviations: AbbreviationTable | null = null;
  #plan: WalkPlan | null = null;
  #root: Die | null = null;
  #bases: Bases | null = null;
  #lowPc: number | null = null;
  #compDir: string | null = null;

  /** @throws DwarfError where the header is not one; `end` is known then if the unit can be skipped */
  constructor(home: UnitHome, bytes: Uint8Array, start: number, isOfTypes: boolean) {
    this.home = home;
    this.bytes = bytes;
    this.start = start;
    const cursor = new ByteCursor(bytes, start);
    const { offsetSize, end } = readInitialLength(cursor);
    this.offsetSize = offsetSize;
    this.end = end;
    this.version = cursor.u16();
    if (this.version < 2 || this.version > 5) throw new DwarfError(`version ${this.version}`);
    if (this.version >= 5) {
      this.unitType = cursor.u8();
      this.addressSize = cursor.u8();
      this.#abbreviationOffset = cursor.uint(offsetSize);
    } else {
      this.unitType = isOfTypes ? UnitType.type : UnitType.compile;
      this.#abbreviationOffset = cursor.uint(offsetSize);
      this.addressSize = cursor.u8();
    }
    if (this.addressSize !== 4 && this.addressSize !== 8)
      throw new DwarfError(`addresses of ${this.addressSize} bytes`);
    if (this.unitType === UnitType.skeleton || this.unitType === UnitType.splitCompile) {
      this.dwoId = cursor.bigUint64();
    } else if (this.unitType === UnitType.type || this.unitType === UnitType.splitType) {
      this.signature = cursor.bigUint64();
      this.typeOffset = start + cursor.uint(offsetSize);
    }
    this.firstDie = cursor.position;
  }

  get abbreviations(): AbbreviationTable {
    this.#abbreviations ??= this.home.abbreviations.at(this.contributions.abbrev + this.#abbreviationOffset);
    return this.#abbreviations;
  }

  get plan(): WalkPlan {
    this.#plan ??= this.abbreviations.plan(this);
    return this.#plan;
  }

  get root(): Die {
    if (this.#root === null) {
      const cursor = new ByteCursor(this.bytes, this.firstDie, this.end);
      const code = cursor.uleb();
      const table =
        this.#abbreviations ??
        this.home.abbreviations.upTo(this.contributions.abbrev + this.#abbreviationOffset, code);
      this.#root = new Die(this, this.firstDie, table.indexOf(code), cursor.position, table);
    }
    return this.#root;
  }

  dieAt(offset: number): Die | null {
    if (offset < this.firstDie || offset >= this.end) throw new DwarfError('an entry outside of its unit');
    const cursor = new ByteCursor(this.bytes, offset, this.end);
    const code = cursor.uleb();
    if (code === 0) return null;
    const table = this.abbreviations;
    return new Die(this, offset, table.indexOf(code), cursor.position, table);
  }

  get sections(): DwarfSections {
    return this.home.sections;
  }

  get inProgram(): Unit {
    return this.skeleton ?? this;
  }

  get lowPc(): number {
    this.#lowPc ??= this.inProgram.root.address(At.lowPc) ?? 0;
    return this.#lowPc;
  }

  get bases(): Bases {
    this.#bases ??= readBases(this);
    return this.#bases;
  }

  indexedAddress(index: number): number {
    const { sections, bases } = this.inProgram;
    return readPlainAddress(this, new ByteCursor(sections.addr, bases.addr + index * this.addressSize));
  }

  indexedString(index: number): string {
    const { strOffsets, str } = this.sections;
    const cursor = new ByteCursor(strOffsets, this.bases.strOffsets + index * this.offsetSize);
    return stringAt(str, cursor.uint(this.offsetSize));
  }

  unitAt(offset: number): Unit | null {
    return this.home.unitAt(offset);
  }

  typeBySignature(signature: bigint): Die | null {
    return this.home.typeBySignature(signature);
  }

  /** Whether this unit is a stand-in for a split one. */
  get isSkeleton(): boolean {
    if (this.home.isSplit) return false;
    if (this.unitType === UnitType.skeleton || this.root.tag === Tag.skeletonUnit) return true;
    return this.version < 5 && this.root.has(At.gnuDwoId);
  }

  /** The file of the split unit that this one stands for. */
  get dwoName(): string | null {
    return this.root.string(At.dwoName) ?? this.root.string(At.gnuDwoName);
  }

  /** Where the compiler ran; empty if it is not said. */
  get compDir(): string {
    this.#compDir ??= unlessMalformed(
      () => this.inProgram.root.string(At.compDir) ?? this.root.string(At.compDir) ?? '',
      '',
    );
    return this.#compDir;
  }
}

/** Reads where the tables of a unit begin. Split units name no bases: their tables begin behind a header. */
function readBases({ root, contributions, offsetSize, version, home }: Unit): Bases {
  const header = home.isSplit && version >= 5 ? (offsetSize === 8 ? 16 : 8) : 0;
  const listHeader = home.isSplit ? (offsetSize === 8 ? 20 : 12) : 0;
  return {
    strOffsets: root.sectionOffset(At.strOffsetsBase) ?? contributions.strOffsets + header,
    addr: root.sectionOffset(At.addrBase) ?? root.sectionOffset(At.gnuAddrBase) ?? 0,
    rnglists: root.sectionOffset(At.rnglistsBase) ?? contributions.rnglists + listHeader,
    loclists: root.sectionOffset(At.loclistsBase) ?? contributions.loc + listHeader,
    gnuRanges: root.sectionOffset(At.gnuRangesBase) ?? 0,
  };
}
