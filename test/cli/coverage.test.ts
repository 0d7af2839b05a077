import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CoverageReport, CoveredFile } from '../../runtime/coverage/report.ts';
import { isLibraryPath } from '../../runtime/symbols/short-path.ts';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { lunatic, projectFolder, RunningCommand } from '../support/command.ts';

const guests = join(projectFolder, 'test', 'guests', 'coverage');
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-coverage-'));
  for (const name of ['cart.ts', 'cart.wat']) copyFileSync(join(guests, name), join(folder, name));
  await buildAssemblyScript(join(folder, 'cart.ts'), join(folder, 'cart-as.wasm'), {
    sourceMap: true,
    debug: true,
    args: ['--use', 'abort='],
  });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the tests of a module, and reads its coverage. */
async function coverageOf(module: string, ...options: string[]): Promise<CoverageReport> {
  const file = join(folder, `${basename(module)}.json`);
  await lunatic(['test', ...options, '--coverage=json', '--coverage-file', file, module], { cwd: folder });
  return JSON.parse(readFileSync(file, 'utf8'));
}

function only({ files }: CoverageReport): CoveredFile {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) throw new Error(`${files.length} files have coverage`);
  return file;
}

/** By line that has code: the tests that have reached it. */
function testsByLine(report: CoverageReport): Map<number, string> {
  const found = new Map<number, string[]>(only(report).lines.map(([line]) => [line, []]));
  for (const [test, lines] of only(report).tests)
    for (const line of lines) found.get(line)?.push(report.tests[test]?.name ?? '?');
  return new Map([...found].map(([line, names]) => [line, names.sort().join(' ')]));
}

/** The same as the source says it, at the ends of its lines. */
function expectedIn(source: string): Map<number, string> {
  return expectedOf(readFileSync(join(guests, source), 'utf8'));
}

function expectedOf(text: string): Map<number, string> {
  return new Map(
    text.split('\n').flatMap((line, i) => {
      const tests = / (?:\/\/|;;) \[([\w ]*)\]$/.exec(line)?.[1];
      return tests === undefined ? [] : [[i + 1, tests] as const];
    }),
  );
}

type Lines = readonly (readonly [line: number, tests: string | null])[];

interface Guest {
  readonly name: string;
  readonly module: () => string;
  readonly source: string;
  /** Lines at which a compiler differs from what the source says. */
  readonly others?: Lines;
}

/** What the compiler from 1.96 does in another way: what a function returns has code, and the head of one without locals has none. */
const CURRENT_RUST: Lines = [
  [20, 'bulk few'],
  [52, null],
];

describe.each<Guest>([
  { name: 'C', module: () => join(guests, 'cart-c.wasm'), source: 'cart.c' },
  { name: 'C++', module: () => join(guests, 'cart-cpp.wasm'), source: 'cart.cpp' },
  { name: 'Rust', module: () => join(guests, 'cart-rust.wasm'), source: 'cart.rs' },
  {
    name: 'current Rust',
    module: () => join(guests, 'cart-rust-modern.wasm'),
    source: 'cart.rs',
    others: CURRENT_RUST,
  },
  { name: 'AssemblyScript', module: () => join(folder, 'cart-as.wasm'), source: 'cart.ts' },
  { name: 'the text format', module: () => join(folder, 'cart.wat'), source: 'cart.wat' },
])('of $name', ({ module, source, others = [] }) => {
  test('each line is known with the tests that have reached it', async () => {
    const report = await coverageOf(module());
    const expected = expectedIn(source);
    for (const [line, tests] of others) {
      if (tests === null) expected.delete(line);
      else expected.set(line, tests);
    }
    expect(testsByLine(report)).toEqual(expected);
    for (const [line, hits] of only(report).lines)
      expect(hits, `line ${line}`).toBe(expected.get(line)?.split(' ').filter(Boolean).length);
  });
});

/** `name: hits` of all functions of a file. */
function functionsOf(report: CoverageReport): string[] {
  return only(report).functions.map(({ name, hits }) => `${name.replace(/^.*::/, '')}: ${hits}`);
}

test('functions count once, whether generic or inlined', async () => {
  expect(functionsOf(await coverageOf(join(guests, 'cart-rust.wasm')))).toEqual(
    expect.arrayContaining(['price: 2', 'doubled: 1', 'largest: 1', 'few: 1']),
  );
  const c = functionsOf(await coverageOf(join(guests, 'cart-c.wasm')));
  expect(c).toContain('never_called: 0');
  expect(c).toContain('doubled: 1');
});

