import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { MAX_MEMORY_READ, type ProcessInfo } from '../../runtime/inspect/protocol.ts';
import { Inspected, type Inspecting, i64, inspectPrograms } from '../support/inspected.ts';
import { FAMILY, many } from '../support/inspected-guests.ts';

inspectPrograms();

async function family(args?: readonly string[]): Promise<Inspecting & { readonly run: Inspected }> {
  const run = await Inspected.run(FAMILY, args);
  const inspecting = await run.connect();
  await run.command.printed('ready\n');
  await inspecting.until('1:1', ({ state }) => state === 'waiting');
  return Object.assign(inspecting, { run });
}

test('who answers, and what runs', async () => {
  const run = await Inspected.run(FAMILY, ['--inspect'], { arguments: ['one', 'two'] });
  const { client } = await run.connect();
  expect(client.welcome).toEqual({
    version: '2.3',
    runtime: expect.stringMatching(/^lunatic \d+\.\d+\.\d+$/),
    pid: run.command.child.pid,
    program: expect.stringMatching(/program\d+\.wat$/),
    arguments: ['one', 'two'],
    cwd: process.cwd(),
    waiting: false,
    debug: false,
  });
});

test('the processes with parents, names, states and what they wait for', async () => {
  const began = Date.now();
  const { ask } = await family();
  const { processes, total, next } = await ask('process/list', {});
  expect(next).toBeUndefined();
  expect(total).toBe(4);
  const common = { environment: 1, module: 'm1', memory: 2 * 65_536, since: expect.any(Number) };
  expect(processes).toMatchObject([
    {
      ...common,
      ...{ key: '1:1', id: 1, parent: null, names: [], state: 'waiting', waitsFor: 'sleep', entry: '_start' },
      ...{ mailbox: 0, links: 1, monitors: 0 },
    },
    {
      ...common,
      ...{ key: '1:2', id: 2, parent: '1:1', names: ['worker', 'wor\ufffdker'], state: 'waiting' },
      ...{ waitsFor: 'message', entry: 'worker', mailbox: 2, links: 1, monitors: 0 },
    },
    {
      ...common,
      ...{
        key: '1:3',
        id: 3,
        parent: '1:2',
        names: [],
        state: 'waiting',
        waitsFor: 'message',
        entry: 'leaf',
      },
      ...{ mailbox: 0, links: 0, monitors: 1 },
    },
    { ...common, key: '1:4', id: 4, parent: '1:1', names: [], state: 'running', entry: 'spin', mailbox: 0 },
  ]);
  for (const info of processes) {
    expect(info.since).toBeGreaterThanOrEqual(began);
    expect(info.since).toBeLessThanOrEqual(Date.now());
    expect(await ask('process/get', { process: info.key })).toMatchObject({
      key: info.key,
      names: info.names,
    });
  }
});

test('since when: until the process has had another turn', async () => {
  const inspecting = await family();
  const get = () => inspecting.ask('process/get', { process: '1:3' });
  const { since } = await get();
  while (Date.now() <= since + 1);
  expect((await get()).since).toBe(since);
  await inspecting.ask('process/send', { process: '1:3', tag: '1', data: i64(5) });
  await inspecting.run.command.printed('data 1 5\n');
  expect((await inspecting.until('1:3', ({ state }) => state === 'waiting')).since).toBeGreaterThan(since);
});

test('a process without a living parent is a root', async () => {
  const inspecting = await family();
  await inspecting.ask('process/kill', { process: '1:2' });
  await inspecting.until('1:3', ({ parent }) => parent === null);
});

test('links and monitors', async () => {
  const { ask } = await family();
  const worker = { key: '1:2', id: 2, environment: 1, names: [], entry: 'worker' };
  expect(await ask('process/peers', { process: '1:1' })).toEqual({
    links: [{ peer: { ...worker, names: ['worker', 'wor\ufffdker'] }, tag: '0' }],
    monitors: [],
  });
  expect(await ask('process/peers', { process: '1:2' })).toEqual({
    links: [{ peer: { ...worker, key: '1:1', id: 1, entry: '_start' }, tag: '9' }],
    monitors: [],
  });
  expect(await ask('process/peers', { process: '1:3' })).toEqual({
    links: [],
    monitors: [{ ...worker, names: ['worker', 'wor\ufffdker'] }],
  });
});

