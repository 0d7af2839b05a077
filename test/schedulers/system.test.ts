import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { lives, pidOf, Several } from './several.ts';

const several = new Several();
afterAll(() => several.remove());

const linesOf = (text: string) => text.split('\n').slice(0, -1);
const APART = ['--schedulers', '3', '--place-children', 'apart'];

/** Eight workers that compute, and tell their parent when they are done. */
const WORKERS = guest(`
  (func (export "work") (local $i i64)
    (local.set $i (i64.const 300000000))
    (loop $more (br_if $more (i64.ne (local.tee $i (i64.sub (local.get $i) (i64.const 1))) (i64.const 0))))
    (call $send (i64.const 1) (i64.const 5) (call $process.process_id)))
  (func (export "_start") (local $i i32)
    (loop $more
      (drop (call $spawn (i64.const 0) (text "work")))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
    (loop $more
      (call $show (text "done") (call $receive_value))
      (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`);

/** Children that are linked and monitored, and wait. */
const FAMILY = guest(`
  (func (export "child") (call $show_received (call $receive)))
  (func (export "_start") (local $i i32)
    (call $process.die_when_link_dies (i32.const 0))
    ;; The first one lets schedulers start.
    (drop (call $spawn (i64.const 0) (text "child")))
    ;; And somebody says when they have.
    (i32.store (i32.const 256) (i32.const 272)) (i32.store (i32.const 260) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 264)))
    (loop $more
      (call $process.monitor (call $spawn (i64.add (i64.const 70) (i64.extend_i32_u (local.get $i))) (text "child")))
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
    (call $process.sleep_ms (i64.const 300))
    (call $print (text "ready"))
    (loop $more (call $show_received (call $receive)) (br $more)))`);

/** Starts the family on three schedulers. Returns its command and the OS processes of the other two. */
async function startFamily(env: Record<string, string> = {}) {
  const command = await several.start(FAMILY, APART, { input: null, env });
  const pids = [await pidOf(command, 1), await pidOf(command, 2)] as const;
  command.child.stdin?.write('x');
  await command.printed('ready');
  return { command, pids };
}

describe('processes that compute', () => {
  test('are divided among the schedulers that there may be', { timeout: 60_000 }, async () => {
    const { stdout, stderr, exitCode } = await several.run(WORKERS, ['--schedulers', '2']);
    const done = linesOf(stdout).map((line) => line.replace('done ', ''));
    expect(done.map(Number).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    // Nearly always four go at once; one that ends early may take more.
    const moves = [...stderr.matchAll(/\] (\d+) process(?:es)? moved to scheduler [01]/g)];
    expect(moves.reduce((sum, [, count]) => sum + Number(count), 0)).toBeGreaterThanOrEqual(3);
    expect(exitCode).toBe(0);
  });

  test.each([
    ['an option', ['--schedulers', '1'], {}],
    ['a variable', [], { LUNATIC_SCHEDULERS: '1' }],
  ])('stay on one if %s says so', { timeout: 60_000 }, async (_, options, env) => {
    const { stderr, exitCode } = await several.run(WORKERS, options, { env });
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  });
});

