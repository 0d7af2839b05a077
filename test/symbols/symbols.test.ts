import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ModuleParts } from '../../runtime/symbols/module-parts.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import type { Symbols } from '../../runtime/symbols/symbols.ts';
import { readModule } from '../../runtime/wasm/index.ts';
import { fixture, fixtures } from './fixtures.ts';
import { fuzzSymbols } from './fuzz.ts';
import { framesAt, lineTables, moduleText, openModule } from './module-symbols.ts';

test.each(fixtures().map((path) => [basename(path), path]))(
  '%s: line tables, functions and inlined calls are what LLVM has found, at every offset',
  (_, path) => {
    expect(textOf(path, true)).toBe(readFileSync(path.replace(/wasm$/, 'expected'), 'utf8'));
  },
);

test.each(['split4.wasm', 'split5.wasm'])('%s: split units are found in their own files, too', (name) => {
  const path = fixture(name);
  expect(textOf(path, false)).toBe(readFileSync(path.replace(/wasm$/, 'expected'), 'utf8'));
});

test('split units that are missing leave the lines', () => {
  const symbols = openSymbols(new Uint8Array(readFileSync(fixture('split5.wasm'))));
  const [start] = symbols.startsOf('/project/inner.c', 10);
  expect(symbols.framesAt(start?.offset ?? 0)).toMatchObject([
    { functionName: 'helper', place: { file: '/project/inner.c', line: 10 }, isInlined: false },
  ]);
});

describe('names', () => {
  test('of C++ have their namespaces and types', () => {
    expect(functionsOf('shapes-debug.wasm')).toEqual(
      new Set([
        '__cxa_pure_virtual',
        'areas',
        'areas::(anonymous)::operator()',
        'shop::(anonymous namespace)::hidden',
        'shop::Basket::Basket',
        'shop::Basket::add',
        'shop::Basket::each<(lambda at shapes.cpp:42:35)>',
        'shop::Shape::Shape',
        'shop::Square<1>::Square',
        'shop::Square<1>::area',
        'shop::Square<3>::Square',
        'shop::Square<3>::area',
      ]),
    );
  });

  test.each(['tree-release.wasm', 'tree-v0.wasm'])('of Rust are demangled: %s', (name) => {
    const functions = functionsOf(name);
    for (const expected of ['<tree::Stone as tree::Weigh>::weigh', 'tree::weigh::{closure#0}', 'tree::sum']) {
      const legacy = expected.replace('{closure#0}', '{{closure}}');
      expect(functions.has(expected) || functions.has(legacy), expected).toBe(true);
    }
  });
});

describe('lines', () => {
  test('lead to the code, and back', () => {
    const { symbols } = openModule(fixture('market-debug.wasm'));
    expect(symbols.files()).toEqual(['/project/market.c']);
    for (const marker of ['taxed', 'divide']) {
      const line = markedLine('market.c', marker);
      const starts = symbols.startsOf('/project/market.c', line);
      expect(starts.length).toBeGreaterThan(0);
      for (const { offset } of starts) {
        expect(symbols.framesAt(offset)).toContainEqual(
          expect.objectContaining({ place: expect.objectContaining({ file: '/project/market.c', line }) }),
        );
      }
    }
  });

  test('that have no code are not among those of their file', () => {
    const { symbols } = openModule(fixture('market-debug.wasm'));
    const lines = symbols.linesOf('/project/market.c');
    expect(lines).toContain(markedLine('market.c', 'taxed'));
    // Comments have none, and the linker has dropped the last function.
    expect(lines).not.toContain(1);
    expect(Math.max(...lines)).toBe(markedLine('market.c', 'divide'));
    expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
  });

  test('of a function that is inlined twice begin at both places', () => {
    const { symbols } = openModule(fixture('split5.wasm'));
    const places = symbols.startsOf('/project/inner.c', 6).map(({ offset }) => symbols.framesAt(offset));
    expect(places.length).toBeGreaterThan(1);
    for (const frames of places) {
      expect(frames.map(({ functionName }) => functionName)).toEqual(['deep', 'helper']);
      expect(frames.map(({ isInlined }) => isInlined)).toEqual([true, false]);
    }
  });

  test('of a file that the module does not know are none', () => {
    const { symbols } = openModule(fixture('market-debug.wasm'));
    expect(symbols.linesOf('/project/other.c')).toEqual([]);
    expect(symbols.startsOf('/project/other.c', 1)).toEqual([]);
  });
});

test('debug information that was moved to another file is found there', () => {
  const bytes = new Uint8Array(readFileSync(fixture('market-debug.wasm')));
  const moved = withoutCustoms(bytes, customSection('external_debug_info', '\x11market.debug.wasm'));
  const asked: string[] = [];
  const symbols = openSymbols(moved, ({ kind, path }) => {
    asked.push(`${kind} ${path}`);
    return kind === 'debug info' ? bytes : null;
  });
  expect(symbols.startsOf('/project/market.c', markedLine('market.c', 'divide'))).toEqual(
    openSymbols(bytes).startsOf('/project/market.c', markedLine('market.c', 'divide')),
  );
  expect(asked).toEqual(['debug info market.debug.wasm']);
  expect(openSymbols(moved).source).toBe('names');
});

