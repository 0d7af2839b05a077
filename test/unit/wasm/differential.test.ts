import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { describe, expect, it } from 'vitest';
import {
  draftPass,
  memoryPass,
  meterPass,
  type Pass,
  preemptPass,
  readModule,
  reusePass,
  rewriteModule,
} from '../../../runtime/wasm/index.ts';
import { allCombinations, combinations, namesOf } from './combinations.ts';
import { assemblyScript, classicModules, modernModules } from './constructs.ts';
import { countPass } from './count-pass.ts';
import { comparable, countingTrace, modernWat, preemptive, start, trace, type Wasm, wat } from './support.ts';

/**
 * Under every combination of passes, a module does what the original does, and the count pass counts the same.
 * @param validated combinations under which it is only asked whether it is valid
 */
function expectSame(bytes: Wasm, validated = allCombinations): void {
  expect(WebAssembly.validate(bytes)).toBe(true);
  const plain = trace(bytes);
  const { counts } = countingTrace(bytes, [countPass]);
  for (const passes of combinations) {
    const found = countingTrace(bytes, passes);
    expect(found.trace, namesOf(passes)).toEqual(plain);
    if (passes.includes(countPass)) expect(found.counts, namesOf(passes)).toEqual(counts);
  }
  const module = readModule(bytes);
  for (const passes of [...validated, ...combinations.map((list) => list.toReversed())]) {
    const { bytes: rewritten } = rewriteModule(module, passes);
    expect(WebAssembly.validate(new Uint8Array(rewritten)), namesOf(passes)).toBe(true);
  }
}

describe('a rewritten module does what it did', () => {
  it.each(Object.keys(classicModules))('%s', async (name) => {
    expectSame(await wat(`(module ${classicModules[name]})`));
  });

  it.each(Object.keys(modernModules))('%s', (name) => {
    expectSame(modernWat(`(module ${modernModules[name]})`));
  });

  const levels = ['incremental', 'minimal', 'stub'].flatMap((runtime) =>
    [0, 3].map((optimizeLevel) => ({ runtime, optimizeLevel })),
  );

  // They compute for twenty seconds and hang nowhere.
  it.each(levels)('AssemblyScript: $runtime, level $optimizeLevel', { timeout: 90_000 }, async (options) => {
    const { error, binary, stderr } = await asc.compileString(assemblyScript, options);
    expect(error, String(stderr)).toBeNull();
    // All combinations are tried with the largest module of each level: optimized code has other constructs.
    expectSame(new Uint8Array(binary ?? []), options.runtime === 'incremental' ? allCombinations : []);
  });
});

const kernelPasses = [memoryPass, draftPass, reusePass];
const guestCombinations = [
  [memoryPass],
  preemptive,
  [...kernelPasses, preemptPass, countPass],
  [...kernelPasses, meterPass, countPass],
];

const root = join(import.meta.dirname, '..', '..', '..');
const found = globSync(['test/guests/**/*.wasm', 'examples/**/*.wasm'], { cwd: root }).sort();

describe('the guests', () => {
  it.each(found.filter((file) => !file.includes('node_modules') && !file.includes('/target/')))(
    '%s',
    (file) => {
      const bytes = new Uint8Array(readFileSync(join(root, file)));
      if (!WebAssembly.validate(bytes)) return;
      const module = readModule(bytes);
      for (const passes of guestCombinations) {
        const { bytes: rewritten } = rewriteModule(module, passes);
        expect(WebAssembly.validate(new Uint8Array(rewritten)), namesOf(passes)).toBe(true);
      }
      // Every import traps, so each export runs up to its first one.
      const run = (passes?: readonly Pass[]): unknown[] => {
        const running = start(bytes, passes);
        return module.exports
          .filter(({ kind, index }) => kind === 'function' && module.functionType(index)?.params.length === 0)
          .map(({ name }) => [name, comparable(running.call(name))]);
      };
      const plain = run();
      for (const passes of [
        preemptive,
        [memoryPass, meterPass, countPass],
        [preemptPass, draftPass, countPass],
      ]) {
        expect(run(passes), namesOf(passes)).toEqual(plain);
      }
    },
  );
});