test('a question to another scheduler waits for none that computes on the one who asks', async () => {
  const text = guest(`
    (func (export "spin") (loop $on (br $on)))
    (func (export "echo") (loop $on
      (call $send (i64.const 1) (i64.const 5) (call $receive_value))
      (br $on)))
    (func $now (result i64)
      (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 256)))
      (i64.load (i32.const 256)))
    (func (export "_start") (local $echo i64) (local $i i32) (local $start i64) (local $quick i32)
      (drop (call $scheduler.place_children (i32.const 2)))
      (local.set $echo (call $spawn (i64.const 0) (text "echo")))
      (call $send (local.get $echo) (i64.const 5) (i64.const 0))
      (drop (call $receive_value))
      (drop (call $scheduler.place_children (i32.const 1)))
      (drop (call $spawn (i64.const 0) (text "spin")))
      (loop $more
        (local.set $start (call $now))
        (call $send (local.get $echo) (i64.const 5) (i64.const 0))
        (drop (call $receive_value))
        (local.set $quick (i32.add (local.get $quick)
          (i64.lt_u (i64.sub (call $now) (local.get $start)) (i64.const 800000))))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 400))))
      (call $show32 (text "quick") (local.get $quick)))`);
  const { stdout } = await several.run(text, ['--schedulers', '2']);
  // If the message waited until others are served in any case, each would take a millisecond and more.
  expect(Number(/^quick (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(100);
});

describe('a program whose children begin apart', () => {
  test('says so by a host function', async () => {
    const text = guest(`
      (func (export "child") (call $send (i64.const 1) (i64.const 3) (call $process.process_id)))
      (func (export "_start")
        (call $show32 (text "before") (call $scheduler.place_children (i32.const 2)))
        (drop (call $spawn (i64.const 0) (text "child")))
        (call $show_received (call $receive))
        (call $show32 (text "before") (call $scheduler.place_children (i32.const 1)))
        (drop (call $spawn (i64.const 0) (text "child")))
        (call $show_received (call $receive)))`);
    const { stdout, stderr } = await several.run(text, ['--schedulers', '2']);
    expect(linesOf(stdout)).toEqual(['before 0', 'data 3 2', 'before 2', 'data 3 3']);
    expect(stderr.match(/moved to scheduler/g)).toHaveLength(1);
  });

  test.each([
    ['that prepares the memory: it runs there again', '', 1],
    ['that calls the host: it runs once, and they stay', '(call $print (text "starts"))', 0],
  ])('has a start section %s', async (_, call, moves) => {
    const text = guest(`
      (func $start ${call} (i32.store (i32.const 256) (i32.add (i32.load (i32.const 256)) (i32.const 7))))
      (start $start)
      (func (export "child") (call $show_received (call $receive)) (call $show32 (text "prepared") (i32.load (i32.const 256)))
        (call $send (i64.const 1) (i64.const 3) (i64.const 0)))
      (func (export "_start") (local $child i64)
        (local.set $child (call $spawn (i64.const 0) (text "child")))
        (call $send (local.get $child) (i64.const 4) (i64.const 5))
        (drop (call $receive)) (call $show32 (text "prepared") (i32.load (i32.const 256))))`);
    const { stdout, stderr, exitCode } = await several.run(text, APART);
    const starts = Array<string>(moves === 0 ? 2 : 0).fill('starts');
    expect(linesOf(stdout)).toEqual([...starts, 'data 4 5', 'prepared 7', 'prepared 7']);
    expect(stderr.match(/moved to scheduler/g) ?? []).toHaveLength(moves);
    expect(exitCode).toBe(0);
  });

  test('keeps those that have 18 MB of messages before they begin, wherever they were to go', async () => {
    const text = guest(
      `(func $letter (param $child i64)
        (call $message.create_data (i64.const 1) (i64.const 0))
        (drop (call $message.write_data (i32.const 0) (i32.const 9000000)))
        (drop (call $message.send (local.get $child))))
      (func (export "child")
        (drop (call $receive)) (call $show (text "bytes") (call $message.data_size))
        (drop (call $receive)) (call $show (text "bytes") (call $message.data_size))
        (call $send (i64.const 1) (i64.const 3) (i64.const 0)))
      (func (export "_start") (local $child i64)
        (local.set $child (call $spawn (i64.const 0) (text "child")))
        ;; Others have turns, so another scheduler is started for it already.
        (call $process.sleep_ms (i64.const 5))
        (call $letter (local.get $child)) (call $letter (local.get $child)) (drop (call $receive)))`,
      { memory: '(memory (export "memory") 140)' },
    );
    const { stdout, stderr, exitCode } = await several.run(text, APART);
    expect(linesOf(stdout)).toEqual(['bytes 9000000', 'bytes 9000000']);
    expect(stderr).not.toContain('moved to scheduler');
    expect(exitCode).toBe(0);
  });

  test('has its names, standard streams and limits in common', async () => {
    const text = guest(`
      (func (export "child")
        (call $registry.put (text "me") (i64.const 0) (call $process.process_id))
        (call $send (i64.const 1) (i64.const 1) (i64.const 1))
        (call $forever))
      (func (export "_start") (local $i i32)
        (drop (call $spawn (i64.const 0) (text "child")))
        (call $show_received (call $receive))
        (call $show32 (text "found") (call $registry.get (text "me") (i32.const 0) (i32.const 8)))
        (call $show (text "id") (i64.load (i32.const 8)))
        (drop (call $spawn (i64.const 0) (text "child")))
        (drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "child")
          (i32.const 0) (i32.const 0) (i32.const 16)))
        (call $print_error (i64.load (i32.const 16))))`);
    const { stdout } = await several.run(text, [...APART, '--max-processes', '3']);
    expect(linesOf(stdout)).toEqual([
      'data 1 1',
      'found 0',
      'id 2',
      'no more than 3 processes (max_processes; --max-processes allows more), there are 3',
    ]);
  });
});

test.each([
  ['one scheduler', ['--schedulers', '1']],
  ['three', APART],
])('what the host keeps for all processes is limited together: with %s', async (_, options) => {
  const text = guest(
    `(func (export "keeper")
      (call $message.create_data (i64.const 1) (i64.const 0))
      (drop (call $message.write_data (i32.const 0) (i32.const 6000000)))
      (call $print (text "kept")) (call $process.sleep_ms (i64.const 60000)))
    (func $keeps
      (call $process.monitor (call $spawn (i64.const 0) (text "keeper")))
      (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 1500))))
    (func (export "_start") (call $keeps) (call $keeps))`,
    { memory: '(memory (export "memory") 100)' },
  );
  const { stdout, stderr } = await several.run(text, [
    '--max-host-memory',
    '10M',
    '--log',
    'info',
    ...options,
  ]);
  expect(linesOf(stdout)).toEqual(['kept', 'timeout', 'process 3']);
  const refused =
    /would keep (\d+) bytes besides its memory for all processes of the program, more than 10485760 /;
  expect(Number(refused.exec(stderr)?.[1])).toBeGreaterThan(12_000_000);
});

test('as many processes as are allowed are spawned, wherever those are who spawn them', async () => {
  const text = guest(`
    (func (export "idle") (call $forever))
    (func (export "spawner") (local $n i64)
      (block $refused (loop $more
        (br_if $refused (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "idle")
          (i32.const 0) (i32.const 0) (i32.const 8)))
        (local.set $n (i64.add (local.get $n) (i64.const 1)))
        (br $more)))
      (call $send (i64.const 1) (i64.const 5) (local.get $n))
      (call $forever))
    (func (export "_start") (local $i i32) (local $sum i64)
      (loop $more
        (drop (call $spawn (i64.const 0) (text "spawner")))
        (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
      (loop $more
        (local.set $sum (i64.add (local.get $sum) (call $receive_value)))
        (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (call $show (text "spawned") (local.get $sum)))`);
  const { stdout } = await several.run(text, [...APART, '--max-processes', '50']);
  // Besides the root process and the eight that spawn.
  expect(stdout).toBe('spawned 41\n');
});

describe('a scheduler that dies', () => {
  test('takes its processes only, and is replaced', { timeout: 30_000 }, async () => {
    const { command, pids } = await startFamily();
    process.kill(pids[0], 'SIGKILL');
    await command.printed('Scheduler 3 has started', 'stderr');
    await sleep(100);
    const lines = linesOf(command.stdout).slice(1).sort();
    expect(command.stderr).toContain(
      '[ERROR lunatic::schedulers] Scheduler 1 has ended (SIGKILL), with the processes that it had',
    );
    // Children go to the others in turn, whoever is the first.
    expect([
      ['link 70', 'link 72', 'process 3', 'process 5'],
      ['link 71', 'link 73', 'process 4', 'process 6'],
    ]).toContainEqual(lines);
    command.child.kill('SIGTERM');
    const { exitCode } = await command.ended;
    expect(exitCode).toBe(143);
  });

  test('takes no input with it', { timeout: 30_000 }, async () => {
    const text = guest(`
      (func $read
        (i32.store (i32.const 0x100) (i32.const 0x200)) (i32.store (i32.const 0x104) (i32.const 10))
        (call $expect (call $fd_read (i32.const 0) (i32.const 0x100) (i32.const 1) (i32.const 0x108)) (i32.const 0))
        (call $write (i32.const 0x200) (i32.load (i32.const 0x108))))
      (func (export "child") (call $print (text "ready")) (call $read))
      (func (export "_start")
        (call $process.monitor (call $spawn (i64.const 0) (text "child")))
        (call $expect (call $receive) (i32.const 2))
        (call $print (text "gone"))
        (call $read))`);
    const command = await several.start(text, ['--schedulers', '2', '--place-children', 'apart'], {
      input: null,
    });
    await command.printed('ready');
    await sleep(100);
    process.kill(await pidOf(command, 1), 'SIGKILL');
    await command.printed('gone');
    command.child.stdin?.end('input\n');
    expect((await command.ended).stdout).toBe('ready\ngone\ninput\n');
  });

  test.skipIf(process.platform === 'win32')(
    'does not do so by SIGUSR1, nor does it open a debugger',
    async () => {
      const { command, pids } = await startFamily();
      process.kill(pids[0], 'SIGUSR1');
      await sleep(200);
      expect(lives(pids[0])).toBe(true);
      command.child.kill('SIGTERM');
      expect((await command.ended).stderr).not.toContain('Debugger');
    },
  );

  test('is the first one: the others end with it', { timeout: 30_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lunatic-place-'));
    const { command, pids } = await startFamily({ TMPDIR: folder });
    expect(readdirSync(folder)).toHaveLength(1);
    command.child.kill('SIGKILL');
    await expect.poll(() => pids.filter(lives), { timeout: 5000 }).toEqual([]);
    // They have removed where they met.
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });
});

describe('the end of a program', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('by %s ends all schedulers within 200 ms', async (signal) => {
    const { command, pids } = await startFamily();
    const since = performance.now();
    command.child.kill(signal);
    await command.ended;
    expect(performance.now() - since).toBeLessThan(200);
    await sleep(50);
    expect(pids.filter(lives)).toEqual([]);
  });
});
