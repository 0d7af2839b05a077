/** Debug information that describes what no compiler makes: what is displayed of it ends, and the rest is displayed as ever. */
import { expect, test } from 'vitest';
import type { Debuggee } from '../../debug-adapter/debuggee.ts';
import { displayAnswer, displayEvent } from '../../debug-adapter/displayed.ts';
import { AdapterError, ErrorId } from '../../debug-adapter/errors.ts';
import { ExpressionTypes } from '../../debug-adapter/expression-types.ts';
import { Ids } from '../../debug-adapter/ids.ts';
import { formatterOf } from '../../debug-adapter/values/formatters.ts';
import type { SourceFrame } from '../../debug-adapter/values/frames.ts';
import { ProcessMemory } from '../../debug-adapter/values/process-memory.ts';
import { Shower } from '../../debug-adapter/values/show-value.ts';
import { sourceVariables } from '../../debug-adapter/values/source-variables.ts';
import { Steps, StepsError } from '../../debug-adapter/values/steps.ts';
import { TypeTable } from '../../debug-adapter/values/type-table.ts';
import { inMemory } from '../../debug-adapter/values/value.ts';
import { ValueReader } from '../../debug-adapter/values/value-reader.ts';
import type {
  Member,
  ModuleSymbols,
  SourceLanguage,
  StructType,
  TypeId,
  TypeInfo,
  VariableInfo,
} from '../../runtime/internal.ts';
import { Tag } from '../../runtime/symbols/dwarf/constants.ts';
import type { Die } from '../../runtime/symbols/dwarf/die.ts';
import { typeLabel } from '../../runtime/symbols/variables/type-label.ts';

/** All words of the memory are the address of the first of these. */
const ADDRESS = 0x400;

function described(name: string, size: number | null = 4, scope: readonly string[] = []) {
  return { label: name, name, scope, size };
}

function member(name: string | null, type: TypeId, bitOffset = 0): Member {
  return { name, type, bitOffset, bitSize: null, line: null };
}

function struct(name: string, members: readonly Member[], more: Partial<StructType> = {}): StructType {
  return {
    ...{ kind: 'struct', form: 'struct', bases: [], members, variantPart: null, arguments: [] },
    ...{ isDeclaration: false, ...described(name), ...more },
  };
}

const INT: TypeInfo = { kind: 'base', encoding: 'signed', isSigned: true, ...described('int') };

/** A frame of a program with these types. */
function frameOf(types: Readonly<Record<string, TypeInfo>>, language: SourceLanguage = 'C++') {
  const known = new Map(Object.entries({ int: INT, ...types }));
  const symbols = { types: async () => known } as unknown as ModuleSymbols;
  const read = async (_: number, count: number) =>
    new Uint8Array(new Uint32Array(count / 4).fill(ADDRESS).buffer);
  const reader = new ValueReader({
    ...{ types: new TypeTable(symbols), memory: new ProcessMemory(read), language, offset: 0 },
    ...{ locals: new Map(), globals: new Map(), processText: async () => '', functionText: async () => null },
    functionIndex: async () => null,
  });
  return { reader, shower: new Shower(reader, formatterOf(language)), symbols };
}

async function shown(
  types: Readonly<Record<string, TypeInfo>>,
  language: SourceLanguage = 'C++',
): Promise<string> {
  const { shower } = frameOf(types, language);
  const { text } = await shower.show(inMemory('it', ADDRESS));
  expect(text.length).toBeLessThan(10_000);
  return text;
}

test('an array of itself has no size', async () => {
  const array: TypeInfo = { kind: 'array', element: 'it', counts: [3], ...described('it', null) };
  expect(await frameOf({ it: array }).reader.types.sizeOf('it')).toBeNull();
  expect(await shown({ it: array })).toContain('(3)');
});

test('a structure that is its own only member is no number', async () => {
  const { reader } = frameOf({ it: struct('it', [member('it', 'it')]) });
  expect(await reader.number(inMemory('it', ADDRESS))).toBeNull();
});

test('a reference to itself is displayed up to where nobody reads on', async () => {
  const reference: TypeInfo = { kind: 'pointer', form: 'reference', target: 'it', ...described('it &') };
  expect(await shown({ it: reference })).toBe('…');
  expect(await shown({ it: { ...reference, ...described('&it') } }, 'Rust')).toBe('…');
});

