import { expect, test } from 'vitest';
import { type Stopped, stoppedAt } from './value-guests.ts';

const stopped = () => stoppedAt('values-c.wasm', 'values.c');

/** Of the variables: value and type. Addresses are those of today's compiler. */
const LOCALS: Readonly<Record<string, string>> = {
  'count (hidden)': '12: int',
  name: '0x… "a name": const char *',
  corner: '0x… {x: 100, y: 200}: point *',
  rest: '0x… → 7: int *',
  tiny: '-5: signed char',
  byte: '200: unsigned char',
  letter: "120 'x': char",
  control: "10 '\\n': char",
  small: '-300: short',
  word: '60000: unsigned short',
  big: '-9000000000000000000: long long',
  huge: '18446744073709551615: unsigned long long',
  third: '0.33333334: float',
  pi: '3.141592653589793: double',
  yes: 'true: _Bool',
  no: 'false: _Bool',
  color: 'GREEN: color',
  strange: '9: color',
  options: 'BOLD | UNDERLINED: option',
  flags: '{ready: 1, level: -3, wide: 78187493530}: flags',
  number: '{whole: 1069547520, real: 1.5, bytes: (4) [0, 0, 192, 63]}: number',
  outer: '{inside: 10, left: 20, right: 20, corners: (2) [{x: 1, y: 2}, {x: 3, y: 4}]}: outer',
  numbers: '(5) [10, 20, 30, 40, 50]: int[5]',
  grid: '(2) [(3) [1, 2, 3], (3) [4, 5, 6]]: int[2][3]',
  text: '"in an array": char[16]',
  nothing: 'NULL: const char *',
  quoted: '0x… "a \\"quote\\"\\tand é": const char *',
  here: '{x: 3, y: -4}: point',
  pointer: '0x… {x: 3, y: -4}: point *',
  second: '0x… → 20: int *',
  twice: '0x… → 0x… → 20: int **',
  anything: '0x…: void *',
  last: '{value: 2, next: NULL}: node_t',
  first: '{value: 1, next: 0x… {value: 2, next: NULL}}: node_t',
  apply: 'add: operation',
  length: '42: size',
  constant: '11: const volatile int',
  many: '(3000) [0, 1, 4, 9, 16, 25, …]: int[3000]',
  count: '18: int',
};

const withoutAddresses = (table: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(table).map(([name, text]) => [name, text.replace(/0x[\da-f]+/g, '0x…')]));

test('parameters, locals of all blocks and statics, with values as C writes them', async () => {
  const { scope } = await stopped();
  expect(withoutAddresses((await scope('Locals')).table)).toEqual(LOCALS);
  expect(withoutAddresses((await scope('Statics')).table)).toEqual({
    counter: '21: int',
    greeting: '0x… "hello, world": const char *',
    result: '0: int',
  });
  // Those of the call around, too, and below them what WebAssembly has.
  expect((await scope('Locals', 1)).values).toEqual({
    corner: '{x: 100, y: 200}',
    rest: '(4) [7, 8, 9, 10]',
  });
  expect((await scope('WebAssembly')).get('$0')).toMatchObject({ value: '12', type: 'i32' });
});

async function open({ scope, inside }: Stopped, ...path: string[]) {
  let variables = await scope('Locals');
  for (const name of path) variables = await inside(variables.get(name));
  return variables;
}

test('what has parts is opened', async () => {
  const guest = await stopped();
  expect((await open(guest, 'here')).table).toEqual({ x: '3: int', y: '-4: int' });
  expect((await open(guest, 'pointer')).values).toEqual({ x: '3', y: '-4' });
  expect((await open(guest, 'second')).values).toEqual({ '*': '20' });
  expect((await open(guest, 'first', 'next')).values).toEqual({ value: '2', next: 'NULL' });
  expect((await open(guest, 'outer')).names).toEqual(['inside', 'left', 'right', 'corners']);
  expect((await open(guest, 'outer', 'corners', '[1]')).values).toEqual({ x: '3', y: '4' });
  expect((await open(guest, 'grid', '[1]')).table).toEqual({
    '[0]': '4: int',
    '[1]': '5: int',
    '[2]': '6: int',
  });
  expect((await open(guest, 'number')).names).toEqual(['whole', 'real', 'bytes']);
});

