import { expect, test } from 'vitest';
import { InspectError } from '../../runtime/inspect/protocol.ts';
import { guest } from '../support/guest.ts';
import { Inspected, type Inspecting, i64, inspectPrograms } from '../support/inspected.ts';
import { FAMILY } from '../support/inspected-guests.ts';
import { RawSocket } from '../support/raw-socket.ts';

inspectPrograms();

async function family(args?: readonly string[]): Promise<Inspecting & { readonly run: Inspected }> {
  const run = await Inspected.run(FAMILY, args);
  const inspecting = await run.connect();
  await run.command.printed('ready\n');
  await inspecting.until('1:1', ({ state }) => state === 'waiting');
  return Object.assign(inspecting, { run });
}

const turnsOf = async ({ ask }: Inspecting, process: string) =>
  Buffer.from(
    (await ask('process/memory', { process, offset: 256, count: 8 })).data,
    'base64',
  ).readBigInt64LE();

test('stacks of processes that wait, compute and have not begun', async () => {
  const inspecting = await family(['--inspect', '--trace']);
  const { ask, stack } = inspecting;
  expect(await stack('1:1')).toEqual(['rest', '_start']);
  expect(await stack('1:2')).toEqual(['wait_for_orders', 'worker']);
  expect(await stack('1:3')).toEqual(['receive', 'leaf']);
  const { frames } = await ask('process/stack', { process: '1:2' });
  const bytes = Buffer.from((await ask('module/bytes', { module: 'm1' })).data, 'base64');
  for (const { offset, functionIndex, module } of frames) {
    expect(module).toBe('m1');
    expect(functionIndex).toBeGreaterThan(0);
    // What a frame stands at is a call.
    expect(bytes[offset]).toBe(0x10);
  }
  expect(await stack('1:4')).toEqual(['count', 'spin']);
});

test('without --trace what waits for something else has no stack until it waits again', async () => {
  const { ask, stack } = await family();
  const { frames, missing } = await ask('process/stack', { process: '1:1' });
  expect(frames).toEqual([]);
  expect(missing).toContain('--trace keeps such stacks');
  expect(await stack('1:2')).toEqual(['wait_for_orders', 'worker']);
  while ((await stack('1:4')).length === 0);
  expect(await stack('1:4')).toEqual(['count', 'spin']);
});

test('a message sent from outside is received with its tag', async () => {
  const { ask, run } = await family();
  await ask('process/send', { process: '1:3', tag: '-5', data: i64(77) });
  await ask('process/send', { process: '1:3', data: i64(-1) });
  await run.command.printed('data -5 77\ndata 0 -1\n');
});

test('a waiting process is paused and goes on with what it got meanwhile', async () => {
  const { ask, stack, received, run, until, untilTotal } = await family();
  const stopped = received('process/stopped');
  const continued = received('process/continued');
  await ask('process/pause', { process: '1:3' });
  expect((await stopped.find(({ process }) => process.key === '1:3')).why).toBe('pause');
  expect(await ask('process/get', { process: '1:3' })).toMatchObject({
    state: 'paused',
    waitsFor: 'message',
  });
  for (let i = 1; i <= 3; i++) await ask('process/send', { process: '1:3', tag: '1', data: i64(i) });
  // Another one runs meanwhile, and ends.
  await ask('process/send', { process: '1:2', tag: '7', data: '' });
  await untilTotal(3);
  expect((await ask('process/get', { process: '1:3' })).mailbox).toBe(2);
  expect(await stack('1:3')).toEqual(['receive', 'leaf']);
  expect(run.command.stdout).toBe('ready\n');
  await ask('process/resume', { process: '1:3' });
  await run.command.printed('data 1 1\ndata 1 2\ndata 1 3\n');
  await continued.find(({ process }) => process === '1:3');
  await until('1:3', ({ state }) => state === 'waiting');
  expect([stopped.all.length, continued.all.length]).toEqual([1, 1]);
});

test('a computing process stands still when the answer comes, also for a second who asks', async () => {
  const inspecting = await family();
  const { ask, received, stack } = inspecting;
  const stopped = received('process/stopped');
  await Promise.all([1, 2, 3].map(() => ask('process/pause', { process: '1:4' })));
  const count = await turnsOf(inspecting, '1:4');
  expect(await ask('process/get', { process: '1:4' })).toMatchObject({ state: 'paused', waitsFor: 'turn' });
  await stopped.find(({ process, why }) => process.key === '1:4' && why === 'pause');
  expect(await stack('1:4')).toEqual(['count', 'spin']);
  expect(await turnsOf(inspecting, '1:4')).toBe(count);
  await ask('process/pause', { process: '1:4' });
  await ask('process/resume', { process: '1:4' });
  while ((await turnsOf(inspecting, '1:4')) === count);
  expect(stopped.all).toHaveLength(1);
});