test('the messages of a mailbox, by page', async () => {
  const { ask } = await family();
  const [first, second] = [
    { kind: 'data', tag: '1', size: 8, data: i64(2), resources: [] },
    { kind: 'data', tag: '-3', size: 8, data: i64(4), resources: [] },
  ];
  const mailbox = (start?: number, count?: number) =>
    ask('process/mailbox', { process: '1:2', ...(start === undefined ? {} : { start, count: count ?? 1 }) });
  expect(await mailbox()).toEqual({ messages: [first, second], length: 2 });
  expect(await mailbox(0, 1)).toEqual({ messages: [first], length: 2 });
  expect(await mailbox(1, 5)).toEqual({ messages: [second], length: 2 });
  expect(await mailbox(2, 5)).toEqual({ messages: [], length: 2 });
  // A long message is shown by its first bytes, and the death of a process by who died.
  const long = Buffer.alloc(10_000, 'lunatic ');
  await ask('process/send', { process: '1:2', tag: '-9223372036854775808', data: long.toString('base64') });
  await ask('process/send', { process: '1:3', tag: '97', data: '' });
  while ((await mailbox()).length < 4);
  expect((await mailbox(2, 2)).messages).toEqual([
    {
      ...{ kind: 'data', tag: '-9223372036854775808', size: 10_000, resources: [] },
      data: long.subarray(0, 4096).toString('base64'),
    },
    { kind: 'process-died', tag: '0', size: 0, data: '', resources: [], process: 3 },
  ]);
});

test('the memory, and where it ends', async () => {
  const { ask } = await family();
  const read = (offset: number, count: number) => ask('process/memory', { process: '1:3', offset, count });
  const size = 2 * 65_536;
  expect(await read(512, 5)).toEqual({ data: Buffer.from('hello').toString('base64'), size });
  expect(await read(size - 2, 5)).toEqual({ data: 'AAA=', size });
  expect(await read(size, 1)).toEqual({ data: '', size });
  expect(await read(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)).toEqual({ data: '', size });
  expect(Buffer.from((await read(0, MAX_MEMORY_READ * 4)).data, 'base64')).toHaveLength(size);
});

test('a process without a memory says so', async () => {
  const run = await Inspected.run(`(module
    (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
    (func (export "_start") (call $sleep (i64.const 1000000))))`);
  const { ask, until } = await run.connect();
  expect((await until('1:1', ({ state }) => state === 'waiting')).memory).toBe(0);
  await expect(ask('process/memory', { process: '1:1', offset: 0, count: 1 })).rejects.toMatchObject({
    code: 3,
    message: 'process 1:1 has no memory',
  });
});

test('permissions, limits, arguments; of variables the names alone', async () => {
  const run = await Inspected.run(FAMILY, ['--inspect', '--dir', '/tmp'], {
    env: { PASSWORD: 'open sesame' },
    arguments: ['an argument'],
  });
  const { ask } = await run.connect();
  const config = await ask('process/config', { process: '1:1' });
  expect(config).toMatchObject({
    max_memory: expect.any(Number),
    max_fuel: 0,
    can_compile_modules: true,
    can_create_configs: true,
    can_spawn_processes: true,
    arguments: [expect.stringMatching(/^program\d+\.wat$/), 'an argument'],
    environment_variables: expect.arrayContaining(['PASSWORD', 'PATH']),
  });
  expect(config.preopened_directories).toContain('/tmp -> /tmp');
});

test('what a program may not do beyond upstream', async () => {
  const run = await Inspected.run(FAMILY, [
    '--inspect',
    '--max-processes=9',
    '--max-mailbox=1M',
    '--allow-net=10.0.0.0/8,*.example.org:443',
    '--deny-net=10.9.0.0/16',
  ]);
  const { ask } = await run.connect();
  expect(await ask('process/config', { process: '1:1' })).toMatchObject({
    max_processes: 9,
    max_mailbox: 1_048_576,
    may_connect: ['10.0.0.0/8', '*.example.org:443'],
    may_not_connect: ['10.9.0.0/16'],
    may_listen: [],
  });
});

test('the values of environment variables are never told', async () => {
  const secret = 'open sesame 4711';
  const run = await Inspected.run(FAMILY, ['--inspect'], { env: { PASSWORD: secret } });
  const { ask } = await run.connect();
  const told: unknown[] = [(await run.connect()).client.welcome, await ask('module/get', { module: 'm1' })];
  for (const { key } of (await ask('process/list', {})).processes) {
    for (const name of ['get', 'peers', 'config', 'stack', 'mailbox'] as const) {
      told.push(await ask(`process/${name}`, { process: key }));
    }
  }
  expect(JSON.stringify(told)).toContain('PASSWORD');
  expect(JSON.stringify(told)).not.toContain(secret);
  expect(run.command.stderr + run.command.stdout).not.toContain(secret);
});

