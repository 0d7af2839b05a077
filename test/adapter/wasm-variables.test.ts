import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import { readValue, type ValueKind, valueText } from '../../debug-adapter/wasm-values.ts';
import { AdapterClient, guestFile } from './adapter-client.ts';

/** It counts up for ever, with a local of each type; a line is found by the comment at its end. */
const COUNTER = `(module
  (memory (export "memory") 1)
  (global $total (mut i64) (i64.const 5))
  (global $limit f64 (f64.const 2.5))
  (func $count (param $step i32) (result i32)
    (local $long i64) (local $half f32) (local $twice f64) (local v128)
    (local.set $long (i64.const -3))
    (local.set $half (f32.const 0.1))
    (local.set $twice (f64.const inf))
    (local.set 4 (v128.const i32x4 1 2 3 0xffffffff))
    (global.set $total (i64.add (global.get $total) (local.get $long))) ;; total
    (i64.store (i32.const 8) (local.get $long)) ;; stored
    (local.get $step))
  (func (export "_start")
    (loop $again
      (drop (call $count (i32.const 7)))
      (br $again))))`;

async function stoppedAt(comment: string) {
  const client = await AdapterClient.stdio();
  const path = guestFile(COUNTER);
  await client.configure('', { program: path });
  const line = COUNTER.split('\n').findIndex((text) => text.endsWith(`;; ${comment}`)) + 1;
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line }] });
  await client.configurationDoneRequest();
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  return { client, threadId };
}

async function scopeOf(client: AdapterClient, threadId: number, name: string, depth = 0): Promise<number> {
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  const { scopes } = (await client.scopesRequest({ frameId: stackFrames[depth]?.id ?? 0 })).body;
  return scopes.find((scope) => scope.name === name)?.variablesReference ?? 0;
}

function valuesOf(variables: readonly DebugProtocol.Variable[]): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

test('the locals of a call and the globals of a process, with names, types and values', async () => {
  const { client, threadId } = await stoppedAt('total');
  const locals = await client.variables(await scopeOf(client, threadId, 'Locals'));
  expect(valuesOf(locals)).toEqual({
    $step: '7',
    $long: '-3',
    $half: '0.1',
    $twice: 'inf',
    $4: 'i32x4 0x00000001 0x00000002 0x00000003 0xffffffff',
  });
  expect(locals.map(({ type }) => type)).toEqual(['i32', 'i64', 'f32', 'f64', 'v128']);
  const globals = await client.variables(await scopeOf(client, threadId, 'Globals'));
  expect(valuesOf(globals)).toEqual({ $total: '5', $limit: '2.5' });
  // The call around has none.
  expect(await client.variables(await scopeOf(client, threadId, 'Locals', 1))).toEqual([]);
});

test('a local and a global are set, and the process goes on with them', async () => {
  const { client, threadId } = await stoppedAt('total');
  const locals = await scopeOf(client, threadId, 'Locals');
  const globals = await scopeOf(client, threadId, 'Globals');
  const set = (variablesReference: number, name: string, value: string) =>
    client.setVariableRequest({ variablesReference, name, value });
  expect((await set(locals, '$long', ' 0x10 ')).body).toEqual({ value: '16' });
  expect((await set(globals, '$total', '-1000')).body).toEqual({ value: '-1000' });
  expect(valuesOf(await client.variables(locals))).toMatchObject({ $long: '16' });
  expect((await set(locals, '$twice', '$half + $step * 2')).body.value).toMatch(/^14\.1/);
  expect((await set(locals, '$step', '$total < 0 && $long == 16')).body).toEqual({ value: '1' });
  expect((await set(locals, '$step', "'a'")).body).toEqual({ value: '97' });
  await expect(set(locals, '$step', '"7"')).rejects.toThrow('$step takes a value of type i32');
  await client.nextRequest({ threadId });
  await client.event('stopped', ({ body }) => body.reason === 'step');
  expect(valuesOf(await client.variables(globals))).toMatchObject({ $total: '-984' });
  await client.nextRequest({ threadId });
  await client.until(() => client.eventsOf('stopped')[2], 'the third stop');
  const memoryReference = (await client.scope(threadId, 'Memory'))[0]?.memoryReference ?? '';
  const { body } = await client.customRequest('readMemory', { memoryReference, offset: 8, count: 8 });
  expect(Buffer.from(body.data, 'base64').readBigInt64LE()).toBe(16n);

  await expect(set(locals, '$long', 'many')).rejects.toThrow(
    "$long takes a value of type i64, which 'many' is not",
  );
  await expect(set(locals, '$step', '4294967296')).rejects.toThrow('$step takes a value of type i32');
  await expect(set(globals, '$limit', '1')).rejects.toThrow('constant');
  await expect(set(locals, '$nobody', '1')).rejects.toThrow('There is no variable $nobody');
});

