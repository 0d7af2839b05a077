import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lunatic, RunningCommand } from '../support/command.ts';

let folder = '';
let program = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-log-'));
  program = file('failing.wat', familyOf('(call $spawn_child)'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A root process named "boss" that survives its linked child's end; the child traps in a function of its own. */
function familyOf(body: string): string {
  return `(module
    (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
    (import "lunatic::process" "kill" (func $kill (param i64)))
    (import "lunatic::process" "die_when_link_dies" (func $survive (param i32)))
    (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
    (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
    (import "lunatic::registry" "put" (func $put (param i32 i32 i64 i64)))
    (memory (export "memory") 1) (data (i32.const 0) "childwaiterboss")
    (func $stumble unreachable)
    (func (export "child") (call $stumble))
    (func (export "waiter") (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))))
    (func $spawn_child
      (drop (call $spawn (i64.const 7) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 5)
        (i32.const 0) (i32.const 0) (i32.const 64))))
    (func $spawn_waiter (result i64)
      (drop (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 5) (i32.const 6)
        (i32.const 0) (i32.const 0) (i32.const 64)))
      (i64.load (i32.const 64)))
    (func (export "_start") (local $left i32)
      (call $survive (i32.const 0))
      ${body}
      (drop (call $receive (i32.const 0) (i32.const 0) (i64.const 1000)))))`;
}

const FAILED = '[WARN lunatic::process] Process 2 failed, notifying: 1 links\n    trapped: unreachable';
/** What is said of a process that others may have started by the thousand. */
const IN_SHORT =
  /^\[WARN lunatic::process\] Process 2 failed, notifying: 1 links\n {4}trapped: unreachable \(--log debug shows the stack\)\n {4}at stumble \(.*failing\.wat:\d+:\d+\)\n$/;
const STACK = /\n {4}at stumble \(.*\.wat:\d+:\d+\)\n {4}at .*\n/;

async function logOf(path: string, args: string[], env: Record<string, string> = {}): Promise<string> {
  const { stderr } = await lunatic(['run', ...args, path], { env });
  return stderr;
}

describe('what is logged', () => {
  test('by default, failures with their reason and a hint on how to see more', async () => {
    expect(await logOf(program, [])).toMatch(IN_SHORT);
  });

  test('at level debug also stacks, and processes that end normally', async () => {
    const log = await logOf(program, ['--log', 'debug']);
    expect(log).toContain(`${FAILED}\n`);
    expect(log).toMatch(STACK);
    expect(log).toContain('[DEBUG lunatic::process] Process 1 ended, notifying: 0 links\n');
  });

  test('a killed process', async () => {
    const path = file('killing.wat', familyOf('(call $kill (call $spawn_waiter))'));
    expect(await logOf(path, [])).toBe('[WARN lunatic::process] Process 2 was killed, notifying: 0 links\n');
  });

  test('a root process by its names, with its stack', async () => {
    const path = file(
      'boss.wat',
      familyOf('(call $put (i32.const 11) (i32.const 4) (i64.const 0) (i64.const 1)) (call $stumble)'),
    );
    const log = await logOf(path, []);
    expect(log).toContain(
      "[WARN lunatic::process] Process 'boss' failed, notifying: 0 links\n    trapped: unreachable\n",
    );
    expect(log).toMatch(STACK);
  });

  test('an entry that is missing', async () => {
    const { stderr, exitCode } = await lunatic(['run', file('none.wat', '(module)')]);
    expect(stderr).toBe(
      '[WARN lunatic::process] Process 1 failed, notifying: 0 links\n' +
        '    could not start: the module exports no function "_start"\n',
    );
    expect(exitCode).toBe(1);
  });
});

describe('what decides', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['--log error', ['--log', 'error'], {}],
    ['--log off', ['--log', 'off'], {}],
    ['a target', ['--log', 'lunatic=error'], {}],
    ['the longer target', ['--log', 'debug,lunatic::process=error'], {}],
    ["upstream's target", ['--log', 'debug,lunatic_process=error'], {}],
    ['LUNATIC_LOG', [], { LUNATIC_LOG: 'error' }],
    ['RUST_LOG', [], { RUST_LOG: 'error' }],
    ['LUNATIC_LOG before RUST_LOG', [], { LUNATIC_LOG: 'error', RUST_LOG: 'debug' }],
    ['the option before both', ['--log', 'error'], { LUNATIC_LOG: 'debug', RUST_LOG: 'debug' }],
  ])('%s silences failures', async (_, args, env) => {
    expect(await logOf(program, args, env)).toBe('');
  });

  test.each<[string, Record<string, string>]>([
    ['RUST_LOG=lunatic=debug, the hint of upstream', { RUST_LOG: 'lunatic=debug' }],
    ['a level in capitals', { RUST_LOG: 'DEBUG' }],
    ['a bare target', { RUST_LOG: 'lunatic' }],
  ])('%s shows stacks', async (_, env) => {
    expect(await logOf(program, [], env)).toMatch(STACK);
  });

  test('a RUST_LOG that only concerns a guest leaves the default', async () => {
    expect(await logOf(program, [], { RUST_LOG: 'my_app=trace' })).toMatch(IN_SHORT);
  });

  test('a malformed RUST_LOG is reported, and the program runs', async () => {
    const log = await logOf(program, [], { RUST_LOG: 'a=b=c' });
    expect(log).toContain("lunatic: RUST_LOG is ignored: 'a=b=c' is not a log filter");
    expect(log).toContain(FAILED);
  });

  test('a malformed --log is wrong usage', async () => {
    const { stderr, exitCode } = await lunatic(['run', '--log', 'lunatic=loud', program]);
    expect(stderr).toContain(
      "'lunatic=loud' is not a log filter: write a level (off, error, warn, info, debug, trace)",
    );
    expect(exitCode).toBe(2);
  });
});

