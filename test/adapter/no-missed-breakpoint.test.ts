import { expect, test } from 'vitest';
import type { LaunchArguments } from '../../debug-adapter/index.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { guest } from '../support/guest.ts';
import { AdapterClient } from './adapter-client.ts';

/** A program that has not begun, with breakpoints at functions. */
async function withBreakpoints(
  text: string,
  names: string[],
  options: Partial<LaunchArguments> = {},
): Promise<AdapterClient> {
  const client = await AdapterClient.stdio();
  await client.configure(text, options);
  await client.setFunctionBreakpointsRequest({ breakpoints: names.map((name) => ({ name })) });
  await client.configurationDoneRequest();
  return client;
}

/** The function and the thread of each stop, in the order of the stops. */
async function stops(
  client: AdapterClient,
  count: number,
  from = 0,
): Promise<{ name: string; threadId: number }[]> {
  const events = await client.until(() => {
    const stopped = client.eventsOf('stopped');
    return stopped.length >= count && stopped;
  }, `${count} stops`);
  const found = [];
  for (const { body } of events.slice(from, count)) {
    const threadId = body.threadId ?? 0;
    found.push({ name: (await client.topFrame(threadId)).name, threadId });
  }
  return found;
}

/** A module with code that runs at once, in a start section and in its first process. */
const COMPILED = await assembleText(
  `(module
  (global $ready (mut i32) (i32.const 0))
  (func $starts (global.set $ready (i32.const 1)))
  (start $starts)
  (memory (export "memory") 1)
  (func $early (export "early") (global.set $ready (i32.const 2))))`,
  'compiled.wat',
);

/** Compiles it, and spawns three processes of it and one of its own. */
const COMPILING = guest(
  `
  (global $module (mut i64) (i64.const 0))
  (func $early_one
    (drop (call $process.spawn (i64.const 0) (i64.const -1) (global.get $module) (text "early")
      (i32.const 0) (i32.const 0) (i32.const 0xe000))))
  (func (export "compiles")
    (call $expect (call $process.compile_module (blob "module") (i32.const 0xe000)) (i32.const 0))
    (global.set $module (i64.load (i32.const 0xe000)))
    (call $early_one) (call $early_one) (call $early_one)
    (call $print (text "three are spawned")))
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "compiles")))
    (call $print (text "others go on"))
    (call $forever))`,
  { blobs: { module: COMPILED } },
);

test('what the first process of a module does that a program compiles is not missed, nor its start section', async () => {
  const client = await withBreakpoints(COMPILING, ['early', 'starts']);
  const seen: string[] = [];
  for (let i = 1; i <= 6; i++) {
    const { name, threadId } = (await stops(client, i, i - 1)).at(-1) ?? { name: '', threadId: 0 };
    seen.push(name);
    await client.continueRequest({ threadId });
  }
  expect(seen.filter((name) => name === 'starts')).toHaveLength(3);
  expect(seen.filter((name) => name === 'early')).toHaveLength(3);
  await client.printed('three are spawned');
  await client.printed('others go on');
  expect(client.eventsOf('module').map(({ body }) => [body.reason, body.module.id])).toEqual([
    ['new', 'm1'],
    ['new', 'm2'],
  ]);
});

test('processes of compiled modules begin at once where nobody has breakpoints', async () => {
  const client = await withBreakpoints(COMPILING, []);
  await client.printed('three are spawned');
  expect(client.eventsOf('stopped')).toHaveLength(0);
});

test('of a thousand processes that are spawned at once, none runs past a breakpoint', async () => {
  const client = await withBreakpoints(
    guest(`
      (global $left (mut i32) (i32.const 1000))
      (func $job (export "job") (nop))
      (func (export "_start")
        (loop $more
          (drop (call $spawn (i64.const 0) (text "job")))
          (global.set $left (i32.sub (global.get $left) (i32.const 1)))
          (br_if $more (global.get $left)))
        (call $print (text "spawned"))
        (call $forever))`),
    ['job'],
  );
  await client.printed('spawned');
  await client.until(() => client.eventsOf('stopped').length === 1000, 'a thousand stops');
  expect(new Set(client.eventsOf('stopped').map(({ body }) => body.threadId)).size).toBe(1000);
}, 60_000);

/** Two processes that call $spin for ever, in ways that are interrupted. */
const SPINNING = guest(`
  (global $turns (mut i32) (i32.const 0))
  (func $spin (global.set $turns (i32.add (global.get $turns) (i32.const 1))))
  (func $for_ever (export "_lunatic_catch_trap") (param i32 i32) (result i32)
    (loop $more (call $spin) (br $more))
    unreachable)
  (func (export "plain") (drop (call $for_ever (i32.const 0) (i32.const 0))))
  (func (export "caught") (drop (call $trap.catch (i32.const 0) (i32.const 0))))
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "plain")))
    (drop (call $spawn (i64.const 0) (text "caught")))
    (call $print (text "they spin"))
    (call $forever))`);

test.each([
  ['preempted', []],
  ['with a fuel limit', ['--max-fuel=1000000']],
])(
  'code that runs is stopped by a breakpoint that is set then, also inside of trap::catch: %s',
  async (_, runtimeArgs) => {
    const client = await AdapterClient.stdio();
    await client.run(SPINNING, { runtimeArgs });
    await client.printed('they spin');
    await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'spin' }] });
    const found = await stops(client, 2);
    expect(found.map(({ name }) => name)).toEqual(['spin', 'spin']);
    expect(new Set(found.map(({ threadId }) => threadId)).size).toBe(2);
    for (const { threadId } of found) await client.continueRequest({ threadId });
    expect((await stops(client, 4, 2)).map(({ name }) => name)).toEqual(['spin', 'spin']);
  },
);
