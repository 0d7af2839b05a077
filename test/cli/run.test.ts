import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assembleText } from '../../runtime/wat/index.ts';
import { lunatic, projectFolder, RunningCommand } from '../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-run-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const wat = (name: string) => join(projectFolder, 'test', 'guests', 'wat', `${name}.wat`);
const hello = join(projectFolder, 'test', 'guests', 'built', 'rust', 'hello.wasm');

describe('the command line', () => {
  test('--help names every command, and the help of run every option', async () => {
    const top = await lunatic(['--help']);
    expect(top.exitCode).toBe(0);
    for (const word of ['run', 'help', '--version', '--help']) expect(top.stdout).toContain(word);
    const help = await lunatic(['run', '--help']);
    expect(help.exitCode).toBe(0);
    for (const word of ['<path>', 'wasm_args', '--dir', '--bench', '--version', '--help', 'Exit status']) {
      expect(help.stdout).toContain(word);
    }
  });

  test.each([[['--version']], [['-V']], [['run', '--version']]])('%j prints the version', async (args) => {
    const { stdout, exitCode } = await lunatic(args);
    expect(stdout).toMatch(/^lunatic-runtime \d+\.\d+\.\d+\n$/);
    expect(exitCode).toBe(0);
  });

  test.each([
    [['run'], "missing required argument 'path'"],
    [['fly'], "unknown command 'fly'"],
    [['run', 'a.wasm', '--fast'], "unknown option '--fast'"],
    [['a.wasm', '-x'], "unknown option '-x'"],
    [['run', '--dir'], "option '--dir <directory>' argument missing"],
    [[], 'Usage: lunatic'],
  ])('%j is wrong usage: exit code 2', async (args, message) => {
    const { stdout, stderr, exitCode } = await lunatic(args);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test.each([
    ['the word run', ['run', hello, 'one', 'two words']],
    ['a module first', [hello, 'one', 'two words']],
    ['options first', ['--dir', projectFolder, hello, 'one', 'two words']],
    ['a separator', [hello, '--', 'one', 'two words']],
  ])('arguments reach the program: %s', async (_, args) => {
    const { stdout, exitCode } = await lunatic(args, { env: { GUEST_GREETING: 'hi' } });
    expect(stdout).toContain('program: hello.wasm\n');
    expect(stdout).toContain('one');
    expect(stdout).toContain('two words');
    expect(stdout).toContain('hi');
    expect(exitCode).toBe(0);
  });

  test('--bench comes last, arguments with a dash after the separator', async () => {
    const { stdout } = await lunatic(['run', '--bench', hello, '--', '-v', '--all']);
    const [dash, all, bench] = ['-v', '--all', '--bench'].map((word) => stdout.indexOf(word));
    expect(dash).toBeGreaterThan(0);
    expect(all).toBeGreaterThan(dash ?? 0);
    expect(bench).toBeGreaterThan(all ?? 0);
  });
});

describe('files that cannot be run: exit code 1 and a line that says why', () => {
  const cases: [string, () => string, string | RegExp][] = [
    ['missing', () => join(folder, 'nowhere.wasm'), /^Error: Module '.*nowhere\.wasm' not found\n$/],
    ['a directory', () => folder, 'is a directory'],
    ['empty', () => file('empty.wasm', ''), 'is empty'],
    ['something else', () => file('text.wasm', 'hello'), 'is not a wasm module: it starts with 68 65 6c 6c'],
    [
      'truncated',
      () => file('short.wasm', new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1])),
      /Error: Module '.*short\.wasm' is malformed: offset 0x[0-9a-f]+/,
    ],
    [
      'invalid',
      () =>
        file(
          'invalid.wasm',
          // A function without result that leaves an i32 on the stack.
          new Uint8Array([
            0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0x41, 1, 0x0b,
          ]),
        ),
      /Error: Module '.*invalid\.wasm' cannot run: Compiling function #0 failed: .*@\+2\d/,
    ],
    [
      'an import that nobody has',
      () => file('strange.wat', '(module (import "env" "f" (func)) (func (export "_start")))'),
      /^Error: Module '.*strange\.wat' cannot run: an import cannot be linked:\n {2}env::f: unknown module/,
    ],
    [
      'threads',
      () => file('threads.wat', '(module (memory 1 1 shared) (func (export "_start")))'),
      /^Error: Module '.*threads\.wat' cannot run: the module has a shared memory/,
    ],
    [
      'text with a mistake',
      () => file('wrong.wat', '(module\n  (func (i32.cosnt 1)))'),
      /wrong\.wat:2:10: error: unexpected token/,
    ],
  ];
  test.each(cases)('%s', async (_, path, message) => {
    const { stdout, stderr, exitCode } = await lunatic(['run', path()]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^Error: /);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
  });

  test('a start section that traps', async () => {
    const path = file(
      'start.wat',
      '(module (func $boom unreachable) (start $boom) (func (export "_start")))',
    );
    const { stderr, exitCode } = await lunatic(['run', path]);
    expect(stderr).toContain(`Error: Failed to spawn process from ${path}::_start()`);
    expect(stderr).toContain('the start section failed: unreachable');
    expect(exitCode).toBe(1);
  });
});

