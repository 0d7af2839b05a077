import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { crashFolder, crashProgram } from '../support/core-dumps.ts';
import { AdapterClient, guestFile } from './adapter-client.ts';
import { ShopSession } from './shop-session.ts';
import { LANGUAGES, type Language } from './shops.ts';

type Terms = Omit<DebugProtocol.SourceBreakpoint, 'line'>;

/** Runs a shop with a breakpoint at the line of a comment, until both workers wait. */
async function run(language: Language, comment: string, terms: Terms) {
  const session = await ShopSession.configure(language);
  const breakpoint = await set(session, comment, terms);
  await session.client.configurationDoneRequest();
  await session.client.waitingThread(2);
  await session.client.waitingThread(3);
  return { session, client: session.client, breakpoint };
}

async function set(session: ShopSession, comment: string, terms: Terms) {
  const { body } = await session.client.setBreakpointsRequest({
    source: { path: session.shop.source },
    breakpoints: [{ line: session.shop.line(comment), ...terms }],
  });
  const [breakpoint] = body.breakpoints;
  if (breakpoint === undefined) throw new Error('no breakpoint');
  return breakpoint;
}

async function valueIn(client: AdapterClient, threadId: number, name: string): Promise<string> {
  const { id } = await client.topFrame(threadId);
  return (await client.evaluateRequest({ expression: name, frameId: id, context: 'hover' })).body.result;
}

test.each(LANGUAGES)('a condition stops only where it is true: %s', async (language) => {
  const { session, client, breakpoint } = await run(language, 'check', {
    condition: language === 'WAT' ? '$sum > 30 && $sum % 2 == 1' : 'sum > 30 && sum % 2 == 1',
  });
  expect(breakpoint).toMatchObject({ verified: true });
  expect(breakpoint.message).toBeUndefined();
  for (const value of [1, 20, 11]) await session.send(2, value);
  const { threadId = 0, hitBreakpointIds } = await session.stopped();
  expect(hitBreakpointIds).toEqual([breakpoint.id]);
  await set(session, 'check', { logMessage: language === 'WAT' ? '{$count}' : '{count}' });
  await client.continueRequest({ threadId });
  await session.send(2, 8);
  await client.printed('#2 worker: 8\n', 'console');
  expect(client.output('console')).not.toContain('#2 worker: 11\n');
});

test.each<[Language, string, string]>([
  ['C', 'total', 'total == 28 && *&sum == 55 && &sum != 0'],
  [
    'Rust',
    'total',
    'TOTAL == 28 && shop::TOTAL == 28 && bytes[0] == 20 && len(bytes) == 4 && sum as u8 == 55',
  ],
])(
  'a condition uses statics, addresses and arrays by debug information: %s',
  async (language, comment, condition) => {
    const { session, breakpoint } = await run(language, comment, { condition });
    expect(breakpoint.message).toBeUndefined();
    await session.send(2, 11);
    await session.send(2, 20);
    await session.stopped();
    expect(session.client.eventsOf('stopped')).toHaveLength(1);
  },
);

test('a condition also uses globals, memory and the process', async () => {
  const { session, client } = await run('WAT', 'total', {
    condition: 'process.id == 3 && process.entry == "worker" && $total >= 3 && *(i32*)0 == memory[0]',
  });
  await session.send(2, 1);
  await session.send(3, 1);
  await session.send(3, 2);
  const { threadId = 0 } = await session.stopped();
  expect(threadId).toBe((await client.custom('lunatic/thread', { process: keyFromText('1:3') })).threadId);
  expect(await valueIn(client, threadId, '$total')).toBe('3');
});

test('a hit count counts the hits for which the condition is true, in all processes', async () => {
  const { session, client } = await run('WAT', 'check', { condition: '$count > 10', hitCondition: '>= 3' });
  for (const [process, value] of [
    [2, 11],
    [3, 1],
    [3, 12],
    [2, 2],
    [2, 13],
  ] as const) {
    await session.send(process, value);
    if (value !== 13) await client.waitingThread(process);
  }
  const { threadId = 0 } = await session.stopped();
  expect(await valueIn(client, threadId, '$count')).toBe('13');
});

