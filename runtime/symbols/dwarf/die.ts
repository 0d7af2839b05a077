import type { AbbreviationTable } from './abbreviations.ts';
import { indexedList, isCode, readAddress, readSectionOffset } from './addresses.ts';
import { ByteCursor, stringAt } from './byte-cursor.ts';
import { At, Form, Tag } from './constants.ts';
import { directForm, skipForm } from './encoding.ts';
import { expressionAt } from './location-list.ts';
import { readRangeList } from './ranges.ts';
import type { UnitContext } from './unit-context.ts';
import { skipDie } from './walk.ts';

/** Entries that others refer to by signature or offset form chains; longer ones are circles. */
const MAX_CHAIN = 16;

/** What entries need of the unit that they are in. */
export interface DieUnit extends UnitContext {
  /** The entry that describes the unit. */
  readonly root: Die;
  /** The entry at an offset of the section; null at the end of a list. @throws DwarfError outside of the unit */
  dieAt(offset: number): Die | null;
  /** The unit of the same file that has this offset. */
  unitAt(offset: number): DieUnit | null;
  /** The entry of the type with this signature. */
  typeBySignature(signature: bigint): Die | null;
  /** The string at an index of the table of strings. @throws DwarfError */
  indexedString(index: number): string;
}

/** An attribute that was found: the cursor stands at its value. */
export interface Found {
  readonly form: number;
  readonly cursor: ByteCursor;
  /** The value, where the form has it in the abbreviation. */
  readonly constant: number;
}

/**
 * A debugging information entry: a function, a variable, a type, a scope. It is a small view of the bytes, made when somebody
 * looks at it; attributes are read when they are asked for.
 *
 * Methods return null if the entry has no such attribute, or one of another class. They throw DwarfError where the
 * bytes are malformed.
 */
export class Die {
  readonly unit: DieUnit;
  /** In the section of its unit; with the unit's file, its identity. */
  readonly offset: number;
  readonly #table: AbbreviationTable;
  readonly #abbreviation: number;
  readonly #attributesAt: number;

  constructor(
    unit: DieUnit,
    offset: number,
    abbreviation: number,
    attributesAt: number,
    table: AbbreviationTable,
  ) {
    this.unit = unit;
    this.offset = offset;
    this.#abbreviation = abbreviation;
    this.#attributesAt = attributesAt;
    this.#table = table;
  }

  get tag(): number {
    return this.#table.tags[this.#abbreviation] ?? 0;
  }

  get hasChildren(): boolean {
    return this.#table.hasChildren[this.#abbreviation] === 1;
  }

  has(attribute: number): boolean {
    return this.find(attribute) !== null;
  }

  string(attribute: number): string | null {
    const found = this.find(attribute);
    if (found === null) return null;
    const { form, cursor } = found;
    const { unit } = this;
    const { sections } = unit;
    switch (form) {
      case Form.string:
        return cursor.string();
      case Form.strp:
        return stringAt(sections.str, cursor.uint(unit.offsetSize));
      case Form.lineStrp:
        return stringAt(sections.lineStr, cursor.uint(unit.offsetSize));
      case Form.strx:
      case Form.gnuStrIndex:
        return unit.indexedString(cursor.uleb());
      case Form.strx1:
        return unit.indexedString(cursor.u8());
      case Form.strx2:
        return unit.indexedString(cursor.u16());
      case Form.strx3:
        return unit.indexedString(cursor.u24());
      case Form.strx4:
        return unit.indexedString(cursor.u32());
      default:
        return null;
    }
  }

  /** A constant as a number: without a sign, unless the form has one. */
  number(attribute: number): number | null {
    const found = this.find(attribute);
    if (found === null) return null;
    const { form, cursor, constant } = found;
    switch (form) {
      case Form.data1:
      case Form.flag:
        return cursor.u8();
      case Form.data2:
        return cursor.u16();
      case Form.data4:
        return cursor.u32();
      case Form.data8:
        return cursor.u64();
      case Form.udata:
        return cursor.uleb();
      case Form.sdata:
        return cursor.sleb();
      case Form.implicitConst:
        return constant;
      default:
        return null;
    }
  }

