import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launcher, projectFolder, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-streams-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const IMPORTS = `
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "child") (data (i32.const 16) "ready\\n")
  (func $print (param $fd i32) (param $at i32) (param $length i32) (result i32)
    (i32.store (i32.const 32) (local.get $at)) (i32.store (i32.const 36) (local.get $length))
    (call $write (local.get $fd) (i32.const 32) (i32.const 1) (i32.const 40)))
  (func $spawn_child
    (if (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 5)
          (i32.const 0) (i32.const 0) (i32.const 48)) (then unreachable)))`;

describe('interrupted', () => {
  const programs: [string, string][] = [
    ['in an endless loop', '(loop $l (br $l))'],
    ['waiting for a message', '(drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))'],
    ['sleeping', '(call $sleep (i64.const 1000000))'],
  ];
  test.each(programs)('Ctrl-C ends a program %s with 130 and what it printed', async (name, body) => {
    const path = file(
      `${name.replaceAll(' ', '-')}.wat`,
      `(module ${IMPORTS} (func (export "_start") (drop (call $print (i32.const 1) (i32.const 16) (i32.const 6))) ${body}))`,
    );
    const command = new RunningCommand(['run', path], { input: null });
    await command.printed('ready\n');
    command.child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await command.ended;
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 130, stdout: 'ready\n', stderr: '' });
  });

  test('it ends so where it may not execute anything', async () => {
    const path = file(
      'alone.wat',
      guest('(func (export "_start") (call $print (text "ready")) (loop $l (br $l)))'),
    );
    const nodeArgs = [
      '--permission',
      '--allow-fs-read=*',
      '--allow-fs-write=*',
      '--allow-worker',
      '--no-warnings',
    ];
    const command = new RunningCommand(['run', path], { input: null, nodeArgs });
    await command.printed('ready\n');
    command.child.kill('SIGINT');
    const { exitCode, stderr } = await command.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: '' });
  });

  test('SIGTERM ends it with 143', async () => {
    const path = file(
      'term.wat',
      `(module ${IMPORTS} (func (export "_start") (drop (call $print (i32.const 1) (i32.const 16) (i32.const 6))) (loop $l (br $l))))`,
    );
    const command = new RunningCommand(['run', path], { input: null });
    await command.printed('ready\n');
    command.child.kill('SIGTERM');
    expect((await command.ended).exitCode).toBe(143);
  });
});