test('a pause that is taken back before it took effect', async () => {
  const inspecting = await family();
  const { ask, received } = inspecting;
  const continued = received('process/continued');
  const stopped = received('process/stopped');
  for (let i = 0; i < 20; i++) {
    const answers = (['pause', 'resume', 'resume', 'pause', 'resume'] as const).map((what) =>
      ask(`process/${what}`, { process: '1:4' }),
    );
    expect(await Promise.all(answers)).toEqual([null, null, null, null, null]);
  }
  const count = await turnsOf(inspecting, '1:4');
  while ((await turnsOf(inspecting, '1:4')) === count);
  expect((await ask('process/get', { process: '1:4' })).state).not.toBe('paused');
  // It is never said to go on without having been said to stop.
  expect(continued.all.length).toBe(stopped.all.length);
});

test('killing what waits, computes and is paused', async () => {
  const { ask, untilTotal } = await family();
  await ask('process/pause', { process: '1:3' });
  await ask('process/kill', { process: '1:3' });
  await untilTotal(3);
  await ask('process/kill', { process: '1:4' });
  await untilTotal(2);
  await expect(ask('process/get', { process: '1:4' })).rejects.toMatchObject({ code: 1 });
});

test('killing a process while its pause and its stack are asked for answers all', async () => {
  const { ask, untilTotal } = await family();
  const pause = ask('process/pause', { process: '1:4' }).catch((error: Error) => error.message);
  const stack = ask('process/stack', { process: '1:4' }).catch((error: Error) => error.message);
  const kill = ask('process/kill', { process: '1:4' });
  const others = ask('process/stack', { process: '1:4' }).catch((error: Error) => error.message);
  await kill;
  await untilTotal(3);
  expect([null, 'process 1:4 ended before it was paused']).toContain(await pause);
  await Promise.all([stack, others]);
});

test('a trap holds the process while a client wants it', async () => {
  const { ask, received, stack, run, untilTotal } = await family();
  const stopped = received('process/stopped');
  await ask('watch', { traps: true });
  await ask('process/send', { process: '1:3', tag: '99', data: '' });
  const event = await stopped.find(({ why }) => why === 'failure');
  expect(event).toMatchObject({
    process: { key: '1:3', state: 'held', end: { kind: 'trapped', message: 'unreachable' } },
  });
  expect(await stack('1:3')).toEqual(['crash', 'handle', 'leaf']);
  const { data } = await ask('process/memory', { process: '1:3', offset: 512, count: 5 });
  expect(Buffer.from(data, 'base64').toString()).toBe('hello');
  // Pausing what is held changes nothing, and nobody has been told of its end.
  await ask('process/pause', { process: '1:3' });
  expect((await ask('process/mailbox', { process: '1:2' })).length).toBe(2);
  await ask('process/resume', { process: '1:3' });
  await untilTotal(3);
  expect((await ask('process/mailbox', { process: '1:2' })).length).toBe(3);
  await run.command.printed('Process 3 failed', 'stderr');
});

test('the memory of a process is written to while it stands still, and not while it runs', async () => {
  const { ask } = await family();
  const data = Buffer.from('HELLO').toString('base64');
  const write = (offset: number) => ask('process/set-memory', { process: '1:3', offset, data });
  await expect(write(512)).rejects.toMatchObject({
    code: InspectError.Refused,
    message: 'the process does not stand still',
  });
  await ask('process/pause', { process: '1:3' });
  await write(512);
  const { size, ...read } = await ask('process/memory', { process: '1:3', offset: 511, count: 7 });
  expect(Buffer.from(read.data, 'base64').toString()).toBe('\0HELLO\0');
  for (const offset of [size - 4, size, 2 ** 53 - 1])
    await expect(write(offset)).rejects.toMatchObject({ message: `the memory has ${size} bytes` });
});

