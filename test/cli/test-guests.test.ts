import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

describe('docs/testing.md', () => {
  /** The example in a language, written to a file. */
  function example(language: string): string {
    const page = readFileSync(join(projectFolder, 'docs', 'testing.md'), 'utf8');
    const [, text = ''] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(page) ?? [];
    const path = join(folder, `example.${language}`);
    writeFileSync(path, text);
    return path;
  }

  test('the example in WebAssembly text works', async () => {
    const { stdout, exitCode } = await lunatic(['test', example('wat')]);
    expect(stdout).toContain('test sums::divides by zero - should panic ... ok\n');
    expect(stdout).toContain('test result: ok. 2 passed; 0 failed; 1 ignored');
    expect(exitCode).toBe(0);
  });

  test('the example in AssemblyScript works', async () => {
    const module = join(folder, 'example.wasm');
    await buildAssemblyScript(example('ts'), module, { args: ['--use', 'abort='] });
    const { stdout, exitCode } = await lunatic(['test', module]);
    expect(stdout).toContain('test assertions fail - should panic ... ok\n');
    expect(stdout).toContain('test result: ok. 2 passed; 0 failed');
    expect(exitCode).toBe(0);
  }, 60_000);
});
