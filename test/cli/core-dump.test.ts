import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InspectClient } from '../../runtime/inspect/client.ts';
import { collectDump } from '../../runtime/inspect/core-dump/collect-dump.ts';
import type { Inspected } from '../../runtime/inspect/inspected.ts';
import { keyFromText, type Requests } from '../../runtime/inspect/protocol.ts';
import { lunatic } from '../support/command.ts';
import { crashProgram, dumpFolder, dumpOf } from '../support/core-dumps.ts';
import { guest } from '../support/guest.ts';
import { readCoreDump } from '../support/read-core-dump.ts';
import { modernWat } from '../unit/wasm/support.ts';

/** A file with a module's text in a folder of its own. */
function program(text: string): string {
  const path = join(dumpFolder(), 'program.wat');
  writeFileSync(path, text);
  return path;
}

/** Traps in a call, with what it works on. */
const TRAPS = `(module
  (memory (export "memory") 20)
  (global $counter (mut i32) (i32.const 7))
  (global $large (mut i64) (i64.const -9))
  (global $other (mut f32) (f32.const 1.5))
  (data (i32.const 100) "hello") (data (i32.const 1000000) "far away")
  (func $inner (param $a i32) (param $b f64) (local $c i64) (local $later i32)
    (local.set $c (i64.const -3))
    (global.set $counter (i32.const 8))
    (drop (i32.load (i32.const 100)))
    (local.set $later (i32.const 1))
    (drop (i32.div_s (i32.const 1) (i32.const 0))))
  (func $outer (param $x i32) (local $y i64)
    (local.set $y (i64.const 123456789012))
    (call $inner (local.get $x) (f64.const 2.5)))
  (func (export "_start") (call $outer (i32.const 37))))`;

test('a dump follows the format of the tool conventions, and is readable for its user alone', async () => {
  const path = await dumpOf(program(TRAPS));
  const mode = statSync(path).mode & 0o777;
  if (process.platform !== 'win32') expect(mode).toBe(0o600);
  const dump = readCoreDump(readFileSync(path));
  expect(dump.program).toMatch(/program\.wat$/);
  expect(dump.modules).toEqual([dump.program]);
  expect(dump.instances).toEqual([{ module: 0, memories: [0], globals: [0, 1, 2] }]);
  expect(dump.stacks).toEqual([
    {
      thread: '#1 _start',
      frames: [
        {
          instance: 0,
          function: 0,
          offset: expect.any(Number),
          locals: [37, 2.5, -3n, 'missing'],
          stack: [],
        },
        { instance: 0, function: 1, offset: expect.any(Number), locals: [37, 123456789012n], stack: [] },
        { instance: 0, function: 2, offset: expect.any(Number), locals: [], stack: [] },
      ],
    },
  ]);
  expect(dump.globals).toEqual([8, -9n, 1.5]);
  expect(dump.memories).toEqual([{ pages: 20 }]);
  const [first, second, ...others] = dump.data;
  expect(others).toEqual([]);
  expect(Buffer.from(first?.bytes ?? []).toString('latin1')).toContain('hello');
  const far = 1_000_000 - (second?.address ?? 0);
  expect(Buffer.from(second?.bytes ?? []).toString('latin1', far, far + 8)).toBe('far away');
  // What is zero is left out.
  expect(statSync(path).size).toBeLessThan(20_000);
});

test('--core-dump-fast writes what is known without keeping locals', async () => {
  const dump = readCoreDump(readFileSync(await dumpOf(program(TRAPS), ['--core-dump-fast'])));
  expect(dump.stacks[0]?.frames.map(({ function: number, locals }) => [number, locals])).toEqual([
    [0, ['missing', 'missing', 'missing', 'missing']],
    [1, ['missing', 'missing']],
    [2, []],
  ]);
  expect(dump.data).toHaveLength(2);
});

test('a program prints and ends as without', async () => {
  const path = program(TRAPS);
  const plain = await lunatic(['run', path]);
  const dumped = await lunatic(['run', `--core-dump=${dumpFolder()}`, path]);
  expect(dumped.exitCode).toBe(plain.exitCode);
  expect(dumped.stdout).toBe(plain.stdout);
  expect(dumped.stderr.replace(/^lunatic: a core dump .*\n/m, '')).toBe(plain.stderr);
});

