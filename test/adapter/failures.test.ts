import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CustomEvents } from '../../debug-adapter/index.ts';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { AdapterClient, testFolder } from './adapter-client.ts';

/** The child ends with an exit code in a function in a function; the root waits. */
const failing = guest(`
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "child")))
    (call $forever))
  (func $child (export "child") (call $give_up))
  (func $give_up (call $proc_exit (i32.const 3)))`);

test('a failed exit stops its process, with its stack, until it goes on', async () => {
  const client = await AdapterClient.stdio();
  await client.run(failing);
  const { body } = await client.event('stopped');
  expect(body).toMatchObject({
    reason: 'exception',
    description: 'Paused on failed exit',
    text: 'exited with code 3',
  });
  const threadId = body.threadId ?? 0;
  const info = (await client.exceptionInfoRequest({ threadId })).body;
  expect(info).toMatchObject({ exceptionId: 'failed exit', description: 'exited with code 3' });
  expect(info.details?.stackTrace).toMatch(
    /^at give_up \(guest\.wat:\d+:\d+\)\nat child \(guest\.wat:\d+:\d+\)$/,
  );
  expect((await client.topFrame(threadId)).line).toMatch(/^call \$.*proc_exit/);
  await client.continueRequest({ threadId });
  const { ended } = (await client.event('lunatic/processesChanged', ({ body }) => body.ended.length > 0))
    .body;
  expect(ended).toMatchObject([{ end: { kind: 'exited', code: 3 } }]);
});

test.each([
  ['NULL', 0, 'function signature mismatch: the function pointer is NULL'],
  ['of another type', 1, 'function signature mismatch'],
])('a call through a function pointer that is %s says so', async (_, pointer, description) => {
  const client = await AdapterClient.stdio();
  const program = guest(`
    (type $operation (func (param i32) (result i32)))
    (table 2 funcref) (elem (i32.const 1) $nothing)
    (func $nothing)
    (func (export "_start") (local $pointer i32)
      (local.set $pointer (i32.const ${pointer}))
      (drop (call_indirect (type $operation) (i32.const 7) (local.get $pointer))))`);
  await client.run(program);
  const { threadId = 0 } = (await client.event('stopped')).body;
  expect((await client.exceptionInfoRequest({ threadId })).body.description).toBe(description);
});

test.each([
  ['traps', ['traps'], []],
  ['failed exits', ['failed-exits'], ['exited with code 3']],
])('with the filter for %s alone', async (_, filters, expected) => {
  const client = await AdapterClient.stdio();
  await client.configure(failing);
  const { breakpoints } = (await client.setExceptionBreakpointsRequest({ filters })).body ?? {};
  expect(breakpoints).toEqual([{ verified: true }]);
  await client.configurationDoneRequest();
  await client.event('lunatic/processesChanged', ({ body }) =>
    expected.length === 0
      ? body.ended.length > 0
      : [...body.started, ...body.changed].some(({ state }: { state: string }) => state === 'held'),
  );
  expect(client.eventsOf('stopped').map(({ body }) => body.text)).toEqual(expected);
});

const exiting = guest('(func (export "_start") (call $proc_exit (i32.const 3)))');

test('the exit code of a program is its result, and stops nothing', async () => {
  const client = await AdapterClient.stdio();
  await client.run(exiting);
  expect((await client.event('exited')).body.exitCode).toBe(3);
  expect(client.eventsOf('stopped')).toEqual([]);
});

test.each(['code == 3', 'id 1'])('it does if the filter has the condition %s', async (condition) => {
  const client = await AdapterClient.stdio();
  await client.configure(exiting);
  await client.customRequest('setExceptionBreakpoints', {
    filters: [],
    filterOptions: [{ filterId: 'failed-exits', condition }],
  });
  await client.configurationDoneRequest();
  expect((await client.event('stopped')).body).toMatchObject({ text: 'exited with code 3' });
});

