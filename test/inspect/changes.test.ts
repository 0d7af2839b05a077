import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { MAX_CHANGES, type ProcessInfo, type ProcessKey } from '../../runtime/inspect/protocol.ts';
import { guest, main } from '../support/guest.ts';
import { Inspected, type Inspecting, i64, inspectPrograms, type Received } from '../support/inspected.ts';
import { FAMILY, many } from '../support/inspected-guests.ts';

inspectPrograms();

/** What a client that only listens believes is running. */
function believed({ all }: Received<'processes/changed'>): Map<ProcessKey, ProcessInfo> {
  const processes = new Map<ProcessKey, ProcessInfo>();
  for (const { started, changed, ended } of all) {
    for (const info of started) {
      expect(processes.has(info.key)).toBe(false);
      processes.set(info.key, info);
    }
    for (const info of changed) {
      expect(processes.has(info.key)).toBe(true);
      processes.set(info.key, info);
    }
    for (const { process } of ended) expect(processes.delete(process)).toBe(true);
  }
  return processes;
}

async function family(): Promise<Inspecting & { readonly run: Inspected }> {
  const run = await Inspected.run(FAMILY);
  const inspecting = await run.connect();
  await run.command.printed('ready\n');
  await inspecting.until('1:1', ({ state }) => state === 'waiting');
  return Object.assign(inspecting, { run });
}

test('what runs is told at once, then what becomes of it', async () => {
  const { ask, received } = await family();
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  const first = await changes.find(() => true);
  expect(first.started.map(({ key }) => key)).toEqual(['1:1', '1:2', '1:3', '1:4']);
  expect(first).toMatchObject({ changed: [], ended: [], total: 4 });
  await ask('process/send', { process: '1:2', tag: '5', data: i64(1) });
  await changes.find(({ changed }) => changed.some(({ key, mailbox }) => key === '1:2' && mailbox === 3));
  await ask('process/pause', { process: '1:3' });
  await changes.find(({ changed }) => changed.some(({ key, state }) => key === '1:3' && state === 'paused'));
  // The end of a parent changes its child.
  await ask('process/kill', { process: '1:2' });
  const { ended } = await changes.find(({ total }) => total === 3);
  expect(ended).toEqual([{ process: '1:2', end: { kind: 'killed' }, time: expect.any(Number) }]);
  await changes.find(({ changed }) => changed.some(({ key, parent }) => key === '1:3' && parent === null));
  expect([...believed(changes).keys()]).toEqual(['1:1', '1:3', '1:4']);
});

test('a name, a link and a monitor are told, also of a process that only waits', async () => {
  const run = await Inspected.run(
    guest(
      `(func (export "waiter") (call $forever))
       (func (export "_start") (local $waiter i64)
         (local.set $waiter (call $spawn (i64.const 0) (text "waiter")))
         (call $print (text "ready"))
         (loop $next
           (drop (call $receive))
           (if (i64.eq (call $message.get_tag) (i64.const 1))
             (then (call $registry.put (text "desk") (i64.const 0) (local.get $waiter))))
           (if (i64.eq (call $message.get_tag) (i64.const 2))
             (then (call $registry.remove (text "desk"))))
           (if (i64.eq (call $message.get_tag) (i64.const 3))
             (then (call $process.link (i64.const 0) (local.get $waiter))))
           (if (i64.eq (call $message.get_tag) (i64.const 4))
             (then (call $process.monitor (local.get $waiter))))
           (br $next)))`,
    ),
  );
  const { ask, received, until } = await run.connect();
  await run.command.printed('ready\n');
  await until('1:2', ({ state }) => state === 'waiting');
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  await changes.find(() => true);
  const told = async (tag: string, about: Partial<ProcessInfo>) => {
    await ask('process/send', { process: '1:1', tag, data: '' });
    await changes.find(({ changed }) =>
      changed.some((info) => info.key === '1:2' && isDeepStrictEqual({ ...info, ...about }, info)),
    );
  };
  await told('1', { names: ['desk'] });
  await told('2', { names: [] });
  await told('3', { links: 1 });
  await told('4', { monitors: 1 });
});

test('nothing is told of processes that only wait, and nothing after watching has ended', async () => {
  const { ask, received, untilTotal } = await family();
  await ask('process/kill', { process: '1:4' });
  await untilTotal(3);
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  await changes.find(() => true);
  await ask('watch', { processes: false });
  await ask('process/kill', { process: '1:2' });
  await untilTotal(2);
  // Begins again: everything is new, so this is the next to come.
  await ask('watch', { processes: 50 });
  await changes.find(({ total }) => total === 2);
  expect(
    changes.all.map(({ started, changed, ended }) => [started.length, changed.length, ended.length]),
  ).toEqual([
    [3, 0, 0],
    [2, 0, 0],
  ]);
});

