import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import type { Calls } from '../../debug-adapter/calls.ts';
import { DataBreakpoints } from '../../debug-adapter/data-breakpoints.ts';
import type { StackFrame } from '../../runtime/inspect/protocol.ts';
import type { Inspected } from '../../runtime/internal.ts';
import { projectFolder } from '../support/command.ts';
import { AdapterClient } from './adapter-client.ts';
import { ShopSession } from './shop-session.ts';
import type { Language } from './shops.ts';
import { unpacked } from './value-guests.ts';

type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

/** A shop whose process 2 has stopped at the line of a comment, and has no breakpoint there any more. */
async function stoppedAt(language: Language, comment: string) {
  const session = await ShopSession.run(language, comment);
  await session.send(2, 20);
  const { threadId = 0 } = await session.stopped();
  await session.breakAt();
  const { client, shop } = session;
  const { id: frameId } = await client.topFrame(threadId);
  const info = async (args: object): Promise<Info> =>
    (await client.customRequest('dataBreakpointInfo', { frameId, ...args })).body;
  const set = async (...breakpoints: object[]): Promise<DebugProtocol.Breakpoint[]> =>
    (await client.customRequest('setDataBreakpoints', { breakpoints })).body.breakpoints;
  /** Goes on to the next stop, and says what has changed. */
  const changed = async () => {
    await client.continueRequest({ threadId });
    return await session.stopped();
  };
  return { session, client, threadId, info, set, changed, line: shop.line };
}

test.each<[Language, string, string, string]>([
  ['WAT', '$total', 'worker', 'shop.wat'],
  ['C', 'total', 'worker', 'shop.c'],
  ['Rust', 'TOTAL', 'worker', 'shop.rs'],
])(
  'a process stops behind the line that changes a static or global: %s',
  async (language, name, functionName, file) => {
    const { session, client, threadId, info, set, changed, line } = await stoppedAt(language, 'read');
    const { dataId, description, accessTypes } = await info({ name });
    expect([description, accessTypes]).toEqual([`${name} of process 2`, ['write']]);
    const [breakpoint] = await set({ dataId });
    expect(breakpoint).toMatchObject({ verified: true });
    const stop = await changed();
    const text = `${name} changed from 0 to 55 in ${functionName}, ${file}:${line('total')}`;
    expect(stop).toEqual({
      reason: 'data breakpoint',
      description: 'Paused on data breakpoint',
      text,
      threadId,
      allThreadsStopped: false,
      hitBreakpointIds: [breakpoint?.id],
    });
    const { body } = await client.event('output', ({ body }) => body.output === `#2 worker: ${text}\n`);
    expect(body).toMatchObject({ source: { path: session.shop.source }, line: line('total') });
    // Another process has its own data.
    await session.send(3, 1);
    await client.waitingThread(3);
    await set();
    await client.continueRequest({ threadId });
    await session.send(2, 1);
    await client.waitingThread(2);
    expect(client.eventsOf('stopped')).toHaveLength(2);
  },
);

test('a local in memory is watched, and what a call returns into it is seen at the line of the call', async () => {
  const { client, threadId, info, set, changed, line } = await stoppedAt('C', 'read');
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const { scopes } = (await client.scopesRequest({ frameId: frame?.id ?? 0 })).body;
  const variablesReference = scopes[0]?.variablesReference;
  const count = await info({ variablesReference, name: 'count' });
  const sum = await info({ name: 'sum' });
  await set({ dataId: count.dataId }, { dataId: sum.dataId });
  expect((await changed()).text).toBe(`count changed from 0 to 20 in worker, shop.c:${line('read')}`);
  expect((await changed()).text).toBe(`sum changed from 0 to 55 in worker, shop.c:${line('price')}`);
});

test('arrays of characters change from text to text', async () => {
  const client = await AdapterClient.stdio();
  const folder = join(projectFolder, 'test', 'guests', 'values');
  await client.configure('', { program: unpacked('pointers-c.wasm'), sourceFileMap: { '/project': folder } });
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'show' }] });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const { body } = await client.customRequest('dataBreakpointInfo', { frameId: frame?.id, name: 'name' });
  await client.customRequest('setDataBreakpoints', { breakpoints: [{ dataId: body.dataId }] });
  await client.continueRequest({ threadId });
  const stop = await client.event('stopped', ({ body }) => body.reason === 'data breakpoint');
  expect(stop.body.text).toMatch(/^name changed from "" to "a name" in show, pointers.c:\d+$/);
});

test('structures, enums and pointers change as variables are displayed', async () => {
  const client = await AdapterClient.stdio();
  const folder = join(projectFolder, 'test', 'guests', 'values');
  await client.configure('', { program: unpacked('values-c.wasm'), sourceFileMap: { '/project': folder } });
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'show' }] });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  const { id: frameId } = await client.topFrame(threadId);
  const names = ['color', 'outer', 'here', 'second'];
  const breakpoints = await Promise.all(
    names.map(async (name) => (await client.customRequest('dataBreakpointInfo', { frameId, name })).body),
  );
  await client.customRequest('setDataBreakpoints', { breakpoints });
  const changes: string[] = [];
  while (changes.length < names.length) {
    await client.continueRequest({ threadId });
    const { body } = await client.until(() => client.eventsOf('stopped')[changes.length + 1], 'a change');
    changes.push(body.text?.replace(/ in show, values\.c:\d+$/, '') ?? '');
  }
  expect(changes).toEqual([
    'color changed from RED to GREEN',
    'outer changed from {inside: 0, left: 0, right: 0, corners: (2) [{x: 0, y: 0}, {x: 0, y: 0}]} to {inside: 10, left: 20, right: 20, corners: (2) [{x: 1, y: 2}, {x: 3, y: 4}]}',
    'here changed from {x: 0, y: 0} to {x: 3, y: -4}',
    expect.stringMatching(/^second changed from NULL to 0x[\da-f]+ → 20$/),
  ]);
});