test('a hit count goes on when another breakpoint of the file is set', async () => {
  const { session, client } = await run('WAT', 'check', { hitCondition: '2' });
  await session.send(2, 1);
  const { source: path } = session.shop;
  await client.setBreakpointsRequest({
    source: { path },
    breakpoints: [
      { line: session.shop.line('check'), hitCondition: '2' },
      { line: session.shop.line('discount') },
    ],
  });
  await session.send(2, 2);
  const { threadId = 0 } = await session.stopped();
  expect(await valueIn(client, threadId, '$count')).toBe('2');
});

test.each(LANGUAGES)(
  'a log point prints values with the process, and does not stop: %s',
  async (language) => {
    const message =
      language === 'WAT'
        ? 'priced {$count} at {$sum}: \\{{$sum > 30}\\}'
        : 'priced {count} at {sum}: \\{{sum > 30}\\}';
    const { session, client, breakpoint } = await run(language, 'check', { logMessage: message });
    await session.send(3, 20);
    await session.send(2, 1);
    await client.printed('#3 worker: priced 20 at 60: {true}\n', 'console');
    await client.printed('#2 worker: priced 1 at 3: {false}\n', 'console');
    const { body } = await client.event('output', ({ body }) => body.output.startsWith('#3 worker'));
    expect(body).toMatchObject({ source: { path: session.shop.source }, line: session.shop.line('check') });
    expect(breakpoint.verified).toBe(true);
    expect(client.eventsOf('stopped')).toEqual([]);
  },
);

test('a breakpoint with an empty log message is no log point', async () => {
  const { session } = await run('WAT', 'check', { logMessage: '', condition: '', hitCondition: '' });
  await session.send(2, 4);
  expect(await session.stopped()).toMatchObject({ reason: 'breakpoint' });
});

test('a log point whose expression is not there says so in its place', async () => {
  const { session, client } = await run('WAT', 'check', { logMessage: '{$count} {nobody} {*-1}' });
  await session.send(2, 4);
  await client.printed(
    '#2 worker: 4 {there is no nobody here} {4 bytes at 0xffffffff cannot be read: the memory has 65536}\n',
    'console',
  );
});

test('function and instruction breakpoints have conditions and messages, too', async () => {
  const session = await ShopSession.run('WAT');
  const { client } = session;
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'price', condition: '$count == 7' }] });
  await session.send(2, 6);
  await session.send(3, 7);
  const { threadId = 0 } = await session.stopped();
  expect(await valueIn(client, threadId, '$count')).toBe('7');
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  await client.setFunctionBreakpointsRequest({ breakpoints: [] });
  const instructionReference = frame?.instructionPointerReference ?? '';
  await client.customRequest('setInstructionBreakpoints', {
    breakpoints: [{ instructionReference, logMessage: 'count {local 0}' }],
  });
  await session.send(2, 9);
  await client.printed('#2 worker: count 9\n', 'console');
});

test('what is no expression is said at the breakpoint, at which nothing stops', async () => {
  const { session, client, breakpoint } = await run('WAT', 'check', { condition: '$sum >' });
  expect(breakpoint).toMatchObject({
    verified: false,
    message: 'The condition cannot be read: the expression ends too soon',
  });
  for (const terms of [{ hitCondition: 'often' }, { logMessage: '{' }, { condition: '('.repeat(2000) }])
    expect(await set(session, 'check', terms)).toMatchObject({
      verified: false,
      message: expect.stringMatching(/^The (hit count|log message|condition) cannot be read: /),
    });
  await session.send(2, 1);
  await client.waitingThread(2);
});

test('a condition with a name that is not there is said once, and stops every time', async () => {
  const { session, client, breakpoint } = await run('WAT', 'check', { condition: '$nobody == 1' });
  expect(breakpoint).toMatchObject({ verified: true, message: 'there is no $nobody here' });
  await session.send(2, 1);
  await session.stopped();
  await session.send(3, 1);
  await session.stopped();
  const said = client.output('console').match(/there is no \$nobody here/g);
  expect(said).toHaveLength(1);
  const line = session.shop.line('check');
  expect(client.output('console')).toContain(
    `Processes always stop at the breakpoint in shop.wat:${line}: there is no $nobody here\n`,
  );
});