test('a large array is read in pages', async () => {
  const { scope, inside } = await stopped();
  const many = (await scope('Locals')).get('many');
  expect(many).toMatchObject({ indexedVariables: 3000 });
  const page = await inside(many, { filter: 'indexed', start: 2998, count: 100 });
  expect(page.values).toEqual({ '[2998]': String(2998 ** 2), '[2999]': String(2999 ** 2) });
  expect((await inside(many, { filter: 'named' })).all).toEqual([]);
});

test('where a value is in memory is known', async () => {
  const { client, scope } = await stopped();
  const { memoryReference = '' } = (await scope('Locals')).get('numbers');
  const { body } = await client.customRequest('readMemory', { memoryReference, offset: 4, count: 8 });
  expect(Buffer.from(body.data, 'base64').readInt32LE(4)).toBe(30);
  expect((await scope('Locals')).get('pointer').memoryReference).toBe(
    (await scope('Locals')).get('here').memoryReference,
  );
});

test('what was written to the memory, or into a global, is displayed', async () => {
  const guest = await stopped();
  const { client, scope } = guest;
  expect((await scope('Locals')).values).toMatchObject({ numbers: '(5) [10, 20, 30, 40, 50]' });
  const { memoryReference = '' } = (await scope('Locals')).get('numbers');
  const data = Buffer.from(Int32Array.of(7, 8).buffer).toString('base64');
  await client.customRequest('writeMemory', { memoryReference, data });
  expect((await scope('Locals')).values).toMatchObject({ numbers: '(5) [7, 8, 30, 40, 50]' });
  // The locals are on the stack whose end the global is.
  const { reference, all } = await scope('Globals');
  const [stack] = all;
  const value = String(Number(stack?.value) - 16);
  await client.setVariableRequest({ variablesReference: reference, name: stack?.name ?? '', value });
  expect((await scope('Globals')).all[0]?.value).toBe(value);
});

test('the parts of a process that has gone on are not kept', async () => {
  const guest = await stopped();
  const numbers = (await guest.scope('Locals')).get('numbers').variablesReference;
  expect((await guest.client.variablesRequest({ variablesReference: numbers })).body.variables).toHaveLength(
    5,
  );
  await guest.client.nextRequest({ threadId: guest.threadId });
  await guest.client.event('stopped', ({ body }) => body.reason === 'step');
  await expect(guest.client.variablesRequest({ variablesReference: numbers })).rejects.toThrow(
    `There are no variables ${numbers} any more`,
  );
  expect((await open(guest, 'numbers')).names).toHaveLength(5);
});

test('numbers, characters, booleans, enums, pointers and bit fields are set', async () => {
  const guest = await stopped();
  const { client, scope } = guest;
  const set = async (name: string, value: string, variables = scope('Locals')) =>
    (await client.setVariableRequest({ variablesReference: (await variables).reference, name, value })).body
      .value;
  expect(await set('tiny', '-128')).toBe('-128');
  expect(await set('letter', "'\\n'")).toBe("10 '\\n'");
  expect(await set('letter', "121 'y'")).toBe("121 'y'");
  expect(await set('huge', '0xffff_ffff_ffff_fffe')).toBe('18446744073709551614');
  expect(await set('pi', '2.5e3')).toBe('2500');
  expect(await set('yes', 'false')).toBe('false');
  expect(await set('color', 'BLUE')).toBe('BLUE');
  expect(await set('options', 'ITALIC | UNDERLINED')).toBe('ITALIC | UNDERLINED');
  expect(await set('nothing', '0x10')).toMatch(/^0x10/);
  expect(await set('pointer', 'NULL')).toBe('NULL');
  expect(await set('level', '-16', open(guest, 'flags'))).toBe('-16');
  expect((await open(guest, 'flags')).values).toEqual({ ready: '1', level: '-16', wide: '78187493530' });
  expect(await set('[2]', '7', open(guest, 'numbers'))).toBe('7');
  expect(await set('counter', '1', scope('Statics'))).toBe('1');
  expect((await scope('Locals')).values).toMatchObject({ tiny: '-128', numbers: '(5) [10, 20, 7, 40, 50]' });
  await expect(set('tiny', '300')).rejects.toThrow(
    "tiny takes a value of type signed char, which '300' is not",
  );
  await expect(set('color', 'PINK')).rejects.toThrow('color takes a value of type color');
  await expect(set('here', '1')).rejects.toThrow('here cannot be set as a whole');
  await expect(set('nobody', '1')).rejects.toThrow('There is no variable nobody');
});

