import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Runtime } from '../../../runtime/internal.ts';
import { discoverTests, parseTestName, setupExport } from '../../../runtime/testing/discovery.ts';
import { TestNameError } from '../../../runtime/testing/test-case.ts';
import { projectFolder } from '../../support/command.ts';
import { assemble } from '../../support/program.ts';

describe('the name of an export tells', () => {
  test.each([
    ['app::adds', 'app::adds', false, null],
    ['', '', false, null],
    ['#ignore_app::slow', 'app::slow', true, null],
    ['#panic_#app::fails', 'app::fails', false, ''],
    ['#panic_got \\#1#app::fails', 'app::fails', false, 'got #1'],
    ['#panic_\\#\\##app::fails', 'app::fails', false, '##'],
    ['#panic_a\\b#app::fails', 'app::fails', false, 'a\\b'],
    ['#panic_a#b#c', 'b#c', false, 'a'],
    ['#ignore_#panic_x#app::f', 'app::f', true, 'x'],
    ['#panic_x##ignore_app::f', '#ignore_app::f', false, 'x'],
    ['app::#ignore_f', 'app::#ignore_f', false, null],
  ])('#lunatic_test_%s', (rest, name, ignored, expectedPanic) => {
    const exportName = `#lunatic_test_${rest}`;
    expect(parseTestName(exportName)).toEqual({ name, exportName, ignored, expectedPanic });
  });

  test('a panic message without an end is an error', () => {
    expect(() => parseTestName('#lunatic_test_#panic_a\\#b')).toThrow(TestNameError);
    expect(() => parseTestName('#lunatic_test_#panic_a')).toThrow('must end with #');
  });
});

test('tests are found in the order of the exports, in both encodings', async () => {
  const source = readFileSync(join(projectFolder, 'test', 'guests', 'wat', 'tests.wat'), 'utf8');
  const module = new Runtime().load(await assemble(source));
  expect(discoverTests(module).map(({ name }) => name)).toEqual([
    'suite::passes',
    'suite::fails',
    'suite::ignored',
    'suite::traps as it should',
    'suite::traps without the message',
    'suite::ignored and expected to trap',
    'old_passes',
    'old_fails',
  ]);
  expect(setupExport(module)).toBe('__lunatic_start_test');
});

test('only functions are tests; those of the older encoding take and return nothing', async () => {
  const module = new Runtime().load(
    await assemble(`(module
      (memory (export "#lunatic_test_memory") 1)
      (global (export "__lunatic_test_global") i32 (i32.const 0))
      (func (export "#lunatic_test_takes") (param i32))
      (func (export "__lunatic_test_takes") (param i32))
      (func (export "__lunatic_test_returns") (result i32) (i32.const 0))
      (func (export "__lunatic_tests"))
      (func (export "lunatic_test_none")))`),
  );
  expect(discoverTests(module).map(({ exportName }) => exportName)).toEqual(['#lunatic_test_takes']);
  expect(setupExport(module)).toBe(null);
});