test('a trap holds nothing where nobody wants it, or no longer', async () => {
  const { ask, received, untilTotal } = await family();
  const stopped = received('process/stopped');
  await ask('watch', { traps: true });
  await ask('watch', {});
  await ask('process/send', { process: '1:3', tag: '99', data: '' });
  await untilTotal(3);
  expect(stopped.all).toEqual([]);
});

test('a trap is held for one client after another has gone that wanted it too', async () => {
  const { ask, received, run } = await family();
  const other = await run.connect();
  await other.ask('watch', { traps: true });
  await ask('watch', { traps: true });
  await other.client.close();
  const stopped = received('process/stopped');
  await ask('process/send', { process: '1:3', tag: '99', data: '' });
  await stopped.find(({ why }) => why === 'failure');
});

test('a trap is not held for a client that has gone', async () => {
  const { ask, run, untilTotal } = await family();
  const raw = await RawSocket.open(run.url);
  await raw.initialize();
  raw.send({ jsonrpc: '2.0', id: 1, method: 'watch', params: { traps: true } });
  await raw.answer(1);
  raw.send('no JSON');
  await raw.closed;
  // By the time these are answered the runtime has read the end of the other connection, too.
  for (let i = 0; i < 20; i++) await ask('process/list', {});
  await ask('process/send', { process: '1:3', tag: '99', data: '' });
  await untilTotal(3);
});

const SLOW_START = guest(
  `(func $prepare (call $process.sleep_ms (i64.const 1)) (call $print (text "prepared")))
   (start $prepare)
   (func (export "_start") (call $print (text "started")) (call $forever))`,
);

test('a program that waits begins when a client says so, and not before', async () => {
  const run = await Inspected.run(SLOW_START, ['--inspect-wait']);
  const { client, ask } = await run.connect();
  expect(client.welcome.waiting).toBe(true);
  expect(await ask('process/list', {})).toEqual({ processes: [], total: 0 });
  // What it is made of is known already.
  expect((await ask('module/get', { module: 'm1' })).exports).toContainEqual(
    expect.objectContaining({ name: '_start' }),
  );
  expect(run.command.stdout).toBe('');
  await ask('start', {});
  await run.command.printed('prepared\nstarted\n');
  expect((await run.connect()).client.welcome.waiting).toBe(false);
  // It has begun: saying so once more changes nothing.
  await ask('start', { pauseRoot: true });
  expect((await ask('process/get', { process: '1:1' })).state).not.toBe('paused');
});

test.each([
  ['its first function', FAMILY, 'ready\n'],
  ['its start section', SLOW_START, 'prepared\nstarted\n'],
])('the root process can be paused before %s', async (_, source, printed) => {
  const run = await Inspected.run(source, ['--inspect-wait']);
  const { ask, received } = await run.connect();
  const stopped = received('process/stopped');
  await ask('start', { pauseRoot: true });
  const { process, why } = await stopped.find(() => true);
  expect([process.key, process.state, why]).toEqual(['1:1', 'paused', 'entry']);
  expect(await ask('process/list', {})).toMatchObject({ processes: [{ key: '1:1' }], total: 1 });
  expect(await ask('process/stack', { process: '1:1' })).toEqual({ frames: [], missing: 'it has not begun' });
  expect(run.command.stdout).toBe('');
  await ask('process/resume', { process: '1:1' });
  await run.command.printed(printed);
});

test('no message reaches a process before its start section has run', async () => {
  const run = await Inspected.run(SLOW_START, ['--inspect-wait']);
  const { ask, received } = await run.connect();
  const stopped = received('process/stopped');
  await ask('start', { pauseRoot: true });
  await stopped.find(() => true);
  await expect(ask('process/send', { process: '1:1', data: '' })).rejects.toMatchObject({
    code: InspectError.Refused,
    message: 'no message reaches process 1:1 before its start section has run',
  });
  await ask('process/resume', { process: '1:1' });
  await run.command.printed('prepared\nstarted\n');
});

test('what a client held before its start section goes on when the client has gone', async () => {
  const run = await Inspected.run(SLOW_START, ['--inspect-wait']);
  const { ask, client, received } = await run.connect();
  const stopped = received('process/stopped');
  await ask('start', { pauseRoot: true });
  await stopped.find(() => true);
  await client.close();
  await run.command.printed('prepared\nstarted\n');
});