test('a value of which the compiler has left nothing says so', async () => {
  const { scope, evaluate } = await stoppedAt('optimised-c.wasm', 'optimised.c');
  const { values } = await scope('Locals');
  expect(values).toMatchObject({ count: '5', dropped: 'optimised away', known: '7' });
  expect((await evaluate('dropped')).result).toBe('optimised away');
  await expect(evaluate('dropped + 1')).rejects.toThrow('optimised away');
  for (const expression of ['dropped->next', 'dropped[1]', '*dropped'])
    await expect(evaluate(expression)).rejects.toThrow('dropped is optimised away');
});

test('what the linker has dropped is optimised away; complex numbers; wide texts; statics of what is inlined everywhere', async () => {
  const { scope, evaluate } = await stoppedAt('pointers-c.wasm', 'pointers.c');
  expect((await scope('Locals')).table).toMatchObject({
    discarded: 'optimised away: const size_t',
    wave: '1 + 2i: complex',
    small_wave: '1.5 - 0.5i: complex',
    precise: '2.5: volatile long double',
    wide: '"wïde": wchar_t[8]',
    wide_pointer: expect.stringMatching(/^0x[\da-f]+ "more": const wchar_t \*$/),
    short_text: '"sh": char16_t[4]',
    long_text: '"lo": char32_t[4]',
  });
  expect((await scope('Statics')).table).toMatchObject({ last_id: '100: int', unused: '256: const int' });
  expect((await evaluate('last_id')).result).toBe('100');
  for (const expression of ['discarded + 1', 'wave + 1'])
    await expect(evaluate(expression)).rejects.toThrow(/optimised away|complex/);
});

test('pointers that are calculated have a type, and parts; what is not there is said', async () => {
  const { evaluate, inside } = await stoppedAt('pointers-c.wasm', 'pointers.c');
  const next = await evaluate('first + 1');
  expect(next).toMatchObject({
    result: expect.stringMatching(/^0x[\da-f]+ \{x: 3, y: 4\}$/),
    type: 'point *',
  });
  expect((await inside({ ...next, name: '', value: '' })).values).toEqual({ x: '3', y: '4' });
  expect(await evaluate('&number')).toMatchObject({ result: expect.stringContaining('→ 6'), type: 'int *' });
  expect((await evaluate('*(points + 2)')).result).toBe('{x: 5, y: 6}');
  await expect(evaluate('*nosuch')).rejects.toThrow('There is no nosuch here');
  expect(await evaluate('(point_t*)untyped')).toMatchObject({ type: 'point_t *' });
  expect((await evaluate('(color_t)6')).result).toBe('BLUE');
  expect((await evaluate('header->text')).result).toBe('"hi"');
  expect((await evaluate('letter')).result).toBe("1 '\\001'");
  await expect(evaluate('010')).rejects.toThrow('write 10 or, as C means it, 8');
});

test('what is set may be calculated, also by an assignment in the console', async () => {
  const { client, threadId, evaluate } = await stoppedAt('pointers-c.wasm', 'pointers.c');
  const { id: frameId } = await client.topFrame(threadId);
  const set = async (expression: string, value: string) =>
    (await client.customRequest('setExpression', { expression, value, frameId })).body.value;
  expect(await set('number', 'points[1].x + byte')).toBe('203');
  expect(await set('first', '&points[2]')).toMatch(/\{x: 5, y: 6\}$/);
  expect(await set('precise', '7.25')).toBe('7.25');
  expect(await set('apply', 'multiply')).toBe('multiply');
  expect((await evaluate('precise == 7.25')).result).toBe('true');
  await expect(set('number', 'nosuch + 1')).rejects.toThrow('number takes a value of type int');
  expect((await evaluate('points[0].x = number + 1', 0, 'repl')).result).toBe('204');
  expect((await evaluate('points[0].x == 204', 0, 'repl')).result).toBe('true');
  expect((await evaluate('first->y = 9', 0, 'repl')).result).toBe('9');
  expect((await evaluate('points[2].y == 9', 0, 'repl')).result).toBe('true');
  // Each level must not take twice as long.
  expect((await evaluate(`(${'(point_t*)'.repeat(40)}untyped)->x`)).result).toBe('204');
  expect((await evaluate(`${'(second - '.repeat(40)}second${')'.repeat(40)} == second`)).result).toBe('true');
});