test.each(['Cell', 'RefCell', 'Mutex', 'Rc', 'MutexGuard', 'Ref'])('a %s of itself', async (name) => {
  const inner = ['value', 'data', 'borrow', 'ptr', 'pointer', 'lock', 'strong', 'weak'];
  const scope = ['core', 'cell'];
  const itself = struct(`${name}<T>`, [member('value', 'it')], { scope });
  expect(await shown({ it: itself }, 'Rust')).toContain('…');
  const pointer: TypeInfo = { kind: 'pointer', form: 'pointer', target: 'it', ...described('*it') };
  const members = inner.map((part) => member(part, part === 'value' || part === 'data' ? 'it' : 'pointer'));
  await shown({ it: struct(`${name}<T>`, members, { scope }), pointer }, 'Rust');
});

test.each([
  ['array', ['__elems_']],
  ['optional', ['__engaged_', '__val_']],
  ['unique_ptr', ['__ptr_']],
  ['shared_ptr', ['__ptr_', '__cntrl_']],
  ['atomic', ['__a_']],
  ['pair', ['first', 'second']],
])('a std::%s of itself', async (name, parts) => {
  const engaged = (part: string) => (part === '__engaged_' ? 'int' : 'it');
  const members = parts.map((part) => member(part, engaged(part)));
  await shown({ it: struct(`${name}<T>`, members, { scope: ['std'] }) });
  const pointer: TypeInfo = { kind: 'pointer', form: 'pointer', target: 'it', ...described('it *') };
  const pointers = parts.map((part) => member(part, engaged(part) === 'int' ? 'int' : 'pointer'));
  await shown({ it: struct(`${name}<T>`, pointers, { scope: ['std'] }), pointer });
});

test('a structure of many parts without names, each of which is itself', async () => {
  const parts = Array.from({ length: 100 }, () => member(null, 'it'));
  const it = struct('it', parts, { bases: parts });
  const { reader, shower } = frameOf({ it });
  await expect(reader.pointerIn(inMemory('it', ADDRESS))).rejects.toThrow(StepsError);
  const other = frameOf({ it });
  await expect(other.reader.member(inMemory('it', ADDRESS), 'x')).rejects.toThrow(StepsError);
  const members = await shower.with(new Steps()).members(inMemory('it', ADDRESS), it);
  expect(members.length).toBeLessThan(20_000);
});

test('a part that is far behind a value in pieces is nowhere', async () => {
  const { shower } = frameOf({});
  const place = { kind: 'pieces', pieces: [] } as const;
  for (const offset of [2 ** 40, -(2 ** 40)])
    expect(await shower.show({ type: 'int', place, offset })).toEqual({ text: 'outside of the memory' });
});

test('a variable that cannot be displayed leaves the others as they are', async () => {
  const parts = Array.from({ length: 100 }, () => member(null, 'it'));
  const it = struct('atomic<T>', parts, { bases: parts, scope: ['std'] });
  const frame = frameOf({ it });
  const variable = (name: string, type: TypeId): VariableInfo =>
    ({ name, type, place: { kind: 'memory', address: ADDRESS } }) as VariableInfo;
  const variables = [variable('bad', 'it'), variable('good', 'int')];
  const source = { ...frame, variables, language: 'C++', missing: null } as unknown as SourceFrame;
  const debuggee = { frames: { of: async () => source } } as unknown as Debuggee;
  const container = { kind: 'variables', process: '1', depth: 0, inlined: 0 } as unknown as Parameters<
    typeof sourceVariables
  >[2];
  const range = { start: 0, count: 100, filter: undefined };
  const found = await sourceVariables(debuggee, new Ids(), container, range);
  expect(found.map(({ name, value }) => `${name}: ${value}`)).toEqual([
    'bad: not known: the value is too large, or its type is a part of itself',
    `good: ${ADDRESS}`,
  ]);
});

test('the types of expressions end', async () => {
  const parts = Array.from({ length: 100 }, () => member(null, 'it'));
  const string = struct('String', [member('vec', 'string')], { scope: ['alloc', 'string'] });
  const nested = struct('Vec<T>', [member('buf', 'it'), member('len', 'int')], { scope: ['alloc'] });
  const known = new Map<TypeId, TypeInfo>([
    ['int', INT],
    ['it', struct('it', parts, { bases: parts })],
    ['string', string],
    ['vector', nested],
  ]);
  for (const [id, kind] of [
    ['it', 'record'],
    ['string', 'record'],
    ['vector', 'record'],
  ] as const) {
    const types = new ExpressionTypes(async () => known);
    const place = await types.add(id, 3);
    expect(types.list[place]).toMatchObject({ kind });
  }
});

