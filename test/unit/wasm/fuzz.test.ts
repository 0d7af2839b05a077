import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  functionNames,
  memoryPass,
  type Pass,
  readModule,
  rewriteModule,
  WasmFormatError,
} from '../../../runtime/wasm/index.ts';
import { classicModules, modernModules } from './constructs.ts';
import { metered, modernWat, preemptive, trace, type Wasm, wat } from './support.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const samples: Wasm[] = [];

beforeAll(async () => {
  for (const source of Object.values(classicModules)) samples.push(await wat(`(module ${source})`));
  for (const source of Object.values(modernModules)) samples.push(modernWat(`(module ${source})`));
  const [guest] = globSync('test/guests/built/c/*.wasm', { cwd: root }).sort();
  if (guest !== undefined) samples.push(new Uint8Array(readFileSync(join(root, guest))));
});

/**
 * Reads and rewrites a module: that either works or says where the format is broken. If the engine accepts a module, it
 * must work, and the engine must accept the result.
 */
function check(bytes: Wasm): void {
  const valid = WebAssembly.validate(bytes);
  try {
    const module = readModule(bytes);
    functionNames(module);
    for (const passes of [[], [memoryPass], preemptive, metered]) {
      const rewritten = rewriteModule(module, passes);
      if (!valid) continue;
      const result = new Uint8Array(rewritten.bytes);
      if (!WebAssembly.validate(result)) new WebAssembly.Module(result);
    }
  } catch (error) {
    if (!(error instanceof WasmFormatError) || valid) throw error;
  }
}

const runs = { numRuns: 400, interruptAfterTimeLimit: 8_000 };

describe('whatever the bytes', () => {
  it('a mutated module is read or refused', () => {
    const mutation = fc.record({
      at: fc.nat(),
      value: fc.nat(255),
      kind: fc.constantFrom('set', 'cut', 'insert', 'bit'),
    });
    fc.assert(
      fc.property(fc.nat(), fc.array(mutation, { minLength: 1, maxLength: 4 }), (pick, mutations) => {
        let bytes = [...(samples[pick % samples.length] ?? [])];
        for (const { at, value, kind } of mutations) {
          const i = 8 + (at % Math.max(1, bytes.length - 8));
          if (kind === 'set') bytes[i] = value;
          else if (kind === 'bit') bytes[i] = (bytes[i] ?? 0) ^ (1 << (value & 7));
          else if (kind === 'insert') bytes.splice(i, 0, value);
          else if (value < 64) bytes = bytes.slice(0, i);
          else bytes.splice(i, 1 + (value & 3));
        }
        check(new Uint8Array(bytes));
      }),
      { ...runs, numRuns: 3_000, interruptAfterTimeLimit: 15_000 },
    );
  });

  it('random sections are read or refused', () => {
    const section = fc.tuple(fc.nat(14), fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(fc.array(section, { maxLength: 6 }), (sections) => {
        const bytes = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
        for (const [id, contents] of sections) bytes.push(id, contents.length, ...contents);
        check(new Uint8Array(bytes));
      }),
      runs,
    );
  });

  it('random code is read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (code) => {
        const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
        check(new Uint8Array([...header, 10, code.length + 4, 1, code.length + 2, 0, ...code, 0x0b]));
      }),
      runs,
    );
  });

  it('costs no more than its size is worth', () => {
    const big = new Uint8Array(2_000_000).fill(0x80);
    big.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1]);
    const begin = performance.now();
    expect(() => readModule(big)).toThrow(WasmFormatError);
    // As many of the smallest types, imports and names as there is room for.
    const many = [1, 3, 7, 9, 10, 11].map((id) => {
      const contents = new Uint8Array(300_000);
      contents.set([0xff, 0xff, 0x0f]);
      const size = [
        (contents.length & 0x7f) | 0x80,
        ((contents.length >> 7) & 0x7f) | 0x80,
        contents.length >> 14,
      ];
      return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, id, ...size, ...contents]);
    });
    for (const bytes of many) expect(() => readModule(bytes)).toThrow(WasmFormatError);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});

describe('valid modules made at random', () => {
  /** Features that the engine does not know, or only with flags. */
  const disabled = [
    'shared-everything',
    'custom-descriptors',
    'stack-switching',
    'fp16',
    'strings',
    'relaxed-atomics',
    'custom-page-sizes',
    'wide-arithmetic',
    'compact-imports',
    'multibyte',
  ];
  const seeds = Array.from({ length: 14 }, (_, i) => i);
  const tool = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');

  function attempt(bytes: Wasm, passes?: readonly Pass[]): unknown {
    try {
      return trace(bytes, passes, { quietImports: true });
    } catch (error) {
      return error instanceof Error ? error.message.replace(/^WebAssembly\.Instance\(\): /, '') : error;
    }
  }

  it('are read, rewritten, and do what they did', { timeout: 60_000 }, () => {
    const directory = mkdtempSync(join(tmpdir(), 'wasm-fuzz-'));
    let valid = 0;
    try {
      for (const seed of seeds) {
        const input = join(directory, 'seed');
        const output = join(directory, 'module.wasm');
        let state = seed * 2_654_435_761 + 1;
        const noise = new Uint8Array(1_500 + seed * 300);
        for (let i = 0; i < noise.length; i++) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          noise[i] = state >>> 24;
        }
        writeFileSync(input, noise);
        // The engine refuses modules that use both old and new exceptions.
        const exceptions = seed % 2 === 0 ? '--translate-to-exnref' : '--disable-exception-handling';
        const flags = ['-all', ...disabled.map((feature) => `--disable-${feature}`), exceptions];
        execFileSync(process.execPath, [tool, ...flags, '-ttf', input, '-o', output], { stdio: 'pipe' });
        const bytes = new Uint8Array(readFileSync(output));
        check(bytes);
        if (!WebAssembly.validate(bytes)) continue;
        valid++;
        const plain = attempt(bytes);
        expect(attempt(bytes, preemptive), `seed ${seed}`).toEqual(plain);
        expect(attempt(bytes, metered), `seed ${seed}`).toEqual(plain);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
    expect(valid).toBeGreaterThan(seeds.length / 2);
  });
});