  /**
   * A constant with all of its bits.
   * @param signed whether forms that have no sign of their own are signed, as the type of what is described
   */
  bigint(attribute: number, signed = false): bigint | null {
    const found = this.find(attribute);
    if (found === null) return null;
    const { form, cursor, constant } = found;
    const fixed = (value: number | bigint, bits: number) =>
      signed ? BigInt.asIntN(bits, BigInt(value)) : BigInt(value);
    switch (form) {
      case Form.data1:
        return fixed(cursor.u8(), 8);
      case Form.data2:
        return fixed(cursor.u16(), 16);
      case Form.data4:
        return fixed(cursor.u32(), 32);
      case Form.data8:
        return fixed(cursor.bigUint64(), 64);
      case Form.data16:
        return fixed(cursor.bigUint64() | (cursor.bigUint64() << 64n), 128);
      case Form.udata:
        return cursor.bigUleb();
      case Form.sdata:
        return cursor.bigSleb();
      case Form.implicitConst:
        return BigInt(constant);
      case Form.block1: {
        // Numbers of 128 bits, before DWARF 5.
        const bytes = cursor.view(cursor.u8());
        const value = bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
        return fixed(value, 8 * bytes.length);
      }
      default:
        return null;
    }
  }

  flag(attribute: number): boolean {
    const found = this.find(attribute);
    if (found === null) return false;
    return found.form === Form.flagPresent || (found.form === Form.flag && found.cursor.u8() !== 0);
  }

  /** An offset in another section, such as that of a list. */
  sectionOffset(attribute: number): number | null {
    const found = this.find(attribute);
    return found === null ? null : readSectionOffset(this.unit, found.form, found.cursor);
  }

  address(attribute: number): number | null {
    const found = this.find(attribute);
    return found === null ? null : readAddress(this.unit, found.form, found.cursor);
  }

  /** A block of bytes, such as an expression. */
  block(attribute: number): Uint8Array | null {
    const found = this.find(attribute);
    if (found === null) return null;
    const { form, cursor } = found;
    switch (form) {
      case Form.exprloc:
      case Form.block:
        return cursor.view(cursor.uleb());
      case Form.block1:
        return cursor.view(cursor.u8());
      case Form.block2:
        return cursor.view(cursor.u16());
      case Form.block4:
        return cursor.view(cursor.u32());
      case Form.data16:
        return cursor.view(16);
      default:
        return null;
    }
  }

  /** The list of locations that the attribute refers to: its offset in .debug_loc or .debug_loclists. */
  locationList(attribute: number): number | null {
    const found = this.find(attribute);
    if (found === null) return null;
    const { unit } = this;
    if (found.form !== Form.loclistx) {
      const offset = readSectionOffset(unit, found.form, found.cursor);
      return offset === null ? null : unit.contributions.loc + offset;
    }
    return indexedList(unit, unit.sections.loclists, unit.bases.loclists, found.cursor.uleb());
  }

  /**
   * The expression that an attribute such as `DW_AT_location` has at an address; null where there is none: the variable is
   * nowhere then. `evaluate` says what it means.
   */
  expression(attribute: number, address: number): Uint8Array | null {
    const block = this.block(attribute);
    if (block !== null) return block;
    const list = this.locationList(attribute);
    return list === null ? null : expressionAt(this.unit, list, address);
  }

  /** The entry that the attribute refers to. */
  reference(attribute: number): Die | null {
    const found = this.find(attribute);
    if (found === null) return null;
    const { form, cursor } = found;
    const { unit } = this;
    switch (form) {
      case Form.ref1:
        return unit.dieAt(unit.start + cursor.u8());
      case Form.ref2:
        return unit.dieAt(unit.start + cursor.u16());
      case Form.ref4:
        return unit.dieAt(unit.start + cursor.u32());
      case Form.ref8:
        return unit.dieAt(unit.start + cursor.u64());
      case Form.refUdata:
        return unit.dieAt(unit.start + cursor.uleb());
      case Form.refAddr: {
        const offset = cursor.uint(unit.version <= 2 ? unit.addressSize : unit.offsetSize);
        return unit.unitAt(offset)?.dieAt(offset) ?? null;
      }
      case Form.refSig8:
        return unit.typeBySignature(cursor.bigUint64());
      default:
        return null;
    }
  }

