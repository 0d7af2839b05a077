/**
 * Leaves in a module the debug information of the units whose names match, and drops that of libraries, and what else only tells
 * how it was built.
 *
 *     node test/guests/values/keep-units.ts MODULE PATTERN [--names] [--linkage-names]
 *
 * With `--names`, functions keep the names that the name section has, with `--linkage-names` the mangled ones of debug information.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { AbbreviationTable } from '../../../runtime/symbols/dwarf/abbreviations.ts';
import { ByteCursor } from '../../../runtime/symbols/dwarf/byte-cursor.ts';
import { At, Form } from '../../../runtime/symbols/dwarf/constants.ts';
import { DwarfFile } from '../../../runtime/symbols/dwarf/dwarf-file.ts';
import { readInitialLength, skipForm } from '../../../runtime/symbols/dwarf/encoding.ts';
import { dwarfSections } from '../../../runtime/symbols/dwarf/sections.ts';
import type { Unit } from '../../../runtime/symbols/dwarf/unit.ts';
import { ModuleParts } from '../../../runtime/symbols/module-parts.ts';

/** Bytes that are put one behind the other, each piece once. */
class Pieces {
  readonly #source: Uint8Array;
  readonly #starts = new Map<number, number>();
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  constructor(source: Uint8Array) {
    this.#source = source;
  }

  /** Where the piece from `start` on is now. */
  add(start: number, end: () => number): number {
    let known = this.#starts.get(start);
    if (known === undefined) {
      known = this.append(this.#source.slice(start, end()));
      this.#starts.set(start, known);
    }
    return known;
  }

  append(bytes: Uint8Array): number {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this.#length - bytes.length;
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

const [path = '', pattern = '', ...options] = process.argv.slice(2);
const bytesOf = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);

function keepUnits(module: Uint8Array, isKept: (name: string) => boolean): Map<string, Uint8Array> {
  const parts = new ModuleParts(module);
  const sections = dwarfSections((name) => parts.custom(name));
  const file = new DwarfFile(sections, false);
  const info = new Pieces(sections.info);
  const abbrev = new Pieces(sections.abbrev);
  const line = new Pieces(sections.line);
  const str = new Pieces(sections.str);
  const ranges = new Pieces(sections.ranges);
  const loc = new Pieces(sections.loc);
  // Mangled names are most of the text, and the others tell as much.
  const empty = str.append(Uint8Array.of(0));
  const keep = (unit: Unit): void => {
    const bytes = unit.bytes.slice(unit.start, unit.end);
    const patch = (at: number, value: number) => bytes.set(bytesOf(value), at - unit.start);
    const abbrevAt = new ByteCursor(unit.bytes, unit.start + 6).u32();
    patch(
      unit.start + 6,
      abbrev.add(abbrevAt, () => {
        const cursor = new ByteCursor(sections.abbrev, abbrevAt);
        new AbbreviationTable(cursor);
        return cursor.position;
      }),
    );
    const { abbreviations } = unit;
    const cursor = new ByteCursor(unit.bytes, unit.firstDie, unit.end);
    while (!cursor.atEnd) {
      const code = cursor.uleb();
      if (code === 0) continue;
      const index = abbreviations.indexOf(code);
      for (let i = abbreviations.firstSpec[index] ?? 0; i < (abbreviations.firstSpec[index + 1] ?? 0); i++) {
        const attribute = abbreviations.specs[2 * i] ?? 0;
        const form = abbreviations.specs[2 * i + 1] ?? 0;
        const at = cursor.position;
        skipForm(cursor, form, unit);
        if (form !== Form.strp && form !== Form.secOffset) continue;
        const value = new ByteCursor(unit.bytes, at).u32();
        if (form === Form.strp && attribute === At.linkageName && !options.includes('--linkage-names')) patch(at, empty);
        else if (form === Form.strp) patch(at, str.add(value, () => sections.str.indexOf(0, value) + 1));
        else if (attribute === At.stmtList) patch(at, line.add(value, () => readInitialLength(new ByteCursor(sections.line, value)).end));
        else if (attribute === At.ranges) patch(at, ranges.add(value, () => endOfRanges(sections.ranges, value)));
        else if (attribute === At.location) patch(at, loc.add(value, () => endOfLocations(sections.loc, value)));
        else throw new Error(`the attribute 0x${attribute.toString(16)} refers to another section`);
      }
    }
    info.append(bytes);
  };
  for (const unit of file.units) {
    if (unit.version !== 4) throw new Error(`version ${unit.version} is not understood`);
    if (isKept(unit.root.string(At.name) ?? '')) keep(unit);
  }
  return new Map([
    ['.debug_info', info.bytes],
    ['.debug_abbrev', abbrev.bytes],
    ['.debug_line', line.bytes],
    ['.debug_str', str.bytes],
    ['.debug_ranges', ranges.bytes],
    ['.debug_loc', loc.bytes],
  ]);
}

function endOfRanges(section: Uint8Array, start: number): number {
  const cursor = new ByteCursor(section, start);
  for (;;) {
    const low = cursor.u32();
    const high = cursor.u32();
    if (low === 0 && high === 0) return cursor.position;
  }
}

function endOfLocations(section: Uint8Array, start: number): number {
  const cursor = new ByteCursor(section, start);
  for (;;) {
    const low = cursor.u32();
    const high = cursor.u32();
    if (low === 0 && high === 0) return cursor.position;
    if (low !== 0xffffffff) cursor.skip(cursor.u16());
  }
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** The module without its custom sections, but for the given ones. */
function withCustomSections(module: Uint8Array, custom: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts = [module.subarray(0, 8)];
  const cursor = new ByteCursor(module, 8);
  while (!cursor.atEnd) {
    const start = cursor.position;
    const id = cursor.u8();
    cursor.skip(cursor.uleb());
    if (id !== 0) parts.push(module.subarray(start, cursor.position));
  }
  for (const [name, contents] of custom) {
    const head = [...leb(name.length), ...Buffer.from(name)];
    parts.push(Uint8Array.from([0, ...leb(head.length + contents.length), ...head]), contents);
  }
  return Buffer.concat(parts);
}

const module = new Uint8Array(readFileSync(path));
const custom = keepUnits(module, (name) => new RegExp(pattern).test(name));
if (options.includes('--names')) custom.set('name', new ModuleParts(module).custom('name') ?? new Uint8Array());
writeFileSync(path, withCustomSections(module, custom));
