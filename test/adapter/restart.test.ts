import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assembleText } from '../../runtime/wat/index.ts';
import { guest, main } from '../support/guest.ts';
import { AdapterClient, guestFile, testFolder } from './adapter-client.ts';

const WAITING = guest(`
  (func $wait (export "_start")
    (call $print (text "it waits"))
    (call $forever))`);

test('a session is restarted: the program ends, and a new one stops at the breakpoints that are set again', async () => {
  const client = await AdapterClient.stdio();
  const program = guestFile(WAITING);
  await client.launchRequest({ program } as object);
  await client.event('initialized');
  expect((await client.event('capabilities')).body.capabilities).toEqual({ supportsRestartRequest: true });
  await client.configurationDoneRequest();
  await client.printed('it waits');
  const first = await client.waitingThread(1);
  // It was built anew meanwhile.
  writeFileSync(program, main('(call $print (text "the new one"))\n(call $forever)'));
  const from = client.events.length;
  await client.customRequest('restart', {});
  await client.event('thread', ({ body }) => body.reason === 'exited' && body.threadId === first, from);
  await client.event('initialized', () => true, from);
  const { body } = await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: '_start' }] });
  expect(body.breakpoints).toMatchObject([{ verified: true }]);
  await client.configurationDoneRequest();
  const { body: stop } = await client.event('stopped', () => true, from);
  expect(stop.threadId).not.toBe(first);
  await client.continueRequest({ threadId: stop.threadId ?? 0 });
  await client.printed('the new one');
  expect(client.eventsOf('terminated')).toHaveLength(0);
  expect(client.eventsOf('exited')).toHaveLength(0);
  await client.disconnectRequest({});
});

test('the text of a function has another number after a restart, since it may be another text', async () => {
  const client = await AdapterClient.stdio();
  const program = join(testFolder(), 'guest.wasm');
  const write = async (text: string) => {
    const source = main(`(call $print (text "${text}"))\n(call $forever)`);
    writeFileSync(program, await assembleText(source, 'guest.wat'));
  };
  await write('one');
  const stopped = async (from: number) => {
    const { threadId = 0 } = (await client.event('stopped', () => true, from)).body;
    const { source } = (await client.stackTraceRequest({ threadId })).body.stackFrames[0] ?? {};
    return { text: await client.sourceText(source), sourceReference: source?.sourceReference ?? 0 };
  };
  const begin = async () => {
    await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: '_start' }] });
    await client.configurationDoneRequest();
  };
  await client.launchRequest({ program } as object);
  await begin();
  const first = await stopped(0);
  await write('another text');
  const from = client.events.length;
  await client.customRequest('restart', {});
  await begin();
  const second = await stopped(from);
  expect(second.text).not.toBe(first.text);
  expect(second.sourceReference).not.toBe(first.sourceReference);
  await expect(client.sourceRequest({ sourceReference: first.sourceReference })).rejects.toThrow(
    'There is no source',
  );
});

test('a program that cannot be started again ends the session with an error', async () => {
  const client = await AdapterClient.stdio();
  await client.run(WAITING);
  await client.printed('it waits');
  const program = join(import.meta.dirname, 'nowhere.wasm');
  await expect(client.customRequest('restart', { arguments: { program } })).rejects.toThrow(
    `The program '${program}' is not found`,
  );
  await client.event('terminated');
});

test('new arguments that make no sense leave the program alone', async () => {
  const client = await AdapterClient.stdio();
  await client.run(WAITING);
  await client.printed('it waits');
  await expect(client.customRequest('restart', { arguments: { program: 5 } })).rejects.toThrow(
    "'program' must be a text",
  );
  expect(client.eventsOf('terminated')).toHaveLength(0);
  await client.waitingThread(1);
});

/** A Node that does not begin before the file is there. */
function lateNode(): { runtime: string; begin(): void } {
  const folder = testFolder();
  const runtime = join(folder, 'node');
  const gate = join(folder, 'gate');
  writeFileSync(
    runtime,
    `#!/bin/sh\nwhile ! [ -e '${gate}' ]; do sleep 0.02; done\nexec '${process.execPath}' "$@"\n`,
  );
  chmodSync(runtime, 0o755);
  return { runtime, begin: () => writeFileSync(gate, '') };
}

test('a start that takes long is told of, and can be cancelled', async () => {
  const client = await AdapterClient.stdio();
  await client.initializeRequest({ adapterID: 'lunatic', supportsProgressReporting: true });
  const { runtime } = lateNode();
  const launched = client.launchRequest({ program: guestFile(WAITING), runtime } as object);
  launched.catch(() => {});
  const { body } = await client.event('progressStart');
  expect(body).toMatchObject({ title: 'Starting the program', cancellable: true });
  await client.customRequest('cancel', { progressId: body.progressId });
  await expect(launched).rejects.toThrow('The session was ended before the program began');
  expect((await client.event('progressEnd')).body).toEqual({ progressId: body.progressId });
  // Another program can be launched.
  await client.run(WAITING);
  await client.printed('it waits');
});

test('a start that takes long goes on when it is not cancelled', async () => {
  const client = await AdapterClient.stdio();
  await client.initializeRequest({ adapterID: 'lunatic', supportsProgressReporting: true });
  const { runtime, begin } = lateNode();
  const launched = client.launchRequest({ program: guestFile(WAITING), runtime } as object);
  await client.event('progressStart');
  begin();
  await launched;
  await client.event('progressEnd');
});

test('a request that is still being answered is cancelled, and one that is not known is no error', async () => {
  const client = await AdapterClient.stdio();
  const { runtime } = lateNode();
  const launched = client.launchRequest({ program: guestFile(WAITING), runtime } as object);
  launched.catch(() => {});
  // Requests are numbered from 1, and the first was `initialize`.
  await client.customRequest('cancel', { requestId: 2 });
  await expect(launched).rejects.toThrow('cancelled');
  await client.customRequest('cancel', { requestId: 2000 });
  await client.customRequest('cancel', {});
});

test('a program that was told to end is not restarted', async () => {
  const client = await AdapterClient.stdio();
  await client.run(WAITING);
  await client.printed('it waits');
  const from = client.events.length;
  const ending = client.customRequest('terminate', {});
  await expect(client.customRequest('restart', {})).rejects.toThrow('The session was ended');
  await ending;
  await client.event('terminated', () => true, from);
});
