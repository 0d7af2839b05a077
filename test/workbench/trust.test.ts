import { expect, test } from 'vitest';
import { TESTS } from './programs.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession(() => ({ workspaceTrust: true }));

test('in a folder that is not trusted nothing runs, until it is', async () => {
  const workbench = await session.open({ 'tests.wat': TESTS });
  await workbench.page.locator('.statusbar', { hasText: 'Restricted Mode' }).waitFor();
  await workbench.showView('Lunatic');
  await workbench.page.getByText('Programs do not run in restricted mode.').waitFor();
  await workbench.screenshot('untrusted-processes');
  await workbench.openFile('tests.wat');
  await workbench.line('module').first().waitFor();
  await workbench.screenshot('untrusted');
  expect(await workbench.page.locator('.glyph-margin-widgets .testing-run-glyph').count()).toBe(0);

  // Running asks.
  await workbench.debug();
  const question = workbench.page.locator('.monaco-dialog-box', { hasText: 'trust' });
  await question.waitFor();
  await workbench.screenshot('untrusted-asks');
  await question.getByRole('button', { name: 'Cancel' }).click();
  await question.waitFor({ state: 'detached' });
  expect(await workbench.page.locator('.debug-toolbar').count()).toBe(0);

  await workbench.command('Workspaces: Manage Workspace Trust');
  await workbench.page
    .locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' })
    .first()
    .click();
  await workbench.page.getByText('You trust this folder').waitFor();
  await workbench.page.locator('.modal-editor-action-container .codicon-close').click();
  await workbench.isActive();
  await workbench.showView('Testing');
  await workbench.test('tests.wat').waitFor();
});
