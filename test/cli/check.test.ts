import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code, ModuleWriter } from '../fuzz/module-writer.ts';
import { lunatic, projectFolder } from '../support/command.ts';
import { EXTENSION_FUNCTIONS, LUNATIC_FUNCTIONS } from '../support/contract.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: string): string {
  const path = join(folder, `${++files}.wat`);
  writeFileSync(path, content);
  return path;
}

const contract = [...LUNATIC_FUNCTIONS, ...EXTENSION_FUNCTIONS];

const START = '(func (export "_start"))';
const testsOfRust = join(projectFolder, 'test', 'guests', 'built', 'rust', 'tests.wasm');

describe('lunatic check', () => {
  test('describes a module, and says that it would run', async () => {
    const { stdout, stderr, exitCode } = await lunatic(['check', testsOfRust]);
    expect(stdout).toMatch(/tests\.wasm: ok \(1\d\d KiB\)\n/);
    expect(stdout).toContain('  imports   21: lunatic::message 7, lunatic::error 3, ');
    expect(stdout).toMatch(
      / {2}needs {5}--allow-host=lunatic::message,lunatic::error,\S*wasi_snapshot_preview1\S*\n/,
    );
    expect(stdout).toContain('  features  none beyond WebAssembly 1.0\n');
    expect(stdout).toContain('  memory    17 pages (1.1 MiB), may grow, exported as "memory"\n');
    expect(stdout).toContain('  entry     _start\n');
    expect(stdout).toContain('  tests     14, 1 ignored\n');
    expect(stdout).not.toContain('warning');
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  });

  test.each<[string, string, string]>([
    [
      'an import that is misspelt',
      `(module (import "lunatic::process" "sleep_msec" (func (param i64))) ${START})`,
      'lunatic::process::sleep_msec: unknown; did you mean lunatic::process::sleep_ms?',
    ],
    [
      'an import of another type',
      `(module (import "lunatic::process" "sleep_ms" (func (param i32))) ${START})`,
      'lunatic::process::sleep_ms: imported as (i32), but it is (i64)',
    ],
    [
      'an import that is no function',
      `(module (import "env" "memory" (memory 1)) ${START})`,
      'env::memory: only functions can be imported, this is a memory',
    ],
    [
      'nothing to run',
      '(module (func (export "main")))',
      'there is nothing to run: it exports no function _start, and no tests',
    ],
    [
      'an entry with parameters',
      '(module (func (export "_start") (param i32)))',
      'the export _start is a function (i32), it must take and return nothing',
    ],
    [
      'two memories',
      `(module (memory 1) (memory 1) ${START})`,
      'a process can have 1 memory, the module has 2',
    ],
    [
      'a shared memory',
      `(module (memory 1 1 shared) ${START})`,
      'the module has a shared memory: build it without threads',
    ],
    [
      'a test with half a mark',
      '(module (func (export "#lunatic_test_#panic_x")))',
      'is not a test: the panic message after #panic_ must end with #',
    ],
  ])('%s is a problem', async (_, wat, problem) => {
    const path = file(wat);
    const { stdout, stderr, exitCode } = await lunatic(['check', path]);
    expect(`${stdout}${stderr}`).toContain(problem);
    expect(exitCode).toBe(1);
  });

  test('tells all that is wrong at once, and with the options that allow it, what is left', async () => {
    const path = file(`(module (type $s (array i32)) (import "lunatic::nosuch" "f" (func))
      (import "lunatic::process" "kill" (func (param i64)))
      (table 200000 funcref) (memory (export "memory") i64 4) ${START})`);
    const refused = await lunatic(['check', '--deny-host=lunatic::process', '--max-memory=65536', path]);
    expect(refused.stdout).toContain(
      'needs     --allow-host=lunatic::process, and 1 import that this runtime',
    );
    for (const problem of [
      'lunatic::nosuch::f: unknown module; there are lunatic::*',
      "the module has a type of arrays, which no limit of memory bounds: a process could use up the engine's heap",
      'the module has a 64-bit memory or table: build it for wasm32; --memory64 allows it\n',
      'a table can have 99999 elements, one of the module has 200000; --max-table=200000 allows it\n',
      "the module's memory of 4 pages (262144 bytes) is larger than max_memory (65536 bytes); --max-memory=262144 allows it\n",
      'the config of the process does not allow: lunatic::process::kill; --deny-host forbids them\n',
    ])
      expect(refused.stdout).toContain(problem);
    expect(refused.stdout).toContain(': 6 problems (');
    const json = await lunatic(['check', '--json', path]);
    expect(JSON.parse(json.stdout)[0].module.imports).toMatchObject([
      { status: 'missing' },
      { status: 'ok' },
    ]);
    const options = ['--allow-gc', '--memory64', '--max-table=200000', '--max-memory=262144'];
    const { stdout, exitCode } = await lunatic(['check', ...options, path]);
    expect(stdout).toMatch(/: 1 problem \(.*\n {2}problem {3}lunatic::nosuch::f: unknown module/s);
    expect(exitCode).toBe(1);
  });

  test('tells with which namespaces a module links, and whether it does with those that are allowed', async () => {
    const path = file(`(module (import "lunatic::process" "sleep_ms" (func (param i64))) ${START})`);
    const { stdout } = await lunatic(['check', path]);
    const [, option = ''] = /needs {5}(--allow-host=lunatic::process)\n/.exec(stdout) ?? [];
    expect((await lunatic(['check', option, path])).exitCode).toBe(0);
    const refused = await lunatic(['check', '--deny-host=lunatic::process::sleep_ms', path]);
    expect(refused.stdout).toContain(
      'does not allow: lunatic::process::sleep_ms; --deny-host forbids them\n',
    );
    expect(refused.exitCode).toBe(1);
    expect((await lunatic(['check', file(`(module ${START})`)])).stdout).toContain(
      'needs     no host functions\n',
    );
  });

  test('what a module needs is not nothing where there is no such function', async () => {
    const needs = async (...imports: string[]) => {
      const { stdout } = await lunatic(['check', file(`(module ${imports.join(' ')} ${START})`)]);
      return /needs {5}(.*)\n/.exec(stdout)?.[1];
    };
    const unknown = '(import "env" "print" (func)) (import "env" "read" (func))';
    const known = '(import "lunatic::process" "sleep_ms" (func (param i64)))';
    expect(await needs(unknown)).toBe('2 imports that this runtime does not have');
    expect(await needs(known, unknown)).toBe(
      '--allow-host=lunatic::process, and 2 imports that this runtime does not have',
    );
  });

  test.each(contract.map(({ module }) => module).filter((module, i, all) => all.indexOf(module) === i))(
    'every function of %s can be imported, also without one of another module',
    async (namespace) => {
      const imports = contract
        .filter(({ module }) => module === namespace)
        .map(({ module, name, params, results }) => {
          const type = `(param ${params.join(' ')}) (result ${results.join(' ')})`;
          return `(import "${module}" "${name}" (func ${type}))`;
        });
      const { stdout } = await lunatic(['check', file(`(module ${imports.join(' ')} ${START})`)]);
      expect(stdout).toContain(`: ok (`);
    },
  );

  test('a module with tests alone would run', async () => {
    const { exitCode } = await lunatic(['check', file('(module (func (export "#lunatic_test_a::b")))')]);
    expect(exitCode).toBe(0);
  });

  test('warns of a memory that host functions cannot find', async () => {
    const { stdout, exitCode } = await lunatic([
      'check',
      file(`(module (memory (export "mem") 1) ${START})`),
    ]);
    expect(stdout).toContain('warning   its memory is not exported as "memory"');
    expect(exitCode).toBe(0);
  });

  test('describes each of several files, and one problem is enough to fail', async () => {
    const good = file(`(module ${START})`);
    const bad = file('(module)');
    const { stdout, stderr, exitCode } = await lunatic(['check', good, join(folder, 'nowhere.wasm'), bad]);
    expect(stdout).toContain(`${good}: ok`);
    expect(stdout).toContain(`${bad}: 1 problem`);
    expect(stderr).toMatch(/^Error: Module '.*nowhere\.wasm' not found\n$/);
    expect(exitCode).toBe(1);
  });

  test('--json prints everything for programs', async () => {
    const path = file(
      `(module
        (import "lunatic::process" "sleep_ms" (func (param i64)))
        (import "lunatic::distributed" "send" (func (param i64 i64) (result i32)))
        (import "lunatic::proces" "kill" (func (param i64)))
        (memory (export "memory") 1 2) ${START} (func (export "#lunatic_test_#ignore_a")))`,
    );
    const { stdout, exitCode } = await lunatic(['check', '--json', path]);
    const [check] = JSON.parse(stdout);
    expect(check).toMatchObject({
      file: path,
      ok: false,
      problems: ['lunatic::proces::kill: unknown; did you mean lunatic::process::kill?'],
      module: {
        entry: true,
        features: [],
        memories: [{ initial: 1, maximum: 2 }],
        imports: [
          { module: 'lunatic::process', name: 'sleep_ms', kind: 'function', type: '(i64)', status: 'ok' },
          { name: 'send', status: 'ok' },
          { name: 'kill', status: 'missing' },
        ],
        exports: {
          functions: [{ name: '_start' }, { test: { name: 'a', ignored: true, expectedPanic: null } }],
        },
      },
    });
    expect(exitCode).toBe(1);
  });

  test('names of imports cannot forge lines', async () => {
    const { stdout } = await lunatic(['check', file(`(module (import "a\\nb" "\\1b[31m" (func)) ${START})`)]);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toMatch(/^b/m);
  });
});

describe('lunatic exports', () => {
  test('lists all kinds, tests apart', async () => {
    const path = file(`(module
      (func (export "_start"))
      (func (export "_ZN3app3add17h0123456789abcdefE") (param i32 i64) (result f64) (f64.const 0))
      (func (export "#lunatic_test_#ignore_#panic_no \\\\#1#app::fails"))
      (func (export "#lunatic_test_app::adds"))
      (memory (export "memory") 2 16)
      (table (export "callbacks") 3 10 funcref)
      (global (export "top") (mut i32) (i32.const 0))
      (global (export "base") i64 (i64.const 0))
      (tag (export "oops") (param i32)))`);
    const { stdout, stderr, exitCode } = await lunatic(['exports', path]);
    expect(stdout).toBe(
      `functions
  _start                          ()
  _ZN3app3add17h0123456789abcdefE  (i32, i64) -> f64  app::add

tests
  app::fails  ignored, should panic with "no #1"
  app::adds

memories
  memory  2 pages (128 KiB), may grow to 16 pages (1 MiB)

tables
  callbacks  3 funcref, may grow to 10

globals
  top   i32, mutable
  base  i64

tags
  oops  (i32)
`.replace('_start                          ()', '_start                           ()'),
    );
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  });

  test('--json prints them for programs', async () => {
    const path = file(
      '(module (memory (export "m") 1) (func (export "f") (param i32)) (func (export "#lunatic_test_t")))',
    );
    const { stdout } = await lunatic(['exports', path, '--json']);
    expect(JSON.parse(stdout)).toEqual({
      file: path,
      functions: [
        { name: 'f', index: 0, params: ['i32'], results: [] },
        {
          name: '#lunatic_test_t',
          index: 1,
          params: [],
          results: [],
          test: { name: 't', ignored: false, expectedPanic: null },
        },
      ],
      memories: [{ name: 'm', initial: 1, shared: false, is64: false }],
      tables: [],
      globals: [],
      tags: [],
    });
  });

  test('colours and marks only where they are wanted', async () => {
    const path = file('(module (func (export "f")))');
    expect((await lunatic(['exports', path])).stdout).not.toContain('\u001b');
    expect((await lunatic(['exports', path, '--color', 'always'])).stdout).toContain(
      '\u001b[1mfunctions\u001b[22m',
    );
  });

  test('a module that exports nothing', async () => {
    expect((await lunatic(['exports', file('(module)')])).stdout).toBe('nothing is exported\n');
  });

  test('names that a module chose cannot forge lines', async () => {
    const { stdout } = await lunatic(['exports', file('(module (func (export "a\\n\\1b[2Jb")))')]);
    expect(stdout).toBe('functions\n  a\ufffd\ufffd[2Jb  ()\n');
  });

  test('of a module with very many, all', async () => {
    const module = new ModuleWriter();
    const count = 200_000;
    for (let i = 0; i < count; i++) module.define(module.declare([], [], `f${i}`), [], new Code());
    const path = join(folder, 'many.wasm');
    writeFileSync(path, module.finish());
    const { stdout, stderr } = await lunatic(['exports', path]);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toHaveLength(count + 2);
  });
});