test('what a client held goes on when the client dies without a word', async () => {
  const run = await Inspected.run(FAMILY);
  await run.command.printed('ready\n');
  const raw = await RawSocket.open(run.url);
  await raw.initialize();
  for (const [id, process] of ['1:1', '1:2', '1:3', '1:4'].entries()) {
    raw.send({ jsonrpc: '2.0', id, method: 'process/pause', params: { process } });
    await raw.answer(id);
  }
  raw.send({
    ...{ jsonrpc: '2.0', id: 'send', method: 'process/send' },
    params: { process: '1:3', tag: '1', data: i64(6) },
  });
  await raw.answer('send');
  // And a request that it will not hear the answer of.
  raw.send({ jsonrpc: '2.0', id: 9, method: 'process/pause', params: { process: '1:4' } });
  raw.socket.terminate();
  await run.command.printed('data 1 6\n');
  const { ask } = await run.connect();
  const states = (await ask('process/list', {})).processes.map(({ state }) => state);
  expect(states).not.toContain('paused');
});

test('paused and trapped processes go on when the client has gone that held them, also while another stays', async () => {
  const { ask, client, received, run } = await family();
  const other = await run.connect();
  const stopped = received('process/stopped');
  const continued = other.received('process/continued');
  await ask('watch', { traps: true });
  await ask('process/pause', { process: '1:4' });
  await other.ask('process/pause', { process: '1:2' });
  await ask('process/send', { process: '1:3', tag: '99', data: '' });
  await stopped.find(({ why }) => why === 'failure');
  await client.close();
  await run.command.printed('Process 3 failed', 'stderr');
  await continued.find(({ process }) => process === '1:4');
  await other.until('1:4', ({ state }) => state !== 'paused');
  // What the other one holds stays.
  expect((await other.ask('process/get', { process: '1:2' })).state).toBe('paused');
  await other.client.close();
  const third = await run.connect();
  await third.until('1:2', ({ state }) => state === 'waiting');
});

test('what several clients hold goes on when the last of them has gone', async () => {
  const { ask, client, run } = await family();
  const [second, watcher] = [await run.connect(), await run.connect()];
  const stopped = watcher.received('process/stopped');
  const continued = watcher.received('process/continued');
  await ask('watch', { traps: true });
  await second.ask('watch', { traps: true });
  for (const one of [{ ask }, second]) {
    await one.ask('process/pause', { process: '1:2' });
    await one.ask('process/pause', { process: '1:4' });
  }
  await ask('process/send', { process: '1:3', tag: '99', data: '' });
  await stopped.find(({ why }) => why === 'failure');
  await client.close();
  for (const process of ['1:2', '1:3', '1:4']) {
    expect((await second.ask('process/get', { process })).state).toMatch(/paused|held/);
  }
  expect(continued.all).toEqual([]);
  await second.client.close();
  await run.command.printed('Process 3 failed', 'stderr');
  for (const held of ['1:2', '1:4']) await continued.find(({ process }) => process === held);
});

test('a client that lets go on what another one holds ends the hold', async () => {
  const { ask, received, run } = await family();
  const other = await run.connect();
  const continued = received('process/continued');
  await ask('process/pause', { process: '1:2' });
  await other.ask('process/resume', { process: '1:2' });
  await continued.find(() => true);
  // From now on it is held for the other one alone.
  await other.ask('process/pause', { process: '1:2' });
  await other.client.close();
  await run.connect();
  expect((await ask('process/get', { process: '1:2' })).state).toBe('waiting');
});

test('a process that is held at its entry goes on when that client has gone, while another stays', async () => {
  const run = await Inspected.run(SLOW_START, ['--inspect-wait']);
  const other = await run.connect();
  const { ask, client, received } = await run.connect();
  const stopped = received('process/stopped');
  await ask('start', { pauseRoot: true });
  await stopped.find(() => true);
  await client.close();
  await run.command.printed('prepared\nstarted\n');
  await other.until('1:1', ({ state }) => state === 'waiting');
});

test('two clients see the same, each hears of what the other does', async () => {
  const one = await family();
  const two = await one.run.connect();
  const heard = [one, two].map(({ received }) => ({
    stopped: received('process/stopped'),
    continued: received('process/continued'),
  }));
  await one.ask('process/pause', { process: '1:2' });
  await two.ask('process/resume', { process: '1:2' });
  for (const { stopped, continued } of heard) {
    await stopped.find(({ process, why }) => process.key === '1:2' && why === 'pause');
    await continued.find(({ process }) => process === '1:2');
  }
  expect((await one.ask('process/get', { process: '1:2' })).state).toBe('waiting');
});
