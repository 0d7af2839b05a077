import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, onTestFinished, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { AdapterClient, guestFile } from './adapter-client.ts';
import { shelter } from './shops.ts';
import { stoppedAt } from './value-guests.ts';

/** The worker counts its beginnings in its memory, takes one message, and traps behind that. */
const WORKER = guest(`
  (func $work (export "worker")
    (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
    (call $print (text "begun"))
    (drop (call $receive))
    (call $inner))
  (func $inner
    (call $print (text "working"))
    unreachable)
  (func (export "_start") (local $worker i64)
    (call $process.die_when_link_dies (i32.const 0))
    (local.set $worker (call $spawn (i64.const 7) (text "worker")))
    (call $registry.put (text "db") (i64.const 0) (local.get $worker))
    (call $send (local.get $worker) (i64.const 1) (i64.const 11))
    (call $send (local.get $worker) (i64.const 2) (i64.const 22))
    (call $send (local.get $worker) (i64.const 3) (i64.const 33))
    (call $expect (call $receive) (i32.const 1))
    (call $print (text "the worker has died"))
    (call $forever))`);

class Restarting {
  readonly client: AdapterClient;
  #stops = 0;

  constructor(client: AdapterClient) {
    this.client = client;
  }

  async stop(): Promise<DebugProtocol.StoppedEvent['body'] & { threadId: number }> {
    const at = this.#stops++;
    const { body } = await this.client.until(() => this.client.eventsOf('stopped')[at], 'a stop');
    return { ...body, threadId: body.threadId ?? 0 };
  }

  async frames(threadId: number) {
    return (await this.client.stackTraceRequest({ threadId })).body.stackFrames;
  }

  async tags(id: number): Promise<string[]> {
    const { messages } = await this.client.custom('lunatic/mailbox', { process: keyFromText(`1:${id}`) });
    return messages.map(({ tag }) => tag);
  }

  /** How often the worker has begun, as far as it knows. */
  async beginnings(): Promise<number> {
    const { data } = await this.client.custom('lunatic/memory', {
      process: keyFromText('1:2'),
      offset: 64,
      count: 4,
    });
    return Buffer.from(data, 'base64').readInt32LE();
  }
}

test('restarting the outermost call begins the process anew, with its id, messages, links and names', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(WORKER);
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'inner' }] });
  await client.setExceptionBreakpointsRequest({ filters: [] });
  await client.configurationDoneRequest();
  const worker = new Restarting(client);
  const { threadId } = await worker.stop();
  const [inner, outermost, ...others] = await worker.frames(threadId);
  expect(others).toEqual([]);
  expect(inner).toMatchObject({ name: 'inner', canRestart: false });
  expect(outermost).not.toHaveProperty('canRestart');
  expect(await worker.beginnings()).toBe(1);
  await expect(client.customRequest('restartFrame', { frameId: inner?.id })).rejects.toThrow(
    'Only the outermost call of a process can be begun anew',
  );

  await client.customRequest('restartFrame', { frameId: outermost?.id });
  const again = await worker.stop();
  expect(again).toMatchObject({ reason: 'restart', threadId });
  expect((await worker.frames(threadId)).map(({ name }) => name)).toEqual(['work']);
  expect(await worker.beginnings()).toBe(0);
  expect(await worker.tags(2)).toEqual(['2', '3']);
  const process = keyFromText('1:2');
  expect((await client.custom('lunatic/peers', { process })).links).toMatchObject([{ peer: { key: '1:1' } }]);
  expect((await client.custom('lunatic/process', { process })).names).toEqual(['db']);
  expect(client.eventsOf('thread').filter(({ body }) => body.reason === 'exited')).toEqual([]);

  await client.continueRequest({ threadId });
  const hit = await worker.stop();
  expect(hit).toMatchObject({ reason: 'breakpoint', threadId });
  expect(client.output('stdout')).toBe('begun\nbegun\n');
  expect(await worker.tags(2)).toEqual(['3']);
  await client.continueRequest({ threadId });
  // Whoever is linked to it hears of its end now, and has not before.
  await client.printed('the worker has died');
});