test('the ids of breakpoints are answered before anything is told of them, and equal ones have their own', async () => {
  const session = await ShopSession.run('WAT');
  const { client, shop } = session;
  const line = shop.line('check');
  const set = () =>
    client.setBreakpointsRequest({
      source: { path: shop.source },
      breakpoints: [1, 2].map(() => ({ line, condition: '$nobody == 1' })),
    });
  const response = await set();
  const ids = response.body.breakpoints.map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) {
    const event = await client.event('breakpoint', ({ body }) => body.breakpoint.id === id);
    expect(event.seq).toBeGreaterThan(response.seq);
  }
  expect((await set()).body.breakpoints.map(({ id }) => id)).toEqual(ids);
});

test('a condition that cannot be evaluated is said once, and stops', async () => {
  const { session, client } = await run('WAT', 'check', { condition: '10 / ($count - 3) > 100' });
  await session.send(2, 1);
  await session.send(2, 3);
  const { threadId = 0 } = await session.stopped();
  expect(await valueIn(client, threadId, '$count')).toBe('3');
  const { body } = await client.event('breakpoint', ({ body }) => 'breakpoint' in body);
  expect(body.breakpoint).toMatchObject({ verified: true, message: 'it divides by zero' });
  await session.send(3, 3);
  await session.stopped();
  expect(client.output('console').match(/it divides by zero/g)).toHaveLength(1);
});

test('log points that print without end leave most of it out, and the process is still there', async () => {
  const client = await AdapterClient.stdio();
  const text =
    '(module (func (export "_start") (local $n i64)\n (loop $again\n' +
    '(local.set $n (i64.add (local.get $n) (i64.const 1)))\n(br $again))))';
  const path = guestFile(text);
  await client.configure('', { program: path });
  await client.setBreakpointsRequest({
    source: { path },
    breakpoints: [{ line: 3, logMessage: '{$n}'.repeat(100) }],
  });
  await client.configurationDoneRequest();
  await client.until(
    () => /Log points have printed too much: [\d,]+ lines are left out\./.test(client.output('console')),
    'lines to be left out',
  );
  const process = await client.process(({ id }) => id === 1, 'the process');
  const { threadId } = await client.custom('lunatic/thread', { process: process.key });
  await client.pauseRequest({ threadId });
  await client.event('stopped', ({ body }) => body.threadId === threadId);
  const lines = client.eventsOf('output').filter(({ body }) => body.output.startsWith('#1 _start: '));
  expect(lines.length).toBeLessThan(20_000);
});

test('what a log point prints last comes before the end of the session', async () => {
  const client = await AdapterClient.stdio();
  const path = guestFile('(module (func (export "_start")\n(drop (i32.const 1))))');
  await client.configure('', { program: path });
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line: 2, logMessage: 'at last' }] });
  await client.configurationDoneRequest();
  await client.event('terminated');
  expect(client.output('console')).toContain('#1 _start: at last\n');
});

test('variables that are called as what every object has are known', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(`(module
    (func $run (param $constructor i32) (param $__proto__ i32) (param $toString i32) (nop))
    (func (export "_start")
      (call $run (i32.const 5) (i32.const 6) (i32.const 7))
      (call $run (i32.const 1) (i32.const 2) (i32.const 3))))`);
  const condition = 'constructor == 1 && __proto__ == 2 && toString == 3';
  const logMessage = '{constructor} {__proto__} {toString}';
  await client.setFunctionBreakpointsRequest({
    breakpoints: [{ name: 'run', condition }, { name: 'run', logMessage } as object] as never,
  });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  expect(await valueIn(client, threadId, 'constructor')).toBe('1');
  await client.printed('1 2 3', 'console');
  expect(client.output('console')).not.toContain('stop at');
});

test('a process that goes on from one place of a line to another one has hit its breakpoint once', async () => {
  const client = await AdapterClient.stdio();
  const path = join(crashFolder, 'crash.rs');
  const launch = { program: crashProgram('crash-rust'), sourceFileMap: { '/project': crashFolder } };
  await client.configure('', launch);
  // What the panic prints is made in one place, and the panic itself in another one.
  const line =
    readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((text) => text.endsWith('// panic')) + 1;
  await client.setBreakpointsRequest({
    source: { path },
    breakpoints: [{ line, logMessage: '{missing} are missing' }],
  });
  await client.configurationDoneRequest();
  expect((await client.event('stopped')).body.reason).toBe('exception');
  expect(client.output('console').match(/: 7 are missing/g)).toHaveLength(1);
});