test.each([-8, 4, 2 ** 60])(
  'parts at bit %d are not told to the runtime, which takes no such place',
  async (bit) => {
    const id = member('id', 'int', bit);
    const variant = { discriminants: [0n], members: [member('Some', 'int', bit)] };
    const known = new Map<TypeId, TypeInfo>([
      ['int', INT],
      ['pointer', { kind: 'pointer', form: 'pointer', target: 'int', ...described('*int') }],
      ['process', struct('Process', [id], { scope: ['lunatic'] })],
      ['base', struct('Base', [member('x', 'int')])],
      ['derived', struct('Derived', [id], { bases: [member(null, 'base', bit)] })],
      ['enum', struct('E', [], { variantPart: { discriminant: member(null, 'int'), variants: [variant] } })],
      ['tagged', struct('T', [], { variantPart: { discriminant: id, variants: [variant] } })],
      ['slice', struct('&[i32]', [member('data_ptr', 'pointer', bit), member('length', 'int')])],
      ['mutex', struct('Mutex<T>', [member('data', 'base', bit)], { scope: ['std'] })],
      ['lock', struct('Cell<T>', [member('value', 'int', bit)], { scope: ['core'] })],
    ]);
    const types = new ExpressionTypes(async () => known);
    types.language = 'Rust';
    for (const type of known.keys()) await types.add(type, 3);
    const numbers =
      JSON.stringify(types.list)
        .match(/-?\d[\d.e+]*/g)
        ?.map(Number) ?? [];
    expect(numbers.filter((number) => !Number.isInteger(number) || number < 0 || number > 1000)).toEqual([]);
  },
);

test('of the types of Rust whose names have a text in them, only texts are texts', async () => {
  const names = [
    '&str',
    'Box<str, A>',
    'alloc::boxed::Box<str>',
    '&[alloc::boxed::Box<str>]',
    'Box<[Box<str>]>',
  ];
  const pointer: TypeInfo = { kind: 'pointer', form: 'pointer', target: 'int', ...described('*int') };
  const parts = [member('data_ptr', 'pointer'), member('length', 'int', 32)];
  const known = new Map<TypeId, TypeInfo>([
    ['int', INT],
    ['pointer', pointer],
    ...names.map((name): [TypeId, TypeInfo] => [name, struct(name, parts)]),
  ]);
  const types = new ExpressionTypes(async () => known);
  types.language = 'Rust';
  const texts = [];
  for (const name of names) texts.push(types.list[await types.add(name, 3)]);
  expect(texts).toMatchObject([true, true, true, false, false].map((isText) => ({ kind: 'list', isText })));
});

test.each([
  [2, { kind: 'list', isText: true, characterBytes: 2 }],
  [1, { kind: 'list', isText: true }],
  [8, { kind: 'record' }],
])('what expressions know of a text of C++ whose characters have %i bytes', async (size, text) => {
  const known = new Map<TypeId, TypeInfo>([
    ['int', INT],
    ['unit', { ...INT, size }],
    ['short', struct('short', [member('__size_', 'int'), member('__data_', 'int', 32)])],
    ['long', struct('long', [member('__size_', 'int', 32), member('__data_', 'int')])],
    ['both', struct('rep', [member('__s', 'short'), member('__l', 'long')])],
    [
      'string',
      struct('basic_string<unit>', [member('__rep_', 'both')], {
        ...{ scope: ['std'], arguments: [{ name: '_CharT', type: 'unit', value: null }] },
      }),
    ],
  ]);
  const types = new ExpressionTypes(async () => known);
  expect(types.list[await types.add('string', 0)]).toMatchObject(text);
});

test('the types of many expressions are never more than the runtime takes', async () => {
  const cube: TypeInfo = { kind: 'array', element: 'int', counts: Array(290).fill(2), ...described('cube') };
  const known = new Map<TypeId, TypeInfo>([['int', INT]]);
  for (let i = 0; i < 50; i++) known.set(`cube ${i}`, cube);
  const types = new ExpressionTypes(async () => known);
  for (let i = 0; i < 50; i++) {
    types.begin();
    types.addObjects({ kind: 'boolean' });
    await types.add(`cube ${i}`, 3);
    await types.add('unknown', 3);
  }
  expect(types.list.length).toBeGreaterThan(9900);
  expect(types.list.length).toBeLessThanOrEqual(10_000);
});