test('a branch has its ways', async () => {
  const { branches } = only(await coverageOf(join(guests, 'cart-c.wasm')));
  const lineOf = (text: string) =>
    readFileSync(join(guests, 'cart.c'), 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1;
  const waysAt = (text: string) =>
    branches.filter(({ line }) => line === lineOf(text)).map(({ ways }) => ways);
  expect(waysAt('if (sum > 30)').map((ways) => ways.toSorted())).toEqual([[1, 1]]);
  expect(waysAt('switch (code)')).toEqual([[0, 1, 1]]);
  expect(waysAt('if (total < 0)').map((ways) => ways.toSorted())).toEqual([[0, 1]]);
});

test('optimized code counts as it was written', async () => {
  const expected = expectedIn('cart.c');
  const found = testsByLine(await coverageOf(join(guests, 'cart-c-optimised.wasm')));
  // What the compiler has removed or put together has no code of its own.
  expect(found.size).toBeGreaterThan(8);
  for (const [line, tests] of found) {
    for (const name of tests.split(' ').filter(Boolean))
      expect(expected.get(line), `line ${line}`).toContain(name);
  }
});

/** A test that spawns a process, one that loops without end, and one that waits for ever. */
const PROCESSES = `(module
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "child")
  (func (export "child")
    nop) ;; [spawns]
  (func (export "#lunatic_test_spawns")
    (drop (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 5) ;; [spawns]
      (i32.const 16) (i32.const 0) (i32.const 32)))
    (call $sleep (i64.const 20)) ;; [spawns]
    nop) ;; [spawns]
  (func (export "#lunatic_test_loops")
    nop ;; [loops]
    loop
      br 0 ;; [loops]
    end
    nop) ;; []
  (func (export "#lunatic_test_waits")
    (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1))) ;; [waits]
    nop)) ;; []
`;

test('processes belong to the test that spawned them, and what is killed has executed what it has', async () => {
  const module = join(folder, 'processes.wat');
  writeFileSync(module, PROCESSES);
  const found = testsByLine(await coverageOf(module, '--timeout', '0.5'));
  for (const [line, tests] of expectedOf(PROCESSES)) expect(found.get(line), `line ${line}`).toBe(tests);
});

/** Functions whose calls trap: in the condition of an `if`, before a block, in an `if` whose line goes on. */
const CHECKS = `(module
  (func $check (result i32)
    unreachable) ;; [block if line]
  (func (export "#lunatic_test_if")
    (if (call $check) ;; [if]
      (then
        nop)) ;; []
    nop) ;; []
  (func (export "#lunatic_test_block")
    (drop (call $check)) (block ;; [block]
      nop) ;; []
    nop) ;; []
  (func (export "#lunatic_test_line")
    (if (i32.const 1) ;; [line]
      (then
        (drop (call $check)) ;; [line]
        nop)) nop ;; []
    nop)) ;; []
`;

test('what stands behind a call that traps is not executed', async () => {
  const module = join(folder, 'checks.wat');
  writeFileSync(module, CHECKS);
  const found = testsByLine(await coverageOf(module));
  for (const [line, tests] of expectedOf(CHECKS)) expect(found.get(line), `line ${line}`).toBe(tests);
});

const LOOPS = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "begun")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 8))
    (i32.store (i32.const 4) (i32.const 5))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
    loop br 0 end
    nop))
