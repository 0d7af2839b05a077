/** The parts of the test explorer that know no editor. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ModuleReadError } from '../../../extension/modules/module-error.ts';
import { checkModule, readTestsApart } from '../../../extension/modules/read-apart.ts';
import { spareTwins, twinOf } from '../../../extension/modules/spare-twins.ts';
import { exportPlaces } from '../../../extension/testing/finding/export-places.ts';
import { buildsOf } from '../../../extension/testing/finding/newest-builds.ts';
import {
  type FoundTest,
  mayHaveTests,
  readModuleTests,
} from '../../../extension/testing/finding/read-module-tests.ts';
import { dirOption, testArguments } from '../../../extension/testing/running/test-arguments.ts';
import { failureText } from '../../../extension/testing/running/test-messages.ts';
import { sourceFile } from '../../../extension/testing/source-file.ts';
import { groupTests, type TestGroup } from '../../../extension/testing/test-groups.ts';
import { rootConfig } from '../../../runtime/cli/root-config.ts';
import type { TestFailure } from '../../../runtime/internal.ts';
import { assemble } from '../../support/program.ts';

const SUMS = `(module
  ;; (export "#lunatic_test_in a comment")
  (; (; (export "#lunatic_test_in a block") ;) " ;)
  (func (export "helper"))
  (func (export "#lunatic_test_sums::adds"))
    (func $x
      ( export
        "#lunatic_test_#panic_a \\\\#1 \\22\\u{2717}\\22#sums::fails"))
  (memory 1)
  (data (i32.const 0) "#lunatic_test_no export"))`;

describe('the tests of a module', () => {
  test('of text, with their places', async () => {
    const found = await readModuleTests(Buffer.from(SUMS), 'sums.wat');
    expect(found.tests).toEqual([
      {
        ...{
          name: 'sums::adds',
          exportName: '#lunatic_test_sums::adds',
          ignored: false,
          expectedPanic: null,
        },
        place: { line: 4, column: 16, length: 26 },
      },
      {
        ...{ name: 'sums::fails', ignored: false, expectedPanic: 'a #1 "✗"' },
        exportName: '#lunatic_test_#panic_a \\#1 "✗"#sums::fails',
        place: { line: 7, column: 8, length: 56 },
      },
    ]);
  });

  test('of a binary', async () => {
    const found = await readModuleTests(await assemble(SUMS), 'sums.wasm');
    expect(found.tests.map(({ name, place }) => [name, place])).toEqual([
      ['sums::adds', null],
      ['sums::fails', null],
    ]);
  });

  test('of text that is wrong: with each fault, where it is', async () => {
    const text = '(module\n  (func (export "ä") bla)\n (func (export "#lunatic_test_a") blu))';
    await expect(readModuleTests(Buffer.from(text), 'wrong.wat')).rejects.toMatchObject({
      message: 'line 2, column 22: unexpected token bla, expected )',
      faults: [
        { message: 'unexpected token bla, expected )', range: { line: 1, column: 21, length: 3 } },
        { message: 'unexpected token blu, expected )', range: { line: 2, column: 34, length: 3 } },
      ],
    });
  });

  test('of a binary that is wrong', async () => {
    const bytes = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 99);
    const error = await readModuleTests(bytes, 'broken.wasm').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ModuleReadError);
    expect(error).toMatchObject({ message: expect.stringMatching(/^offset 0x8: /), faults: [{}] });
  });

  test('are read in another thread, which is stopped where that never ends', async () => {
    const nested = `(module (func (export "#lunatic_test_a") ${'block '.repeat(200)}${'end '.repeat(200)}))`;
    await expect(readTestsApart(Buffer.from(nested), 'endless.wat', { limit: 500 })).rejects.toMatchObject({
      code: 'LUNATIC_MODULE_READ',
      message: 'It cannot be read: it takes longer than 0.5 seconds',
    });
    // Each of the strings seems to begin anew, and none ends.
    const quotes = `(; #lunatic_test_ ;) ${'"\\'.repeat(400_000)}`;
    await expect(readTestsApart(Buffer.from(quotes), 'quotes.wat')).rejects.toMatchObject({
      faults: [{ range: { line: 0 } }],
    });
    expect(await readTestsApart(Buffer.from(SUMS), 'sums.wat')).toEqual(
      await readModuleTests(Buffer.from(SUMS), 'sums.wat'),
    );
    const wrong = Buffer.from('(module (func (export "#lunatic_test_a") blu))');
    await expect(readTestsApart(wrong, 'wrong.wat')).rejects.toMatchObject({
      faults: [{ message: 'unexpected token blu, expected )', range: { line: 0, column: 41, length: 3 } }],
    });
    await expect(checkModule(wrong, 'wrong.wat')).rejects.toBeInstanceOf(ModuleReadError);
    await checkModule(Buffer.from(SUMS), 'sums.wat');
  });

  test('stand in a text or in the binary of its name: in the one that the author can read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lunatic-twins-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const write = (name: string, bytes: Uint8Array | string) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const binary = await assemble(SUMS);
    const map = Buffer.from('\0\x15\x10sourceMappingURL\x03map', 'latin1');
    const compiled = [write('debug.wat', SUMS), write('debug.wasm', Buffer.concat([binary, map]))];
    const assembled = [write('sums.wasm', binary), write('sums.wat', SUMS)];
    const broken = [write('broken.wasm', '?'), write('broken.wat', SUMS)];
    const alone = [write('one.wasm', binary), write('two.wat', SUMS)];
    expect(await spareTwins([...compiled, ...assembled, ...broken, ...alone])).toEqual(
      new Set([compiled[0], assembled[0], broken[0]]),
    );
    // It is found out once, and again when the binary has changed.
    expect(await spareTwins(compiled)).toEqual(new Set([compiled[0]]));
    write('debug.wasm', binary);
    expect(await spareTwins(compiled)).toEqual(new Set([compiled[1]]));
    for (const pair of [compiled, assembled]) expect(pair.map(twinOf)).toEqual(pair.toReversed());
  });

  test('are looked for only where there may be some: other modules need not be right', () => {
    expect(mayHaveTests(Buffer.from('(module (func (export "#lunatic_test_a")))'))).toBe(true);
    expect(mayHaveTests(Buffer.from('(module (func (i32.const 1)))'))).toBe(false);
    expect(mayHaveTests(Buffer.from('<html>'))).toBe(false);
    expect(mayHaveTests(Buffer.alloc(0))).toBe(false);
  });
});

test('places are found in a text that has no end', () => {
  expect([...exportPlaces('(module (; (export "a")')]).toEqual([]);
  expect([...exportPlaces('(module (export "a')]).toEqual([]);
  const many = `(module ${'"\\n\\22 x" '.repeat(100_000)} (export "here" (func 0)))`;
  const start = performance.now();
  expect(exportPlaces(many).get('here')?.line).toBe(0);
  expect(performance.now() - start).toBeLessThan(2000);
});

describe('groups', () => {
  const found = (name: string): FoundTest => ({
    ...{ name, exportName: name, ignored: false, expectedPanic: null },
    place: null,
  });
  const drawn = ({ groups, tests }: TestGroup): unknown => ({
    ...Object.fromEntries(groups.map((group) => [group.label, drawn(group)])),
    ...(tests.length === 0 ? {} : { tests: tests.map(({ label }) => label) }),
  });

  test('are the words before the name', () => {
    const tests = ['adds', 'a::b::c', 'a::d', 'e::f', 'a::b::g'].map(found);
    expect(drawn(groupTests(tests))).toEqual({
      a: { b: { tests: ['c', 'g'] }, tests: ['d'] },
      e: { tests: ['f'] },
      tests: ['adds'],
    });
    expect(groupTests(tests).groups[0]?.groups[0]?.name).toBe('a::b');
  });

  test('of odd names', () => {
    expect(drawn(groupTests([found(''), found('::'), found('a::')]))).toEqual({
      '': { tests: ['::'] },
      a: { tests: ['a::'] },
      tests: [''],
    });
  });
});

test("of cargo's builds only the newest of each name are looked at", () => {
  const file = (path: string, modified: number) => ({ path, modified });
  const files = [
    file('/p/target/wasm32-wasi/debug/deps/app-0123456789abcdef.wasm', 1),
    file('/p/target/wasm32-wasi/debug/deps/app-fedcba9876543210.wasm', 3),
    file('/p/target/wasm32-wasi/debug/deps/tests-0123456789abcdef.wasm', 2),
    file('/p/target/wasm32-wasi/release/deps/app-0123456789abcdef.wasm', 1),
    file('/p/app-0123456789abcdef.wasm', 0),
    file('/p/app-fedcba9876543210.wasm', 0),
  ];
  expect(buildsOf(files)).toEqual([[files[1], files[0]], ...files.slice(2).map((one) => [one])]);
  // A library and a program of one name are two targets.
  const roots = ['src/lib.rs', 'src/main.rs', 'src/lib.rs'];
  const builds = roots.map((root, i) => ({ ...file(files[0]?.path ?? '', i), root }));
  expect(buildsOf(builds)).toEqual([[builds[2], builds[0]], [builds[1]]]);
});

describe('the command line', () => {
  const request = { file: '/p/a.wasm', arguments: [], options: [], timeout: null, jobs: null };

  test('of all tests', () => {
    const options = ['--plugin', 'counter.mjs'];
    expect(
      testArguments({ ...request, exports: null, arguments: ['-x'], options, timeout: 2.5, jobs: 4 }),
    ).toEqual([
      [
        'test',
        ...options,
        '--reporter=json',
        '--color=never',
        '--timeout=2.5',
        '--jobs=4',
        '/p/a.wasm',
        '--',
        '-x',
      ],
    ]);
  });

  test('of some, which run although they are marked as ignored', () => {
    expect(testArguments({ ...request, exports: ['#lunatic_test_-a b'] })).toEqual([
      [
        'test',
        '--reporter=json',
        '--color=never',
        '--include-ignored',
        '--export=#lunatic_test_-a b',
        '/p/a.wasm',
      ],
    ]);
  });

  test('of so many that there have to be several', () => {
    const exports = Array.from({ length: 1000 }, (_, i) => `#lunatic_test_${'x'.repeat(50)}${i}`);
    const lines = testArguments({ ...request, exports });
    expect(lines.length).toBe(4);
    for (const line of lines) expect(line.join(' ').length).toBeLessThan(28_000);
    const named = lines.flat().filter((word) => word.startsWith('--export='));
    expect(named).toEqual(exports.map((name) => `--export=${name}`));
  });
});

describe('a directory of the settings', () => {
  const { dirname: folder } = import.meta;
  const granted = (dir: string) => {
    const given = dirOption(dir, folder).replace('--dir=', '');
    return rootConfig([], { dir: [given], cwd: false }).preopenedDirectories;
  };

  test('counts from a folder, and has its name or another one', () => {
    expect(granted('projects')).toEqual([{ hostPath: join(folder, 'projects'), guestPath: 'projects' }]);
    expect(granted('projects::/share')).toEqual([
      { hostPath: join(folder, 'projects'), guestPath: '/share' },
    ]);
  });

  test.each(['projects::/share::ro', 'projects::::', 'projects::', '::/share', '::', ''])(
    'is refused if it is %j',
    (dir) => {
      expect(() => granted(dir)).toThrow(/: write --dir=HOST or --dir=HOST::GUEST/);
    },
  );
});

describe('a failure in words', () => {
  const failure: TestFailure = {
    reason: 'failed',
    message: 'divide by zero',
    expected: null,
    actual: null,
    location: null,
    stack: [],
    processes: [],
  };
  const frame = { function: 'slice', index: 3, offset: 0x20e, location: null, inlined: false };

  test('with its stack', () => {
    const unknown = { ...frame, function: null };
    expect(failureText({ ...failure, stack: [frame, frame] })).toBe(
      'divide by zero\n    at slice (function 3, offset 0x20e)\n    at slice (function 3, offset 0x20e)',
    );
    expect(failureText({ ...failure, stack: [unknown, unknown] })).toBe(
      'divide by zero\n    at function 3, offset 0x20e\n    at function 3, offset 0x20e',
    );
  });

  test('with the places of its calls, relative to the folder', () => {
    const placed = { ...frame, location: { file: '/home/me/cake/src/lib.rs', line: 7, column: 5 } };
    const stack = [{ ...placed, function: null, inlined: true }, placed];
    expect(failureText({ ...failure, stack }, '/home/me/cake')).toBe(
      'divide by zero\n    at inlined function (src/lib.rs:7:5, inlined)\n    at slice (src/lib.rs:7:5)',
    );
  });

  test('with the calls of its author alone, if there are any', () => {
    const call = (name: string, file: string) => ({
      ...frame,
      function: name,
      location: { file, line: 7, column: 5 },
    });
    const library = '/rustc/4b91a6ea7258a947e59c6522cd5898e7c0a6a88f/library';
    const panic = [
      call('rust_panic', `${library}/std/src/panicking.rs`),
      { ...frame, function: 'std::panicking::begin_panic_handler' },
      call('core::panicking::panic_fmt', `${library}/core/src/panicking.rs`),
    ];
    const own = [
      call('slice', 'src/lib.rs'),
      call('wrap', '/home/me/.cargo/registry/src/index.crates.io-6f17d22bba15001f/box-1.0.0/src/lib.rs'),
      call('main', 'src/main.rs'),
    ];
    expect(failureText({ ...failure, stack: [...panic, ...own] })).toBe(
      'divide by zero\n    at slice (src/lib.rs:7:5)\n    at main (src/main.rs:7:5)',
    );
    expect(failureText({ ...failure, stack: panic }).split('\n')).toHaveLength(4);
  });

  test('with a stack that is long', () => {
    const lines = failureText({ ...failure, stack: Array(1000).fill(frame) }).split('\n');
    expect([lines.length, lines.at(-1)]).toEqual([32, '    ...']);
  });

  test('of something compared', () => {
    expect(failureText({ ...failure, expected: '4', actual: '5', stack: [frame] })).toBe('divide by zero');
  });

  test('of a test that did not end', () => {
    const processes = [
      { id: 1, names: [], activity: 'waiting for a message', messages: 0, stack: [frame] },
      { id: 2, names: ['oven', 'stove'], activity: 'running', messages: 1, stack: [] },
    ];
    expect(failureText({ ...failure, message: 'it did not end', processes })).toBe(
      'it did not end\nprocess 1: waiting for a message\n    at slice (function 3, offset 0x20e)\n' +
        'process 2 (oven, stove): running, 1 message in its mailbox',
    );
  });
});

test('the source that a compiler named is looked for around the module', () => {
  const there = new Set(['/p/src/lib.rs', '/p/build/src/x.ts', '/etc/passwd', '/abs/y.rs']);
  const find = (named: string) => sourceFile(named, '/p/build/debug/a.wasm', '/p', (path) => there.has(path));
  expect(find('src/lib.rs')).toBe('/p/src/lib.rs');
  expect(find('src/x.ts')).toBe('/p/build/src/x.ts');
  expect(find('etc/passwd')).toBe(undefined);
  expect(find('/abs/y.rs')).toBe('/abs/y.rs');
  expect(find('/abs/z.rs')).toBe(undefined);
});
