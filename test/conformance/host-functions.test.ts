import { describe, expect, test } from 'vitest';
import { HOST_FUNCTIONS } from '../../runtime/internal.ts';
import { EXTENSION_FUNCTIONS, LUNATIC_FUNCTIONS, WASI_FUNCTIONS, WASI_MODULE } from '../support/contract.ts';

const key = ({ module, name }: { module: string; name: string }) => `${module}::${name}`;
const lunatic = HOST_FUNCTIONS.filter((fn) => fn.module !== WASI_MODULE);
const wasi = HOST_FUNCTIONS.filter((fn) => fn.module === WASI_MODULE);

describe('the table of host functions', () => {
  test('has the 144 functions of the contract, and our own in modules of their own', () => {
    const names = ['permissions', 'command', 'test', 'listener', 'scheduler', 'cluster'];
    const ours = names.map((name) => `lunatic::${name}`);
    expect(LUNATIC_FUNCTIONS).toHaveLength(144);
    expect(LUNATIC_FUNCTIONS.filter(({ module }) => ours.includes(module))).toEqual([]);
    const own = lunatic.filter(({ module }) => ours.includes(module));
    expect(own.map(key)).toEqual(EXTENSION_FUNCTIONS.map(key));
    const others = lunatic.filter((fn) => !own.includes(fn));
    expect(others.map(key).sort()).toEqual(LUNATIC_FUNCTIONS.map(key).sort());
  });

  test.each([...LUNATIC_FUNCTIONS, ...EXTENSION_FUNCTIONS].map((fn) => [key(fn), fn] as const))(
    'declares %s as the contract',
    (_, wanted) => {
      const found = HOST_FUNCTIONS.find((fn) => key(fn) === key(wanted));
      const { module, name, params, results, paramNames, blocking, since } = found ?? {};
      expect({ module, name, params, results, paramNames, blocking, since }).toEqual(wanted);
    },
  );

  test('has the 46 functions of WASI preview 1, with their types', () => {
    expect(WASI_FUNCTIONS).toHaveLength(46);
    const types = wasi.map(({ module, name, params, results }) => ({ module, name, params, results }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(types.sort(byName)).toEqual([...WASI_FUNCTIONS].sort(byName));
  });

  test('documents every function with a sentence, every parameter with a name', () => {
    for (const fn of HOST_FUNCTIONS) {
      expect(fn.doc, key(fn)).toMatch(/^[A-Z].*\.$/);
      expect(fn.paramNames, key(fn)).toHaveLength(fn.params.length);
      for (const name of fn.paramNames) expect(name, key(fn)).toMatch(/^[a-z][a-z0-9_]*$/);
    }
  });
});