test('a change in a library is told with the line of the author that has called it', async () => {
  const frames = ['copy', 'worker', 'main'].map(
    (functionName) => ({ functionName }) as unknown as StackFrame,
  );
  const [store] = frames;
  const calls = {
    of: async (stack: readonly StackFrame[]) => stack.map((frame) => ({ frame })),
    isForeign: async ({ frame }: { frame: StackFrame }) => frame.functionName === 'copy',
    locate: async ({ frame }: { frame: StackFrame }) => ({ ...frame, source: { name: 'shop.c' }, line: 6 }),
  };
  const breakpoints = new DataBreakpoints(
    {} as Inspected,
    calls as unknown as Calls,
    () => 1,
    () => {},
    async () => null,
  );
  const change = { breakpoint: 1, before: 'AA==', after: 'AQ==', ...(store === undefined ? {} : { store }) };
  expect((await breakpoints.describe(change, frames)).text).toBe(
    'data changed from 00 to 01 in worker, shop.c:7',
  );
});

test('memory at an address is watched, also where a host function writes it', async () => {
  const { info, set, changed, line } = await stoppedAt('WAT', 'read');
  const { dataId, description } = await info({ name: '0x0', asAddress: true, bytes: 2 });
  expect(description).toBe('0x0 of process 2');
  await set({ dataId });
  expect((await changed()).text).toBe(`0x0 changed from 0 to 20 in worker, shop.wat:${line('read')}`);
});

test('a change stops where its condition is true, and by its count', async () => {
  const { session, info, set, changed } = await stoppedAt('WAT', 'read');
  const { dataId } = await info({ name: '$total' });
  await set({ dataId, condition: 'after > 60 && before != 0', hitCondition: '2' });
  for (const value of [1, 1, 1, 1]) await session.send(2, value);
  // It is 55, 58, 61, 64, 67.
  expect((await changed()).text).toContain('$total changed from 61 to 64');
});

test.each([
  ['*(u8*)0', 200, 'before == 20 && after == 200'],
  ['*(i8*)0', -56, 'before == 20 && after == -56'],
  ['*(f32*)0', 0.1, 'after == 0.1 && after > before'],
  ['*(bool*)0', true, 'after && !before'],
])('a condition has what was there, and is there, by its type: %s', async (name, value, condition) => {
  const { session, info, set, changed } = await stoppedAt('WAT', 'read');
  const { dataId } = await info({ name });
  await set({ dataId, condition });
  await session.send(2, name.includes('f32') ? 0x3dcc_cccd : 200);
  expect((await changed()).text).toMatch(new RegExp(`changed from \\S+ to ${value} `));
});

test('a condition that cannot be evaluated stops, and its client is told why', async () => {
  const { session, client, info, set, changed } = await stoppedAt('WAT', 'read');
  const { dataId } = await info({ name: '$total' });
  const [breakpoint] = await set({ dataId, condition: '10 / (after - 55) > 100' });
  await session.send(2, 1);
  expect((await changed()).text).toContain('$total changed from 0 to 55');
  await client.printed('Processes always stop at changes of $total: it divides by zero\n', 'console');
  const { body } = await client.event('breakpoint', ({ body }) => body.breakpoint.id === breakpoint?.id);
  expect(body.breakpoint).toMatchObject({ verified: true, message: 'it divides by zero' });
});

test('a step that comes to a change ends there', async () => {
  const { session, client, threadId, info, set } = await stoppedAt('C', 'price');
  const { dataId } = await info({ name: 'sum' });
  await set({ dataId });
  await client.nextRequest({ threadId });
  expect(await session.stopped()).toMatchObject({ reason: 'data breakpoint' });
  expect(await session.step('next', threadId)).not.toBe('price');
});

test('what cannot be watched says why', async () => {
  const { client, threadId, info, set } = await stoppedAt('WAT', 'total');
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const { scopes } = (await client.scopesRequest({ frameId: frame?.id ?? 0 })).body;
  const variablesReference = scopes[0]?.variablesReference;
  expect(await info({ variablesReference, name: '$sum' })).toEqual({
    dataId: null,
    description: 'The locals of WebAssembly are not in memory, where changes are found',
  });
  expect((await info({ name: '$sum' })).description).toBe('$sum is not in memory, where changes are found');
  expect((await info({ name: 'nobody' })).description).toBe('there is no nobody here');
  expect((await info({ name: '1 +' })).description).toBe('the expression ends too soon');
  expect((await info({ name: 'zero', asAddress: true })).description).toBe("'zero' is no address");
  const beyond = await info({ name: '0x10000', asAddress: true, bytes: 4 });
  const good = await info({ name: '0', asAddress: true, bytes: 4 });
  expect(
    await set({ dataId: 'banana' }, { dataId: beyond.dataId }, { dataId: good.dataId, condition: '1 +' }),
  ).toMatchObject([
    { verified: false, message: 'There is no such data' },
    { verified: false, message: 'there is no such place in the memory or the globals of the process' },
    { verified: false, message: 'The condition cannot be read: the expression ends too soon' },
  ]);
});
