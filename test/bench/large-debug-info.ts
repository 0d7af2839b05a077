import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ByteCursor } from '../../runtime/symbols/dwarf/byte-cursor.ts';
import { At, Form } from '../../runtime/symbols/dwarf/constants.ts';
import { DwarfFile } from '../../runtime/symbols/dwarf/dwarf-file.ts';
import { skipForm } from '../../runtime/symbols/dwarf/encoding.ts';
import { dwarfSections } from '../../runtime/symbols/dwarf/sections.ts';
import { ModuleParts } from '../../runtime/symbols/module-parts.ts';
import { projectFolder } from '../support/command.ts';

/** Sections that copies have of their own. The others are shared by all. */
const COPIED = ['info', 'line', 'ranges', 'loc'] as const;
type Copied = (typeof COPIED)[number];

/** A place in a section at which copies have another number: an address, or an offset in a section. */
interface Patch {
  readonly in: Copied;
  readonly at: number;
  readonly to: 'address' | Copied;
}

const OFFSETS: ReadonlyMap<number, Copied> = new Map([
  [At.stmtList, 'line'],
  [At.ranges, 'ranges'],
  [At.location, 'loc'],
  [At.frameBase, 'loc'],
]);

/**
 * Makes a module with many copies of the debug information of a Rust program, each of them of other code, as the linker would
 * write them one behind the other. The code itself is empty.
 * @param size of the debug sections that the module is to have at least
 */
export function moduleWithDebugInfo(size: number): Uint8Array {
  const path = join(projectFolder, 'test', 'symbols', 'fixtures', 'tree-v0.wasm');
  const parts = new ModuleParts(new Uint8Array(readFileSync(path)));
  const sections = dwarfSections((name) => parts.custom(name));
  const codeLength = parts.codeEnd - parts.codeStart;
  const patches = [...patchesOfInfo(sections), ...patchesOfLines(sections.line)];
  const length = COPIED.reduce((sum, name) => sum + sections[name].length, 0);
  const copies = Math.ceil(size / length);
  const output = new Map(COPIED.map((name) => [name, new Uint8Array(sections[name].length * copies)]));
  for (let copy = 0; copy < copies; copy++) {
    for (const name of COPIED) output.get(name)?.set(sections[name], copy * sections[name].length);
    for (const { in: name, at, to } of patches) {
      const bytes = output.get(name) ?? new Uint8Array();
      const view = new DataView(bytes.buffer);
      const place = copy * sections[name].length + at;
      const step = to === 'address' ? codeLength : sections[to].length;
      const value = view.getUint32(place, true);
      // What the linker has dropped stays so, and units that begin at 0 have several ranges.
      if (value < 0xfffffffe && !(value === 0 && to === 'address'))
        view.setUint32(place, value + copy * step, true);
    }
  }
  return assemble([
    [10, codeSection(codeLength * copies)],
    ...COPIED.map((name) => [0, custom(`.debug_${name}`, output.get(name) ?? new Uint8Array())] as const),
    [0, custom('.debug_abbrev', sections.abbrev)],
    [0, custom('.debug_str', sections.str)],
  ]);
}

function patchesOfInfo(sections: ReturnType<typeof dwarfSections>): Patch[] {
  const patches: Patch[] = [];
  for (const unit of new DwarfFile(sections, false).units) {
    const { abbreviations } = unit;
    const cursor = new ByteCursor(unit.bytes, unit.firstDie, unit.end);
    while (!cursor.atEnd) {
      const code = cursor.uleb();
      if (code === 0) continue;
      const index = abbreviations.indexOf(code);
      for (
        let at = abbreviations.firstSpec[index] ?? 0;
        at < (abbreviations.firstSpec[index + 1] ?? 0);
        at++
      ) {
        const attribute = abbreviations.specs[2 * at] ?? 0;
        const form = abbreviations.specs[2 * at + 1] ?? 0;
        const to = form === Form.secOffset ? OFFSETS.get(attribute) : undefined;
        if (to !== undefined) patches.push({ in: 'info', at: cursor.position, to });
        // Ranges count from where their unit begins, if it does not begin at 0.
        if (to === 'ranges' && unit.lowPc === 0) {
          const offset = new ByteCursor(unit.bytes, cursor.position).u32();
          patches.push(...patchesOfRanges(sections.ranges, offset));
        }
        // An address of data is none of code, but changes as well.
        if (form === Form.addr) patches.push({ in: 'info', at: cursor.position, to: 'address' });
        if (form === Form.refAddr) patches.push({ in: 'info', at: cursor.position, to: 'info' });
        skipForm(cursor, form, unit);
      }
    }
  }
  return patches;
}

/** The pairs of a list. */
function patchesOfRanges(ranges: Uint8Array, offset: number): Patch[] {
  const patches: Patch[] = [];
  const cursor = new ByteCursor(ranges, offset);
  for (;;) {
    const at = cursor.position;
    const [low, high] = [cursor.u32(), cursor.u32()];
    if (low === 0 && high === 0) return patches;
    patches.push({ in: 'ranges', at, to: 'address' }, { in: 'ranges', at: at + 4, to: 'address' });
  }
}

/** The addresses that the programs set: an extended instruction of five bytes. */
function patchesOfLines(line: Uint8Array): Patch[] {
  const patches: Patch[] = [];
  for (let at = 0; at + 7 <= line.length; at++) {
    const isSetAddress = line[at] === 0 && line[at + 1] === 5 && line[at + 2] === 2;
    if (isSetAddress) patches.push({ in: 'line', at: at + 3, to: 'address' });
  }
  return patches;
}

/** One function of so many bytes, its size included. */
function codeSection(length: number): Uint8Array {
  const body = new Uint8Array(length - 6);
  return Uint8Array.from([1, ...leb5(body.length), ...body]);
}

function custom(name: string, contents: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(name);
  const section = new Uint8Array(1 + text.length + contents.length);
  section[0] = text.length;
  section.set(text, 1);
  section.set(contents, 1 + text.length);
  return section;
}

function assemble(sections: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const length = sections.reduce((sum, [, contents]) => sum + 6 + contents.length, 8);
  const module = new Uint8Array(length);
  module.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  let at = 8;
  for (const [id, contents] of sections) {
    module.set([id, ...leb5(contents.length)], at);
    module.set(contents, at + 6);
    at += 6 + contents.length;
  }
  return module;
}

/** A LEB128 number of five bytes. */
function leb5(value: number): number[] {
  return [0, 7, 14, 21, 28].map((shift) => ((value >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0));
}
