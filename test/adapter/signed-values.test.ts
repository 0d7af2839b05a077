/** Integers whose highest bit is a sign: `int8_t` is a `signed char`, and `wchar_t` an `int`. */
import { expect, test } from 'vitest';
import { ExpressionTypes } from '../../debug-adapter/expression-types.ts';
import { ProcessMemory } from '../../debug-adapter/values/process-memory.ts';
import { Shower } from '../../debug-adapter/values/show-value.ts';
import { TypeTable } from '../../debug-adapter/values/type-table.ts';
import { inMemory, type Value } from '../../debug-adapter/values/value.ts';
import { codeOf } from '../../debug-adapter/values/value-code.ts';
import { ValueReader } from '../../debug-adapter/values/value-reader.ts';
import { ProcessCall } from '../../runtime/inspect/process-call.ts';
import { typedCode } from '../../runtime/inspect/typed-code.ts';
import { type ModuleSymbols, type TypeInfo, valueText } from '../../runtime/internal.ts';
import { Tag } from '../../runtime/symbols/dwarf/constants.ts';
import type { Dwarf } from '../../runtime/symbols/dwarf/dwarf.ts';
import { TypeReader } from '../../runtime/symbols/variables/type-reader.ts';

/** `DW_ATE_signed_char` and `DW_ATE_unsigned_char`. */
const SIGNED_CHAR = 6;
const UNSIGNED_CHAR = 8;

/** An enum with a constant of all ones whose type is another name for a type of this encoding. */
function types(encoding: number) {
  const base = {
    ...{ tag: Tag.baseType, name: 'byte', type: null, unit: { unitAt: null }, offset: 1 },
    number: (at: number) => (at === 0x3e ? encoding : at === 0x0b ? 1 : null),
    origins: () => [base],
    children: () => [],
  };
  const alias = { ...base, tag: Tag.typedef, type: base, name: 'int8_t', offset: 2, origins: () => [] };
  const constant = {
    tag: Tag.enumerator,
    name: 'ALL',
    bigint: (_: number, isSigned: boolean) => (isSigned ? -1n : 255n),
  };
  const all = { ...base, tag: Tag.enumerationType, type: alias, offset: 3, children: () => [constant] };
  const entries = [base, alias, all];
  const dieAt = (offset: number) => entries.find((entry) => entry.offset === offset) ?? null;
  const dwarf = { file: { sections: { info: [] }, unitAt: () => ({ dieAt }) } };
  for (const entry of entries) entry.unit = { bytes: 0, sections: { types: 1 } } as never;
  const reader = new TypeReader(dwarf as unknown as Dwarf);
  return new Map(
    ['i1', 'i2', 'i3'].flatMap((id): [string, TypeInfo][] => {
      const type = reader.read(id);
      return type === null ? [] : [[id, type]];
    }),
  );
}

function showerOf(
  known: ReadonlyMap<string, TypeInfo>,
  read: ConstructorParameters<typeof ProcessMemory>[0],
): Shower {
  const symbols = { types: async () => known } as unknown as ModuleSymbols;
  const reader = new ValueReader({
    types: new TypeTable(symbols),
    memory: new ProcessMemory(read),
    ...{
      language: 'C++',
      offset: 0,
      locals: new Map(),
      globals: new Map(),
      processText: async () => '',
      functionText: async () => null,
      functionIndex: async () => null,
    },
  });
  return new Shower(reader, async () => null);
}

const FIELD: Value = { ...inMemory('i1', 16), bits: { offset: 0, size: 3 } };

test.each([
  [SIGNED_CHAR, '-1', -1, '-1'],
  [UNSIGNED_CHAR, '255', 255, '7'],
])('encoding %i', async (encoding, text, number, field) => {
  const shower = showerOf(types(encoding), async (_, count) => new Uint8Array(count).fill(0xff));
  expect((await shower.show(inMemory('i2', 16))).text).toBe(text);
  expect((await shower.show(inMemory('i3', 16))).text).toBe('ALL');
  expect((await shower.show(FIELD)).text).toBe(field);
  const memory = { memory: new DataView(new ArrayBuffer(0)) };
  for (const type of ['i1', 'i2', 'i3'])
    expect((await codeOf(shower, inMemory(type, 16), false)).value?.(memory)).toBe(number);
});

/** A call that sees a memory of these words. */
class Stopped extends ProcessCall {
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    super();
    this.#words = words;
  }

  override get memory(): DataView {
    return new DataView(this.#words.buffer);
  }
}

test.each([
  [-1, '-1 0xffffffff'],
  [1, "1 '\\u{1}'"],
  [0x20_0b, "8203 '\\u{200b}'"],
  [0xd8_3d, '55357 0xd83d'],
  [0x27, "39 '\\''"],
])('a wchar_t of %i is displayed as %s, in variables and in log messages', async (number, text) => {
  const wide: TypeInfo = {
    ...{ kind: 'base', encoding: 'signed', isSigned: true },
    ...{ label: 'wchar_t', name: 'wchar_t', scope: [], size: 4 },
  };
  const types = new Map([['wide', wide]]);
  const memory = new Int32Array(1024).fill(number);
  const shower = showerOf(types, async (_, count) => new Uint8Array(memory.buffer, 0, count));
  expect((await shower.show(inMemory('wide', 16))).text).toBe(text);
  const expressionTypes = new ExpressionTypes(async () => types);
  const place = await expressionTypes.add('wide', 1);
  const code = typedCode(expressionTypes.list, place, () => 0);
  expect(valueText(code, new Stopped(memory))).toBe(text);
});