test.each(['wran', 'my_app=debug', ''])(
  '--log=%s, which would silence everything, is wrong usage',
  async (filter) => {
    const { stderr, exitCode } = await lunatic(['run', `--log=${filter}`, 'program.wat']);
    expect(stderr).toContain(
      'It names neither a level (off, error, warn, info, debug, trace) nor a target of the runtime, such as lunatic::process.\n',
    );
    expect(exitCode).toBe(2);
  },
);

describe('colours', () => {
  const YELLOW = '\u001b[33mWARN\u001b[39m';
  test.each<[string, string[], Record<string, string>, boolean]>([
    ['none where there is no terminal', [], {}, false],
    ['--color always', ['--color', 'always'], { NO_COLOR: '1' }, true],
    ['FORCE_COLOR', [], { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR before NO_COLOR', [], { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['FORCE_COLOR=0', [], { FORCE_COLOR: '0' }, false],
    ['--color never before FORCE_COLOR', ['--color', 'never'], { FORCE_COLOR: '1' }, false],
  ])('%s', async (_, args, env, colored) => {
    const log = await logOf(program, args, env);
    expect(log.includes(YELLOW)).toBe(colored);
    expect(log.includes('\u001b')).toBe(colored);
  });
});

test('names and messages of a guest cannot forge lines', async () => {
  const path = file(
    'forged.wat',
    familyOf(
      '(call $put (i32.const 128) (i32.const 20) (i64.const 0) (i64.const 1)) (call $stumble)',
    ).replace(
      '(data (i32.const 0)',
      '(data (i32.const 128) "x\\n[ERROR] \\1b[31mred\\1b[0m") (data (i32.const 0)',
    ),
  );
  const log = await logOf(path, []);
  expect(log).toMatch(/^\[WARN lunatic::process\] Process 'x\ufffd\[ERROR\] \ufffd\[31mr.*' failed/);
  expect(log).not.toContain('\u001b');
});

test('thirty thousand failing processes do not wait for a reader: reports that nobody reads are counted', async () => {
  // Each child is awaited, so that only their reports add up. What the last one prints shows that none waited.
  const path = file(
    'many.wat',
    familyOf(`(local.set $left (i32.const 30000))
      (loop $next
        (call $spawn_child)
        (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (drop (call $write (i32.const 1) (i32.const 80) (i32.const 1) (i32.const 96)))`)
      .replace(
        '(memory',
        '(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32))) (memory',
      )
      .replace(
        '(data (i32.const 0)',
        '(data (i32.const 80) "\\70\\00\\00\\00\\05\\00\\00\\00") (data (i32.const 112) "done\\n") (data (i32.const 0)',
      ),
  );
  const command = new RunningCommand(['run', path]);
  command.child.stderr?.pause();
  await command.printed('done\n');
  command.child.stderr?.resume();
  const { stderr, exitCode } = await command.ended;
  expect(exitCode).toBe(0);
  const reported = stderr.match(/ failed, notifying: 1 links$/gm)?.length ?? 0;
  const left = [...stderr.matchAll(/^\.\.\. (\d+) more lines/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
  expect(reported + left).toBe(30_000);
  expect(left).toBeGreaterThan(15_000);
});