  /** The addresses of its code: pairs of the first one and the one behind the last. Without what the linker has dropped. */
  ranges(): number[] {
    const list = this.find(At.ranges);
    const pairs: number[] = [];
    if (list !== null) {
      readRangeList(this.unit, list.form, list.cursor, (low, high) => pairs.push(low, high));
      return pairs;
    }
    const low = this.address(At.lowPc);
    if (low === null) return pairs;
    const high = this.address(At.highPc) ?? low + (this.number(At.highPc) ?? 0);
    if (isCode(low, high)) pairs.push(low, high);
    return pairs;
  }

  /** The entries directly below this one. */
  *children(): Generator<Die, void, undefined> {
    if (!this.hasChildren) return;
    const cursor = this.#behindAttributes();
    while (!cursor.atEnd) {
      const die = this.unit.dieAt(cursor.position);
      if (die === null) return;
      yield die;
      skipDie(cursor, this.unit);
    }
  }

  /** Where the first of them is, in the section of the unit; -1 if there are none. @throws DwarfError */
  get firstChild(): number {
    return this.hasChildren ? this.#behindAttributes().position : -1;
  }

  /**
   * This entry, and then those that it completes or stands for (`DW_AT_specification`, `DW_AT_abstract_origin`): what it does
   * not say itself, they do.
   */
  *origins(): Generator<Die, void, undefined> {
    let die: Die | null = this;
    for (let count = 0; die !== null && count < MAX_CHAIN; count++) {
      yield die;
      die =
        die.reference(At.abstractOrigin) ?? die.reference(At.specification) ?? die.reference(At.signature);
    }
  }

  /** A string of the entry or of one of its origins. */
  inheritedString(attribute: number): string | null {
    for (const die of this.origins()) {
      const text = die.string(attribute);
      if (text !== null) return text;
    }
    return null;
  }

  /** A reference of the entry or of one of its origins: mostly its type. */
  inheritedReference(attribute: number): Die | null {
    for (const die of this.origins()) {
      const target = die.reference(attribute);
      if (target !== null) return target;
    }
    return null;
  }

  /** The name in the source, without where it is declared. */
  get name(): string | null {
    return this.inheritedString(At.name);
  }

  /** The symbol of a function or variable, mangled. */
  get linkageName(): string | null {
    return this.inheritedString(At.linkageName) ?? this.inheritedString(At.mipsLinkageName);
  }

  /** Its type. Null is C's `void`. */
  get type(): Die | null {
    return this.inheritedReference(At.type);
  }

  get isFunction(): boolean {
    return this.tag === Tag.subprogram || this.tag === Tag.inlinedSubroutine;
  }

  #behindAttributes(): ByteCursor {
    const { unit } = this;
    const cursor = new ByteCursor(unit.bytes, this.#attributesAt, unit.end);
    const { specs, firstSpec } = this.#table;
    const last = firstSpec[this.#abbreviation + 1] ?? 0;
    for (let at = firstSpec[this.#abbreviation] ?? 0; at < last; at++)
      skipForm(cursor, specs[2 * at + 1] ?? 0, unit);
    return cursor;
  }

  /** Where an attribute is. */
  find(attribute: number): Found | null {
    const { specs, firstSpec, constants } = this.#table;
    const first = firstSpec[this.#abbreviation] ?? 0;
    const last = firstSpec[this.#abbreviation + 1] ?? 0;
    let at = first;
    while (at < last && specs[2 * at] !== attribute) at++;
    if (at === last) return null;
    const { unit } = this;
    const cursor = new ByteCursor(unit.bytes, this.#attributesAt, unit.end);
    for (let before = first; before < at; before++) skipForm(cursor, specs[2 * before + 1] ?? 0, unit);
    const form = specs[2 * at + 1] ?? 0;
    return {
      form: form === Form.indirect ? directForm(cursor) : form,
      cursor,
      constant: constants.get(at) ?? 0,
    };
  }
}