describe('output', () => {
  const flood = (name: string, body: string) =>
    file(
      name,
      `(module ${IMPORTS}
        (func (export "child") (loop $again
          (drop (call $print (i32.const 1) (i32.const 16) (i32.const 65000))) (br $again)))
        (func (export "_start") ${body}))`,
    );

  test('a closed pipe ends the program without a message', async () => {
    const command = new RunningCommand([
      'run',
      flood('flood.wat', '(call $spawn_child) (call $sleep (i64.const -1))'),
    ]);
    await command.printed('ready\n');
    command.child.stdout?.destroy();
    const { exitCode, stderr } = await command.ended;
    expect(stderr).toBe('');
    expect(exitCode).toBe(141);
  });

  test.runIf(existsSync('/dev/full')).each([
    ['run', () => [flood('full.wat', '(drop (call $print (i32.const 1) (i32.const 16) (i32.const 6)))')]],
    ['run', () => [flood('flood.wat', '(call $spawn_child) (call $sleep (i64.const -1))')]],
    ['test', () => [file('tested.wat', '(module (func (export "#lunatic_test_a")))')]],
    ['test', () => ['--reporter=junit', file('tested.wat', '(module (func (export "#lunatic_test_a")))')]],
    ['exports', () => [file('listed.wat', '(module (func (export "a")))')]],
    ['completions', () => ['bash']],
    ['--help', () => []],
  ])('a full disk ends lunatic %s with a message', async (name, args) => {
    const command = new RunningCommand([name, ...args()], {
      node: '/bin/sh',
      nodeArgs: ['-c', 'exec "$0" "$@" > /dev/full', process.execPath],
    });
    expect(await command.ended).toEqual({
      stdout: '',
      stderr: 'lunatic: the output cannot be written: ENOSPC: no space left on device, write\n',
      exitCode: 1,
    });
  });

  test('a reader that does not read stops only the process that prints', async () => {
    // The root sleeps a hundred times while its child cannot print, and then says so on the other stream.
    const path = flood(
      'stuck.wat',
      `(local $i i32) (call $spawn_child)
       (loop $again (call $sleep (i64.const 1))
         (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
       (drop (call $print (i32.const 2) (i32.const 16) (i32.const 6)))`,
    );
    const command = new RunningCommand(['run', path]);
    command.child.stdout?.pause();
    await command.printed('ready\n', 'stderr');
    command.child.stdout?.resume();
    const { exitCode, stdout } = await command.ended;
    expect(exitCode).toBe(0);
    expect(stdout.length).toBeLessThan(1_000_000);
  });

  /** Children that each print a mebibyte; `each` is done when one has had its turn. */
  const crowd = (name: string, count: number, each: string) =>
    file(
      name,
      guest(
        `(func $print_to (param $fd i32) (param $at i32) (param $length i32)
          (i32.store (i32.const 16) (local.get $at)) (i32.store (i32.const 20) (local.get $length))
          (drop (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 24))))
        (func (export "child") (call $print_to (i32.const 1) (i32.const 0x20000) (i32.const 0x100000)))
        (func (export "_start") (local $i i32) (local $child i64)
          (loop $again
            (local.set $child (call $spawn (i64.const 0) (text "child")))
            (call $process.sleep_ms (i64.const 0)) (call $process.sleep_ms (i64.const 0))
            ${each}
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))
          (call $print_to (i32.const 2) (text "spawned\\n")) (call $process.sleep_ms (i64.const -1)))`,
        { memory: '(memory (export "memory") 18)' },
      ),
    );

  test.runIf(process.platform === 'linux').each([
    ['killed while they wait', '(call $process.kill (local.get $child))'],
    ['left waiting', ''],
  ])('nobody reads what processes print that are %s: it is not kept for each of them', async (what, each) => {
    const command = new RunningCommand(['run', crowd(`${what.replaceAll(' ', '-')}.wat`, 600, each)]);
    command.child.stdout?.pause();
    await command.printed('spawned\n', 'stderr');
    const status = readFileSync(`/proc/${command.child.pid}/status`, 'utf8');
    const most = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    command.child.kill('SIGKILL');
    command.child.stdout?.resume();
    await command.ended;
    expect(most).toBeLessThan(300);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends a program whose output nobody reads', async (signal, code) => {
    const command = new RunningCommand(['run', crowd(`${signal}.wat`, 40, '')]);
    const { child } = command;
    child.stdout?.pause();
    await command.printed('spawned\n', 'stderr');
    child.kill(signal);
    const [exitCode, endedBy] = await once(child, 'exit');
    child.stdout?.resume();
    expect(exitCode ?? endedBy).toBeOneOf([code, signal]);
  });

  test('a program whose output is closed ends although nobody reads its errors', async () => {
    const path = file(
      'errors.wat',
      guest(
        `(func (export "errors") (i32.store (i32.const 16) (i32.const 0x10000)) (i32.store (i32.const 20) (i32.const 0x100000))
           (drop (call $fd_write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 24))))
         (func (export "_start") (drop (call $spawn (i64.const 0) (text "errors")))
           (loop $l (call $print (text "output")) (call $process.sleep_ms (i64.const 1)) (br $l)))`,
        { memory: '(memory (export "memory") 18)' },
      ),
    );
    const { child } = new RunningCommand(['run', path]);
    child.stderr?.pause();
    await once(child.stdout ?? child, 'data');
    child.stdout?.destroy();
    const [exitCode, endedBy] = await once(child, 'exit');
    child.stderr?.resume();
    expect(exitCode ?? endedBy).toBeOneOf([141, 'SIGKILL']);
  });

  test('all who wait for a reader print in the end', async () => {
    const command = new RunningCommand(['run', crowd('all.wat', 40, '')]);
    const { stdout } = command.child;
    stdout?.pause();
    await command.printed('spawned\n', 'stderr');
    let read = 0;
    await new Promise<void>((done) => {
      stdout?.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read === 40 * 2 ** 20) done();
      });
      stdout?.resume();
    });
    command.child.kill('SIGINT');
    expect((await command.ended).exitCode).toBe(130);
  });

  test('the two streams keep their order on one terminal', async () => {
    const path = file(
      'order.wat',
      `(module ${IMPORTS} (data (i32.const 64) "12345678")
        (func (export "_start") (local $i i32)
          (loop $next
            (drop (call $print (i32.add (i32.const 1) (i32.and (local.get $i) (i32.const 1))) (i32.add (i32.const 64) (local.get $i)) (i32.const 1)))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))))`,
    );
    const child = spawn('sh', ['-c', `"$0" "$1" run "$2" 2>&1`, process.execPath, launcher, path]);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((done) => child.on('close', done));
    expect(Buffer.concat(chunks).toString()).toBe('12345678');
  });

  test('a short program prints whole where there is no room for a moment', async () => {
    const path = file(
      'short.wat',
      `(module ${IMPORTS} (func (export "_start")
        (drop (call $print (i32.const 1) (i32.const 16) (i32.const 6)))
        (drop (call $print (i32.const 2) (i32.const 0) (i32.const 5)))
        (drop (call $print (i32.const 1) (i32.const 0) (i32.const 5)))))`,
    );
    // Takes a part, and then has no room, as a descriptor that does not block.
    const full = file(
      'full.cjs',
      `const fs = require('node:fs');
      const own = fs.writeSync;
      let calls = 0;
      fs.writeSync = (fd, bytes, ...rest) => {
        if (fd !== 1) return own(fd, bytes, ...rest);
        if (++calls === 1) return own(fd, bytes.subarray(0, 3));
        throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      };
      process.on('exit', () => own(2, ' ' + calls));`,
    );
    const { stdout, stderr, exitCode } = await new RunningCommand(['run', path], {
      env: { NODE_OPTIONS: `--require ${full}` },
    }).ended;
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: 'ready\nchild', stderr: 'child 2', exitCode: 0 });
  });

  test('everything is written before the command ends', async () => {
    const path = file(
      'much.wat',
      `(module ${IMPORTS} (func (export "_start") (local $i i32)
        (loop $next
          (drop (call $print (i32.const 1) (i32.const 0) (i32.const 65536)))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))))`,
    );
    const { stdout, exitCode } = await new RunningCommand(['run', path]).ended;
    expect(stdout).toHaveLength(6_553_600);
    expect(exitCode).toBe(0);
  });
});