test('a process that has trapped is begun anew in place of its end, again and again', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(WORKER);
  await client.configurationDoneRequest();
  const worker = new Restarting(client);
  for (let i = 0; i < 3; i++) {
    const { threadId, description } = await worker.stop();
    expect(description).toBe('Paused on trap');
    await client.custom('lunatic/restart', { process: keyFromText('1:2') });
    expect(await worker.stop()).toMatchObject({ reason: 'restart', threadId });
    await client.continueRequest({ threadId });
  }
  await client.until(() => client.output('stdout').match(/begun/g)?.length === 4, 'a fourth beginning');
  // There is no fourth message.
  await client.waitingThread(2);
  expect(client.output('stdout')).not.toContain('died');
});

test('a process that runs is not begun anew', async () => {
  const client = await AdapterClient.stdio();
  await client.run(guest('(func (export "_start") (call $print (text "on")) (call $forever))'));
  await client.printed('on');
  await expect(client.custom('lunatic/restart', { process: keyFromText('1:1') })).rejects.toThrow(
    'does not stand still',
  );
});

test('the root process of a module with a start section is begun anew, with both', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(
    guest(`
    (func $begin (call $print (text "starting")))
    (start $begin)
    (func $main (export "_start") (call $print (text "on")) (call $forever))`),
  );
  await client.configurationDoneRequest();
  await client.printed('on');
  const threadId = await client.waitingThread(1);
  await client.pauseRequest({ threadId });
  const root = new Restarting(client);
  await root.stop();
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  await client.customRequest('restartFrame', { frameId: stackFrames.at(-1)?.id });
  expect(await root.stop()).toMatchObject({ reason: 'restart', threadId });
  expect((await root.frames(threadId)).map(({ name }) => name)).toEqual(['begin']);
  await client.continueRequest({ threadId });
  await client.printed('starting\non\nstarting\non\n');
});

test('a program without probes begins a process anew, too: it stands still before its first instruction', async () => {
  const command = new RunningCommand(['run', '--inspect', guestFile(WORKER)], { input: null });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('ws://', 'stderr');
  const client = await AdapterClient.stdio();
  await client.attachRequest({ url: /ws:\S+/.exec(command.stderr)?.[0] ?? '' } as object);
  await client.event('initialized');
  await client.setExceptionBreakpointsRequest({ filters: [] });
  await client.configurationDoneRequest();
  const threadId = await client.waitingThread(1);
  await client.pauseRequest({ threadId });
  const root = new Restarting(client);
  await root.stop();
  await client.custom('lunatic/restart', { process: keyFromText('1:1') });
  expect(await root.stop()).toMatchObject({ reason: 'restart', threadId });
  await client.continueRequest({ threadId });
  await expect.poll(() => command.stdout.match(/has died/g), { timeout: 20_000 }).toHaveLength(2);
});

test('a process of the Rust SDK has its argument again when it is begun anew', async () => {
  const { source: path, launch, line } = shelter();
  const client = await AdapterClient.stdio();
  await client.configure('', launch);
  await client.configurationDoneRequest();
  const process = new Restarting(client);
  const { threadId, description } = await process.stop();
  expect(description).toBe('Paused on trap');
  const frames = await process.frames(threadId);
  const outermost = frames.find(({ canRestart }) => canRestart !== false);
  expect(outermost?.source?.path).toBe(path);
  await client.customRequest('restartFrame', { frameId: outermost?.id });
  expect(await process.stop()).toMatchObject({ reason: 'restart', threadId });
  // It is past its argument where it waits for a request.
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line: line('receive') }] });
  await client.continueRequest({ threadId });
  expect(await process.stop()).toMatchObject({ reason: 'breakpoint', threadId });
  const top = (await process.frames(threadId))[0];
  const { body } = await client.evaluateRequest({ expression: 'parent', frameId: top?.id ?? 0 });
  expect(body.result).toContain('#1');
});

test('a process of C++ is begun anew up to main, past what the C library does before', async () => {
  const { client, threadId } = await stoppedAt('library-cpp.wasm.gz', 'library.cpp');
  const process = new Restarting(client);
  await process.stop();
  const { line } = (await process.frames(threadId))[0] ?? {};
  await client.custom('lunatic/restart', { process: keyFromText('1:1') });
  expect(await process.stop()).toMatchObject({ reason: 'restart', threadId });
  const [top] = await process.frames(threadId);
  expect(top).toMatchObject({ name: 'main', source: { name: 'library.cpp' } });
  expect(top?.line).toBeLessThan(line ?? 0);
});