test('an end with exit code 0 stops nothing', async () => {
  const client = await AdapterClient.stdio();
  await client.run(guest('(func (export "_start") (call $proc_exit (i32.const 0)))'));
  expect((await client.event('exited')).body.exitCode).toBe(0);
  expect(client.eventsOf('stopped')).toEqual([]);
});

test('all calls of a deep stack have their variables, as many as are told', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`
      (func (export "_start") (call $deeper (i32.const 0)))
      (func $deeper (param $n i32)
        (if (i32.eq (local.get $n) (i32.const 2500)) (then unreachable))
        (call $deeper (i32.add (local.get $n) (i32.const 1))))`),
  );
  const { threadId = 0 } = (await client.event('stopped')).body;
  const { stackFrames, totalFrames } = (
    await client.stackTraceRequest({ threadId, startFrame: 1990, levels: 20 })
  ).body;
  expect(totalFrames).toBe(2001);
  expect(stackFrames.map(({ name }) => name)).toEqual([
    ...Array.from({ length: 10 }, () => 'deeper'),
    '502 more calls',
  ]);
  const frameId = stackFrames[0]?.id ?? 0;
  // Expressions are those of a process that stands still anywhere.
  for (const expression of ['$n', '*(i32*)0 * 0 + $n'])
    expect((await client.evaluateRequest({ expression, frameId })).body.result).toBe('510');
  expect((await client.evaluateRequest({ expression: 'process.id', frameId })).body.result).toBe('1');
  await expect(client.evaluateRequest({ expression: '$none', frameId })).rejects.toThrow('after a failure');
});

test('an AssemblyScript program that throws stops, with its error and the stack of its functions', async () => {
  const folder = testFolder();
  copyFileSync(
    join(projectFolder, 'test', 'guests', 'assemblyscript', 'lunatic.ts'),
    join(folder, 'lunatic.ts'),
  );
  writeFileSync(
    join(folder, 'shop.ts'),
    'import { print } from "./lunatic";\nfunction buy(): void { throw new Error("no milk"); }\n' +
      'export function _start(): void { print("shopping"); buy(); }\n',
  );
  const program = await buildAssemblyScript(join(folder, 'shop.ts'), join(folder, 'shop.wasm'), {
    debug: true,
  });
  const client = await AdapterClient.stdio();
  await client.run('', { program, cwd: folder });
  const { body } = await client.event('stopped');
  expect(body.text).toBe('exited with code 1: no milk');
  const info = (await client.exceptionInfoRequest({ threadId: body.threadId ?? 0 })).body;
  expect(info).toMatchObject({ exceptionId: 'failed exit', description: 'exited with code 1: no milk' });
  expect(info.details?.stackTrace).toMatch(/shop\/buy .*\n.*shop\/_start /s);
});

test('a panic tells its message', async () => {
  const client = await AdapterClient.stdio();
  const program = join(projectFolder, 'test', 'guests', 'built', 'rust', 'panic.wasm');
  await client.run('', { program, cwd: testFolder() });
  const { body } = await client.event('stopped');
  expect(body.text).toBe('panicked: the cat number 24 is not in the box');
});

