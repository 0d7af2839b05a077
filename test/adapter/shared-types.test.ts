import { expect, test } from 'vitest';
import type { BreakpointFinder } from '../../debug-adapter/breakpoint-finder.ts';
import { NameFinder } from '../../debug-adapter/breakpoint-terms.ts';
import { Breakpoints } from '../../debug-adapter/breakpoints.ts';
import type { Disassemblies } from '../../debug-adapter/disassembly.ts';
import { ExpressionTypes } from '../../debug-adapter/expression-types.ts';
import type { ModuleSources } from '../../debug-adapter/module-sources.ts';
import { ManagedClasses } from '../../debug-adapter/values/managed/classes.ts';
import type { Requests } from '../../runtime/inspect/protocol.ts';
import type { Inspected, TypeInfo } from '../../runtime/internal.ts';

const INT = { kind: 'base', name: 'int', label: 'int', size: 4, encoding: 'signed', isSigned: true };
const member = (name: string, type: number | string, at: number) => ({
  name,
  type,
  bitOffset: 8 * at,
  bitSize: null,
});
const PAIR = {
  ...{
    kind: 'struct',
    name: 'pair',
    label: 'pair',
    size: 8,
    scope: [],
    bases: [],
    arguments: [],
    variantPart: null,
  },
  members: [member('a', 1, 0), member('b', 1, 4)],
};
const TYPES = new Map<number, object>([
  [1, INT],
  [2, PAIR],
]);

/** What the runtime is told of breakpoints whose lines have code in so many places. */
async function told(places: number, conditions: readonly string[]) {
  let request: Requests['module/breakpoints']['params'] | undefined;
  const client = {
    isRunning: true,
    welcome: { debug: true },
    async request(_: string, params: Requests['module/breakpoints']['params']) {
      request = params;
      return { sites: params.offsets, problems: params.offsets.map(() => null) };
    },
  } as unknown as Inspected;
  const offsets = Array.from({ length: places }, (_, i) => 100 + i);
  const finder = { find: async () => ({ offsets }) } as unknown as BreakpointFinder;
  const variable = (name: string, type: number, address: number) => {
    const rule = { kind: 'memory', base: null, offset: address };
    return { name, scope: [], type, rule, place: { kind: 'memory', address } };
  };
  const variables = [variable('x', 1, 16), variable('p', 2, 32)];
  const symbols = {
    types: async () => TYPES,
    variablesOf: async () => ({ types: TYPES, variables }),
  };
  const disassemblies = { namesAt: async () => ({ locals: [], globals: [] }) } as unknown as Disassemblies;
  const sources = { of: () => symbols } as unknown as ModuleSources;
  const classes = new ManagedClasses(async () => new Uint8Array());
  const names = new NameFinder(disassemblies, sources, classes);
  const breakpoints = new Breakpoints(
    client,
    finder,
    names,
    () => {},
    () => ({ verified: true }),
  );
  await breakpoints.add('m1');
  const wanted = conditions.map((condition, line) => ({
    target: { kind: 'line' as const, path: 'a.c', line },
    terms: { condition },
  }));
  await breakpoints.set('a.c', wanted);
  return request;
}

test('types that conditions in many places have in common are sent once', async () => {
  const one = await told(1, ['x > 1 && p.a == p.b']);
  expect(one?.types?.length).toBeGreaterThan(1);
  const many = await told(200, ['x > 1 && p.a == p.b', 'p.b == x && p.a > 5']);
  expect(many?.terms).toHaveLength(400);
  expect(many?.types).toEqual(one?.types);
  expect(many?.terms?.filter((terms) => terms.types !== undefined)).toEqual([]);
  expect(many?.terms?.[399]?.names).toEqual(one?.terms?.[0]?.names);
});

test('a structure that has no name of its own is called as in its typedef', async () => {
  const alias = { kind: 'alias', form: 'typedef', name: 'mine_t', label: 'mine_t', scope: [], size: null };
  const infos = new Map<string, TypeInfo>(
    Object.entries({
      int: INT,
      nameless: { ...PAIR, name: null, label: '(anonymous struct)', members: [member('a', 'int', 0)] },
      mine: { ...alias, target: 'nameless' },
      constant: { ...alias, form: 'const', label: 'const mine_t', target: 'mine' },
    } as object) as [string, TypeInfo][],
  );
  const types = new ExpressionTypes(async (ids) => new Map([...infos].filter(([id]) => ids.includes(id))));
  types.begin();
  const names = [];
  for (const id of ['mine', 'constant', 'nameless']) names.push(types.list[await types.add(id, 2)]);
  expect(names).toMatchObject([{ name: 'mine_t' }, { name: 'mine_t' }, { name: '(anonymous struct)' }]);
});