test('without a folder, dumps are in one of this user', async () => {
  const cache = dumpFolder();
  const { stderr } = await lunatic(['run', '--core-dump', program(TRAPS)], { env: { LUNATIC_CACHE: cache } });
  const [name = ''] = readdirSync(join(cache, 'core-dumps'));
  expect(name).toMatch(/^program\._start\.\d{8}T\d{6}\.\d+\.1\.coredump$/);
  expect(stderr).toContain(join(cache, 'core-dumps', name));
});

/** Children that trap one after the other, as many as it says. */
const trapping = (count: number) =>
  guest(`
    (func (export "_start") (local $i i32)
      (loop $again
        (drop (call $spawn (i64.const 0) (text "child")))
        (call $process.sleep_ms (i64.const 5))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count})))))
    (func (export "child") unreachable)`);

test('a program that traps again and again does not fill the disk', async () => {
  const folder = dumpFolder();
  const { stderr, exitCode } = await lunatic([
    ...['run', `--core-dump=${folder}`, '--core-dump-limit', '3'],
    program(trapping(8)),
  ]);
  expect(exitCode).toBe(0);
  expect(readdirSync(folder)).toHaveLength(3);
  expect(stderr.match(/a core dump of process \d+ was written/g)).toHaveLength(3);
  expect(stderr.match(/no more core dumps are written: --core-dump-limit <n> allows more/g)).toHaveLength(1);
});

test('of a large memory, no more is written than was allowed', async () => {
  const text = `(module (memory (export "memory") 160)
    (func (export "_start") (memory.fill (i32.const 0) (i32.const 1) (i32.const 10485760)) unreachable))`;
  const path = await dumpOf(program(text), ['--core-dump-size', '2']);
  expect(statSync(path).size).toBeGreaterThan(2 * 2 ** 20);
  expect(statSync(path).size).toBeLessThan(2 * 2 ** 20 + 10_000);
  const dump = readCoreDump(readFileSync(path));
  expect(dump.process.leftOut).toEqual([[2 * 2 ** 20, 10_485_760]]);
});

/** A program of two memories. */
function twoMemories(start: string, pages = 3): string {
  const file = join(dumpFolder(), 'two.wasm');
  const text = `(module
    (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
    (memory (export "memory") 1) (memory $other ${pages})
    (data (i32.const 8) "in the first") (data $other (memory $other) (i32.const 100000) "in the second")
    (func (export "_start") ${start}))`;
  writeFileSync(file, modernWat(text));
  return file;
}

test('a dump has all memories of a process', async () => {
  checkMemories(
    readCoreDump(readFileSync(await dumpOf(twoMemories('unreachable'), ['--max-memories', '2']))),
  );
});

test('so has a dump that is saved of a process that stands still', async () => {
  const { RunningCommand } = await import('../support/command.ts');
  const file = twoMemories('(call $sleep (i64.const 1000000))');
  const command = new RunningCommand(['run', '--inspect', '--max-memories', '2', file]);
  await command.printed('Inspector listens', 'stderr');
  const url = /ws:\S+/.exec(command.stderr)?.[0] ?? '';
  const path = join(dumpFolder(), 'two.coredump');
  expect((await lunatic(['dump', url, '1', '--output', path])).stderr).toBe('');
  command.child.kill();
  checkMemories(readCoreDump(readFileSync(path)));
});

function checkMemories(dump: ReturnType<typeof readCoreDump>): void {
  expect(dump.memories).toEqual([{ pages: 1 }, { pages: 3 }]);
  expect(dump.instances).toEqual([{ module: 0, memories: [0, 1], globals: [] }]);
  const [first, second, ...others] = dump.data;
  expect(others).toEqual([]);
  expect(first).not.toHaveProperty('memory');
  expect(Buffer.from(first?.bytes ?? []).toString('latin1')).toContain('in the first');
  expect(second?.memory).toBe(1);
  const at = 100_000 - (second?.address ?? 0);
  expect(Buffer.from(second?.bytes ?? []).toString('latin1', at, at + 13)).toBe('in the second');
}