test('3,000 processes are told in batches of at most 500, their ends too', async () => {
  const run = await Inspected.run(many(3000));
  const { ask, received, untilTotal } = await run.connect();
  await run.command.printed('ready\n');
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  // Those of another scheduler may be told later.
  await changes.find(() => believed(changes).size === 3001);
  for (let id = 2; id <= 1501; id += 100) {
    const killed = Array.from({ length: 100 }, (_, i) => ask('process/kill', { process: `1:${id + i}` }));
    await Promise.all(killed);
  }
  await untilTotal(1501);
  await changes.find(() => believed(changes).size === 1501);
  for (const { started, changed, ended } of changes.all) {
    expect(Math.max(started.length, changed.length, ended.length)).toBeLessThanOrEqual(MAX_CHANGES);
  }
});

/** 1,500 processes that never stand still. */
const BUSY = guest(
  `(func (export "busy") (loop $again (call $process.sleep_ms (i64.const 1)) (br $again)))
   (func (export "_start") (local $left i32)
     (local.set $left (i32.const 1500))
     (loop $next (drop (call $spawn (i64.const 0) (text "busy")))
       (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
     (call $print (text "ready"))
     (call $forever))`,
);

test('of more changes than fit into a notification, all get their turn', async () => {
  const run = await Inspected.run(BUSY);
  const { ask, received } = await run.connect();
  await run.command.printed('ready\n');
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  const seen = new Set<ProcessKey>();
  await changes.find(() => {
    for (const { key } of changes.all.at(-1)?.changed ?? []) seen.add(key);
    return seen.size >= 1500;
  });
});

test('those that come and go in between are never mentioned', async () => {
  const run = await Inspected.run(
    guest(
      `(func (export "brief"))
       (func (export "_start") (loop $again
         (call $process.monitor (call $spawn (i64.const 0) (text "brief")))
         (drop (call $receive)) (br $again)))`,
    ),
  );
  const { ask, received } = await run.connect();
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  await changes.find(() => changes.all.length === 10);
  const told = changes.all.reduce((sum, { started }) => sum + started.length, 0);
  expect(told).toBeLessThan(30);
  expect(believed(changes).size).toBeLessThan(5);
});

test('output comes as bytes of each stream, to those who want it', async () => {
  const source = guest(
    `(func (export "_start")
       (call $write (text "to out \\ff\\n"))
       (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 3))
       (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
       (call $forever))`,
  );
  const run = await Inspected.run(source, ['--inspect-wait']);
  const [one, two] = [await run.connect(), await run.connect()];
  const [heard, other] = [one.received('output'), two.received('output')];
  await one.ask('watch', { output: true });
  await one.ask('start', {});
  await heard.find(({ stream }) => stream === 'stderr');
  const bytes = (stream: string) =>
    Buffer.concat(
      heard.all.filter((event) => event.stream === stream).map(({ data }) => Buffer.from(data, 'base64')),
    );
  expect(bytes('stdout')).toEqual(Buffer.from('746f206f757420ff0a', 'hex'));
  expect(bytes('stderr').toString()).toBe('to ');
  await two.ask('process/list', {});
  expect(other.all).toEqual([]);
  // The program's own streams get the same.
  await run.command.printed('to out');
  await run.command.printed('to ', 'stderr');
});

test.each<[what: string, source: string, code: number, reason: string]>([
  ['returns', main('(call $print (text "bye"))'), 0, 'returned'],
  ['exits', main('(call $proc_exit (i32.const 7))'), 7, 'exited'],
  ['traps', main('unreachable'), 1, 'unreachable'],
  ['has no such export', guest('(func (export "other"))'), 1, 'the module exports no function "_start"'],
  [
    'cannot be instantiated',
    guest('(func $start unreachable) (start $start) (func (export "_start"))'),
    1,
    'the start section failed: unreachable',
  ],
])('clients hear of the end of a program that %s', async (_, source, exitCode, reason) => {
  const run = await Inspected.run(source, ['--inspect-wait']);
  const clients = [await run.connect(), await run.connect()];
  const heard = clients.map(({ received }) => ({ ended: received('ended'), output: received('output') }));
  for (const { ask } of clients) await ask('watch', { output: true });
  await clients[0]?.ask('start', {});
  for (const { ended } of heard) {
    const farewell = await ended.find(() => true);
    expect(farewell.exitCode).toBe(exitCode);
    expect(farewell.reason).toContain(reason);
  }
  for (const { client } of clients) await client.closed;
  const { exitCode: code, stdout } = await run.command.ended;
  expect(code).toBe(exitCode);
  // What it printed last comes before.
  for (const { output } of heard) {
    expect(output.all.map(({ data }) => Buffer.from(data, 'base64').toString()).join('')).toBe(stdout);
  }
});

test('a process that is killed by a client ends the program as any other', async () => {
  const { ask, received, run } = await family();
  const ended = received('ended');
  await ask('process/kill', { process: '1:1' });
  expect(await ended.find(() => true)).toEqual({ exitCode: 1, reason: 'killed' });
  expect((await run.command.ended).exitCode).toBe(1);
});
