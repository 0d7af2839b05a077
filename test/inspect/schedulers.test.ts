import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ProcessInfo } from '../../runtime/inspect/protocol.ts';
import { lunatic } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { Inspected, type Inspecting, i64, inspectPrograms } from '../support/inspected.ts';
import { FAMILY, many } from '../support/inspected-guests.ts';

inspectPrograms();

/** Every child begins on another scheduler than its parent. */
const APART = ['--inspect', '--schedulers', '3', '--place-children', 'apart'];

interface Family extends Inspecting {
  readonly run: Inspected;
  /** Keys by entry function. */
  readonly keys: Readonly<Record<string, string>>;
}

/** All processes, asked for in pages. */
async function all({ ask }: Inspecting, limit = 1000, filter = {}): Promise<ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  for (let after: string | undefined, last = false; !last; last = after === undefined) {
    const page = await ask('process/list', { limit, filter, ...(after === undefined ? {} : { after }) });
    found.push(...page.processes);
    after = page.next;
  }
  return found;
}

async function family(args: readonly string[] = []): Promise<Family> {
  const run = await Inspected.run(FAMILY, [...APART, ...args]);
  const inspecting = await run.connect();
  await run.command.printed('ready\n');
  let found: ProcessInfo[] = [];
  while (found.length < 4 || found.some(({ state }) => state === 'ready')) found = await all(inspecting);
  const keys = Object.fromEntries(found.map(({ entry, key }) => [entry, key]));
  return Object.assign(inspecting, { run, keys });
}