test('the module: exports with types, and its bytes', async () => {
  const { ask, run } = await family();
  const module = await ask('module/get', { module: 'm1' });
  expect(basename(module.origin ?? '')).toBe(basename(run.command.child.spawnargs.at(-1) ?? ''));
  expect(module.exports).toContainEqual({ name: 'leaf', kind: 'function', type: '() -> ()' });
  expect(module.exports).toContainEqual({ name: 'memory', kind: 'memory' });
  const bytes = Buffer.from((await ask('module/bytes', { module: 'm1' })).data, 'base64');
  expect(bytes).toHaveLength(module.size);
  expect(WebAssembly.validate(bytes)).toBe(true);
  for (const name of ['module/get', 'module/bytes'] as const) {
    await expect(ask(name, { module: 'm2' })).rejects.toMatchObject({
      code: 2,
      message: 'there is no module m2',
    });
    await expect(ask(name, { module: 'm01x' })).rejects.toMatchObject({ code: 2 });
  }
});

test('what is asked about a process that is not there', async () => {
  const { ask } = await family();
  const process = '1:77';
  const answers = [
    ...(['get', 'peers', 'config', 'stack', 'mailbox', 'pause', 'resume', 'kill'] as const).map((name) =>
      ask(`process/${name}`, { process }),
    ),
    ask('process/memory', { process, offset: 0, count: 1 }),
    ask('process/send', { process, data: '' }),
    ask('process/get', { process: '2:1' }),
    ask('process/get', { process: '0:0' }),
  ];
  for (const answer of answers) {
    await expect(answer).rejects.toMatchObject({
      code: 1,
      message: expect.stringMatching(/^there is no process/),
    });
  }
});

test('10,000 processes: pages hold all of them, once, in order', async () => {
  const run = await Inspected.run(many(10_000));
  const { ask } = await run.connect();
  await run.command.printed('ready\n');
  const found: ProcessInfo[] = [];
  for (let after = ''; ; ) {
    const page = await ask('process/list', { limit: 999, ...(after === '' ? {} : { after }) });
    expect(page.total).toBe(10_001);
    expect(page.processes.length).toBeLessThanOrEqual(999);
    found.push(...page.processes);
    if (page.next === undefined) break;
    after = page.next;
  }
  expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 10_001 }, (_, i) => i + 1));
  expect(found.filter(({ names }) => names.length > 0).map(({ id, names }) => [id, names])).toEqual([
    [9002, ['thousandth']],
  ]);
  // A page never holds more than a thousand, a hundred where nothing is said, and none where none are wanted.
  expect((await ask('process/list', { limit: 1_000_000 })).processes).toHaveLength(1000);
  expect((await ask('process/list', {})).processes).toHaveLength(100);
  expect(await ask('process/list', { limit: 0 })).toEqual({ processes: [], total: 10_001 });

  const ids = async (filter: object, limit = 5) =>
    (await ask('process/list', { filter, limit })).processes.map(({ id }) => id);
  expect(await ids({ text: 'thousandth' })).toEqual([9002]);
  expect(await ids({ text: '_start' })).toEqual([1]);
  expect(await ids({ text: '999' })).toEqual([999, 1999, 2999, 3999, 4999]);
  expect(await ids({ text: 'nobody' })).toEqual([]);
  expect(await ids({ parent: null })).toEqual([1]);
  expect(await ids({ parent: '1:1' })).toEqual([2, 3, 4, 5, 6]);
  expect(await ids({ parent: '1:2' })).toEqual([]);
  expect(await ids({ parent: '2:1' })).toEqual([]);
  expect(await ids({ states: ['paused', 'held'] })).toEqual([]);
  await ask('process/pause', { process: '1:4711' });
  expect(await ids({ states: ['paused', 'held'] })).toEqual([4711]);
  expect(await ids({ states: ['waiting'], text: '47', parent: '1:1' })).toEqual([47, 147, 247, 347, 447]);

  // Where the last process of a page has ended the next page goes on behind it.
  await ask('process/kill', { process: '1:50' });
  while ((await ask('process/list', { limit: 0 })).total === 10_001);
  const { processes } = await ask('process/list', { after: '1:50', limit: 2 });
  expect(processes.map(({ id }) => id)).toEqual([51, 52]);
});