describe('the end of the root process', () => {
  const exits = (code: number) =>
    `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
       (func (export "_start") (call $exit (i32.const ${code}))))`;

  test.each([
    [0, 0],
    [1, 1],
    [3, 3],
    [20, 20],
    [256, 1],
    [-1, 255],
  ])('proc_exit(%i) ends the command with %i', async (code, exitCode) => {
    const result = await lunatic(['run', file(`exit${code}.wat`, exits(code))]);
    expect(result.exitCode).toBe(exitCode);
    // It is what the program has to say, not a failure.
    expect(result.stderr).toBe('');
    const logged = await lunatic(['run', '--log', 'info', file(`exit${code}.wat`, exits(code))]);
    expect(logged.stderr).toBe(
      code === 0
        ? ''
        : `[INFO lunatic::process] Process 1 ended, notifying: 0 links\n    exited with code ${code}\n`,
    );
  });

  test('a trap shows the process with its names, the reason and the stack', async () => {
    const path = file(
      'named.wat',
      `(module
        (import "lunatic::registry" "put" (func $put (param i32 i32 i64 i64)))
        (memory (export "memory") 1) (data (i32.const 0) "logger")
        (func $divide (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
        (func $work (drop (call $divide (i32.const 0))))
        (func (export "_start") (call $put (i32.const 0) (i32.const 6) (i64.const 0) (i64.const 1)) (call $work)))`,
    );
    const { stderr, exitCode } = await lunatic(['run', path]);
    const [first, reason, second, third, ...rest] = stderr.split('\n');
    expect(first).toBe("[WARN lunatic::process] Process 'logger' failed, notifying: 0 links");
    expect(reason).toBe('    trapped: divide by zero');
    expect(second).toMatch(/^ {4}at divide \(.*named\.wat:4:\d+\)$/);
    expect(third).toMatch(/^ {4}at work \(.*named\.wat:5:\d+\)$/);
    expect(rest).toHaveLength(2);
    expect(exitCode).toBe(1);
  });

  test('the offset of a frame is the one in the file', async () => {
    const bytes = await assembleText(
      '(module (func (export "_start") (nop) (nop) (unreachable)))',
      'offset.wat',
    );
    const { stderr } = await lunatic(['run', file('offset.wasm', bytes)]);
    const offset = Number.parseInt(/offset 0x([0-9a-f]+)/.exec(stderr)?.[1] ?? '', 16);
    expect(bytes[offset]).toBe(0x00);
    expect([...bytes.subarray(offset - 2, offset)]).toEqual([0x01, 0x01]);
  });

  test('a Rust panic shows its message and demangled names', async () => {
    const path = join(projectFolder, 'test', 'guests', 'built', 'rust', 'panic.wasm');
    const { stderr, exitCode } = await lunatic(['run', path]);
    expect(stderr).toContain("panicked at 'the cat number 24 is not in the box'");
    expect(stderr).toMatch(/ at panic::find_the_cat \(function \d+, offset/);
    expect(stderr).toContain(' at core::panicking::panic_fmt (');
    expect(exitCode).toBe(1);
  });

  test('a failing child is reported and does not fail the command', async () => {
    const { stderr, exitCode } = await lunatic(['run', wat('links')]);
    expect(stderr).toMatch(
      /^\[WARN lunatic::process\] Process 2 failed, notifying: 1 links\n {4}trapped: unreachable \(/,
    );
    expect(exitCode).toBe(0);
  });

  test('names of functions cannot forge lines or colours', async () => {
    const forged = [...Buffer.from('a\nprocess 9 trapped: x\u001b[31m')];
    const names = [4, 0x6e, 0x61, 0x6d, 0x65, 1, forged.length + 3, 1, 0, forged.length, ...forged];
    const unreachable = await assembleText('(module (func (export "_start") unreachable))', 'forged.wat');
    const path = file('forged.wasm', new Uint8Array([...unreachable, 0, names.length, ...names]));
    const { stderr } = await lunatic(['run', path]);
    expect(stderr.split('\n')).toHaveLength(4);
    expect(stderr).not.toContain('\u001b');
  });
});

test('the current directory and those of --dir are preopened', async () => {
  mkdirSync(join(folder, 'data'));
  const path = file(
    'preopens.wat',
    `(module
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $get (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $name (param i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 1000) "\\n")
      (func (export "_start") (local $fd i32)
        (local.set $fd (i32.const 3))
        (block $end (loop $next
          (br_if $end (call $get (local.get $fd) (i32.const 0)))
          (drop (call $name (local.get $fd) (i32.const 100) (i32.load (i32.const 4))))
          (i32.store (i32.const 16) (i32.const 100)) (i32.store (i32.const 20) (i32.load (i32.const 4)))
          (i32.store (i32.const 24) (i32.const 1000)) (i32.store (i32.const 28) (i32.const 1))
          (drop (call $write (i32.const 1) (i32.const 16) (i32.const 2) (i32.const 32)))
          (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
          (br $next)))))`,
  );
  const { stdout } = await lunatic(['run', '--dir', join(folder, 'data'), '--dir', folder, path]);
  expect(stdout.split('\n')).toEqual(['.', join(folder, 'data'), folder, '']);
});

describe.skipIf(process.platform === 'win32')('a module that takes seconds to load', () => {
  const LEB = (value: number): number[] => {
    const bytes: number[] = [];
    let rest = value;
    for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    return [...bytes, rest];
  };
  const section = (id: number, ...contents: Uint8Array[]): Buffer => {
    const body = Buffer.concat(contents);
    return Buffer.concat([Buffer.from([id, ...LEB(body.length)]), body]);
  };

  /** Functions with a loop each, so many that rewriting them takes a while. */
  function large(functions: number): Buffer {
    const loop = [0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b];
    const code = [1, 1, 0x7f, ...Array.from({ length: 12 }, () => loop).flat(), 0x0b];
    const body = Buffer.from([...LEB(code.length), ...code]);
    return Buffer.concat([
      Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
      section(1, Buffer.from([1, 0x60, 0, 0])),
      section(3, Buffer.from(LEB(functions)), Buffer.alloc(functions)),
      section(10, Buffer.from(LEB(functions)), Buffer.alloc(body.length * functions, body)),
    ]);
  }

  test.each([
    ['run', 'SIGTERM'],
    ['run', 'SIGINT'],
    ['test', 'SIGTERM'],
    ['check', 'SIGTERM'],
  ] as const)('does not keep lunatic %s from ending by %s at once', async (command, signal) => {
    const module = file('large.wasm', large(200_000));
    // A thread of a plugin sends the signal when the command has been busy for a while.
    const plugin = file(
      `${signal}.mjs`,
      `import { Worker } from 'node:worker_threads';
      const thread = new Worker(\`
        const { parentPort } = require('node:worker_threads');
        let asked;
        const ask = () => {
          parentPort.postMessage('busy?');
          asked = setTimeout(() => process.kill(process.pid, '${signal}'), 200);
        };
        parentPort.on('message', () => { clearTimeout(asked); setTimeout(ask, 1); });
        ask();\`, { eval: true });
      thread.on('message', () => thread.postMessage('no'));
      thread.unref();
      export default { namespace: 'signals', functions: {} };`,
    );
    const running = new RunningCommand([command, '--plugin', plugin, module]);
    await running.ended;
    // By the operating system: the command itself was busy.
    expect(running.child.signalCode).toBe(signal);
  });
});
