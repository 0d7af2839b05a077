import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { describe, expect, it } from 'vitest';
import { memoryPass, type Pass, readModule, rewriteModule } from '../../../runtime/wasm/index.ts';
import { assemblyScript, classicModules, modernModules } from './constructs.ts';
import { comparable, metered, modernWat, preemptive, start, trace, type Wasm, wat } from './support.ts';

function expectSame(bytes: Wasm): void {
  expect(WebAssembly.validate(bytes)).toBe(true);
  const plain = trace(bytes);
  expect(trace(bytes, preemptive)).toEqual(plain);
  expect(trace(bytes, metered)).toEqual(plain);
  expect(trace(bytes, [memoryPass])).toEqual(plain);
}

describe('a rewritten module does what it did', () => {
  it.each(Object.keys(classicModules))('%s', async (name) => {
    expectSame(await wat(`(module ${classicModules[name]})`));
  });

  it.each(Object.keys(modernModules))('%s', (name) => {
    expectSame(modernWat(`(module ${modernModules[name]})`));
  });

  it.each(['incremental', 'minimal', 'stub'])('AssemblyScript with the %s runtime', async (runtime) => {
    for (const optimizeLevel of [0, 3]) {
      const { error, binary, stderr } = await asc.compileString(assemblyScript, { runtime, optimizeLevel });
      expect(error, String(stderr)).toBeNull();
      expectSame(new Uint8Array(binary ?? []));
    }
  });
});

const root = join(import.meta.dirname, '..', '..', '..');
const found = globSync(['test/guests/**/*.wasm', 'examples/**/*.wasm'], { cwd: root }).sort();

describe('the guests', () => {
  it.each(found.filter((file) => !file.includes('node_modules') && !file.includes('/target/')))(
    '%s',
    (file) => {
      const bytes = new Uint8Array(readFileSync(join(root, file)));
      if (!WebAssembly.validate(bytes)) return;
      const module = readModule(bytes);
      for (const passes of [[memoryPass], preemptive, metered]) {
        expect(WebAssembly.validate(new Uint8Array(rewriteModule(module, passes).bytes))).toBe(true);
      }
      // Every import traps, so each export runs up to its first one.
      const run = (passes?: readonly Pass[]): unknown[] => {
        const running = start(bytes, passes);
        return module.exports
          .filter(({ kind, index }) => kind === 'function' && module.functionType(index)?.params.length === 0)
          .map(({ name }) => [name, comparable(running.call(name))]);
      };
      expect(run(preemptive)).toEqual(run());
    },
  );
});
