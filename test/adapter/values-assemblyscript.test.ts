import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { projectFolder } from '../support/command.ts';
import { AdapterClient, testFolder } from './adapter-client.ts';
import { stoppedIn } from './value-guests.ts';

const source = join(projectFolder, 'test', 'guests', 'values', 'values.ts');

async function stopped() {
  const program = join(testFolder(), 'values.wasm');
  await buildAssemblyScript(source, program, { debug: true, sourceMap: true, args: ['--use', 'abort='] });
  const client = await AdapterClient.stdio();
  const line =
    readFileSync(source, 'utf8')
      .split('\n')
      .findIndex((text) => text.endsWith('// here')) + 1;
  await client.configure('', { program, sourceFileMap: { 'values.ts': source } });
  await client.setBreakpointsRequest({ source: { path: source }, breakpoints: [{ line }] });
  await client.configurationDoneRequest();
  return stoppedIn(client, (await client.event('stopped')).body.threadId ?? 0);
}

const UNSETTABLE = 'cannot be set: AssemblyScript shares its strings and objects, so only numbers can';

const APPLE =
  'Item {name: "apple", price: 2.5, small: -3, flag: 1, big: -9000000000, next: null, at: Point {x: 1, y: 2}}';

/** Of the variables: value and type. Those that are constants have none. */
const LOCALS: Readonly<Record<string, string>> = {
  count: '12: i32',
  name: '"a name": String',
  item: `${APPLE}: Item`,
  yes: '1: i32',
  numbers: '(3) [10, 20, 30]: Array<i32>',
  words: '(2) ["one", "two"]: Array<String>',
  floats: '(2) [1.5, 2.5]: Array<f64>',
  fixed: '(2) [0, 7]: StaticArray<i32>',
  bytes: '(3) [200, 0, 0]: Uint8Array',
  doubles: '(2) [0, 1.5]: Float64Array',
  buffer: '(4) [0, 0, 0, 0]: ArrayBuffer',
  ages: '(2) {"two": 2, "three": 3}: Map<String, i32>',
  ids: '(2) {5, 6}: Set<i32>',
  points: '(2) [Point {x: 3, y: 4}, Point {x: 5, y: 6}]: Array<Point>',
  cherry: `Cherry {name: "cherry", price: 2.5, small: -3, flag: 1, big: -9000000000, next: ${APPLE}, at: Point {x: 1, y: 2}, color: 200}: Cherry`,
};

test('locals by their names, and objects by what they are', async () => {
  const { scope } = await stopped();
  expect((await scope('Locals')).table).toEqual(LOCALS);
  // Below them, what WebAssembly has.
  expect((await scope('WebAssembly')).get('$count')).toMatchObject({ value: '12', type: 'i32' });
});

test('globals of the source are statics, without their file', async () => {
  const { client, scope, evaluate, threadId } = await stopped();
  const statics = await scope('Statics');
  expect(statics.table).toEqual({ total: '8: i32', 'Shop.open': '6: i32', 'Shop.best': `${APPLE}: Item` });
  expect((await evaluate('total * 2')).result).toBe('16');
  expect((await evaluate('Shop.open')).result).toBe('6');
  expect((await evaluate('Shop.best.name')).result).toBe('"apple"');
  const frameId = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.id ?? 0;
  await client.customRequest('setExpression', { expression: 'Shop.open', value: '7', frameId });
  expect((await evaluate('Shop.open * 2')).result).toBe('14');
  const set = { variablesReference: statics.reference, name: 'total', value: '9' };
  expect((await client.setVariableRequest(set)).body.value).toBe('9');
  expect((await evaluate('total')).result).toBe('9');
});

test('objects are opened', async () => {
  const { client, scope, inside, evaluate } = await stopped();
  const locals = await scope('Locals');
  const open = async (...path: string[]) => {
    let variables = locals;
    for (const name of path) variables = await inside(variables.get(name));
    return variables;
  };
  expect((await open('cherry')).names).toEqual([
    'name',
    'price',
    'small',
    'flag',
    'big',
    'next',
    'at',
    'color',
  ]);
  expect((await open('cherry', 'next', 'at')).table).toEqual({ x: '1: i32', y: '2: i32' });
  expect((await open('points', '[1]')).values).toEqual({ x: '5', y: '6' });
  expect((await open('ages')).values).toEqual({ '["two"]': '2', '["three"]': '3' });
  expect((await open('words')).values).toEqual({ '[0]': '"one"', '[1]': '"two"' });
  const { memoryReference = '' } = locals.get('name');
  const { body } = await client.customRequest('readMemory', { memoryReference, offset: 0, count: 12 });
  expect(Buffer.from(body.data, 'base64').toString('utf16le')).toBe('a name');
  expect((await evaluate('count + 1')).result).toBe('13');
});