test('a hover, a watch and the console read locals and globals of the selected call', async () => {
  const { client, threadId } = await stoppedAt('total');
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  const [frame, caller] = stackFrames;
  const read = async (expression: string, context: string, frameId = frame?.id) =>
    (await client.evaluateRequest({ expression, context, ...(frameId === undefined ? {} : { frameId }) }))
      .body;
  expect(await read('$long', 'hover')).toEqual({ result: '-3', type: 'i64', variablesReference: 0 });
  expect(await read(' $total ', 'watch')).toMatchObject({ result: '5' });
  expect(await read('$half', 'repl')).toMatchObject({ result: '0.1' });
  await expect(read('$long', 'watch', caller?.id)).rejects.toThrow('There is no $long here');
  expect(await read('$long * 2 + 1', 'watch')).toMatchObject({ result: '-5' });
  expect(await read('total == 5 && $half < 1', 'watch')).toMatchObject({ result: 'true' });
  await expect(read('i64.add', 'hover')).rejects.toThrow('There is no i64 here');
  await expect(client.evaluateRequest({ expression: '$long', context: 'repl' })).rejects.toThrow(
    '$long has a value only in a call of a process that has stopped',
  );
  // Commands stay.
  expect(await read('processes', 'repl')).toMatchObject({ result: expect.stringContaining('_start') });
});

test('a call with more locals than a frame keeps shows those with names', async () => {
  const client = await AdapterClient.stdio();
  const path = guestFile(`(module (func (export "_start") (local ${'i64 '.repeat(70)}) (local $last i32)
    (local.set $last (i32.const 7))
    (local.set 69 (i64.const 69))
    nop ;; here
  ))`);
  await client.configure('', { program: path });
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line: 4 }] });
  await client.configurationDoneRequest();
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  const all = await client.variables(await scopeOf(client, threadId, 'Locals'));
  expect(valuesOf(all)).toMatchObject({ $0: '0', $62: '0', $last: '7' });
  expect(all).toHaveLength(64);
});

test('locals of outer calls are read, and not set', async () => {
  const client = await AdapterClient.stdio();
  const text = `(module (func $inner nop ;; here
    ) (func (export "_start") (local $kept i32) (local.set $kept (i32.const 9)) (call $inner)))`;
  const path = guestFile(text);
  await client.configure('', { program: path });
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line: 1 }] });
  await client.configurationDoneRequest();
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  const variablesReference = await scopeOf(client, threadId, 'Locals', 1);
  expect(valuesOf(await client.variables(variablesReference))).toEqual({ $kept: '9' });
  const refused = client.setVariableRequest({ variablesReference, name: '$kept', value: '1' });
  await expect(refused).rejects.toThrow('Only locals of the innermost call can be set');
});

test('a program that is run without debugging has no locals to show', async () => {
  const client = await AdapterClient.stdio();
  await client.run(COUNTER, { noDebug: true });
  const running = await client.process(({ id }) => id === 1, 'the process');
  const { threadId } = await client.custom('lunatic/thread', { process: running.key });
  await client.pauseRequest({ threadId });
  await client.event('stopped');
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const { scopes } = (await client.scopesRequest({ frameId: frame?.id ?? 0 })).body;
  expect(scopes.map(({ name }) => name)).toEqual(['Mailbox', 'Links and monitors', 'Config', 'Memory']);
});

test.each<[ValueKind, string, string]>([
  ['i32', '-1', '-1'],
  ['i32', '4294967295', '-1'],
  ['i32', '0x7fff_ffff', '2147483647'],
  ['i64', '-9223372036854775808', '-9223372036854775808'],
  ['i64', '0xffffffffffffffff', '-1'],
  ['f32', '0.3', '0.3'],
  ['f32', '-inf', '-inf'],
  ['f64', '1e300', '1e+300'],
  ['f64', '-0', '-0'],
  ['f64', 'NaN', 'nan'],
  ['v128', 'i32x4 1 -1 0x10 4', 'i32x4 0x00000001 0xffffffff 0x00000010 0x00000004'],
])('as an %s, %s is %s', (type, text, expected) => {
  expect(valueText(type, readValue(type, text) ?? '')).toBe(expected);
});

test.each<[ValueKind, string]>([
  ['i32', ''],
  ['i32', '1.5'],
  ['i32', '-2147483649'],
  ['i64', '18446744073709551616'],
  ['i64', '0x'],
  ['f32', 'one'],
  ['f64', '1e'],
  ['v128', '1 2 3'],
  ['v128', 'i32x4 1 2 3 x'],
])('an %s cannot be %j', (type, text) => {
  expect(readValue(type, text)).toBeNull();
});
