/** Debug information that somebody has made so that reading it takes very long, or very much memory. */
import { describe, expect, test } from 'vitest';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import type { Symbols } from '../../runtime/symbols/symbols.ts';

const CODE_LENGTH = 0x1000;
const CODE_START = 14;

/** A module of empty code with these debug sections. */
function moduleWith(sections: Record<string, Uint8Array | readonly number[]>): Uint8Array {
  const parts: Uint8Array[] = [
    Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
    Uint8Array.of(10, ...u32leb(CODE_LENGTH)),
  ];
  parts.push(Uint8Array.of(1, ...u32leb(CODE_LENGTH - 6), ...new Uint8Array(CODE_LENGTH - 6)));
  for (const [name, contents] of Object.entries(sections)) {
    const text = Buffer.from(`.debug_${name}`);
    parts.push(
      Uint8Array.of(0, ...u32leb(1 + text.length + contents.length), text.length, ...text),
      Uint8Array.from(contents),
    );
  }
  return Uint8Array.from(Buffer.concat(parts));
}

const u32leb = (value: number) =>
  [0, 7, 14, 21, 28].map((at) => ((value >>> at) & 0x7f) | (at < 28 ? 0x80 : 0));
const u32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];
const repeat = (bytes: readonly number[], count: number) => {
  const all = new Uint8Array(bytes.length * count);
  for (let i = 0; i < count; i++) all.set(bytes, i * bytes.length);
  return all;
};
const join = (...parts: (Uint8Array | readonly number[])[]) =>
  Uint8Array.from(Buffer.concat(parts.map((part) => Uint8Array.from(part))));

/** A unit of DWARF 4 with these entries. */
function unit(entries: Uint8Array | readonly number[], abbreviations = 0): Uint8Array {
  return join(u32(7 + entries.length), [4, 0], u32(abbreviations), [4], entries);
}

/** Abbreviations: code, tag, whether it has children, then attributes and forms. */
const abbreviation = (code: number, tag: number, children: boolean, ...specs: number[]) => [
  code,
  tag,
  children ? 1 : 0,
  ...specs,
  0,
  0,
];

const [unitTag, functionTag, inlinedTag, baseTypeTag] = [0x11, 0x2e, 0x1d, 0x24];
const [variableTag, pointerTag, structTag, memberTag] = [0x34, 0x0f, 0x13, 0x0d];
const [typeAt, locationAt, exprloc] = [0x49, 0x02, 0x18];
const [byteSizeAt, declarationAt, specificationAt, data1] = [0x0b, 0x3c, 0x47, 0x0b];
const nothingKnown = { inlined: 0, locals: new Map(), globals: new Map(), memory: [] };
const [addr, ref4, secOffset, flagPresent, data4, string] = [0x01, 0x13, 0x17, 0x19, 0x06, 0x08];
const [nameAt, lowPcAt, highPcAt, originAt, rangesAt, stmtListAt, compDirAt] = [
  0x03, 0x11, 0x12, 0x31, 0x55, 0x10, 0x1b,
];

/** Root entry of a unit with the code from 1 on. */
const rootAbbreviation = abbreviation(1, unitTag, true, lowPcAt, addr, highPcAt, data4);
const root = [1, ...u32(1), ...u32(CODE_LENGTH - 1)];

/** Looks at all that there is. */
function look(symbols: Symbols): void {
  for (let offset = CODE_START; offset < CODE_START + 8; offset++) symbols.framesAt(offset);
  for (const file of symbols.files().slice(0, 3)) symbols.startsOf(file, symbols.linesOf(file)[0] ?? 1);
}

