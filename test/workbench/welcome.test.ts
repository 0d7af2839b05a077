/** What somebody finds who has nothing yet: views that offer to make a project, and the command in terminals. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();

test('the lunatic command is on the PATH of terminals', async () => {
  const workbench = await session.open({ 'guest.wat': '(module (func (export "_start")))' });
  await workbench.isActive();
  await workbench.command('Terminal: Create New Terminal');
  await workbench.page.locator('.terminal.xterm .xterm-helper-textarea:focus').waitFor();
  await workbench.page.keyboard.type('lunatic --version > version.txt\n');
  const file = join(workbench.workspace.folder, 'version.txt');
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  await expect.poll(read).toBe(`lunatic-runtime ${manifest.version}\n`);
});

test('views that have nothing to show offer to make a project', async () => {
  const workbench = await session.open({ 'notes.txt': 'nothing yet' }, { ownWindow: true });
  const { page } = workbench;
  for (const view of ['Lunatic', 'Testing']) {
    await workbench.showView(view);
    const button = page.locator('.part.sidebar .welcome-view-content .monaco-button', { hasText: 'New' });
    await button.filter({ hasText: 'Project' }).first().waitFor();
    await workbench.screenshot(`welcome-${view.toLowerCase()}`);
  }
});
