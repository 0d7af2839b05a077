/** What the editor knows of text modules by the language server. */
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { guest } from '../support/guest.ts';
import { wat } from '../unit/wasm/support.ts';
import { edit, TYPING } from './support/edit.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession(() => ({ settings: TYPING }));

const FILE = 'clock.wat';
const CLOCK = `(module
  (import "lunatic::timer" "cancel_timer" (func $cancel (param $id i64) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $cancle (i64.const 7))))
)
`;

test('mistakes are told while a text is open, mended by a quick fix, and names are hovered, completed and renamed', async () => {
  const project = { module: FILE, runtimeArgs: ['--no-tmer', '--deny-host=lunatic::timer'] };
  const workbench = await session.open({ [FILE]: CLOCK, 'lunatic.json': JSON.stringify(project) });
  const { page } = workbench;
  await workbench.isActive();
  await workbench.goToFile(FILE);
  await workbench.command('Problems: Focus on Problems View');
  await workbench.problem('there is no function $cancle').waitFor();
  await workbench.problem('lunatic.json does not let the program import lunatic::timer').waitFor();
  await workbench.screenshot('wat-problem');
  await workbench.goToFile('lunatic.json');
  await workbench.problem("unknown option '--no-tmer'").waitFor();

  await workbench.goToFile(FILE);
  await workbench.moveCursor(5, 19);
  const fix = page.locator('.action-widget .action', { hasText: 'Change to $cancel' });
  await workbench.brings(fix, () => workbench.press('Control+.'));
  await workbench.screenshot('wat-quick-fix');
  await page.keyboard.press('Enter');
  await workbench.lines.filter({ hasText: '(call $cancel (i64.const 7))' }).waitFor();
  await workbench.press('Control+S');
  await workbench.isGone(workbench.problem('there is no function $cancle'));

  await workbench.moveCursor(5, 19);
  const hover = page.locator('.monaco-hover', { hasText: 'Stops a timer' });
  await workbench.brings(hover, () => workbench.command('Show or Focus Hover'));
  await workbench.screenshot('wat-hover');
  await page.keyboard.press('Escape');

  await edit(workbench, FILE, '$cancel (i64.const 7)', '$');
  const suggestion = workbench.suggestion('$cancel');
  await workbench.brings(suggestion, () => workbench.command('Trigger Suggest'));
  await workbench.screenshot('wat-completion');
  await page.keyboard.press('Enter');
  await workbench.lines.filter({ hasText: '(drop (call $cancel))' }).waitFor();
  await workbench.press('Control+S');

  await workbench.moveCursor(2, 52);
  const box = page.locator('.rename-input');
  await workbench.brings(box, () => workbench.press('F2'));
  await box.fill('stop');
  await box.press('Enter');
  await workbench.lines.filter({ hasText: '(drop (call $stop))' }).waitFor();
  await workbench.press('Control+S');
});

const SHOP = `(module
  (import "lunatic::process" "sleep_ms" (func $rest (param i64)))
  (func $shop (export "_start") (call $rest (i64.const 7)))
  (func $night (export "night") (call $shop)))`;

/** One of which functions are left out. */
const LARGE = `(module (func $first ${'(drop (i32.const 1))'.repeat(100_000)}) (func $second (call $first)))`;

test('a binary module opens as text, with offsets and symbols, and links to its source and to functions that are left out', async () => {
  const files = {
    'shop.wasm': await wat(SHOP),
    'large.wasm': await wat(LARGE),
    'cake.wasm': readFileSync('test/guests/lines/cake.wasm'),
    'cake.c': readFileSync('test/guests/lines/cake.c', 'utf8'),
  };
  const workbench = await session.open(files);
  const { page } = workbench;
  await workbench.isActive();
  const open = (name: string) =>
    workbench.openRow(
      workbench.files.filter({ hasText: name }),
      page.locator(`.tab.active[data-resource-name="${name}.wat"]`),
    );
  await open('shop.wasm');
  await workbench.editorShows('call $rest (;0;)');
  await workbench.counts(workbench.tab('shop.wasm'), 1);
  await workbench.brings(workbench.choice('$night'), () => workbench.press('Control+Shift+O'));
  await workbench.screenshot('wasm-text');
  await page.keyboard.press('Escape');
  // It runs from there.
  await page.locator('.editor-actions .action-label[aria-label^="Run with Lunatic"]').click();
  await workbench.printed('The program ended with exit code 0');

  await workbench.showView('Explorer');
  await open('large.wasm');
  await workbench.editorShows('(func $second (;1;) (type 0) (; 4 bytes ;))');
  await workbench.screenshot('wasm-large');
  await workbench.followLink('(func $second');
  await workbench.editorShows('call $first (;0;)');
  await workbench.screenshot('wasm-function');

  await workbench.showView('Explorer');
  await open('cake.wasm');
  await workbench.editorShows('(func $party');
  await workbench.followLink('(func $party');
  await workbench.editorShows('int eaten = slice(12 * cakes, guests);');
  await workbench.screenshot('wasm-source');
});

const CREW = guest(`
  (func (export "_start") (local $left i32)
    (local.set $left (i32.const 3))
    (loop $on
      (drop (call $spawn (i64.const 0) (text "rower")))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $on (local.get $left)))
    (call $print (text "all are in the boat"))
    (call $forever))
  (func $rower (export "rower") (call $forever))
  (func (export "#lunatic_test_rowing::is_fun") (call $print (text "it is fun")))`);

test('lenses run tests and cover them, and tell of functions how many processes run them', async () => {
  const settings = { 'lunatic.tests.codeLens': true, 'lunatic.processes.codeLens': true };
  const workbench = await session.open({ 'crew.wat': CREW }, { settings });
  const { page } = workbench;
  await workbench.isActive();
  await workbench.openFile('crew.wat');
  const lens = (title: string) => page.locator('.codelens-decoration a', { hasText: title });
  await workbench.counts(page.locator('.codelens-decoration', { hasText: 'Run | Debug | Coverage' }), 1);
  const line = (text: string) => CREW.split('\n').findIndex((one) => one.includes(text)) + 1;
  await workbench.moveCursor(line('#lunatic_test_'), 1);
  const covered = page.locator('.coverage-deco-gutter.coverage-deco-miss');
  await workbench.brings(covered, () => lens('Coverage').click());
  await workbench.screenshot('test-lenses');

  await workbench.openFile('crew.wat');
  await workbench.debug('Control+F5');
  await workbench.printed('all are in the boat');
  await workbench.openFile('crew.wat');
  await workbench.moveCursor(line('(func $rower'), 1);
  await lens('3 processes').waitFor();
  await workbench.screenshot('process-lenses');
  const choices = page.locator('.quick-input-widget .monaco-list-row', { hasText: 'rower' });
  await workbench.brings(choices.nth(2), () => lens('3 processes').click());
  await workbench.screenshot('process-lens-clicked');
  await page.keyboard.press('Escape');
  await choices.first().waitFor({ state: 'hidden' });
  await workbench.press('Shift+F5');
  await workbench.noProgramRuns();
});
