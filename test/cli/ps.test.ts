import { expect, test } from 'vitest';
import { describeTable } from '../../runtime/cli/ps.ts';
import { keyFromText, type ProcessInfo } from '../../runtime/inspect/protocol.ts';
import { lunatic } from '../support/command.ts';
import { Inspected, inspectPrograms } from '../support/inspected.ts';
import { FAMILY, many } from '../support/inspected-guests.ts';

inspectPrograms();

async function family(args: readonly string[] = ['--inspect']): Promise<Inspected> {
  const run = await Inspected.run(FAMILY, args);
  await run.command.printed('ready\n');
  const { until, client } = await run.connect();
  await until('1:1', ({ state }) => state === 'waiting');
  await client.close();
  return run;
}

const frame = String.raw`\(\S+\.wat:\d+:\d+\)`;

test('ps prints the processes as a tree, with the state of each', async () => {
  const { url } = await family();
  const { stdout, stderr, exitCode } = await lunatic(['ps', url]);
  expect([stderr, exitCode]).toEqual(['', 0]);
  // How long they have been seen so differs.
  expect(stdout.replaceAll(/ {3}\d+ s/g, '     ').replaceAll(/ +/g, ' ')).toBe(
    `PROCESS STATE SINCE MAILBOX MEMORY ENTRY
1 sleeping 0 128 KiB _start
 2 (worker, wor\ufffdker) waiting for a message 2 128 KiB worker
 3 waiting for a message 0 128 KiB leaf
 4 running 0 128 KiB spin
4 processes
`,
  );
  expect(stdout).toMatch(/^1 {2,}sleeping.*\n {2}2 \(.*\n {4}3 .*\n {2}4 /m);
});

test('ps --json prints everything that is known', async () => {
  const run = await family();
  const { stdout } = await lunatic(['ps', '--json', run.url]);
  const { processes, ...program } = JSON.parse(stdout);
  expect(program).toEqual({
    program: run.command.child.spawnargs.at(-1),
    arguments: [],
    pid: run.command.child.pid,
    total: 4,
  });
  expect(processes.map(({ key }: ProcessInfo) => key)).toEqual(['1:1', '1:2', '1:3', '1:4']);
  expect(processes[1]).toMatchObject({ names: ['worker', 'wor\ufffdker'], waitsFor: 'message', mailbox: 2 });
});

test('stacks prints every process with its mailbox and its stack', async () => {
  const { url } = await family(['--inspect', '--trace']);
  const { stdout, stderr, exitCode } = await lunatic(['stacks', url]);
  expect([stderr, exitCode]).toEqual(['', 0]);
  expect(stdout).toMatch(
    new RegExp(
      `^process 1: sleeping
    at rest ${frame}
    at _start ${frame}
process 2 \\(worker, wor\ufffdker\\): waiting for a message, 2 messages in its mailbox
    at wait_for_orders ${frame}
    at worker ${frame}
process 3: waiting for a message
    at receive ${frame}
    at leaf ${frame}
process 4: (running|ready)
    at count ${frame}
    at spin ${frame}
$`,
    ),
  );
});

test('stacks tells why there is no stack, which process is held, and why', async () => {
  const run = await family();
  const { ask, received } = await run.connect();
  const stopped = received('process/stopped');
  await ask('watch', { traps: true });
  await ask('process/send', { process: '1:3', tag: '99', data: '' });
  await stopped.find(({ why }) => why === 'failure');
  await ask('process/pause', { process: '1:2' });
  const { stdout } = await lunatic(['stacks', run.url]);
  expect(stdout).toMatch(/^process 1: sleeping\n {4}no stack: .*--trace keeps such stacks$/m);
  expect(stdout).toMatch(/^process 2 \(.*\): paused, waiting for a message, 2 messages/m);
  expect(stdout).toMatch(
    /^process 3: trapped: unreachable\n {4}at crash .*\n {4}at handle .*\n {4}at leaf /m,
  );
  // Whoever looks lets nothing go on that another holds.
  expect((await ask('process/get', { process: '1:3' })).state).toBe('held');
  const table = (await lunatic(['ps', run.url])).stdout;
  expect(table).toMatch(/trapped: unreachable .* leaf$/m);
  const json: (ProcessInfo & { stack: object[] })[] = JSON.parse(
    (await lunatic(['stacks', '--json', run.url])).stdout,
  );
  expect(json[2]).toMatchObject({ key: '1:3', state: 'held', stack: [{ functionName: 'crash' }, {}, {}] });
});

test('5,000 processes', async () => {
  const { url, command } = await Inspected.run(many(5000));
  await command.printed('ready\n');
  const [table, stacks] = await Promise.all([lunatic(['ps', url]), lunatic(['stacks', url])]);
  expect(table.stdout.trimEnd().split('\n')).toHaveLength(5003);
  expect(stacks.stdout.match(/^ {4}at waiter /gm)).toHaveLength(5000);
});

test('a program that has not begun', async () => {
  const { url } = await Inspected.run(FAMILY, ['--inspect-wait']);
  expect((await lunatic(['ps', url])).stdout).toBe('no process has begun\n');
  expect((await lunatic(['stacks', url])).stdout).toBe('no process has begun\n');
  expect(JSON.parse((await lunatic(['stacks', '--json', url])).stdout)).toEqual([]);
});

const WRONG =
  'It must be the URL that `lunatic run --inspect` prints, with its token: ws://127.0.0.1:PORT/TOKEN';

test.each([
  [[], "error: missing required argument 'url'"],
  [['ws://127.0.0.1:9229'], WRONG],
  [['ws://127.0.0.1:9229/'], WRONG],
  [['http://127.0.0.1:9229/token'], WRONG],
  [['9229'], WRONG],
  [['program.wasm'], WRONG],
])('ps and stacks %j are a wrong command line', async (args, message) => {
  for (const command of ['ps', 'stacks']) {
    const { stdout, stderr, exitCode } = await lunatic([command, ...args]);
    expect([stdout, exitCode]).toEqual(['', 2]);
    expect(stderr).toContain(message);
  }
});

test('a port without a program, and a wrong token, are reported', async () => {
  const { url } = await family();
  const wrong = await lunatic(['ps', `${url}x`]);
  expect([wrong.exitCode, wrong.stderr]).toEqual([
    1,
    `Error: The inspector at ${new URL(url).host} does not accept this token\n`,
  ]);
  const nobody = await lunatic(['stacks', 'ws://127.0.0.1:1/token']);
  expect(nobody.exitCode).toBe(1);
  expect(nobody.stderr).toMatch(/^Error: Cannot connect to an inspector at 127\.0\.0\.1:1: .*\n$/);
});

const info = (id: number, more: Partial<ProcessInfo> = {}): ProcessInfo => ({
  ...{
    key: keyFromText(`1:${id}`),
    id,
    environment: 1,
    parent: null,
    names: [],
    state: 'waiting',
    waitsFor: 'message',
  },
  ...{ since: 0, module: 'm1', entry: 'main', mailbox: 0, memory: 0, links: 0, monitors: 0 },
  ...more,
});
const plain = (_: unknown, text: string) => text;

test.each([40, 80, 120])('a table fits a terminal of %i columns if it can', (width) => {
  const long = 'app::a::very::long::path::of::a::function::that::nobody::reads';
  const table = describeTable(
    [info(1, { names: [long] }), info(2, { parent: keyFromText('1:1'), entry: long })],
    width,
    plain,
    500,
  );
  const widest = Math.max(...table.split('\n').map((line) => line.length));
  expect(widest).toBeLessThanOrEqual(Math.max(width, 72));
  if (width === 120) expect(widest).toBeGreaterThan(100);
  expect(table).toContain('…');
});

test('a table that is not printed to a terminal is not cut', () => {
  const entry = 'x'.repeat(190);
  expect(describeTable([info(1, { entry })], Number.POSITIVE_INFINITY, plain, 0)).toContain(entry);
});

test('a tree of 20,000 levels, orphans, and times', () => {
  const deep = Array.from({ length: 20_000 }, (_, i) =>
    info(i + 1, { parent: i === 0 ? null : keyFromText(`1:${i}`) }),
  );
  const lines = describeTable(deep, 80, plain, 0).split('\n');
  expect(lines).toHaveLength(20_003);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  const since = (milliseconds: number) =>
    /message +(.*?) +0 +0 bytes/.exec(
      describeTable([info(7, { parent: keyFromText('1:3') })], 80, plain, milliseconds),
    )?.[1];
  expect([1, 999, 1000, 119_000, 120_000, 9_000_000].map(since)).toEqual([
    ...['', '', '1 s', '119 s', '2 min', '2.5 h'],
  ]);
});
