import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();
const source = readFileSync(join(projectFolder, 'test', 'guests', 'coverage', 'cart.wat'), 'utf8');

test('running with coverage shows lines in the gutter, files in the view, and which tests reach a line', async () => {
  const workbench = await session.open({ 'cart.wat': source });
  const { page } = workbench;
  await workbench.isActive();
  await workbench.showView('Testing');
  await workbench.test('cart.wat').waitFor();
  await workbench.command('Test: Run All Tests with Coverage');
  await workbench.test('cart.wat', 'failed').waitFor();

  const view = page.locator('.pane', { hasText: 'Test Coverage' });
  await view.locator('.monaco-list-row', { hasText: /cart\.wat.*82\.76%/ }).waitFor();
  await workbench.openFile('cart.wat');
  const hit = page.locator('.coverage-deco-gutter.coverage-deco-hit');
  const miss = page.locator('.coverage-deco-gutter.coverage-deco-miss');
  await hit.first().waitFor();
  await miss.first().waitFor();
  await workbench.screenshot('coverage');

  // Of one test, only what it has executed is a hit.
  const before = await hit.count();
  await workbench.command('Test: Filter Coverage by Test');
  await workbench.pick(/stops$/);
  // That is the last test, which the editor may be too low to show.
  await workbench.openTab('cart.wat');
  await page.keyboard.press('Control+End');
  await workbench.counts(hit, 2);
  expect(before).toBeGreaterThan(2);
  await workbench.screenshot('coverage-of-test');
});