test('VS Code finds nothing like a link in the stack of a failure', async () => {
  const client = await AdapterClient.stdio('vscode');
  await client.run(
    guest(
      '(func $~shop/rt/itcms/__new (export "_start") (call $app::data::read)) (func $app::data::read unreachable)',
    ),
  );
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  const { stackTrace = '' } = (await client.exceptionInfoRequest({ threadId })).body.details ?? {};
  // As VS Code finds them.
  expect(stackTrace).not.toMatch(/(?:[a-zA-Z][a-zA-Z0-9+.-]{2,}:\/\/|data:|www\.)\S/);
  expect(stackTrace).not.toMatch(/(?:~|\.+)?(?:\/[\w\s.@()-]+)+/);
  expect(stackTrace.replaceAll('\u2060', '')).toMatch(
    /^at app::data::read \(guest.*\)\nat ~shop\/rt\/itcms\/__new \(/,
  );
});

test('all processes are paused and go on at once; what has failed stays held', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "spin")))
        (drop (call $spawn (i64.const 0) (text "crash")))
        (call $forever))
      (func (export "spin") (loop $again (br $again)))
      (func (export "crash") unreachable)`),
  );
  await client.event('stopped', ({ body }) => body.reason === 'exception');
  await client.custom('lunatic/pauseAll', {});
  const all = await client.event('stopped', ({ body }) => body.allThreadsStopped === true);
  expect(all.body.reason).toBe('pause');
  const states = async () =>
    (await client.custom('lunatic/processes', {})).processes.map(({ state }) => state);
  expect(await states()).toEqual(['paused', 'paused', 'held']);
  await client.custom('lunatic/resumeAll', {});
  await client.event('continued', ({ body }) => body.allThreadsContinued === true);
  expect(await states()).toEqual(['waiting', 'running', 'held']);
  const last = client.eventsOf('stopped').at(-1);
  expect(last?.body).toMatchObject({ reason: 'exception', preserveFocusHint: true });
});

/** A child that divides by zero, while the root waits. */
const DIVIDES = guest(`
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "child")))
    (call $forever))
  (func $child (export "child") (drop (call $divide (i32.const 0))))
  (func $divide (export "divide") (param $by i32) (result i32)
    (i32.div_u (i32.const 12) (local.get $by)))`);

async function firstTrapped(client: AdapterClient): Promise<CustomEvents['lunatic/trapped']> {
  return (await client.event('lunatic/trapped')).body;
}

const DIVIDED = [
  { functionName: 'divide', path: expect.stringMatching(/guest\.wat$/), isForeign: false },
  { functionName: 'child', path: expect.stringMatching(/guest\.wat$/), isForeign: false },
];

test('where a process has trapped is told once, as it is held for that', async () => {
  const client = await AdapterClient.stdio();
  await client.run(DIVIDES);
  const { process, end, calls } = await firstTrapped(client);
  expect([process.id, end]).toEqual([2, { kind: 'trapped', message: 'divide by zero' }]);
  expect(calls).toMatchObject(DIVIDED);
  const { threadId = 0 } = (await client.event('stopped')).body;
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  expect(calls.map(({ line }) => line)).toEqual(stackFrames.map(({ line }) => line));
  await client.continueRequest({ threadId });
  await client.event('lunatic/processesChanged', ({ body }) => body.ended.length > 0);
  expect(client.eventsOf('lunatic/trapped')).toHaveLength(1);
});

test.each([
  ['a process', DIVIDES, DIVIDED],
  [
    'the program',
    guest('(func (export "_start") (call $ends)) (func $ends unreachable)'),
    [{ functionName: 'ends' }, { functionName: '_start' }],
  ],
])('without debugging it is told where %s has ended by a trap', async (_, text, expected) => {
  const client = await AdapterClient.stdio();
  await client.run(text, { noDebug: true });
  const { calls } = await firstTrapped(client);
  expect(calls).toMatchObject(expected);
  expect(calls[0]?.line).toBeGreaterThan(1);
});

test('of many that trap at the same time some are told', async () => {
  const client = await AdapterClient.stdio();
  const crowd = guest(`
    (func (export "_start") (local $left i32)
      (local.set $left (i32.const 2000))
      (loop $on
        (drop (call $spawn (i64.const 0) (text "child")))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $on (local.get $left)))
      (call $process.sleep_ms (i64.const 300)))
    (func (export "child") unreachable)`);
  await client.run(crowd, { noDebug: true });
  await client.event('terminated');
  const { length } = client.eventsOf('lunatic/trapped');
  expect(length).toBeGreaterThan(0);
  expect(length).toBeLessThanOrEqual(200);
});