test('objects and their parts are hovered and watched by their names', async () => {
  const { evaluate, inside } = await stopped();
  expect(await evaluate('name', 0, 'hover')).toMatchObject({ result: '"a name"', type: 'String' });
  expect(await evaluate('count', 0, 'hover')).toMatchObject({ result: '12', type: 'i32' });
  expect(await evaluate('cherry.next.at')).toMatchObject({ result: 'Point {x: 1, y: 2}', type: 'Point' });
  expect(await evaluate('cherry.color')).toMatchObject({ result: '200' });
  expect(await evaluate('points[1]')).toMatchObject({ result: 'Point {x: 5, y: 6}' });
  expect(await evaluate('ages["two"]')).toMatchObject({ result: '2' });
  const words = await evaluate('words');
  expect((await inside({ ...words, name: '', value: '' })).values).toEqual({
    '[0]': '"one"',
    '[1]': '"two"',
  });
  // As WebAssembly has it.
  expect(await evaluate('$name')).toMatchObject({ result: expect.stringMatching(/^\d+$/), type: 'i32' });
  await expect(evaluate('nobody')).rejects.toThrow('There is no nobody here');
});

test('a local that is a number is set, here and by its name in the watch', async () => {
  const { client, scope, threadId } = await stopped();
  const { reference } = await scope('Locals');
  const set = async (name: string, value: string) =>
    (await client.setVariableRequest({ variablesReference: reference, name, value })).body.value;
  expect(await set('count', '13')).toBe('13');
  expect((await scope('Locals')).get('count').value).toBe('13');
  await expect(set('count', 'many')).rejects.toThrow("$count takes a value of type i32, which 'many' is not");
  await expect(set('words', '1')).rejects.toThrow(`words ${UNSETTABLE}`);
  const frameId = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.id ?? 0;
  await client.customRequest('setExpression', { expression: 'count', value: '14', frameId });
  expect((await scope('Locals')).get('count').value).toBe('14');
  const watch = (expression: string) =>
    client.customRequest('setExpression', { expression, value: '5', frameId });
  await expect(watch('name')).rejects.toThrow(`name ${UNSETTABLE}`);
  await expect(watch('cherry.name')).rejects.toThrow(`name ${UNSETTABLE}`);
  expect((await scope('Locals')).get('name').value).toBe('"a name"');
});

test('parts of objects that are numbers are set in memory', async () => {
  const { client, scope, inside, threadId } = await stopped();
  const frameId = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.id ?? 0;
  const set = async (expression: string, value: string) =>
    (await client.customRequest('setExpression', { expression, value, frameId })).body.value;
  expect(await set('cherry.price', '7.25')).toBe('7.25');
  expect(await set('cherry.next.at.x', '-5')).toBe('-5');
  expect(await set('numbers[1]', '0x10')).toBe('16');
  expect(await set('ages["two"]', '22')).toBe('22');
  expect(await set('item.flag', 'false')).toBe('0');
  expect(await set('floats[0]', 'cherry.price - numbers.length - count / 12 - 1.75')).toBe('1.5');
  expect(await set('count', 'numbers[1] - 2')).toBe('14');
  await expect(set('bytes[0]', '256')).rejects.toThrow("[0] takes a value of type u8, which '256' is not");
  await expect(set('cherry.at', '5')).rejects.toThrow(`at ${UNSETTABLE}`);
  const { reference } = await inside((await scope('Locals')).get('floats'));
  await client.setVariableRequest({ variablesReference: reference, name: '[1]', value: '-0.5' });
  const { values } = await scope('Locals');
  expect(values).toMatchObject({
    numbers: '(3) [10, 16, 30]',
    ages: '(2) {"two": 22, "three": 3}',
    floats: '(2) [1.5, -0.5]',
    item: expect.stringMatching(/flag: 0, .* at: Point \{x: -5, y: 2\}\}$/),
    cherry: expect.stringMatching(/^Cherry \{name: "cherry", price: 7.25, /),
  });
});