test('a type that is cut short for one expression is whole in the next one', async () => {
  for (let count = 280; count < 310; count++) {
    const parts = Array.from({ length: count }, (_, i) => struct(`part ${i}`, []));
    const known = new Map<TypeId, TypeInfo>([
      ['int', INT],
      ['point', struct('point', [member('x', 'int')])],
      ...parts.map((part, i): [TypeId, TypeInfo] => [`part ${i}`, part]),
      ['big', struct('big', [...parts.map((_, i) => member(`m${i}`, `part ${i}`)), member('at', 'point')])],
    ]);
    const types = new ExpressionTypes(async () => known);
    types.begin();
    await types.add('big', 3);
    types.begin();
    const point = types.list[await types.add('point', 2)];
    const x = point?.kind === 'record' ? types.list[point.members[0]?.type ?? -1] : undefined;
    expect(x, `behind ${count} types`).toEqual({ kind: 'integer', bytes: 4, isSigned: true });
  }
});

test('a label of functions whose parameters are themselves functions ends', () => {
  const itself = {
    tag: Tag.subroutineType,
    name: null,
    children: () =>
      Array.from({ length: 32 }, () => ({ tag: Tag.formalParameter, type: itself, flag: () => false })),
    type: null,
  };
  const label = typeLabel(itself as unknown as Die, () => '', false);
  expect(label.length).toBeLessThan(2049);
});

/** Clears the screen, begins a line, and turns the direction of writing. */
const HOSTILE = 'x\x1b[2J\nFORGED\u202e';
const SAFE = 'x\ufffd[2J\ufffdFORGED\ufffd';

test('names of a hostile program are one line in the variables, of which nothing is obeyed', async () => {
  const it = struct(HOSTILE, [member(HOSTILE, 'int')]);
  const colour: TypeInfo = {
    ...{
      kind: 'enum',
      underlying: 'int',
      enumerators: [{ name: HOSTILE, value: BigInt(ADDRESS) }],
    },
    ...described(HOSTILE),
  } as unknown as TypeInfo;
  const frame = frameOf({ it, colour });
  const variables = ['it', 'colour'].map(
    (type) => ({ name: HOSTILE, type, place: { kind: 'memory', address: ADDRESS } }) as VariableInfo,
  );
  const source = { ...frame, variables, language: 'C++', missing: null } as unknown as SourceFrame;
  const debuggee = { frames: { of: async () => source } } as unknown as Debuggee;
  const container = { kind: 'variables', process: '1', depth: 0, inlined: 0 } as unknown as Parameters<
    typeof sourceVariables
  >[2];
  const range = { start: 0, count: 100, filter: undefined };
  const body = { variables: await sourceVariables(debuggee, new Ids(), container, range) };
  displayAnswer('variables', body);
  expect(body.variables).toHaveLength(2);
  for (const { name, value, type } of body.variables) {
    expect(name).toContain(SAFE);
    expect(type).toBe(SAFE);
    expect(value).not.toMatch(/\p{Cc}|\p{Cf}/u);
  }
});

test.each([
  [
    'output',
    { category: 'console', output: `a\tb ${HOSTILE}\n` },
    { output: 'a\tb x\ufffd[2J\nFORGED\ufffd\n' },
  ],
  ['output', { category: 'stdout', output: HOSTILE }, { output: HOSTILE }],
  [
    'stopped',
    { text: HOSTILE, description: '\x07' },
    { text: 'x\ufffd[2J\nFORGED\ufffd', description: '\ufffd' },
  ],
  ['breakpoint', { breakpoint: { message: '\x1b' } }, { breakpoint: { message: '\ufffd' } }],
])(
  'what the adapter says in %s events is safe, and what the program prints is as it is',
  (event, body, safe) => {
    displayEvent(event, body);
    expect(body).toMatchObject(safe);
  },
);

test('errors that name what is hostile are safe', () => {
  const { variables } = new AdapterError(ErrorId.BadValue, `there is no ${HOSTILE}`).toMessage('goto');
  expect(variables?.['_message']).toBe('there is no x\ufffd[2J\nFORGED\ufffd');
});

test('paths and expressions of an answer stay what they are', () => {
  const body = {
    variables: [{ name: 'a', evaluateName: HOSTILE }],
    sources: [{ path: HOSTILE, name: HOSTILE }],
  };
  displayAnswer('variables', body);
  expect(body).toEqual({
    variables: [{ name: 'a', evaluateName: HOSTILE }],
    sources: [{ path: HOSTILE, name: SAFE }],
  });
});
