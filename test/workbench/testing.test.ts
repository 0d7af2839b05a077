import { expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { wat } from '../unit/wasm/support.ts';
import { BAKERY, TESTS } from './programs.ts';
import { type Files, type OpenOptions, type OpenWorkbench, WorkbenchSession } from './support/session.ts';
import type { Workbench } from './support/workbench.ts';

const session = new WorkbenchSession();

/** Opens the test explorer, with all groups open. */
async function explore(
  files: Files,
  groups: readonly string[],
  options: OpenOptions = {},
): Promise<OpenWorkbench> {
  const workbench = await session.open(files, options);
  await workbench.isActive();
  await workbench.showView('Testing');
  for (const group of groups) await workbench.expand(workbench.test(group));
  return workbench;
}

/** Runs one test, or those below it. */
function runTest(workbench: Workbench, name: string): Promise<void> {
  return workbench.act(workbench.test(name), 'Run Test');
}

test('finds the tests of modules, and tells which are special', async () => {
  const files = { 'tests.wat': TESTS, 'bakery.wat': BAKERY, 'node_modules/other/tests.wat': TESTS };
  const workbench = await explore(files, ['tests.wat', 'sums', 'waits']);
  await workbench.test('for a letter').waitFor();
  await workbench.counts(workbench.tests, 9);
  expect(await workbench.tests.allTextContents()).toEqual([
    'tests.wat',
    'sums',
    'adds',
    'subtracts',
    'divides',
    'divides by zero as it should (should panic)',
    'counts to the end (ignored)',
    'waits',
    'for a letter',
  ]);
  await workbench.screenshot('tests-found');
});

test('runs all: passing, failing, trapping, ignored, failing as they should; cancelling ends one that hangs', async () => {
  const workbench = await explore({ 'tests.wat': TESTS }, ['tests.wat', 'sums', 'waits']);
  await workbench.command('Test: Run All Tests');
  await workbench.test('adds', 'passed').waitFor();
  await workbench.test('subtracts', 'failed').waitFor();
  await workbench.test('divides', 'failed').waitFor();
  await workbench.test('divides by zero as it should (should panic)', 'passed').waitFor();
  await workbench.test('counts to the end (ignored)', 'skipped').waitFor();
  await workbench.test('for a letter', 'running').waitFor();
  await workbench.screenshot('tests-running');

  await workbench.command('Test: Cancel Test Run');
  await workbench.test('for a letter', 'skipped').waitFor();
  await workbench.test('tests.wat', 'failed').waitFor();
  await workbench.page.getByLabel(/^adds \(Passed\), in [\d.]+ms/).waitFor();
  await workbench.screenshot('tests-cancelled');
});

test('shows what was expected and what there was, and where a test trapped', async () => {
  const workbench = await explore({ 'tests.wat': TESTS }, ['tests.wat', 'sums']);
  await runTest(workbench, 'subtracts');
  await workbench.test('subtracts', 'failed').waitFor();
  await workbench.openRow(workbench.test('subtracts'), workbench.line('#lunatic_test_sums::subtracts'));
  await workbench.command('Test: Peek Output');
  const peek = workbench.page.locator('.zone-widget');
  await peek.locator('.original .view-line', { hasText: /^2$/ }).waitFor();
  await peek.locator('.modified .view-line', { hasText: /^3$/ }).waitFor();
  await workbench.screenshot('tests-expected-actual');
  await peek.locator('.peekview-actions .codicon-close').click();
  await workbench.isGone(peek);

  await runTest(workbench, 'divides');
  await workbench.test('divides', 'failed').waitFor();
  await workbench.openRow(workbench.test('divides'), workbench.line('#lunatic_test_sums::divides'));
  await workbench.command('Test: Peek Output');
  await workbench.page.locator('.zone-widget', { hasText: 'divide by zero' }).first().waitFor();
  await workbench.screenshot('tests-trap');
});

test('runs an ignored test where that is asked for itself, and only that', async () => {
  const workbench = await explore({ 'tests.wat': TESTS }, ['tests.wat', 'sums']);
  await runTest(workbench, 'counts to the end (ignored)');
  await workbench.test('counts to the end (ignored)', 'passed').waitFor();
  expect(await workbench.test('adds', 'unset').count()).toBe(1);
  await runTest(workbench, 'sums');
  await workbench.test('adds', 'passed').waitFor();
  await workbench.test('counts to the end (ignored)', 'skipped').waitFor();
});

test.each([
  ['--no-spawn', 'no permission to spawn processes'],
  ['--spawn-nothing', "unknown option '--spawn-nothing'"],
])('runs tests under the option %s', async (option, result) => {
  const spawns = guest(`
    (func (export "#lunatic_test_spawns") (drop (call $spawn (i64.const 0) (text "child"))))
    (func (export "child"))`);
  const settings = { 'lunatic.tests.runtimeArgs': [option] };
  const workbench = await explore({ 'tests.wat': spawns }, ['tests.wat'], { settings });
  await runTest(workbench, 'spawns');
  await workbench.page.locator('.part.panel', { hasText: result }).waitFor();
  await workbench.screenshot(`tests-option${option}`);
});

test('finds tests again when a module changes, comes or goes', async () => {
  const workbench = await explore({ 'tests.wat': TESTS }, ['tests.wat', 'sums']);
  await workbench.test('adds').waitFor();
  workbench.workspace.write('tests.wat', TESTS.replaceAll('sums::adds', 'sums::multiplies'));
  await workbench.test('multiplies').waitFor();
  await workbench.isGone(workbench.test('adds'));
  workbench.workspace.write('more/others.wat', TESTS);
  await workbench.test('others.wat (more)').waitFor();
  workbench.workspace.remove('tests.wat');
  await workbench.isGone(workbench.test('tests.wat'));
});

test('a module that does not parse stays, with what is wrong; running it tells that', async () => {
  const workbench = await explore({ 'tests.wat': TESTS }, ['tests.wat', 'sums']);
  await workbench.test('adds').waitFor();
  workbench.workspace.write('tests.wat', TESTS.replace('(module', '(modul'));
  const error = workbench.page.locator('.test-explorer .monaco-list-row', { hasText: 'unexpected token' });
  await error.waitFor();
  // As while somebody types: what was there stays.
  expect(await workbench.test('adds').count()).toBe(1);
  await workbench.screenshot('tests-unreadable');
  await runTest(workbench, 'adds');
  await workbench.test('adds', 'errored').waitFor();
  await workbench.openFile('tests.wat');
  await workbench.page.locator('.squiggly-error').first().waitFor();
  await workbench.command('Problems: Focus on Problems View');
  await workbench.problem('a module has no field modul').waitFor();
  await workbench.screenshot('tests-unreadable-problem');

  workbench.workspace.write('tests.wat', TESTS);
  await workbench.isGone(workbench.problem('a module has no field modul'));
  await workbench.showView('Testing');
  await workbench.isGone(error);
});

test('a module that never did parse is an item, too', async () => {
  const wrong = TESTS.replace('(module', '(modul');
  const workbench = await explore({ 'wrong.wat': wrong, 'no-tests.wat': '(modul)' }, []);
  await workbench.expand(workbench.test('wrong.wat'));
  await workbench.page
    .locator('.test-explorer .monaco-list-row', { hasText: 'line 1, column 2: unexpected token "modul"' })
    .waitFor();
  expect(await workbench.test('no-tests.wat').count()).toBe(0);
  await runTest(workbench, 'wrong.wat');
  await workbench.test('wrong.wat', 'errored').waitFor();
  await workbench.screenshot('tests-never-readable');
});

test('debugs one test', async () => {
  const workbench = await explore({ 'tests.wat': TESTS }, ['tests.wat', 'sums']);
  await workbench.canDebug();
  await workbench.act(workbench.test('divides'), 'Debug Test');
  await workbench.page.locator('.exception-widget', { hasText: 'divide by zero' }).waitFor();
  await workbench.debugAction('continue').waitFor();
  await workbench.editorShows('i32.div_u');
  await workbench.screenshot('tests-debugging');
  await workbench.goOn();
  await workbench.test('divides', 'failed').waitFor();
});

test('a setting has the commands debug tests', async () => {
  const settings = { 'lunatic.tests.defaultProfile': 'debug' };
  const traps = guest('(func (export "#lunatic_test_traps") unreachable)');
  const workbench = await explore({ 'traps.wat': traps }, ['traps.wat'], { settings });
  await workbench.canDebug();
  await workbench.command('Lunatic: Run Tests');
  await workbench.page.locator('.exception-widget', { hasText: 'unreachable' }).waitFor();
  await workbench.goOn();
  await workbench.showView('Testing');
  await workbench.test('traps', 'failed').waitFor();
});

test('a test that is debugged is judged as one that runs', async () => {
  const workbench = await explore({ 'tests.wat': TESTS }, ['tests.wat', 'sums']);
  await workbench.canDebug();
  await workbench.act(workbench.test('subtracts'), 'Debug Test');
  // It ends normally, and has reported a failure itself.
  await workbench.test('subtracts', 'failed').waitFor();
  await workbench.act(workbench.test('divides by zero as it should (should panic)'), 'Debug Test');
  await workbench.goOn();
  await workbench.test('divides by zero as it should (should panic)', 'passed').waitFor();
  // Without the debugger a test does not go on.
  await workbench.expand(workbench.test('waits'));
  await workbench.act(workbench.test('for a letter'), 'Debug Test');
  await workbench.debugAction('disconnect').click();
  await workbench.test('for a letter', 'skipped').waitFor();
});

test('each profile runs tests again when their module changes', async () => {
  const sums = (sum: number) =>
    guest(`(func (export "#lunatic_test_adds")
      (if (i32.ne (i32.const 4) (i32.const ${sum})) (then unreachable)))`);
  const workbench = await explore({ 'sums.wat': sums(0) }, ['sums.wat']);
  await workbench.canDebug();
  const change = async (profile: string, sum: number) => {
    await workbench.runContinuously(workbench.test('sums.wat'), profile);
    workbench.workspace.write('sums.wat', sums(sum));
  };
  await change('Run', 4);
  await workbench.test('adds', 'passed').waitFor();
  await workbench.command('Test: Stop Continuous Run');

  await change('Debug', 5);
  await workbench.page.locator('.exception-widget', { hasText: 'unreachable' }).waitFor();
  await workbench.editorShows('i32.ne');
  await workbench.screenshot('tests-continuous-debug');
  await workbench.goOn();
  await workbench.showView('Testing');
  await workbench.test('adds', 'failed').waitFor();
  await workbench.command('Test: Stop Continuous Run');

  await change('Coverage', 4);
  await workbench.test('adds', 'passed').waitFor();
  const covered = workbench.page.locator('.pane', { hasText: 'Test Coverage' });
  await covered.locator('.monaco-list-row', { hasText: /sums\.wat.*%/ }).waitFor();
  await workbench.screenshot('tests-continuous-coverage');
  await workbench.command('Test: Stop Continuous Run');
});

test('gutter icons run the tests of a text module', async () => {
  const workbench = await session.open({ 'tests.wat': TESTS });
  await workbench.isActive();
  await workbench.openFile('tests.wat');
  await workbench.page.locator('.glyph-margin-widgets .testing-run-glyph').first().click();
  await workbench.page.locator('.glyph-margin-widgets .codicon-testing-passed-icon').first().waitFor();
  await workbench.screenshot('tests-gutter');
});

test('says what is wrong where no Node can run tests', async () => {
  const settings = { 'lunatic.node': '/nowhere/node' };
  const workbench = await session.open({ 'tests.wat': TESTS }, { settings });
  await workbench.isActive();
  await workbench.showView('Testing');
  await workbench.test('tests.wat').waitFor();
  await runTest(workbench, 'tests.wat');
  await workbench.page.locator('.monaco-dialog-box').getByRole('button', { name: 'Allow' }).click();
  await workbench.test('tests.wat', 'errored').waitFor();
  await workbench.page
    .locator('.monaco-workbench', { hasText: 'The setting lunatic.node must name' })
    .waitFor();
  await workbench.screenshot('tests-no-node');
});

test('a runtime that ends while tests run says so at these tests, and the next run is as ever', async () => {
  const kills = guest(`
    (func (export "#lunatic_test_kills") (local $c i64)
      (drop (call $command.create (text "sh") (i32.const 8)))
      (local.set $c (i64.load (i32.const 8)))
      (call $command.add_argument (local.get $c) (text "-c"))
      (call $command.add_argument (local.get $c) (text "kill -s KILL $PPID"))
      (drop (call $command.spawn (local.get $c) (i32.const 8)))
      (call $forever))
    (func (export "#lunatic_test_passes") (call $print (text "\\1b[32mgreen\\1b[0m \\1b[2Jtext")))`);
  const settings = { 'lunatic.tests.runtimeArgs': ['--allow-command=sh'] };
  const workbench = await explore({ 'kills.wat': kills }, ['kills.wat'], { settings });
  await runTest(workbench, 'kills');
  await workbench.page.locator('.monaco-dialog-box').getByRole('button', { name: 'Allow' }).click();
  const message = 'The runtime ended by SIGKILL while this test was running.';
  await workbench.openRow(
    workbench.test('kills', 'errored'),
    workbench.page.locator('.zone-widget', { hasText: message }),
  );
  await workbench.screenshot('tests-runtime-killed');
  await runTest(workbench, 'passes');
  await workbench.test('passes', 'passed').waitFor();
  await workbench.page.locator('.part.panel', { hasText: 'green text' }).waitFor();
});

test('a test that prints without end is stopped, and the window stays usable', async () => {
  const floods = guest(
    '(func (export "#lunatic_test_floods") (loop $on (call $print (text "flood")) (br $on)))',
  );
  const workbench = await explore({ 'floods.wat': floods }, ['floods.wat']);
  await runTest(workbench, 'floods');
  await workbench.test('floods', 'running').waitFor();
  await workbench.command('Test: Cancel Test Run');
  await workbench.test('floods', 'skipped').waitFor();
});

test('the filter finds ignored tests and those that must fail, and the palette runs the tests of a file', async () => {
  const workbench = await explore({ 'tests.wat': TESTS, 'more.wat': TESTS }, ['tests.wat', 'sums']);
  await workbench.filterTests('@lunatic:panic');
  await workbench.counts(workbench.tests, 6);
  await workbench.filterTests('@lunatic:tests.wat');
  await workbench.counts(workbench.tests, 9);
  await workbench.test('for a letter').waitFor();
  await workbench.screenshot('tests-filtered');
  await workbench.filterTests('');
  await workbench.openFile('more.wat');
  await workbench.command('Lunatic: Run Tests of This File');
  await workbench.showView('Testing');
  await workbench.test('more.wat', 'running').waitFor();
  await workbench.test('tests.wat', 'unset').waitFor();
  await workbench.command('Test: Cancel Test Run');
});

test('a Makefile begins the extension, and what the last run found is there when the window is opened again', async () => {
  // The module is so deep in the folder that only the Makefile wakes the extension.
  const module = 'tests.wasm (made/by/make)';
  const files = { Makefile: 'all:\n\tcc main.c\n', 'made/by/make/tests.wasm': await wat(TESTS) };
  const workbench = await session.open(files, { ownWindow: true });
  await workbench.isActive();
  await workbench.showView('Testing');
  await workbench.expand(workbench.test(module));
  await workbench.expand(workbench.test('sums'));
  await runTest(workbench, 'sums');
  await workbench.test('subtracts', 'failed').waitFor();
  await workbench.test('adds', 'passed').waitFor();
  await workbench.reload();
  await workbench.isActive();
  await workbench.showView('Testing');
  await workbench.expand(workbench.test(module));
  await workbench.expand(workbench.test('sums'));
  await workbench.test('subtracts', 'failed').waitFor();
  await workbench.test('adds', 'passed').waitFor();
  await workbench.screenshot('tests-reopened');
});
