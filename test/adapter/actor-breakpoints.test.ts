import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { guest } from '../support/guest.ts';
import { modernWat } from '../unit/wasm/support.ts';
import { AdapterClient, testFolder } from './adapter-client.ts';
import { ShopSession } from './shop-session.ts';
import { LANGUAGES } from './shops.ts';

test.each(LANGUAGES)(
  'a breakpoint at a host function stops at the lines that call it: %s',
  async (language) => {
    const session = await ShopSession.configure(language);
    const { client } = session;
    const { body } = await client.setFunctionBreakpointsRequest({
      breakpoints: [
        { name: 'message::receive', condition: 'process.id == 3' },
        { name: 'lunatic::process::kill' },
        { name: 'read_data' },
      ],
    });
    expect(body.breakpoints).toMatchObject([
      { verified: true },
      { verified: false, message: expect.stringContaining('nor calls a host function of it') },
      // Without a namespace, it is a function of the program.
      { verified: false },
    ]);
    await client.configurationDoneRequest();
    const { threadId = 0, hitBreakpointIds } = await session.stopped();
    expect(hitBreakpointIds).toEqual([body.breakpoints[0]?.id]);
    expect(threadId).toBe((await client.custom('lunatic/thread', { process: keyFromText('1:3') })).threadId);
    expect((await session.lines(threadId))[0]).toBe('receive');
    await client.waitingThread(2);
  },
);

/** Calls `process_id` in each way that is no direct call. */
const INDIRECT = guest(`
  (type $Id (func (result i64)))
  (table 2 funcref)
  (elem (i32.const 0) $process.process_id)
  (export "entry" (func $process.sleep_ms))
  (func $unused
    (call $process.sleep_ms (i64.const 0)))
  (global $kept funcref (ref.func $process.process_id))
  (func $tail (result i64)
    (return_call_indirect (type $Id) (i32.const 0)))
  (func $by_table (param $round i32) (result i64)
    (call_indirect (type $Id) (i32.const 0)))
  (func $put (param $by funcref)
    (table.set (i32.const 1) (local.get $by)))
  (func $called (result i64)
    (call_indirect (type $Id) (i32.const 1)))
  (func (export "_start")
    (drop (call $by_table (i32.const 1)))
    (drop (call $by_table (i32.const 2)))
    (call $put (global.get $kept))
    (drop (call $called))
    (call $put (ref.func $process.process_id))
    (drop (call $called))
    (drop (call $tail))
    (drop (call $process.process_id))
    (i32.store8 (i32.const 0) (i32.const 0x7e))
    (drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "entry")
      (i32.const 0) (i32.const 17) (i32.const 256)))
    (call $forever))`);

test('a breakpoint at a host function stops where it is called through a table or a reference', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(INDIRECT);
  const breakAt = async (name: string, condition = '') => {
    const { body } = await client.setFunctionBreakpointsRequest({ breakpoints: [{ name, condition }] });
    expect(body.breakpoints).toMatchObject([{ verified: true }]);
    return body.breakpoints[0]?.id;
  };
  let id = await breakAt('process::process_id', '$round != 1');
  await client.configurationDoneRequest();
  let stops = 0;
  const stop = async () => {
    const event = await client.until(() => client.eventsOf('stopped')[stops], `stop ${stops}`);
    stops++;
    expect(event.body).toMatchObject({ reason: 'breakpoint', hitBreakpointIds: [id] });
    return (event.body as DebugProtocol.StoppedEvent['body']).threadId ?? 0;
  };
  const lines: string[] = [];
  for (let i = 0; i < 5; i++) {
    const threadId = await stop();
    const { name, line } = await client.topFrame(threadId);
    lines.push(`${name}: ${line.trim()}`);
    // A process whose entry is the host function itself comes later.
    if (i === 4) id = await breakAt('process::sleep_ms');
    await client.continueRequest({ threadId });
  }
  expect(lines).toEqual([
    'by_table: call_indirect (type $Id) (i32.const 0)))',
    'called: call_indirect (type $Id) (i32.const 1)))',
    'called: call_indirect (type $Id) (i32.const 1)))',
    // The function that has made a tail call is gone.
    '_start: call $tail))',
    '_start: call $process.process_id))',
  ]);
  const threadId = await stop();
  expect(threadId).toBe((await client.custom('lunatic/thread', { process: keyFromText('1:2') })).threadId);
  await client.continueRequest({ threadId });
  await client.until(
    () => client.eventsOf('thread').some(({ body: { reason } }) => reason === 'exited'),
    'the end of the process',
  );
});

