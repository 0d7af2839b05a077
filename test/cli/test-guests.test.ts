import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildAssemblyScript, builtFolder } from '../../scripts/build-guests.mjs';
import { lunatic, projectFolder } from '../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-test-guests-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What `lunatic test` prints about a module, one test after the other; the time becomes `<time>`. */
async function outputOf(file: string): Promise<string> {
  const { stdout, stderr, exitCode } = await lunatic(['test', '--jobs=1', file]);
  expect(stderr).toBe('');
  expect(exitCode).toBe(1);
  return stdout.replace(/\d+\.\d\ds$/m, '<time>');
}

test('AssemblyScript: tests in the older encoding say the rest while they run', async () => {
  const module = join(folder, 'tests.wasm');
  await buildAssemblyScript(join(projectFolder, 'test', 'guests', 'assemblyscript', 'tests.ts'), module);
  expect(await outputOf(module)).toBe(`
running 6 tests
test shares ... ok
test cakes are counted: ✗ ... FAILED
test needs_guests - should panic ... ok
test needs_flour - should panic ... ok
test needs_sugar ... FAILED
test is_whole ... FAILED

failures:

---- cakes are counted: ✗ stdout ----
failed: slices of five
  expected: 3
    actual: 2

---- needs_sugar stdout ----
looking for sugar
abort: there is no sugar in tests.ts(34:3)

---- is_whole stdout ----
 --- process 0 stdout ---
failed: somebody has bitten into the cake
 --- process 1 stdout ---

failures:
    cakes are counted: ✗
    needs_sugar
    is_whole

test result: FAILED. 3 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in <time>

`);
}, 60_000);

test('C: tests in the present encoding report what they compare', async () => {
  expect(await outputOf(join(builtFolder, 'c', 'tests.wasm'))).toBe(`
running 6 tests
test cakes::are_shared ... ok
test cakes::are_counted ... FAILED
test cakes::need_guests - should panic ... ok
test no cake without flour: ✗ - should panic ... ok
test cakes::are_baked ... ignored
test cakes::are_whole ... FAILED

failures:

---- cakes::are_counted stdout ----
failed: slices of five
  expected: 3
    actual: 2
failed: slices of six
  expected: 1
    actual: 2

---- cakes::are_whole stdout ----
 --- process 0 stdout ---
failed: somebody has bitten into the cake
 --- process 1 stdout ---

failures:
    cakes::are_counted
    cakes::are_whole

test result: FAILED. 3 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in <time>

`);
});
