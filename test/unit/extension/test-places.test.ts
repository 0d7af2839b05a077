/** Where tests stand in their sources. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTestsApart } from '../../../extension/modules/read-apart.ts';
import { crateRoot } from '../../../extension/testing/finding/dep-info.ts';
import { type FoundTest, readModuleTests } from '../../../extension/testing/finding/read-module-tests.ts';
import { rangeNear } from '../../../extension/testing/finding/test-places.ts';
import { projectFolder } from '../../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-places-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hasClang = spawnSync('clang', ['--version']).status === 0;

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Compiles freestanding C. */
function compile(source: string, module: string): void {
  execFileSync(
    'clang',
    ['--target=wasm32', '-nostdlib', '-g', '-O0', '-Wl,--no-entry', '-o', module, source],
    { cwd: folder },
  );
}

/** The text that the place of a test covers, and its line. */
function placeOf(test: FoundTest | undefined): readonly [file: string, line: number, text: string] | null {
  if (test?.place?.file === undefined) return null;
  const { file, line, column, length } = test.place;
  const text = readFileSync(file, 'utf8').split('\n')[line] ?? '';
  return [file.slice(folder.length + 1), line + 1, text.slice(column, column + length)];
}

test.runIf(hasClang)(
  'tests of C are found at their names, and the sources of the module with them',
  async () => {
    const source = write(
      'c/sums.c',
      `#define TEST(name) __attribute__((export_name("#lunatic_test_" name))) void
static volatile int sum;

TEST("sums::adds") adds(void) { sum = 2; }

__attribute__((export_name("__lunatic_test_subtracts")))
void subtracts(void)
{
    if (sum) __builtin_trap();
}
`,
    );
    compile(source, 'sums.wasm');
    const bytes = readFileSync(join(folder, 'sums.wasm'));
    const { tests, sources } = await readTestsApart(bytes, join(folder, 'sums.wasm'), { top: folder });
    expect(sources).toEqual([source]);
    expect(tests.map(placeOf)).toEqual([
      ['c/sums.c', 4, 'TEST("sums::adds") adds(void) { sum = 2; }'],
      ['c/sums.c', 7, 'subtracts'],
    ]);
    // What lies outside of the folder is none of a module's business.
    const elsewhere = await readModuleTests(bytes, join(folder, 'sums.wasm'), join(folder, 'other'));
    expect([elsewhere.sources, elsewhere.tests.map(placeOf)]).toEqual([[], [null, null]]);
  },
);

test('tests of AssemblyScript are found by the map of its sources', async () => {
  write(
    'as/tests.ts',
    `let sum = 0;
export function __lunatic_test_adds(): void {
  // The first statement is what the map knows.
  sum += 2;
  if (sum != 2) unreachable();
}
`,
  );
  const compiler = join(projectFolder, 'node_modules/assemblyscript/bin/asc.js');
  const args = [
    'tests.ts',
    '--outFile',
    'tests.wasm',
    '--sourceMap',
    '--debug',
    '--runtime',
    'stub',
    '--use',
    'abort=',
  ];
  execFileSync(process.execPath, [compiler, ...args], { cwd: join(folder, 'as') });
  const module = join(folder, 'as/tests.wasm');
  const { tests } = await readModuleTests(readFileSync(module), module, folder);
  expect(tests.map(placeOf)).toEqual([['as/tests.ts', 2, '__lunatic_test_adds']]);
});

test("the name of Rust's function is found below its attributes, and near the line of a wrapper", () => {
  const lines = [
    'mod tests {',
    '    #[lunatic::test]',
    '    #[should_panic]',
    '    fn adds_two() {}',
    '',
    '    fn adds() {}',
  ];
  expect(rangeNear(lines, 1, ['adds'])).toEqual({ line: 5, column: 7, length: 4 });
  expect(rangeNear(lines, 1, ['adds_two'])).toEqual({ line: 3, column: 7, length: 8 });
  expect(rangeNear(lines, 2, ['unknown', 'odd name'])).toEqual({ line: 2, column: 4, length: 15 });
  expect(rangeNear([], 7, ['adds'])).toEqual({ line: 7, column: 0, length: 0 });
});

test('cargo tells of which source a module is made', async () => {
  const module = write('target/wasm32-wasi/debug/deps/shop-0123456789abcdef.wasm', '');
  expect(await crateRoot(module)).toBe(undefined);
  const info = module.replace(/wasm$/, 'd');
  writeFileSync(info, `${module}: src/my\\ lib.rs src/other.rs\n\n${info}: src/lib.rs\n`);
  expect(await crateRoot(module)).toBe(join(folder, 'src/my lib.rs'));
  expect(await crateRoot(join(folder, 'sums.wasm'))).toBe(undefined);
});

test.runIf(hasClang)('1,000 tests are found within 200 ms', async () => {
  const functions = Array.from(
    { length: 1000 },
    (_, i) =>
      `__attribute__((export_name("#lunatic_test_many::group${i % 10}::test${i}"))) void test${i}(void) { sum = ${i}; }`,
  );
  const source = write('many.c', `static volatile int sum;\n${functions.join('\n')}\n`);
  const module = join(folder, 'many.wasm');
  compile(source, module);
  const bytes = readFileSync(module);
  const read = () => readTestsApart(bytes, module, { top: folder });
  // The thread starts once.
  await read();
  const start = performance.now();
  const { tests } = await read();
  expect(performance.now() - start).toBeLessThan(200);
  expect(tests.length).toBe(1000);
  expect(placeOf(tests[999])?.slice(0, 2)).toEqual(['many.c', 1001]);
});