test('ps and stacks show the processes of all schedulers as one tree', async () => {
  const { run } = await family(['--trace']);
  const { stdout, stderr } = await lunatic(['ps', run.url]);
  expect(stderr).toBe('');
  const ids = /17592186044417|35184372088833/g;
  expect(
    stdout
      .replaceAll(/ {2}\d+ s/g, '')
      .replaceAll(ids, 'FAR')
      .replaceAll(/ +/g, ' '),
  ).toMatch(
    /^PROCESS SCHEDULER STATE SINCE MAILBOX MEMORY ENTRY\n1 0 sleeping 0 128 KiB _start\n 2 \(worker, wor\ufffdker\) [12] waiting for a message 2 128 KiB worker\n FAR [012] waiting for a message 0 128 KiB leaf\n 3 [12] running 0 128 KiB spin\n4 processes\n$/,
  );
  expect(stdout).toMatch(/^1 .*\n {2}2 \(.*\n {4}\d+ .*\n {2}3 /m);
  const stacks = (await lunatic(['stacks', run.url])).stdout;
  const frame = String.raw`\(\S+\.wat:\d+:\d+\)`;
  for (const [name, calls] of [
    ['process 1: sleeping', ['rest', '_start']],
    ['process 2 .*, 2 messages in its mailbox', ['wait_for_orders', 'worker']],
    [String.raw`process \d{10,}: waiting for a message`, ['receive', 'leaf']],
    ['process 3: (running|ready)', ['count', 'spin']],
  ] as const)
    expect(stacks).toMatch(
      new RegExp(`${name}\n${calls.map((call) => ` {4}at ${call} ${frame}\n`).join('')}`),
    );
});

test('a process of another scheduler is looked at, sent to, paused, resumed and killed', async () => {
  const { ask, keys, run, received, until, stack } = await family();
  const leaf = keys['leaf'] ?? '';
  const worker = keys['worker'] ?? '';
  const stopped = received('process/stopped');
  const continued = received('process/continued');
  expect(await ask('process/get', { process: worker })).toMatchObject({
    parent: '1:1',
    links: 1,
    mailbox: 2,
  });
  expect(await ask('process/get', { process: leaf })).toMatchObject({ parent: worker, monitors: 1 });
  const { links } = await ask('process/peers', { process: '1:1' });
  expect(links).toEqual([
    {
      peer: { key: worker, id: 2, environment: 1, names: ['worker', 'wor\ufffdker'], entry: 'worker' },
      tag: '0',
    },
  ]);
  expect((await ask('process/peers', { process: leaf })).monitors).toMatchObject([
    { key: worker, entry: 'worker' },
  ]);
  expect(await ask('process/config', { process: leaf })).toMatchObject({ can_spawn_processes: true });
  const { messages } = await ask('process/mailbox', { process: worker });
  expect(messages.map(({ tag, data }) => [tag, data])).toEqual([
    ['1', i64(2)],
    ['-3', i64(4)],
  ]);
  const { data } = await ask('process/memory', { process: leaf, offset: 512, count: 5 });
  expect(Buffer.from(data, 'base64').toString()).toBe('hello');
  const { frames } = await ask('process/stack', { process: worker });
  expect(frames.map(({ functionName, module }) => [functionName, module])).toEqual([
    ['wait_for_orders', 'm1'],
    ['worker', 'm1'],
  ]);

  await ask('process/send', { process: leaf, tag: '-5', data: i64(77) });
  await run.command.printed('data -5 77\n');
  await ask('process/pause', { process: leaf });
  expect((await stopped.find(({ process }) => process.key === leaf)).why).toBe('pause');
  await ask('process/send', { process: leaf, tag: '6', data: i64(8) });
  await until(leaf, ({ mailbox }) => mailbox === 1 || mailbox === 0);
  expect(run.command.stdout).not.toContain('data 6 8');
  await ask('process/resume', { process: leaf });
  await continued.find(({ process }) => process === leaf);
  await run.command.printed('data 6 8\n');
  await until(leaf, ({ state }) => state === 'waiting');
  expect(await stack(leaf)).toEqual(['receive', 'leaf']);

  await ask('process/kill', { process: leaf });
  while ((await ask('process/list', { limit: 0 })).total !== 3);
  await expect(ask('process/get', { process: leaf })).rejects.toMatchObject({ code: 1 });
});

test('pages and filters have every process of all schedulers once', async () => {
  const run = await Inspected.run(many(3000), APART);
  const inspecting = await run.connect();
  await run.command.printed('ready\n');
  let found = await all(inspecting);
  while (found.length !== 3001 || found.some(({ state }) => state === 'ready')) found = await all(inspecting);
  for (const limit of [7, 1000]) {
    const keys = (await all(inspecting, limit)).map(({ key }) => key);
    expect([keys.length, new Set(keys).size]).toEqual([3001, 3001]);
  }
  expect(new Set(found.map(({ scheduler = 0 }) => scheduler)).size).toBeGreaterThan(1);
  expect((await inspecting.ask('process/list', { limit: 10 })).total).toBe(3001);
  expect(await all(inspecting, 100, { text: 'thousandth' })).toMatchObject([{ names: ['thousandth'] }]);
  expect(await all(inspecting, 1000, { parent: '1:1' })).toHaveLength(3000);
  expect(await all(inspecting, 1000, { parent: null })).toMatchObject([{ key: '1:1' }]);
  expect(await all(inspecting, 1000, { states: ['paused'] })).toEqual([]);
}, 60_000);

/** Spawns processes until it gets a message; each child waits for one. It registers each under the name of the last. */
const SPAWNER = guest(
  `(func (export "child") (call $forever))
   (func (export "_start") (local $left i32) (local $id i64)
     (call $process.die_when_link_dies (i32.const 0))
     (local.set $left (i32.const 20))
     (drop (call $receive))
     (loop $next
       (local.set $id (call $spawn (i64.const 0) (text "child")))
       (call $registry.put (text "last") (i64.const 0) (local.get $id))
       (call $process.sleep_ms (i64.const 5))
       (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
     (call $print (text "ready"))
     (call $forever))`,
);

test('a client that watches is told of each process once, wherever it goes, and of names and ends', async () => {
  const run = await Inspected.run(SPAWNER, APART);
  const inspecting = await run.connect();
  const { ask, received } = inspecting;
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  await changes.find(({ started }) => started.some(({ key }) => key === '1:1'));
  await ask('process/send', { process: '1:1', data: '' });
  await run.command.printed('ready\n');
  await changes.find(({ total }) => total === 21);
  await changes.find(({ started, changed }) =>
    [...started, ...changed].some(({ id, names }) => id === 21 && names.includes('last')),
  );
  const place = async () => (await all(inspecting)).filter(({ scheduler }) => scheduler !== undefined);
  while ((await place()).length < 20);
  const [far] = await place();
  await changes.find(({ started, changed }) =>
    [...started, ...changed].some(({ key, scheduler }) => key === far?.key && scheduler !== undefined),
  );
  await ask('process/kill', { process: far?.key ?? '' });
  const end = await changes.find(({ ended }) => ended.some(({ process }) => process === far?.key));
  expect(end.ended).toMatchObject([{ process: far?.key, end: { kind: 'killed' } }]);
  await changes.find(({ total }) => total === 20);
  const started = changes.all.flatMap((change) => change.started.map(({ key }) => key));
  expect(started.toSorted()).toEqual([...new Set(started)].toSorted());
  expect(new Set(started).size).toBe(21);
  expect(changes.all.flatMap(({ ended }) => ended)).toHaveLength(1);
});

const turns = async ({ ask }: Inspecting, process: string) =>
  Buffer.from(
    (await ask('process/memory', { process, offset: 256, count: 8 })).data,
    'base64',
  ).readBigInt64LE();

test('all schedulers stand still at a pause of all, and go on', async () => {
  const found = await family();
  const { ask, received, keys, untilTotal, run } = found;
  const [all, going, single] = [
    received('processes/stopped'),
    received('processes/continued'),
    received('process/stopped'),
  ];
  const spin = keys['spin'] ?? '';
  await ask('processes/pause', {});
  expect(all.all).toEqual([{ total: 4 }]);
  const before = await turns(found, spin);
  await sleep(50);
  expect(await turns(found, spin)).toBe(before);
  for (const key of Object.values(keys))
    expect((await ask('process/get', { process: key })).state).toBe('paused');
  await ask('processes/resume', {});
  while ((await turns(found, spin)) === before);
  expect([all.all.length, going.all.length, single.all.length]).toEqual([1, 1, 0]);
  await ask('process/send', { process: keys['leaf'] ?? '', tag: '97', data: '' });
  await untilTotal(3);
  expect(run.command.stdout).toBe('ready\n');
});

/** Spawns process after process. */
const FLOOD = guest(
  `(func (export "child") (call $process.sleep_ms (i64.const 20)))
   (func (export "_start") (call $print (text "ready"))
     (loop $again
       (drop (call $spawn (i64.const 0) (text "child")))
       (call $process.sleep_ms (i64.const 1))
       (br $again)))`,
);

test('no process goes on that is on its way when all are paused', async () => {
  const run = await Inspected.run(FLOOD, APART);
  const inspecting = await run.connect();
  const { ask } = inspecting;
  await run.command.printed('ready\n');
  while (!(await all(inspecting)).some(({ scheduler }) => scheduler !== undefined));
  for (let i = 0; i < 5; i++) {
    await ask('processes/pause', {});
    const found = await all(inspecting);
    expect(found.filter(({ state }) => state !== 'paused')).toEqual([]);
    await sleep(60);
    expect((await all(inspecting)).map(({ key }) => key)).toEqual(found.map(({ key }) => key));
    await ask('processes/resume', {});
    await sleep(20);
  }
});

test('a trap on another scheduler is told and held, and puts off the end of the program', async () => {
  const run = await Inspected.run(
    guest(
      `(func $crash unreachable)
       (func (export "child") (call $crash))
       (func (export "_start")
         (call $process.die_when_link_dies (i32.const 0))
         (drop (call $spawn (i64.const 1) (text "child")))
         (drop (call $receive)))`,
    ),
    [...APART, '--inspect-wait'],
  );
  const { ask, received, stack } = await run.connect();
  const [trapped, stopped, putOff, ended] = [
    received('process/trapped'),
    received('process/stopped'),
    received('end/put-off'),
    received('ended'),
  ];
  await ask('watch', { traps: true, trapped: true });
  await ask('start', {});
  const held = await stopped.find(({ why }) => why === 'failure');
  expect(held.process).toMatchObject({ id: 2, state: 'held', entry: 'child', end: { kind: 'trapped' } });
  expect(held.process.scheduler).toBeGreaterThan(0);
  expect(await stack(held.process.key)).toEqual(['crash', 'child']);
  await ask('process/send', { process: '1:1', data: '' });
  await putOff.find(({ reason }) => reason.includes('root process has ended'));
  expect(ended.all).toEqual([]);
  await ask('process/resume', { process: held.process.key });
  await ended.find(({ exitCode }) => exitCode === 0);
  expect(trapped.all).toMatchObject([
    { process: { id: 2 }, stack: { frames: [{ functionName: 'crash' }, {}] } },
  ]);
});

test('processes of a scheduler that dies have ended for clients', async () => {
  const run = await Inspected.run(FAMILY, [...APART, '--log', 'lunatic::schedulers=debug']);
  const inspecting = await run.connect();
  const { ask, received, until } = inspecting;
  const changes = received('processes/changed');
  await ask('watch', { processes: 50 });
  await run.command.printed('ready\n');
  const found = await changes.find(({ started, changed }) =>
    [...started, ...changed].some(({ id, scheduler }) => id === 2 && scheduler !== undefined),
  );
  const worker = [...found.started, ...found.changed].find(({ id }) => id === 2);
  const [, pid] =
    run.command.stderr.match(
      new RegExp(`Scheduler ${worker?.scheduler} has started \\(OS process (\\d+)\\)`),
    ) ?? [];
  process.kill(Number(pid), 'SIGKILL');
  const { ended } = await changes.find(({ ended }) => ended.some(({ process }) => process === '1:2'));
  expect(ended.find(({ process }) => process === '1:2')?.end).toEqual({ kind: 'killed' });
  await expect(ask('process/get', { process: '1:2' })).rejects.toMatchObject({ code: 1 });
  await until('1:1', ({ state, links }) => state === 'waiting' && links === 0);
});

test('what is printed on another scheduler comes to clients, and a panic there is the reason of its end', async () => {
  const run = await Inspected.run(
    guest(
      `(func (export "child") (call $print (text "thread 'main' panicked at src/main.rs:1:1:\\nno luck")) unreachable)
       (func (export "_start")
         (call $process.die_when_link_dies (i32.const 0))
         (drop (call $spawn (i64.const 1) (text "child")))
         (call $forever))`,
    ),
    [...APART, '--inspect-wait'],
  );
  const { ask, received } = await run.connect();
  const [output, trapped] = [received('output'), received('process/trapped')];
  await ask('watch', { output: true, trapped: true });
  await ask('start', {});
  const { end } = await trapped.find(({ process }) => process.id === 2);
  expect(end).toMatchObject({ kind: 'trapped', panic: expect.stringContaining('no luck') });
  await output.find(({ data }) => Buffer.from(data, 'base64').toString().includes('no luck'));
});