/** Calls `process_id` through a reference to a function of its type, in both ways that there are. */
const BY_REFERENCE = `(module
  (type $Id (func (result i64)))
  (import "lunatic::process" "process_id" (func $id (type $Id)))
  (elem declare func $id)
  (func $called (export "called") (param $by (ref $Id)) (result i64)
    (call_ref $Id (local.get $by)))
  (func $tail (export "tail") (param $by (ref $Id)) (result i64)
    (return_call_ref $Id (local.get $by)))
  (func $own (export "own") (result i64) (i64.const 7))
  (func (export "_start")
    (drop (call $called (ref.func $own)))
    (drop (call $called (ref.func $id)))
    (drop (call $tail (ref.func $id)))))`;

test('a breakpoint at a host function stops at call_ref', async () => {
  const program = join(testFolder(), 'by-reference.wasm');
  writeFileSync(program, modernWat(BY_REFERENCE));
  const client = await AdapterClient.stdio();
  await client.configure('', { program });
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'process::process_id' }] });
  await client.configurationDoneRequest();
  const lines: string[] = [];
  for (let stops = 1; stops <= 2; stops++) {
    await client.until(() => client.eventsOf('stopped').length === stops, `stop ${stops}`);
    const { threadId = 0 } = client.eventsOf('stopped').at(-1)?.body ?? {};
    const { name, line } = await client.topFrame(threadId);
    lines.push(`${name}: ${line.trim()}`);
    await client.continueRequest({ threadId });
  }
  // Not where the reference is to another function; the function that has made a tail call is gone.
  expect(lines).toEqual(['called: call_ref 0', '_start: call $tail (;2;)']);
  await client.event('terminated');
});

test('new processes stop before their first instruction, all or those that are meant', async () => {
  const client = await AdapterClient.stdio();
  const text = guest(`
    (func (export "worker") (call $print (text "working")))
    (func (export "other") (call $print (text "another")))
    (func (export "_start")
      (drop (call $spawn (i64.const 0) (text "worker")))
      (drop (call $spawn (i64.const 0) (text "other")))
      (call $forever))`);
  await client.configure(text);
  const set = async (...filterOptions: object[]) =>
    (await client.customRequest('setExceptionBreakpoints', { filters: [], filterOptions })).body.breakpoints;
  expect(await set({ filterId: 'actors', condition: 'spawn worker' })).toMatchObject([
    { verified: false, message: expect.stringContaining("'worker' means no processes") },
  ]);
  expect(await set({ filterId: 'actors', condition: 'spawn entry worker' })).toEqual([{ verified: true }]);
  await client.configurationDoneRequest();
  const { body } = await client.event('stopped');
  expect(body.reason).toBe('entry');
  const { threadId = 0 } = body;
  expect(threadId).toBe((await client.custom('lunatic/thread', { process: keyFromText('1:2') })).threadId);
  await client.printed('another');
  expect(client.output('stdout')).not.toContain('working');
  await client.continueRequest({ threadId });
  await client.printed('working');
  expect(client.eventsOf('stopped')).toHaveLength(1);
});

test('a filter holds only the failures of the processes that are meant', async () => {
  const client = await AdapterClient.stdio();
  const text = guest(`
    (func (export "worker") unreachable)
    (func (export "other") unreachable)
    (func (export "_start")
      (drop (call $spawn (i64.const 0) (text "other")))
      (drop (call $spawn (i64.const 0) (text "worker")))
      (call $forever))`);
  await client.configure(text);
  await client.customRequest('setExceptionBreakpoints', {
    filters: ['failed-exits'],
    filterOptions: [{ filterId: 'traps', condition: 'entry worker' }],
  });
  await client.configurationDoneRequest();
  const { body } = await client.event('stopped');
  expect(body.reason).toBe('exception');
  expect(body.threadId).toBe(
    (await client.custom('lunatic/thread', { process: keyFromText('1:3') })).threadId,
  );
  expect(client.eventsOf('stopped')).toHaveLength(1);
});
