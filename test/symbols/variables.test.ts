import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TypeInfo } from '../../runtime/symbols/variables/type-info.ts';
import type {
  FrameState,
  FrameVariables,
  VariableInfo,
} from '../../runtime/symbols/variables/variable-info.ts';
import { readVariablesText } from './dumped-variables.ts';
import { fixture, fixtures } from './fixtures.ts';
import { openModule } from './module-symbols.ts';

const NOTHING_KNOWN = { inlined: 0, locals: new Map(), globals: new Map(), memory: [] };

const described = fixtures().filter((path) => existsSync(path.replace(/wasm$/, 'variables')));

test.each(described.map((path) => [basename(path), path]))(
  '%s: the variables of all functions, inlined calls and blocks are those that LLVM has found, with their types',
  (_, path) => {
    const { symbols, parts } = openModule(path);
    let count = 0;
    for (const { address, frames } of readVariablesText(
      readFileSync(path.replace(/wasm$/, 'variables'), 'utf8'),
    )) {
      for (const [inlined, expected] of frames.entries()) {
        const offset = parts.codeStart + address;
        const found = symbols.variables.variablesOf({ ...NOTHING_KNOWN, offset, inlined });
        const texts = found.variables.flatMap((variable) => comparable(variable, found, expected));
        expect(texts.sort(), `${address}, frame ${inlined}`).toEqual(expected);
        count += expected.length;
      }
    }
    expect(count).toBeGreaterThan(20);
  },
);

/** A variable as LLVM 14 prints it: it does not know the names of Rust's pointers. */
function comparable(
  variable: VariableInfo,
  { types }: FrameVariables,
  expected: readonly string[],
): string[] {
  const { kind, name, type, place } = variable;
  const head = `${kind} ${name}: `;
  const info = type === null ? undefined : types.get(type);
  const text = head + (info === undefined ? 'void' : nameOf(info));
  const llvm = expected.find((line) => line.startsWith(head));
  // What was optimised away everywhere is not in LLVM's list.
  if (llvm === undefined && place.kind === 'nowhere') return [];
  if (info?.kind === 'pointer' && info.name !== null && llvm?.endsWith('*') === true) return [llvm];
  // Nor how Rust writes arrays.
  return [text.replace('(anonymous class)', 'class ').replace(/\[(.+); (\d+)\]/, '$1[$2]')];
}

function nameOf({ name, scope, label }: TypeInfo): string {
  return name === null ? label : [...scope, name].join('::');
}

/** The variables at the first place of a line. */
function variablesAt(
  name: string,
  file: string,
  line: number,
  state: Partial<FrameState> = {},
): FrameVariables {
  const { symbols } = openModule(fixture(name));
  const [start] = symbols.startsOf(file, line);
  return symbols.variables.variablesOf({ ...NOTHING_KNOWN, ...state, offset: start?.offset ?? 0 });
}

const summary = ({ variables }: FrameVariables) =>
  variables.map(({ name, kind, place }) => [kind, name, place]);
const i32 = (value: number) => new Uint8Array(Int32Array.of(value).buffer);
const locals = (...values: number[]) => new Map(values.map((value, index) => [index, i32(value)]));

