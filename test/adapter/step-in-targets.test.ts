import { expect, test } from 'vitest';
import { isLibraryCode } from '../../runtime/internal.ts';
import { AdapterClient } from './adapter-client.ts';
import { shelter } from './shops.ts';

const THREE = `(module
  (func $first (result i32)
    (i32.const 1))
  (func $second (result i32)
    (i32.const 2))
  (func $add (param $a i32) (param $b i32) (result i32)
    (i32.add (local.get $a) (local.get $b)))
  (func $main (export "_start")
    (nop)
    (drop (call $add (call $first) (call $second)))
    (nop)))`;

test.each(['first', 'second', 'add'])('a step goes into the function that is chosen: %s', async (label) => {
  const client = await AdapterClient.stdio();
  await client.configure(THREE, { stopOnEntry: false });
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'main' }] });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  await client.nextRequest({ threadId });
  await client.event('stopped', ({ body }) => body.reason === 'step');
  const top = await client.topFrame(threadId);
  expect(top.line).toContain('call $first');
  const { body } = await client.customRequest('stepInTargets', { frameId: top.id });
  expect(body.targets.map(({ label }: { label: string }) => label)).toEqual(['first', 'second', 'add']);
  const from = client.events.length;
  const { id: targetId } = body.targets.find((target: { label: string }) => target.label === label);
  await client.stepInRequest({ threadId, targetId });
  await client.event('stopped', () => true, from);
  expect((await client.topFrame(threadId)).name).toBe(label);
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  const caller = await client.customRequest('stepInTargets', { frameId: stackFrames[1]?.id });
  expect(caller.body).toEqual({ targets: [] });
});

test('a step goes into a function of a library that is chosen, by its name, in Rust', async () => {
  const { source: path, launch, line } = shelter();
  const client = await AdapterClient.stdio();
  await client.configure('', launch);
  const breakpoints = [{ line: line('found') - 1 }];
  await client.setBreakpointsRequest({ source: { path }, breakpoints });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  const top = await client.topFrame(threadId);
  const { body } = await client.customRequest('stepInTargets', { frameId: top.id });
  const labels: string[] = body.targets.map(({ label }: { label: string }) => label);
  expect(labels.filter((label) => /^function \d+$/.test(label))).toEqual([]);
  const target = body.targets.find(({ label }: { label: string }) => isLibraryCode(label));
  expect(target).toBeDefined();
  const from = client.events.length;
  await client.stepInRequest({ threadId, targetId: target.id });
  await client.event('stopped', () => true, from);
  expect((await client.topFrame(threadId)).name).toBe(target.label);
});
