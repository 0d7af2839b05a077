import { expect, test } from 'vitest';
import { NameFinder } from '../../debug-adapter/breakpoint-terms.ts';
import type { Disassemblies } from '../../debug-adapter/disassembly.ts';
import type { ModuleSources } from '../../debug-adapter/module-sources.ts';
import { ManagedClasses } from '../../debug-adapter/values/managed/classes.ts';

test('data is watched by the names of the call that is selected, not of one that was inlined into it', async () => {
  const variable = (address: number) => {
    const rule = { kind: 'memory', base: null, offset: address };
    return { name: 'x', scope: [], type: null, rule, place: { kind: 'memory', address } };
  };
  const symbols = {
    types: async () => new Map(),
    variablesOf: async ({ inlined }: { inlined: number }) => ({
      types: new Map(),
      variables: [variable(16 + inlined)],
    }),
  };
  const sources = { of: () => symbols } as unknown as ModuleSources;
  const disassemblies = { namesAt: async () => ({ locals: [], globals: [] }) } as unknown as Disassemblies;
  const finder = new NameFinder(disassemblies, sources, new ManagedClasses(async () => new Uint8Array()));
  for (const inlined of [0, 1]) {
    const { names } = await finder.namesFor('x', 'm1', 100, inlined);
    expect(names).toMatchObject({ x: { kind: 'memory', offset: 16 + inlined } });
  }
});