test('a module without debug information gives the names of its functions', () => {
  const path = fixture('../../guests/built/c/hello.wasm');
  const bytes = new Uint8Array(readFileSync(path));
  const symbols = openSymbols(bytes);
  const parts = new ModuleParts(bytes);
  const name = '__original_main';
  const index = [...parts.functionNames()].find(([, found]) => found === name)?.[0] ?? -1;
  const { start, end } = parts.bodyOf(index);
  for (const offset of [start, end - 1]) {
    expect(symbols.framesAt(offset)).toEqual([
      { functionName: name, linkageName: name, place: null, isInlined: false },
    ]);
  }
  expect(symbols.source).toBe('names');
  expect(symbols.framesAt(0)).toEqual([]);
});

function textOf(path: string, usesPackage: boolean): string {
  const module = openModule(path, usesPackage);
  const { codeStart, codeEnd } = module.parts;
  return moduleText(codeEnd - codeStart, lineTables(module.symbols), (addresses) =>
    addresses.map((address) => framesAt(module, address)),
  );
}

function functionsOf(name: string): Set<string | null> {
  const { parts, symbols } = openModule(fixture(name));
  const names = new Set<string | null>();
  for (let offset = parts.codeStart; offset < parts.codeEnd; offset++) {
    for (const { functionName, place } of symbols.framesAt(offset))
      if (place !== null) names.add(functionName);
  }
  return names;
}

/** The line of a source that says `line: MARKER`. */
function markedLine(source: string, marker: string): number {
  const lines = readFileSync(fixture(source), 'utf8').split('\n');
  return lines.findIndex((line) => line.includes(`line: ${marker}`)) + 1;
}

function customSection(name: string, contents: string): Uint8Array {
  const body = Buffer.from(`${String.fromCharCode(name.length)}${name}${contents}`, 'latin1');
  return Uint8Array.of(0, body.length, ...body);
}

/** A module with another custom section in place of those that it has, all of which stand at its end. */
function withoutCustoms(bytes: Uint8Array, custom: Uint8Array): Uint8Array {
  const { codeEnd } = new ModuleParts(bytes);
  return Uint8Array.of(...bytes.subarray(0, codeEnd), ...custom);
}

test('debug information that is malformed neither throws nor takes long', () => {
  expect(fuzzSymbols(2000, 1).frames).toBeGreaterThan(1000);
});

/** With many units, whose code together is many times that of the module if each is counted from its beginning. */
const MANY_UNITS = '../../guests/coverage/cart-cpp.wasm';

test.each(['market-debug.wasm', 'market-release.wasm', 'tree-v0.wasm', MANY_UNITS])(
  'the lines of all files of %s begin together where they begin one by one',
  (name) => {
    const bytes = new Uint8Array(readFileSync(fixture(name)));
    const symbols = openSymbols(bytes);
    const starts = allStartsOf(symbols);
    expect(starts.length).toBeGreaterThan(5);
    const all = new Set(symbols.allStarts?.());
    expect(starts.filter((offset) => !all.has(offset))).toEqual([]);
    const { bodyStart, bodyEnd } = readModule(bytes).code;
    // Also the line that has nothing but the end of a function begins within it.
    const isInside = (offset: number) =>
      offset < (bodyEnd[bodyStart.findLastIndex((at) => at <= offset)] ?? 0);
    expect(starts.filter((offset) => !isInside(offset))).toEqual([]);
    // The heads of functions, for which the ends of their prologues stand.
    const known = new Set([...starts, ...bodyStart]);
    // A file that a unit names twice may begin in the midst of a line.
    expect([...all].filter((offset) => !known.has(offset)).length).toBeLessThan(0.02 * known.size + 1);
  },
);

test('a prologue whose end is not marked ends where a line begins', () => {
  const bytes = readFileSync(fixture('market-release.wasm'));
  // The first statement of a function: column 7, the end of its prologue, a row. Instead of that end, statements are none and others are.
  const [column, prologueEnd, negateStmt] = [[5, 7], 10, 6];
  const at = bytes.indexOf(Uint8Array.of(...column, prologueEnd), bytes.indexOf('.debug_line'));
  expect(at).toBeGreaterThan(0);
  bytes[at + column.length] = negateStmt;
  const symbols = openSymbols(new Uint8Array(bytes));
  const [head] = symbols.startsOf('/project/market.c', 16);
  expect(new Set(symbols.allStarts?.())).toContain(head?.offset);
});

test.each(['market-debug.wasm', 'market-release.wasm', 'market-dwarf5.wasm', 'shapes-debug.wasm'])(
  'the prologues of %s end where its line table says so',
  (name) => {
    const { parts, symbols } = openModule(fixture(name));
    const marked = [...lineTables(symbols).values()]
      .flat()
      .filter((row) => row.includes('prologue_end'))
      .map((row) => parts.codeStart + Number.parseInt(row, 10));
    expect(marked.length).toBeGreaterThan(1);
    for (const end of marked) {
      expect(symbols.prologueEnd(end)).toBe(end);
      const head = parts.bodyOf(parts.functionAt(end)).start;
      const place = symbols.framesAt(head).at(-1)?.place;
      const starts = symbols.startsOf(place?.file ?? '', place?.line ?? 0).map(({ offset }) => offset);
      expect(starts).toContain(end);
      expect(starts).not.toContain(head);
    }
  },
);

/** Where the lines of all files begin, one by one. */
function allStartsOf(symbols: Symbols): number[] {
  return symbols
    .files()
    .flatMap((file) => symbols.linesOf(file).flatMap((line) => symbols.startsOf(file, line)))
    .map(({ offset }) => offset);
}