`;

test('a program that is interrupted leaves its coverage', async () => {
  const module = join(folder, 'loops.wat');
  writeFileSync(module, LOOPS);
  const file = join(folder, 'loops.info');
  const command = new RunningCommand(['run', '--coverage=lcov', '--coverage-file', file, module], {
    cwd: folder,
    input: null,
  });
  await command.printed('begun');
  command.child.kill('SIGINT');
  expect((await command.ended).exitCode).toBe(130);
  const lcov = readFileSync(file, 'utf8');
  expect(lcov).toContain(`SF:${module}`);
  expect(lcov).toContain('DA:8,1');
  expect(lcov).toContain('DA:10,0');
});

test('a table for people has percentages and the lines that were not executed', async () => {
  const { stdout } = await lunatic(['test', '--coverage', 'cart.wat'], { cwd: folder });
  const table = stdout.slice(stdout.indexOf('\nfile'));
  expect(table).toBe(
    '\nfile         lines  functions  branches  not executed\n' +
      'cart.wat     85.7%      50.0%     83.3%  18, 31, 37\n' +
      'all files    85.7%      50.0%     83.3%\n',
  );
});

test('listing executes nothing, and has no coverage', async () => {
  const { stdout, exitCode } = await lunatic(['test', '--list', '--coverage', 'cart.wat'], { cwd: folder });
  expect(exitCode).toBe(0);
  expect(stdout).toContain('bulk');
  expect(stdout).not.toContain('all files');
});

test.each([
  ['--coverage-file=cart.info', '--coverage-file <file>'],
  ['--coverage-all', '--coverage-all'],
])('%s is refused if nobody asks for coverage', async (option, name) => {
  for (const command of ['run', 'test']) {
    const { stderr, exitCode } = await lunatic([command, option, 'cart.wat'], { cwd: folder });
    expect(stderr).toContain(`error: option '${name}' needs '--coverage'`);
    expect(exitCode).toBe(2);
  }
});

test('a program that exits with a code has coverage, and keeps its code', async () => {
  writeFileSync(
    join(folder, 'exits.wat'),
    `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (func (export "_start")
    (call $exit (i32.const 7))
    nop))`,
  );
  const { stdout, exitCode } = await lunatic(['run', '--coverage', 'exits.wat'], { cwd: folder });
  expect(exitCode).toBe(7);
  expect(stdout).toMatch(/exits\.wat +50\.0% .* 4\n/);
});

test('headers with code and the library of C++ are left out unless they are asked for', async () => {
  const module = join(guests, 'cart-cpp.wasm');
  expect((await coverageOf(module)).files.map(({ path }) => basename(path))).toEqual(['cart.cpp']);
  const paths = (await coverageOf(module, '--coverage-all')).files.map(({ path }) => path);
  expect(paths).toContain('/usr/include/wasm32-wasi/c++/v1/vector');
});

test('libraries are left out unless they are asked for', async () => {
  const own = await coverageOf(join(folder, 'cart-as.wasm'));
  expect(own.files.map(({ path }) => basename(path))).toEqual(['cart.ts']);
  const all = await coverageOf(join(folder, 'cart-as.wasm'), '--coverage-all');
  expect(all.files.map(({ path }) => path)).toContain('~lib/array.ts');
  // Closures of the author's are inlined into the standard library, and that into the author's functions.
  const packed = readFileSync(join(projectFolder, 'test', 'guests', 'debug', 'shelter-rust.wasm.br'));
  const shelter = join(folder, 'shelter.wasm');
  writeFileSync(shelter, brotliDecompressSync(packed));
  await lunatic(['run', '--coverage=json', '--coverage-file=shelter.json', shelter], { cwd: folder });
  const { files }: CoverageReport = JSON.parse(readFileSync(join(folder, 'shelter.json'), 'utf8'));
  expect(files.map(({ path }) => path)).toContain('/crates/src/shelter.rs');
  expect(files.filter(({ path }) => isLibraryPath(path))).toEqual([]);
});

test('what a project keeps of others is of libraries, unless the project itself is kept there', async () => {
  const project = join(folder, 'vendor', 'till');
  mkdirSync(project, { recursive: true });
  const module = join(project, 'cart-as.wasm');
  copyFileSync(join(folder, 'cart-as.wasm'), module);
  const map = readFileSync(join(folder, 'cart-as.wasm.map'), 'utf8');
  const filesFrom = async (source: string, ...options: string[]) => {
    writeFileSync(`${module}.map`, map.replace('"cart.ts"', JSON.stringify(source)));
    return (await coverageOf(module, ...options)).files.map(({ path }) => path);
  };
  const own = join(project, 'cart.ts');
  const kept = join(project, 'vendor', 'coin', 'cart.ts');
  expect(await filesFrom(own)).toEqual([own]);
  expect(await filesFrom(kept)).toEqual([]);
  expect(await filesFrom(kept, '--coverage-all')).toContain(kept);
});

test('of a module without debug information functions count by name, and what is not known is said', async () => {
  const module = join(folder, 'plain.wasm');
  // What a linker leaves without debug information: the names of functions.
  const wabt = await (await import('wabt')).default();
  const text = `(module
    (func $price (result i32) (i32.const 3))
    (func $never_called (result i32) (i32.const 4))
    (func $few (export "#lunatic_test_few") (drop (call $price)))
    (func (export "#lunatic_test_stops") (if (i32.const 1) (then unreachable)) (drop (call $never_called))))`;
  const parsed = wabt.parseWat('plain.wat', text);
  writeFileSync(module, parsed.toBinary({ write_debug_names: true }).buffer);
  const report = await coverageOf(module);
  expect(only(report)).toMatchObject({ path: module, lines: [] });
  expect(functionsOf(report)).toEqual([
    'few: 1',
    expect.stringMatching(/^function at \d+: 1$/),
    'never_called: 0',
    'price: 1',
  ]);
  const { stdout, stderr } = await lunatic(['test', '--coverage', module], { cwd: folder });
  expect(stderr).toContain(
    `no lines are known of ${module}, so its functions count by their names, those of libraries too: build it with debug information`,
  );
  expect(stdout).toMatch(/plain\.wasm +- +75\.0% +- +never_called\n/);
  await lunatic(['test', '--coverage=html', module], { cwd: folder });
  const page = readFileSync(join(folder, 'coverage', 'index.html'), 'utf8');
  expect(page).toContain('Its functions count by their names. Not executed: never_called.');
  const lcov = await lunatic(['test', '--coverage=lcov', module], { cwd: folder });
  expect(lcov.stderr).toContain('75.0% of 4 functions executed');
  expect(readFileSync(join(folder, 'coverage', 'lcov.info'), 'utf8')).toBe('');
});

test('two functions of one name are two, without debug information too', async () => {
  const module = join(folder, 'same-names.wasm');
  const wabt = await (await import('wabt')).default();
  const text = `(module
    (func $init_a (result i32) (i32.const 3))
    (func $init_b (result i32) (i32.const 4))
    (func (export "#lunatic_test_one") (drop (call $init_a))))`;
  const named = wabt.parseWat('same.wat', text).toBinary({ write_debug_names: true }).buffer;
  // Two files may have a static function of the same name each.
  writeFileSync(
    module,
    Buffer.from(Buffer.from(named).toString('latin1').replace('init_b', 'init_a'), 'latin1'),
  );
  expect(functionsOf(await coverageOf(module))).toEqual([
    expect.stringMatching(/^function at \d+: 1$/),
    'init_a: 1',
    expect.stringMatching(/^init_a at \d+: 0$/),
  ]);
});

test('one page shows all sources, whatever they are called', async () => {
  const hostile = join(folder, '<img src=x onerror=alert(1)>&".wat');
  copyFileSync(join(folder, 'cart.wat'), hostile);
  const { stderr } = await lunatic(['test', '--coverage=html', hostile], { cwd: folder });
  expect(stderr).toContain('85.7% of 21 lines executed; the coverage is in coverage/index.html');
  const page = readFileSync(join(folder, 'coverage', 'index.html'), 'utf8');
  expect(page).not.toContain('<img');
  expect(page).not.toContain('<script');
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&amp;&quot;.wat');
  expect(page).toContain('<tr class="miss" title="not executed"><td class="n">18</td>');
  expect(page).toContain('<summary aria-label="2 tests">2</summary><ul><li>');
});

test('a source outside of the folders of the program is not shown', async () => {
  const { stderr } = await lunatic(['test', '--coverage=html', join(guests, 'cart-c.wasm')], { cwd: folder });
  expect(stderr).toContain('the coverage is in coverage/index.html');
  const page = readFileSync(join(folder, 'coverage', 'index.html'), 'utf8');
  expect(page).toContain('The source is not shown');
});

test.each([
  ['test', 'cart.wat/no'],
  ['test', '.'],
  ['run', ''],
  // Node itself would try forever to make a folder there.
  ['run', '/proc/no/no'],
])('coverage that %s cannot write to %j is a wrong command line', async (command, place) => {
  const { stdout, stderr, exitCode } = await lunatic(
    [command, '--coverage=lcov', '--coverage-file', place, 'cart.wat'],
    { cwd: folder },
  );
  expect(stderr).toMatch(
    /^error: The coverage cannot be written to '.*': .*\n\(see `lunatic \w+ --help`\)\n$/,
  );
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
});
