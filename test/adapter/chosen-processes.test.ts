import { expect, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { guest } from '../support/guest.ts';
import { AdapterClient, guestFile } from './adapter-client.ts';
import { ShopSession } from './shop-session.ts';

async function threadOf(client: AdapterClient, process: string): Promise<number> {
  return (await client.custom('lunatic/thread', { process: keyFromText(process) })).threadId;
}

async function command(client: AdapterClient, expression: string): Promise<string> {
  return (await client.evaluateRequest({ expression, context: 'repl' })).body.result;
}

/** Runs the shop of WebAssembly text with a breakpoint, until both workers wait. */
async function run(options: { stopIn?: string[]; stopNotIn?: string[] }): Promise<ShopSession> {
  const session = await ShopSession.configure('WAT', options);
  await session.breakAt('check');
  await session.client.configurationDoneRequest();
  await session.client.waitingThread(2);
  await session.client.waitingThread(3);
  return session;
}

test.each([
  { stopIn: ['id 3'] },
  { stopIn: ['entry worker'], stopNotIn: ['id 2'] },
  { stopNotIn: ['id #2'] },
])('only the chosen processes stop: %j', async (options) => {
  const session = await run(options);
  const { client } = session;
  await session.send(2, 1);
  await session.send(3, 1);
  expect((await session.stopped()).threadId).toBe(await threadOf(client, '1:3'));
  await client.waitingThread(2);
});

test('the console says in which processes to stop', async () => {
  const session = await run({});
  const { client } = session;
  expect(await command(client, 'stop')).toBe('breakpoints and failures stop in all processes');
  expect(await command(client, 'stop in under 1')).toBe(
    'breakpoints and failures stop in these processes: under 1',
  );
  expect(await command(client, 'stop not in id 2')).toBe(
    'breakpoints and failures stop in these processes: under 1; but not in: id 2',
  );
  await session.send(2, 1);
  await session.send(3, 1);
  expect((await session.stopped()).threadId).toBe(await threadOf(client, '1:3'));
  expect(await command(client, 'stop everywhere')).toBe('breakpoints and failures stop in all processes');
  await client.waitingThread(2);
  await session.send(2, 1);
  expect((await session.stopped()).threadId).toBe(await threadOf(client, '1:2'));
  await expect(command(client, 'stop it')).rejects.toThrow("Write 'stop in entry worker'");
  await expect(command(client, 'stop in id five')).rejects.toThrow("'id five' means no processes");
  await expect(command(client, 'stop in toString x')).rejects.toThrow("'toString x' means no processes");
});

test('a launch that chooses what means no processes is refused', async () => {
  const client = await AdapterClient.stdio();
  const launched = client.configure(guest('(func (export "_start"))'), { stopIn: ['worker'] });
  await expect(launched).rejects.toThrow("launch: 'stopIn': 'worker' means no processes");
});

/** Process 1 spawns 2, which spawns 3 and ends; 1 spawns 4. 3 and 4 come to the line. */
const FAMILY = `(module
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "lunatic::registry" "put" (func $put (param i32 i32 i64 i64)))
  (memory (export "memory") 1)
  (data (i32.const 64) "parent") (data (i32.const 80) "child") (data (i32.const 96) "db")
  (func $hire (param $name i32) (param $length i32)
    (drop (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (local.get $name) (local.get $length)
      (i32.const 0) (i32.const 0) (i32.const 16))))
  (func (export "parent")
    (call $hire (i32.const 80) (i32.const 5)))
  (func (export "child")
    (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
    (drop (i32.const 7)) ;; here
    unreachable)
  (func (export "_start")
    (call $hire (i32.const 64) (i32.const 6))
    (call $put (i32.const 96) (i32.const 2) (i64.const 0) (i64.const 4))
    (call $sleep (i64.const 100))
    (call $hire (i32.const 80) (i32.const 5))
    (call $sleep (i64.const 1000000))))`;

async function family(options: { stopIn?: string[]; stopNotIn?: string[] }): Promise<AdapterClient> {
  const client = await AdapterClient.stdio();
  const path = guestFile(FAMILY);
  await client.configure('', { program: path, ...options });
  const line = FAMILY.split('\n').findIndex((text) => text.endsWith(';; here')) + 1;
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line }] });
  await client.configurationDoneRequest();
  await client.waitingThread(3);
  await client.waitingThread(4);
  for (const process of ['1:3', '1:4'])
    await client.custom('lunatic/send', { process: keyFromText(process), data: '' });
  return client;
}

test('processes that descend from one stop, also when their parent has ended', async () => {
  const client = await family({ stopIn: ['under 2'] });
  const { body } = await client.event('stopped');
  expect(body).toMatchObject({ reason: 'breakpoint', threadId: await threadOf(client, '1:3') });
  // The other one goes past the breakpoint and its trap, to its end.
  await client.event('lunatic/processesChanged', ({ body }) =>
    body.ended.some(({ process }: { process: string }) => process === '1:4'),
  );
});

test('a process with a name does not stop, nor for its failure', async () => {
  const client = await family({ stopNotIn: ['name db'] });
  await client.event('lunatic/processesChanged', ({ body }) =>
    body.ended.some(({ process }: { process: string }) => process === '1:4'),
  );
  expect((await client.event('stopped')).body.threadId).toBe(await threadOf(client, '1:3'));
  expect(client.eventsOf('stopped')).toHaveLength(1);
});

test('a filter that is there for all processes and for some means all', async () => {
  const client = await AdapterClient.stdio();
  await client.configure('', { program: guestFile(FAMILY) });
  await client.setExceptionBreakpointsRequest({
    filters: ['traps'],
    filterOptions: [{ filterId: 'traps', condition: 'id 3' }],
  });
  await client.configurationDoneRequest();
  await client.waitingThread(4);
  await client.custom('lunatic/send', { process: keyFromText('1:4'), data: '' });
  const { body } = await client.event('stopped');
  expect(body).toMatchObject({ reason: 'exception', threadId: await threadOf(client, '1:4') });
});
