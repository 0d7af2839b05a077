import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, onTestFinished, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { modernWat } from '../unit/wasm/support.ts';
import { AdapterClient, guestFile, testFolder } from './adapter-client.ts';
import { ShopSession } from './shop-session.ts';
import { LANGUAGES, shop } from './shops.ts';

test.each(LANGUAGES)(
  'one process stops at a breakpoint in its source while the others run: %s',
  async (language) => {
    const session = await ShopSession.run(language, 'check');
    const { client } = session;
    const [breakpoint] = await session.breakAt('check');
    expect(breakpoint).toMatchObject({ verified: true, line: session.shop.line('check') });
    await session.send(2, 20);
    const { threadId = 0, ...stop } = await session.stopped();
    expect(stop).toEqual({
      reason: 'breakpoint',
      allThreadsStopped: false,
      hitBreakpointIds: [breakpoint?.id],
    });
    expect(threadId).toBe((await client.custom('lunatic/thread', { process: keyFromText('1:2') })).threadId);
    expect((await session.lines(threadId)).slice(0, 2)).toEqual(['check', 'price']);
    // The other one still works.
    const other = await client.waitingThread(3);
    await session.breakAt();
    await session.send(3, 1);
    await client.waitingThread(3);
    expect(await session.lines(other)).toEqual(['receive']);
    expect((await client.continueRequest({ threadId })).body).toEqual({ allThreadsContinued: false });
    await client.waitingThread(2);
  },
);

test.each(LANGUAGES)('steps go by line, over calls, into them, and out of them: %s', async (language) => {
  const session = await ShopSession.run(language, 'read');
  await session.send(2, 20);
  const { threadId = 0 } = await session.stopped();
  const step = (kind: 'next' | 'stepIn' | 'stepOut') => session.step(kind, threadId);
  expect(await step('next')).toBe('price');
  await step('stepIn');
  expect((await session.lines(threadId)).at(1)).toBe('price');
  const lines = [(await session.lines(threadId))[0]];
  while (lines.at(-1) !== 'result') lines.push(await step('next'));
  // The end of a block may have a line of its own.
  expect(lines.filter((line) => line !== '')).toEqual(['sum', 'check', 'discount', 'result']);
  expect(await step('stepOut')).toMatch(/^(price|total)$/);
  if ((await session.lines(threadId))[0] === 'price') expect(await step('next')).toBe('total');
});

test.each(LANGUAGES)('a step goes over a receive that blocks, and stops behind it: %s', async (language) => {
  const session = await ShopSession.run(language, 'total');
  await session.send(2, 1);
  const { threadId = 0 } = await session.stopped();
  let line = 'total';
  for (let i = 0; i < 5 && line !== 'receive'; i++) line = await session.step('next', threadId);
  expect(line).toBe('receive');
  await session.client.nextRequest({ threadId });
  await session.client.waitingThread(2);
  await session.send(2, 2);
  expect(await session.stopped()).toMatchObject({ reason: 'step', threadId });
  expect(await session.lines(threadId)).toEqual(['read']);
});

test('a step out of an inlined function ends in its caller, and one over its call in the line behind', async () => {
  const session = await ShopSession.run('Rust', 'inlined');
  const { client } = session;
  await session.send(2, 20);
  const { threadId = 0 } = await session.stopped();
  expect((await session.lines(threadId)).slice(0, 3)).toEqual(['inlined', 'discount', 'price']);
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  expect(stackFrames.slice(0, 3).map(({ name }) => name)).toEqual(['shop::less', 'shop::price', 'worker']);
  expect(await session.step('stepOut', threadId)).toMatch(/^(discount|result)$/);
  await session.breakAt('discount');
  await client.continueRequest({ threadId });
  await client.waitingThread(2);
  await session.send(2, 30);
  await session.stopped();
  expect(await session.lines(threadId)).toEqual(['discount', 'price']);
  await session.breakAt();
  // The end of the block has a line of its own.
  const behind = await session.step('next', threadId);
  expect(behind === '' ? await session.step('next', threadId) : behind).toBe('result');
});

test('a breakpoint moves to the next line that has code, and is not set behind the last one', async () => {
  const session = await ShopSession.configure('C');
  const { shop, client } = session;
  const sum = shop.line('sum');
  const [moved, behind] = await session.breakAtLines([sum - 2, 1000]);
  // That is the head of the function, behind whose prologue processes stop.
  expect(moved).toMatchObject({ verified: true, line: sum });
  expect(behind).toMatchObject({ verified: false, message: 'There is no code on this line nor after it' });
  const source = { path: shop.source };
  const locations = await client.customRequest('breakpointLocations', {
    source,
    line: sum,
    endLine: sum + 1,
  });
  const lines = locations.body.breakpoints.map(({ line }: DebugProtocol.BreakpointLocation) => line);
  expect(new Set(lines)).toEqual(new Set([sum, sum + 1]));
});