describe('what could take very long ends', () => {
  test('functions that stand for each other', () => {
    const abbrev = [
      ...rootAbbreviation,
      ...abbreviation(2, functionTag, false, lowPcAt, addr, highPcAt, data4, originAt, ref4),
      0,
    ];
    const size = 13;
    const first = 11 + root.length;
    const info = unit([
      ...root,
      ...[2, ...u32(1), ...u32(4), ...u32(first + size)],
      ...[2, ...u32(5), ...u32(4), ...u32(first)],
      0,
    ]);
    const symbols = openSymbols(moduleWith({ info, abbrev }));
    expect(symbols.framesAt(CODE_START + 2)).toEqual([
      { functionName: null, linkageName: null, place: null, isInlined: false },
    ]);
  });

  test('millions of entries, each with hundreds of attributes that take no bytes', () => {
    const flags = Array.from({ length: 900 }, (_, i) => [
      0x80 | (i & 0x7f),
      0x20 + (i >> 7),
      flagPresent,
    ]).flat();
    const abbrev = [...rootAbbreviation, ...abbreviation(2, baseTypeTag, false, ...flags), 0];
    look(openSymbols(moduleWith({ info: unit(join(root, repeat([2], 5_000_000), [0])), abbrev })));
  });

  test('entries nested a million deep', () => {
    const abbrev = [
      ...rootAbbreviation,
      ...abbreviation(2, inlinedTag, true, lowPcAt, addr, highPcAt, data4),
      0,
    ];
    const symbols = openSymbols(
      moduleWith({ info: unit(join(root, repeat([2, ...u32(1), ...u32(100)], 1_000_000))), abbrev }),
    );
    expect(symbols.framesAt(CODE_START + 2).length).toBeLessThan(1000);
  });

  test('a long list of ranges that a hundred thousand functions share', () => {
    const abbrev = [...rootAbbreviation, ...abbreviation(2, functionTag, false, rangesAt, secOffset), 0];
    const info = unit(join(root, repeat([2, ...u32(0)], 100_000), [0]));
    look(
      openSymbols(
        moduleWith({ info, abbrev, ranges: join(repeat([...u32(1), ...u32(2)], 200_000), u32(0), u32(0)) }),
      ),
    );
  });

  test('a long list of ranges without an end that all functions share', () => {
    const abbrev = [...rootAbbreviation, ...abbreviation(2, functionTag, false, rangesAt, secOffset), 0];
    const info = unit(join(root, repeat([2, ...u32(0)], 100_000), [0]));
    look(openSymbols(moduleWith({ info, abbrev, ranges: repeat([...u32(9), ...u32(8)], 200_000) })));
  });

  test('a hundred thousand units, each of whose tables of abbreviations begins a little later', () => {
    const abbrev = join(repeat([...abbreviation(2, functionTag, false, nameAt, string)], 100_000), [0]);
    const units = Array.from({ length: 100_000 }, (_, i) => unit([1, ...u32(1), ...u32(9)], 7 * i));
    look(openSymbols(moduleWith({ info: join(...units), abbrev })));
  });

  test('a hundred thousand units, each of whose line tables begins a little later', () => {
    const abbrev = [
      ...abbreviation(1, unitTag, false, lowPcAt, addr, highPcAt, data4, stmtListAt, secOffset),
      0,
    ];
    const units = Array.from({ length: 100_000 }, (_, i) => unit([1, ...u32(1), ...u32(9), ...u32(16 * i)]));
    const length = 16 * 100_000;
    const line = repeat([0, 0, 0, 0, 4, 0, ...u32(0x7fff_ffff), 1, 1, 1, 0, 1, 13], 100_000);
    for (let at = 0; at < length; at += 16) line.set(u32(length - at - 4), at);
    look(openSymbols(moduleWith({ info: join(...units), abbrev, line })));
  });

  test('types that are made of themselves, and a name of pointers without end', () => {
    const abbrev = [
      ...rootAbbreviation,
      ...abbreviation(2, functionTag, true, lowPcAt, addr, highPcAt, data4),
      ...abbreviation(3, variableTag, false, nameAt, string, typeAt, ref4),
      ...abbreviation(4, pointerTag, false, typeAt, ref4),
      ...abbreviation(5, structTag, true, nameAt, string),
      ...abbreviation(6, memberTag, false, nameAt, string, typeAt, ref4),
      0,
    ];
    const first = 11 + root.length;
    const pointer = first + 9 + 7 + 1;
    const struct = pointer + 5;
    const info = unit([
      ...root,
      ...[2, ...u32(1), ...u32(4)],
      ...[3, 0x76, 0, ...u32(pointer)],
      0,
      ...[4, ...u32(pointer)],
      ...[5, 0x73, 0],
      ...[6, 0x6d, 0, ...u32(struct)],
      ...[0, 0],
    ]);
    const { variables } = openSymbols(moduleWith({ info, abbrev }));
    const found = variables?.variablesOf({ ...nothingKnown, offset: CODE_START + 2 });
    expect(found?.variables).toMatchObject([{ name: 'v', type: `i${pointer}` }]);
    const [type] = found?.types.values() ?? [];
    expect(type).toMatchObject({ kind: 'pointer', target: `i${pointer}` });
    expect(type?.label.length).toBeLessThan(100);
    const self = variables?.types([`i${struct}`]).get(`i${struct}`);
    expect(self).toMatchObject({ kind: 'struct', members: [{ name: 'm', type: `i${struct}` }] });
  });

  test('a class that completes its own declaration, as those do that are nested in others', () => {
    const abbrev = [
      ...rootAbbreviation,
      ...abbreviation(2, structTag, false, nameAt, string, declarationAt, flagPresent),
      ...abbreviation(3, structTag, true, specificationAt, ref4, byteSizeAt, data1),
      ...abbreviation(4, memberTag, false, nameAt, string, typeAt, ref4),
      0,
    ];
    const declared = 11 + root.length;
    const defined = declared + 3;
    const info = unit([
      ...root,
      ...[2, 0x73, 0],
      ...[3, ...u32(declared), 4],
      ...[4, 0x6d, 0, ...u32(defined)],
      ...[0, 0],
    ]);
    const { variables } = openSymbols(moduleWith({ info, abbrev }));
    for (const at of [declared, defined])
      expect(variables?.types([`i${at}`]).get(`i${at}`)).toMatchObject({
        ...{ kind: 'struct', name: 's', size: 4, isDeclaration: false },
        members: [{ name: 'm', type: `i${defined}` }],
      });
  });

  test('a million variables, each at the end of an expression that does not end', () => {
    const abbrev = [
      ...rootAbbreviation,
      ...abbreviation(2, functionTag, true, lowPcAt, addr, highPcAt, data4),
      ...abbreviation(3, variableTag, false, nameAt, string, locationAt, exprloc),
      0,
    ];
    // A jump to itself.
    const variable = [3, 0x76, 0, 3, 0x2f, 0xfd, 0xff];
    const info = unit(join(root, [2, ...u32(1), ...u32(4)], repeat(variable, 1_000_000), [0, 0]));
    const { variables } = openSymbols(moduleWith({ info, abbrev }));
    const found = variables?.variablesOf({ ...nothingKnown, offset: CODE_START + 2 });
    expect(found?.variables.length).toBeLessThan(10_000);
    expect(found?.variables[0]?.place.kind).toBe('unknown');
  });

  test('a type unit or package that claims to be of any size', () => {
    for (const cuIndex of [
      repeat([0xff], 64),
      [...u32(5), ...u32(8), ...u32(0xffff_ffff), ...u32(0xffff_ffff)],
    ]) {
      const info = unit(root);
      look(
        openSymbols(
          moduleWith({
            info,
            abbrev: [...rootAbbreviation, 0],
            cu_index: cuIndex,
            types: repeat([0xff], 64),
          }),
        ),
      );
    }
  });
});

