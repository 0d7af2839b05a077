/** A day without a mouse: a program is opened, debugged and tested by keys alone. */
import { test } from 'vitest';
import { guest } from '../support/guest.ts';
import { type OpenWorkbench, WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();

const SHOP = guest(`
  (func (export "_start")
    (call $print (text "the shop is open"))
    (call $forever))

  (func (export "#lunatic_test_prices::of_nothing")
    (call $price (i32.const 0)))

  (func $price (param $count i32)
    (drop (i32.div_u (i32.const 12) (local.get $count))))
`);

/** The line of a text, as the status bar tells it. */
function lineOf(text: string): number {
  return SHOP.split('\n').findIndex((line) => line.includes(text)) + 1;
}

/** Runs a command of the palette by its title, which is the first that is offered. */
async function run(workbench: OpenWorkbench, title: string): Promise<void> {
  const { page } = workbench;
  await workbench.press('F1');
  await page
    .locator('.quick-input-widget:visible input[aria-label^="Type the name of a command"]:focus')
    .waitFor();
  await page.keyboard.insertText(title);
  await page
    .locator('.quick-input-list .monaco-list-row.focused .label-name', { hasText: new RegExp(`${title}$`) })
    .waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.quick-input-widget:visible').waitFor({ state: 'hidden' });
}

/** Presses the arrow down until a row of the list that has the focus is the focused one. */
async function goDownTo({ page }: OpenWorkbench, name: string): Promise<void> {
  const rows = page.locator('.monaco-list:focus .monaco-list-row');
  const row = rows.filter({ hasText: name });
  await row.waitFor();
  while (!(await row.and(page.locator('.focused')).isVisible())) {
    const focused = rows.and(page.locator('.focused'));
    const index = (await focused.count()) === 0 ? '' : await focused.getAttribute('data-index');
    await page.keyboard.press('ArrowDown');
    await rows.and(page.locator(`.focused:not([data-index="${index}"])`)).waitFor();
  }
}

/** Presses Tab until something has the focus. */
async function tabTo({ page }: OpenWorkbench, selector: string): Promise<void> {
  const target = page.locator(`${selector}:focus`);
  for (let tabs = 0; !(await target.isVisible()); tabs++) {
    if (tabs === 30) throw new Error(`Tab does not lead to ${selector}`);
    await page.keyboard.press('Tab');
  }
}

test('a program is debugged, looked at and stopped, its test is run, and the links of its failure are followed, by keys alone', async () => {
  const workbench = await session.open({ 'shop.wat': SHOP });
  const { page } = workbench;
  const { keyboard } = page;
  await workbench.isActive();
  const isAt = (line: number) => page.locator('.statusbar', { hasText: `Ln ${line},` }).waitFor();

  await workbench.goToFile('shop.wat');
  await workbench.moveCursor(lineOf('export "_start"') + 1);
  await workbench.press('F9');
  await page.locator('.editor-group-container.active .codicon-debug-breakpoint').first().waitFor();
  await workbench.debug();
  await page.locator('.debug-top-stack-frame-line').first().waitFor();
  await isAt(lineOf('export "_start"') + 1);
  await workbench.press('F10');
  await isAt(lineOf('call $forever'));
  await workbench.printed('the shop is open');

  await run(workbench, 'Lunatic: Focus on Processes View');
  await goDownTo(workbench, '_start');
  await keyboard.press('Enter');
  await workbench.editorShows('at _start (function');
  await workbench.screenshot('keyboard-process');
  await workbench.press('F5');
  await workbench.process('#1 _start', 'waiting').waitFor();
  await workbench.press('Shift+F5');
  await page.getByText('No program is running.').waitFor();

  await run(workbench, 'Testing: Focus on Test Explorer View');
  // The filter has the focus first.
  await page.locator('.part.sidebar .monaco-editor.focused').waitFor();
  await tabTo(workbench, '.test-explorer .monaco-list');
  await goDownTo(workbench, 'shop.wat');
  await keyboard.press('Shift+F10');
  await page.locator('.monaco-menu').waitFor();
  await keyboard.press('ArrowDown');
  await page.locator('.monaco-menu .action-item.focused', { hasText: 'Run Test' }).waitFor();
  await keyboard.press('Enter');
  await workbench.test('shop.wat', 'failed').waitFor();
  await keyboard.press('ArrowRight');
  await goDownTo(workbench, 'prices');
  await keyboard.press('ArrowRight');
  await goDownTo(workbench, 'of_nothing');
  await workbench.press('Alt+Enter');
  await isAt(lineOf('prices::of_nothing'));
  await workbench.editorHasFocus();

  await run(workbench, 'Test: Peek Output');
  await page.locator('.zone-widget', { hasText: 'trapped: divide by zero' }).waitFor();
  await isAt(lineOf('i32.div_u'));
  const link = '.zone-widget [role="listitem"][aria-label*="of_nothing, line"] [aria-label="Open File"]';
  await page.locator(link).waitFor();
  await workbench.screenshot('keyboard-failure');
  const tabMode = page.locator('.statusbar', { hasText: 'Tab Moves Focus' });
  await workbench.press('Control+M');
  await tabMode.waitFor();
  await tabTo(workbench, link);
  await keyboard.press('Enter');
  await isAt(lineOf('call $price'));
  await workbench.screenshot('keyboard-link');
  await workbench.press('Control+M');
  await tabMode.waitFor({ state: 'hidden' });
});