test('a breakpoint in a file of which the program has no code says so', async () => {
  const session = await ShopSession.configure('C');
  const path = guestFile('nothing');
  const { body } = await session.client.setBreakpointsRequest({
    source: { path },
    breakpoints: [{ line: 1 }],
  });
  expect(body.breakpoints).toMatchObject([
    { verified: false, message: expect.stringContaining('No module of the program has code of this file') },
  ]);
});

test('steps in a module without debug information go from statement to statement', async () => {
  const client = await AdapterClient.stdio();
  const program = join(testFolder(), 'plain.wasm');
  writeFileSync(
    program,
    modernWat(`(module (memory (export "memory") 1) (func (export "_start") (local i32)
      (local.set 0 (i32.const 1)) (local.set 0 (i32.const 2)) (local.set 0 (i32.const 3))))`),
  );
  await client.configure('', { program });
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: '_start' }] });
  await client.configurationDoneRequest();
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  for (const line of [3, 5, 7]) {
    const { body } = await client.stackTraceRequest({ threadId, levels: 1 });
    expect(body.stackFrames[0]?.line).toBe(line);
    const stopped = client.event('stopped');
    await client.nextRequest({ threadId });
    await stopped;
  }
});

test('a breakpoint in a program without debug information says which option to compile it with', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-sources-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'plain.wasm');
  writeFileSync(program, modernWat('(module (memory (export "memory") 1) (func (export "_start")))'));
  const client = await AdapterClient.stdio();
  await client.configure('', { program });
  const messages: (string | undefined)[] = [];
  for (const name of ['index.ts', 'main.c', 'main.rs', 'main.zig']) {
    const { body } = await client.setBreakpointsRequest({
      source: { path: join(folder, name) },
      breakpoints: [{ line: 1 }],
    });
    messages.push(...body.breakpoints.map(({ message }) => message?.replace(/^.*sources: /, '')));
  }
  expect(messages).toEqual([
    'compile it with --sourceMap, or "sourceMap": true in asconfig.json',
    'compile and link it with -g',
    'compile it with -g, or debug = true in the profile in Cargo.toml',
    'compile it with debug information',
  ]);
});

test('a main that the compiler calls otherwise is main, for breakpoints, in stacks and where it traps', async () => {
  const client = await AdapterClient.stdio();
  await client.configure('', { program: join(projectFolder, 'test', 'guests', 'values', 'main-c.wasm') });
  const { body } = await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'main' }] });
  expect(body.breakpoints).toMatchObject([{ verified: true }]);
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  expect(stackFrames[0]?.name).toBe('main');
  await client.setExceptionBreakpointsRequest({ filters: [] });
  await client.continueRequest({ threadId });
  await client.event('terminated');
  expect(client.output('stderr')).toContain('at main (/project/main.c:4:14)');
});

test.each(LANGUAGES)('a breakpoint at a function stops in it: %s', async (language) => {
  const session = await ShopSession.run(language);
  const { body } = await session.client.setFunctionBreakpointsRequest({
    breakpoints: [{ name: 'price' }, { name: 'nobody' }, { name: ' ' }, { name: 5 as never }],
  });
  expect(body.breakpoints).toMatchObject([
    { verified: true },
    {
      verified: false,
      message: expect.stringContaining('No module of the program has a function of this name'),
    },
    { verified: false, message: "Type the name of a function, as in 'shop::Basket::add'" },
    { verified: false, message: "setFunctionBreakpoints: 'name' must be a text" },
  ]);
  await session.send(3, 1);
  const { reason, threadId = 0, hitBreakpointIds } = await session.stopped();
  expect([reason, hitBreakpointIds]).toEqual(['breakpoint', [body.breakpoints[0]?.id]]);
  const [frame] = (await session.client.stackTraceRequest({ threadId })).body.stackFrames;
  expect(frame?.name).toMatch(/price$/);
});

test('a step over a receive is over when its process is paused and continued meanwhile', async () => {
  const session = await ShopSession.run('WAT', 'total');
  const { client } = session;
  await session.send(2, 1);
  const { threadId = 0 } = await session.stopped();
  let line = 'total';
  while (line !== 'receive') line = await session.step('next', threadId);
  await client.nextRequest({ threadId });
  await client.waitingThread(2);
  await client.pauseRequest({ threadId });
  expect(await session.stopped()).toMatchObject({ reason: 'pause', threadId });
  await client.continueRequest({ threadId });
  await session.send(2, 2);
  expect(await session.stopped()).toMatchObject({ reason: 'breakpoint', threadId });
});