describe('places', () => {
  const taxed = 33;

  test('are in memory, from the frame base, where nothing is optimised', () => {
    const base = new Map([...Array(40).keys()].map((index) => [index, i32(1000)]));
    const found = variablesAt('market-debug.wasm', '/project/market.c', taxed, { locals: base });
    expect(found.language).toBe('C');
    expect(summary(found)).toEqual([
      ['parameter', 'rate', { kind: 'memory', address: expect.any(Number) }],
      ['local', 'all', { kind: 'memory', address: expect.any(Number) }],
      ['local', 'sum', { kind: 'memory', address: expect.any(Number) }],
      ['local', 'at', { kind: 'memory', address: expect.any(Number) }],
    ]);
    for (const { place } of found.variables) {
      const address = place.kind === 'memory' ? place.address : 0;
      expect(address).toBeGreaterThanOrEqual(1000);
      expect(address).toBeLessThan(1100);
    }
  });

  test('have rules, by which they are found in other calls too', () => {
    const found = variablesAt('market-debug.wasm', '/project/market.c', taxed, {
      locals: new Map([...Array(40).keys()].map((index) => [index, i32(100 * index)])),
    });
    for (const { place, rule } of found.variables) {
      expect(rule).toMatchObject({ kind: 'memory', base: { store: 'local' } });
      if (rule?.kind !== 'memory' || place.kind !== 'memory') continue;
      expect(place.address).toBe(100 * (rule.base?.index ?? 0) + rule.offset);
    }
    const divided = variablesAt('market-release.wasm', '/project/market.c', 39);
    expect(divided.variables[1]?.rule).toEqual({ kind: 'wasm', store: 'local', index: 1 });
    const { symbols } = openModule(fixture('market-dwarf5.wasm'));
    const [used] = symbols.variables.staticsNamed('used', 0).variables;
    const place = used?.place;
    expect(place?.kind).toBe('memory');
    expect(used?.rule).toEqual({
      kind: 'memory',
      base: null,
      offset: place?.kind === 'memory' && place.address,
    });
  });

  test('say so where what they depend on is not known', () => {
    const found = variablesAt('market-debug.wasm', '/project/market.c', taxed);
    expect(found.variables[0]?.place).toMatchObject({
      kind: 'unknown',
      why: expect.stringContaining('local'),
    });
  });

  test('are locals where the compiler keeps variables there, and nowhere where it has none', () => {
    const divided = variablesAt('market-release.wasm', '/project/market.c', 39, { locals: locals(6, 3) });
    expect(summary(divided)).toEqual([
      ['parameter', 'a', { kind: 'wasm', store: 'local', index: 0 }],
      ['parameter', 'b', { kind: 'wasm', store: 'local', index: 1 }],
    ]);
    const total = variablesAt('market-release.wasm', '/project/market.c', taxed);
    expect(summary(total)).toContainEqual(['local', 'sum', { kind: 'nowhere' }]);
  });

  test.each(['market-debug.wasm', 'market-dwarf5.wasm'])('of statics are addresses: %s', (name) => {
    const { symbols } = openModule(fixture(name));
    const [start] = symbols.startsOf('/project/market.c', taxed);
    const { variables, types } = symbols.variables.staticsOf(start?.offset ?? 0);
    const texts = variables.map(({ name, type }) => `${name}: ${types.get(type ?? '')?.label}`);
    expect(texts.sort()).toEqual(['items: item[8]', 'used: int']);
    for (const { place } of variables) expect(place).toEqual({ kind: 'memory', address: expect.any(Number) });
    const named = symbols.variables.staticsNamed('used', 0);
    expect(named.variables).toEqual(variables.filter((variable) => variable.name === 'used'));
  });

  test('are in the file of a split unit, too', () => {
    const found = variablesAt('split5.wasm', '/project/inner.c', 10);
    expect(found.variables.length).toBeGreaterThan(0);
    for (const { type } of found.variables) expect(found.types.get(type ?? '')?.kind).toBe('base');
  });
});

test('types tell members, sizes and where they are', () => {
  const { types } = variablesAt('market-debug.wasm', '/project/market.c', 33);
  const item = [...types.values()].find(({ name }) => name === 'item');
  expect(item).toMatchObject({
    kind: 'struct',
    size: 12,
    members: [
      { name: 'price', bitOffset: 0, bitSize: null },
      { name: 'count', bitOffset: 32 },
      { name: 'next', bitOffset: 64 },
    ],
  });
});

test('enums of Rust tell their variants', () => {
  const { symbols, parts } = openModule(fixture('tree-release.wasm'));
  const seen = new Set<string>();
  for (let offset = parts.codeStart; offset < parts.codeEnd; offset += 3) {
    for (const type of symbols.variables.variablesOf({ ...NOTHING_KNOWN, offset }).types.values()) {
      if (type.kind !== 'struct' || type.variantPart === null || type.name === null) continue;
      seen.add(type.name);
      expect(type.variantPart.variants.length).toBeGreaterThan(1);
      expect(type.variantPart.discriminant?.bitOffset).toBe(0);
    }
  }
  expect(seen).toContain('Tree');
});

test('ids of types that are none are no types', () => {
  const { symbols } = openModule(fixture('market-debug.wasm'));
  expect(symbols.variables.types(['', 'x', 'i', 'i99999999', '7/i3', 'i1', 't4', 'i-1'])).toEqual(new Map());
});