test('a dump says of each memory what was left out of it', async () => {
  const fill = '(memory.fill $other (i32.const 0) (i32.const 1) (i32.const 1310720))';
  const file = twoMemories(`${fill} unreachable`, 20);
  const path = await dumpOf(file, ['--max-memories', '2', '--core-dump-size', '1']);
  const { leftOut, leftOutOfOthers } = readCoreDump(readFileSync(path)).process;
  // The first one has taken a block of the room.
  expect([leftOut, leftOutOfOthers]).toEqual([[], [[[2 ** 20 - 4096, 20 * 65_536]]]]);
});

/** What ends a process, the limit, and the functions in which it is then, with their locals. */
const LIMITS: readonly [what: string, limit: readonly string[], text: string, message: string][] = [
  [
    'fuel',
    ['--max-fuel', '2'],
    `(func $spin (param i32) (loop (br 0)))
     (func (export "_start") (call $spin (i32.const 77)))`,
    'all fuel consumed (max_fuel; --max-fuel allows more)',
  ],
  [
    'messages that it does not read',
    ['--max-mailbox', '64K'],
    `(func $wait (param i32) (drop (call $receive_tag (i64.const 99) (i64.const -1))))
     (func (export "victim") (call $wait (i32.const 77)))
     (func (export "_start") (local $victim i64)
       (local.set $victim (call $spawn (i64.const 0) (text "victim")))
       (call $process.sleep_ms (i64.const 20))
       (loop $on
         (call $send (local.get $victim) (i64.const 1) (i64.const 1))
         (br_if $on (call $process.exists (local.get $victim)))))`,
    'its mailbox holds more than 65536 bytes (max_mailbox; --max-mailbox allows more)',
  ],
  [
    'messages to itself',
    ['--max-mailbox', '64K'],
    `(func $flood (param i32) (loop $on (call $send (i64.const 1) (i64.const 1) (i64.const 1)) (br $on)))
     (func (export "_start") (call $flood (i32.const 77)))`,
    'its mailbox holds more than 65536 bytes (max_mailbox; --max-mailbox allows more)',
  ],
];

test.each(LIMITS)('a process that a limit ends is dumped: %s', async (_, limit, text, message) => {
  const dump = readCoreDump(readFileSync(await dumpOf(program(guest(text)), limit)));
  expect(dump.process.process.end).toMatchObject({ kind: 'trapped', message });
  const names = dump.process.frames.map(({ functionName }) => functionName);
  const at = names.findIndex((name) => ['spin', 'wait', 'flood'].includes(name ?? ''));
  expect(at, names.join()).toBeGreaterThanOrEqual(0);
  expect(dump.stacks[0]?.frames[at]?.locals).toEqual([77]);
});

test('traps in start sections are dumped, of root processes and of children', async () => {
  const folder = dumpFolder();
  const root = `(module (memory (export "memory") 1)
    (func $begin (param i32) unreachable)
    (func $start (call $begin (i32.const 5)))
    (start $start) (func (export "_start")))`;
  await lunatic(['run', `--core-dump=${folder}`, program(root)]);
  const child = guest(`
    (func $start
      (if (i64.gt_u (call $process.process_id) (i64.const 1)) (then unreachable)))
    (start $start)
    (func (export "child"))
    (func (export "_start") (drop (call $spawn (i64.const 0) (text "child"))))`);
  await lunatic(['run', `--core-dump=${folder}`, program(child)]);
  const dumps = readdirSync(folder).map((name) => readCoreDump(readFileSync(join(folder, name))));
  const started = dumps.filter(({ process }) => process.frames.at(-1)?.functionName === 'start');
  expect(started.map(({ process }) => process.process.id).sort()).toEqual([1, 2]);
  for (const { process } of started)
    expect(process.process.end).toEqual({ kind: 'trapped', message: 'unreachable' });
});