test('a breakpoint at an instruction stops there, and a step by instruction in the same line', async () => {
  const session = await ShopSession.run('C', 'read');
  const { client } = session;
  await session.send(2, 20);
  const { threadId = 0 } = await session.stopped();
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const instructionReference = frame?.instructionPointerReference ?? '';
  await session.breakAt();
  const set = await client.customRequest('setInstructionBreakpoints', {
    breakpoints: [{ instructionReference }],
  });
  expect(set.body.breakpoints).toMatchObject([{ verified: true, instructionReference }]);
  const wrong = client.customRequest('setInstructionBreakpoints', {
    breakpoints: [{ instructionReference: '12' }],
  });
  await expect(wrong).rejects.toThrow("There is no instruction '12'");
  await client.continueRequest({ threadId });
  await session.send(2, 1);
  expect(await session.stopped()).toMatchObject({ reason: 'breakpoint', threadId });
  await client.nextRequest({ threadId, granularity: 'instruction' });
  expect(await session.stopped()).toMatchObject({ reason: 'step', threadId });
});

test('a breakpoint in the disassembly stops there', async () => {
  const client = await AdapterClient.stdio();
  const { launch } = await shop('C');
  await client.run('', { ...launch, sourceFileMap: {} });
  const threadId = await client.waitingThread(2);
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const source = frame?.source ?? {};
  const { body } = await client.setBreakpointsRequest({
    source,
    breakpoints: [{ line: (frame?.line ?? 0) + 1 }],
  });
  expect(body.breakpoints).toMatchObject([{ verified: true }]);
  await client.custom('lunatic/send', { process: keyFromText('1:2'), data: '' });
  expect((await client.event('stopped')).body).toMatchObject({ reason: 'breakpoint', threadId });
});

test('a program that is run without debugging, or attached to without probes, says that it has none', async () => {
  const client = await AdapterClient.stdio();
  const { launch, source, line } = await shop('WAT');
  await client.configure('', { ...launch, noDebug: true });
  const breakpoints = [{ line: line('sum') }];
  const { body } = await client.setBreakpointsRequest({ source: { path: source }, breakpoints });
  expect(body.breakpoints).toMatchObject([
    { verified: false, message: expect.stringContaining('--inspect=debug') },
  ]);
  await client.configurationDoneRequest();
  const threadId = await client.waitingThread(2);
  await expect(client.nextRequest({ threadId })).rejects.toThrow('--inspect=debug');
  expect(client.errors.at(-1)).toMatchObject({ id: 1004, showUser: true });
});

test('the first instruction of a program is not missed', async () => {
  const client = await AdapterClient.stdio();
  const program = guestFile(guest('(func (export "_start")\n (drop (i32.const 1)))'));
  await client.configure('', { program });
  const text = await client.sourceText({ path: program });
  const line = text.split('\n').findIndex((text) => text.includes('drop')) + 1;
  await client.setBreakpointsRequest({ source: { path: program }, breakpoints: [{ line }] });
  await client.configurationDoneRequest();
  const { body } = await client.event('stopped');
  expect(body.reason).toBe('breakpoint');
  const [frame] = (await client.stackTraceRequest({ threadId: body.threadId ?? 0 })).body.stackFrames;
  expect(frame).toMatchObject({ name: '_start', line, source: { path: program } });
});

test('a process that computes without end is paused at a line, and steps from there', async () => {
  const client = await AdapterClient.stdio();
  const program = guestFile('');
  writeFileSync(
    program,
    '(module (func (export "_start") (local $n i64)\n (loop $again\n' +
      '(local.set $n (i64.add (local.get $n) (i64.const 1)))\n(br $again))))',
  );
  await client.run('', { program });
  const process = await client.process(({ state }) => state === 'running', 'the process to run');
  const { threadId } = await client.custom('lunatic/thread', { process: process.key });
  await client.pauseRequest({ threadId });
  await client.event('stopped');
  await client.nextRequest({ threadId });
  await client.event('stopped', ({ body }) => body.reason === 'step');
  const first = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.line;
  await client.nextRequest({ threadId });
  await client.until(() => client.eventsOf('stopped')[2], 'a third stop');
  const second = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.line;
  expect(new Set([first, second])).toEqual(new Set([3, 4]));
});

test('a function of a text module in one line stops at its name, also as it is written there', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(
    '(module (func $add (param $a i32) (drop (local.get $a))) (func (export "_start") (call $add (i32.const 1))))',
  );
  const breakpoints = [{ name: '$add' }, { name: 'add' }, { name: '$nobody' }];
  const { body } = await client.setFunctionBreakpointsRequest({ breakpoints });
  expect(body.breakpoints).toMatchObject([{ verified: true }, { verified: true }, { verified: false }]);
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  expect((await client.topFrame(threadId)).name).toBe('add');
});
