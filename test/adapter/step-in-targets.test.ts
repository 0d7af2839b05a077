import { expect, test } from 'vitest';
import { AdapterClient } from './adapter-client.ts';

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
