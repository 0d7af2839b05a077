import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from '@jridgewell/sourcemap-codec';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModuleParts } from '../../runtime/symbols/module-parts.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import type { Symbols } from '../../runtime/symbols/symbols.ts';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';

const SOURCE = `
export function total(count: i32): i32 {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += price(i); // line: call
  }
  return sum;
}

function price(i: i32): i32 {
  return 100 / i; // line: divide
}
`;

const folder = mkdtempSync(join(tmpdir(), 'lunatic-source-maps-'));
let module = new Uint8Array();
let map = '';

beforeAll(async () => {
  const source = join(folder, 'shop.ts');
  writeFileSync(source, SOURCE);
  const out = join(folder, 'shop.wasm');
  await buildAssemblyScript(source, out, { sourceMap: true, debug: true });
  module = new Uint8Array(readFileSync(out));
  map = readFileSync(`${out}.map`, 'utf8');
});

afterAll(() => rmSync(folder, { recursive: true }));

const lineOf = (marker: string) =>
  SOURCE.split('\n').findIndex((line) => line.includes(`line: ${marker}`)) + 1;

/** The symbols of the module with a source map in the place of its own. */
function symbolsWith(json: string): Symbols {
  return openSymbols(module, ({ kind, path }) =>
    kind === 'source map' && path === './shop.wasm.map' ? Buffer.from(json) : null,
  );
}

describe('AssemblyScript', () => {
  test.each([
    ['call', 'shop/total'],
    ['divide', 'shop/price'],
  ])('the line with the %s is found, and the way back', (marker, functionName) => {
    const symbols = symbolsWith(map);
    expect(symbols.source).toBe('source map');
    const line = lineOf(marker);
    expect(symbols.linesOf('shop.ts')).toContain(line);
    const starts = symbols.startsOf('shop.ts', line);
    expect(starts.length).toBeGreaterThan(0);
    for (const { offset, column } of starts) {
      expect(symbols.framesAt(offset)).toMatchObject([
        { functionName, place: { file: 'shop.ts', line, column }, isInlined: false },
      ]);
    }
  });

  test('its sources are brought along', () => {
    const symbols = symbolsWith(map);
    expect(symbols.files()).toContain('shop.ts');
    expect(symbols.contentOf('shop.ts')).toBe(SOURCE);
    expect(symbols.contentOf('other.ts')).toBe(null);
  });

  test('what is mapped in one function says nothing of the next one', () => {
    const parts = new ModuleParts(module);
    const first = parts.bodyOf(parts.importedFunctions);
    const mappings = encode([[[first.start, 0, 6, 2]]]);
    const symbols = symbolsWith(JSON.stringify({ version: 3, sources: ['a.ts'], names: [], mappings }));
    expect(symbols.framesAt(first.end - 1)[0]?.place).toEqual({ file: 'a.ts', line: 7, column: 3 });
    const next = parts.bodyOf(parts.importedFunctions + 1);
    expect(symbols.framesAt(next.start)[0]?.place ?? null).toBe(null);
    expect(symbols.startsOf('a.ts', 7)).toEqual([{ offset: first.start, line: 7, column: 3 }]);
  });
});

test('a source map may be in the module itself', () => {
  for (const url of [
    `data:application/json;base64,${Buffer.from(map).toString('base64')}`,
    `data:application/json;charset=utf-8,${encodeURIComponent(map)}`,
  ]) {
    const inside = withUrl(url);
    const asked: string[] = [];
    const symbols = openSymbols(inside, ({ kind }) => {
      asked.push(kind);
      return null;
    });
    expect(symbols.startsOf('shop.ts', lineOf('divide'))).toEqual(
      symbolsWith(map).startsOf('shop.ts', lineOf('divide')),
    );
    expect(asked).toEqual([]);
  }
});

test('paths of sources count from the source map', () => {
  const symbols = openSymbols(withUrl('maps/shop.map'), () =>
    Buffer.from(
      JSON.stringify({
        ...JSON.parse(map),
        sources: ['../src/shop.ts', '/abs/lib.ts'],
        sourceRoot: undefined,
        sourcesContent: undefined,
      }),
    ),
  );
  expect(symbols.files()).toEqual(['src/shop.ts', '/abs/lib.ts']);
});

test.each([
  ['nothing', ''],
  ['other JSON', '[1, 2]'],
  ['null', 'null'],
  ['a map without mappings', '{"version":3,"sources":[]}'],
  ['mappings that are no text', '{"version":3,"sources":["a"],"mappings":7}'],
  [
    'sections',
    '{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":{"version":3,"sources":["a"],"mappings":"AAAA"}}]}',
  ],
  ['sources that are no texts', '{"version":3,"sources":[{}, 7, null],"mappings":"AAAA,CCAA,CCAA"}'],
  ['numbers beyond the sources', '{"version":3,"sources":["a"],"mappings":"AggggggggggggggB,gB"}'],
  ['mappings that go back', '{"version":3,"sources":["a"],"mappings":"gBAAA,hCAAA,DDDD"}'],
])('what is no source map leaves the names of functions: %s', (_, json) => {
  const symbols = symbolsWith(json);
  const parts = new ModuleParts(module);
  const names = openSymbols(module);
  expect(names.source).toBe('names');
  for (let offset = parts.codeStart; offset < parts.codeEnd; offset += 3) {
    const [frame] = symbols.framesAt(offset);
    expect(frame?.functionName).toBe(names.framesAt(offset)[0]?.functionName);
  }
  for (const file of symbols.files()) symbols.linesOf(file);
});

/** The module with another URL of its source map. */
function withUrl(url: string): Uint8Array {
  const { codeEnd } = new ModuleParts(module);
  const name = new ModuleParts(module).custom('name') ?? new Uint8Array();
  return Uint8Array.of(
    ...module.subarray(0, codeEnd),
    ...custom('name', name),
    ...custom('sourceMappingURL', Uint8Array.of(...leb(url.length), ...Buffer.from(url))),
  );
}

function custom(name: string, contents: Uint8Array): Uint8Array {
  const body = Uint8Array.of(name.length, ...Buffer.from(name), ...contents);
  return Uint8Array.of(0, ...leb(body.length), ...body);
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