test('a process that another one kills, or a person, is not dumped', async () => {
  const folder = dumpFolder();
  const text = guest(`
    (func (export "child") (drop (call $receive)))
    (func (export "_start") (local $child i64)
      (local.set $child (call $spawn (i64.const 0) (text "child")))
      (call $process.kill (local.get $child))
      (call $process.sleep_ms (i64.const 20)))`);
  await lunatic(['run', `--core-dump=${folder}`, program(text)]);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that cannot be is a wrong command line', async () => {
  const folder = join(dumpFolder(), 'file');
  writeFileSync(folder, 'not a folder');
  const { stderr, exitCode } = await lunatic(['run', `--core-dump=${folder}`, program(trapping(4))]);
  expect(stderr).toMatch(
    /^error: Core dumps cannot be written to '.*file': .*\n\(see `lunatic run --help`\)\n$/,
  );
  expect(exitCode).toBe(2);
  expect(readFileSync(folder, 'utf8')).toBe('not a folder');
});

test.skipIf(process.platform !== 'linux')('a full disk is said once, and leaves no pieces', async () => {
  // Limits of the shell are those of a small disk.
  const folder = dumpFolder();
  const { execFileSync } = await import('node:child_process');
  const { launcher } = await import('../support/command.ts');
  const text = execFileSync(
    'sh',
    [
      '-c',
      'trap "" XFSZ; ulimit -f 2; exec "$0" "$1" run --core-dump="$2" "$3" 2>&1',
      ...[process.execPath, launcher, folder, program(trapping(4))],
    ],
    { env: { PATH: process.env['PATH'], LUNATIC_CACHE: 'off' } },
  ).toString();
  expect(text.match(/core dumps cannot be written: /g)).toHaveLength(1);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that the program has made a link is not followed', async () => {
  const parent = dumpFolder();
  const secret = dumpFolder();
  const folder = join(parent, 'dumps');
  mkdirSync(folder);
  // The program waits meanwhile.
  const { RunningCommand } = await import('../support/command.ts');
  const command = new RunningCommand(['run', `--core-dump=${folder}`, program(waiting)], { input: null });
  await command.printed('ready');
  rmdirSync(folder);
  symlinkSync(secret, folder);
  command.child.stdin?.end('go');
  const { stderr } = await command.ended;
  expect(stderr).toContain('core dumps cannot be written: ');
  expect(readdirSync(secret)).toEqual([]);
});

/** Reads a byte from standard input, and traps. */
const waiting = guest(`
  (func (export "_start")
    (call $print (text "ready"))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    unreachable)`);