describe('what could take very much memory is left out', () => {
  test('short entries that name long paths', () => {
    const abbrev = [
      ...abbreviation(
        1,
        unitTag,
        false,
        lowPcAt,
        addr,
        highPcAt,
        data4,
        stmtListAt,
        secOffset,
        compDirAt,
        string,
      ),
      0,
    ];
    const folder = Buffer.from(`/${'a'.repeat(60_000)}`);
    const info = unit(join([1, ...u32(1), ...u32(9), ...u32(0)], folder, [0]));
    const table = join(
      [1, 1, 1, 0, 1, 1],
      Buffer.from('d'.repeat(4000)),
      [0, 0],
      repeat([0x66, 0, 1, 0, 0], 500_000),
      [0],
    );
    const header = join([4, 0], u32(table.length), table);
    const symbols = openSymbols(moduleWith({ info, abbrev, line: join(u32(header.length), header) }));
    const before = process.memoryUsage().heapUsed;
    expect(symbols.files().length).toBeLessThan(500_000);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5e8);
  });

  test('long names', () => {
    const abbrev = [
      ...rootAbbreviation,
      ...abbreviation(2, functionTag, false, lowPcAt, addr, highPcAt, data4, nameAt, string),
      0,
    ];
    const name = Buffer.from('n'.repeat(1_000_000));
    const info = unit(join(root, [2, ...u32(1), ...u32(4)], name, [0, 0]));
    const [frame] = openSymbols(moduleWith({ info, abbrev })).framesAt(CODE_START + 2);
    expect(frame?.functionName).toMatch(/^n{1000,4096}$/);
  });
});

test('names and paths of a module say nothing to a terminal', () => {
  const abbrev = [
    ...rootAbbreviation,
    ...abbreviation(2, functionTag, false, lowPcAt, addr, highPcAt, data4, nameAt, string),
    0,
  ];
  const info = unit(join(root, [2, ...u32(1), ...u32(4)], Buffer.from('\x1b[2Jevil'), [0, 0]));
  const [frame] = openSymbols(moduleWith({ info, abbrev })).framesAt(CODE_START + 2);
  expect(frame?.functionName).not.toContain('\x1b');
  expect(frame?.functionName).toContain('evil');
});