describe('input', () => {
  const echo = `(module ${IMPORTS}
    (func (export "_start") (local $n i32)
      (loop $next
        (i32.store (i32.const 64) (i32.const 1024)) (i32.store (i32.const 68) (i32.const 50000))
        (if (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72)) (then unreachable))
        (local.set $n (i32.load (i32.const 72)))
        (if (local.get $n) (then
          (drop (call $print (i32.const 1) (i32.const 1024) (local.get $n)))
          (br $next))))))`;

  test.each([
    ['nothing', ''],
    ['a line', 'hello\n'],
    ['much', `${'0123456789'.repeat(30_000)}\n`],
  ])('%s is read to its end', async (_, input) => {
    const { stdout, exitCode } = await new RunningCommand(['run', file('echo.wat', echo)], { input }).ended;
    // Compared as a whole, but not printed as a whole.
    expect(stdout === input, `${stdout.length} characters of ${input.length}`).toBe(true);
    expect(exitCode).toBe(0);
  });

  test('a process that waits for input does not stop the others', async () => {
    const command = new RunningCommand(['run', join(projectFolder, 'test/guests/wat/stdin_ticker.wat')], {
      input: null,
    });
    await command.printed('tick 3\n');
    command.child.stdin?.end('a line\n');
    const { stdout, exitCode } = await command.ended;
    expect(stdout.indexOf('tick 3')).toBeLessThan(stdout.indexOf('a line'));
    expect(exitCode).toBe(0);
  });

  test.skipIf(process.platform === 'win32')(
    'what follows the command can read the rest of a pipe',
    async () => {
      const path = file(
        'once.wat',
        `(module ${IMPORTS} (func (export "_start")
        (i32.store (i32.const 64) (i32.const 1024)) (i32.store (i32.const 68) (i32.const 10))
        (drop (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 72)))
        (drop (call $print (i32.const 1) (i32.const 1024) (i32.load (i32.const 72))))))`,
      );
      const command = ['-c', '"$0" "$@" && echo ended && cat', process.execPath, launcher, 'run', path];
      const child = spawn('sh', command, { stdio: ['pipe', 'pipe', 'inherit'] });
      let printed = '';
      child.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString();
        // Only now there is something to be read.
        if (printed.endsWith('ended\n')) setTimeout(() => child.stdin.end('second\n'), 100);
      });
      child.stdin.write('first\n');
      await once(child, 'close');
      expect(printed).toBe('first\nended\nsecond\n');
    },
  );
});