test('failing tests are dumped, and no others', async () => {
  const folder = dumpFolder();
  const text = `(module (memory (export "memory") 1)
    (func (export "#lunatic_test_module::good"))
    (func (export "#lunatic_test_module::bad") (call $fail (i32.const 4)))
    (func $fail (param $why i32) unreachable))`;
  const { stdout, stderr, exitCode } = await lunatic(['test', `--core-dump=${folder}`, program(text)]);
  expect(stdout).toContain('1 passed; 1 failed');
  expect(exitCode).toBe(1);
  const [name = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  expect(stderr).toContain(`was written to ${join(folder, name)}`);
  const dump = readCoreDump(readFileSync(join(folder, name)));
  expect(dump.stacks[0]?.frames[0]?.locals).toEqual([4]);
  expect(existsSync(join(folder, name))).toBe(true);
});

test('a Rust panic is in the dump, with the values of environment variables only where the program has them', async () => {
  const path = await dumpOf(crashProgram('crash-rust'));
  const { process: about } = readCoreDump(readFileSync(path));
  expect(about.process.end).toEqual({
    kind: 'trapped',
    message: 'unreachable',
    panic: '7 of cake are missing',
  });
  expect(about.config.environment_variables).toContain('PATH');
  expect(JSON.stringify(about)).not.toContain(process.env['PATH']);
});

test('lunatic dump writes a dump of a process of a running program, which goes on', async () => {
  const { RunningCommand } = await import('../support/command.ts');
  const text = guest(`
    (func (export "_start")
      (call $registry.put (text "desk") (i64.const 0) (call $process.process_id))
      (call $print (text "ready"))
      (call $wait (i32.const 5))
      (call $print (text "over")))
    (func $wait (param $orders i32)
      (i32.store (i32.const 0) (i32.const 64))
      (i32.store (i32.const 4) (i32.const 1))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))`);
  const command = new RunningCommand(['run', '--inspect=debug', program(text)], { input: null });
  await command.printed('ready');
  const url = /ws:\S+/.exec(command.stderr)?.[0] ?? '';
  const path = join(dumpFolder(), 'desk.coredump');
  const { stdout, exitCode, stderr } = await lunatic(['dump', url, 'desk', '--output', path]);
  expect(stderr).toBe('');
  expect(stdout).toBe(`a core dump of process 1 was written to ${path}\n`);
  expect(exitCode).toBe(0);
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  const dump = readCoreDump(readFileSync(path));
  expect(dump.stacks[0]?.thread).toBe('#1 desk');
  expect(dump.stacks[0]?.frames.map(({ locals }) => locals)).toEqual([[5], []]);
  expect(dump.process.process.state).toBe('paused');
  expect(await lunatic(['dump', url, 'nobody'])).toMatchObject({
    stderr: 'Error: There is no process nobody: `lunatic ps` lists all\n',
    exitCode: 1,
  });
  command.child.stdin?.end('x');
  expect((await command.ended).stdout).toBe('ready\nover\n');
});

/** Twenty processes that compute without end, so that each must wait for its turn. */
const computing = guest(`
  (func (export "_start") (local $i i32)
    (loop $again
      (drop (call $spawn (i64.const 0) (text "worker")))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20))))
    (call $print (text "ready"))
    (call $forever))
  (func (export "worker") (call $count (i32.const 3)))
  (func $count (param $step i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (local.get $step)))
      (i32.store (i32.const 8) (local.get $sum))
      (br $again)))`);

test.each([
  ['debug', (locals: unknown) => expect(locals).toEqual([3, expect.any(Number)])],
  ['', () => {}],
])('lunatic dump stops a process that computes, with --inspect=%s', async (mode, check) => {
  const { RunningCommand } = await import('../support/command.ts');
  const flag = mode === '' ? '--inspect' : `--inspect=${mode}`;
  const command = new RunningCommand(['run', flag, program(computing)]);
  await command.printed('ready');
  const url = /ws:\S+/.exec(command.stderr)?.[0] ?? '';
  const path = join(dumpFolder(), 'computing.coredump');
  const { stdout, stderr } = await lunatic(['dump', url, '7', '--output', path]);
  expect(stderr).toBe('');
  expect(stdout).toBe(`a core dump of process 7 was written to ${path}\n`);
  const dump = readCoreDump(readFileSync(path));
  expect(dump.process.process.state).toBe('paused');
  check(dump.stacks[0]?.frames[0]?.locals);
  // It goes on afterwards.
  const { stdout: list } = await lunatic(['ps', url]);
  expect(list).toContain('worker');
  expect(list).not.toContain('paused');
  command.child.kill();
  await command.ended;
});

test('a process that goes on while it is saved is refused, as one that runs', async () => {
  const { RunningCommand } = await import('../support/command.ts');
  const command = new RunningCommand(['run', '--inspect=debug', program(waiting)], { input: null });
  await command.printed('ready');
  const url = /ws:\S+/.exec(command.stderr)?.[0] ?? '';
  const client = await InspectClient.connect(url, { client: 'test' });
  const key = keyFromText('1:1');
  await client.request('process/pause', { process: key });
  const options = { file: null, room: 2 ** 20 };
  await collectDump(client, key, options);
  const resuming: Inspected = Object.create(client, {
    request: {
      value: async (method: 'process/memory', params: Requests['process/memory']['params']) => {
        const answer = await client.request(method, params);
        if (method === 'process/memory') await client.request('process/resume', { process: key });
        return answer;
      },
    },
  });
  await expect(collectDump(resuming, key, options)).rejects.toThrow(
    'process 1 runs: it must be paused, or held after a failure, for a core dump',
  );
  await client.close();
  command.child.stdin?.end('x');
  await command.ended;
});
