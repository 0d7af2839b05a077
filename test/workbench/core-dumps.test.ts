/** A core dump is saved from a session, and opened. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { crashFolder } from '../support/core-dumps.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();

test('a core dump opened: saved from the menu of a thread, with its calls and variables', async () => {
  const launch = {
    type: 'lunatic',
    request: 'launch',
    name: 'restaurant',
    program: `\${workspaceFolder}/crash-c.wasm`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
    sourceFileMap: { '/project': '${workspaceFolder}' },
  };
  const look = {
    ...launch,
    name: 'dump',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
    coreDump: '${workspaceFolder}/restaurant.coredump',
  };
  const workbench = await session.open(
    {
      'crash.c': readFileSync(join(crashFolder, 'crash.c')),
      'crash-c.wasm': readFileSync(join(crashFolder, 'crash-c.wasm')),
      '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [launch, look] }),
    },
    { ownWindow: true },
  );
  const { page } = workbench;
  await workbench.isActive();
  await workbench.showView('Run and Debug');
  await workbench.debug();
  const failed = workbench.thread('#1 kitchen').filter({ hasText: 'Paused on trap' }).first();
  await failed.waitFor();
  // It takes the focus when it comes.
  await page.locator('.exception-widget').waitFor();
  await workbench.menu(failed, 'Save Core Dump...');
  const path = page.locator('.quick-input-widget input:focus');
  await path.waitFor();
  await page.waitForFunction(
    "document.querySelector('.quick-input-widget input')?.value.endsWith('restaurant.coredump')",
  );
  await path.press('Enter');
  await workbench.showView('Explorer');
  await workbench.files.filter({ hasText: 'restaurant.coredump' }).waitFor();
  await workbench.showView('Run and Debug');
  await workbench.menu(failed, 'Restart Process');
  await workbench.thread('#1 kitchen').filter({ hasText: 'Paused on restart' }).waitFor();
  await workbench.variable('child', '0').waitFor();
  await workbench.screenshot('debugging-restarted');
  await workbench.command('Debug: Stop');
  await workbench.noProgramRuns();
  await workbench.showView('Run and Debug');

  await workbench.command('Debug: Select and Start Debugging');
  await workbench.pick('dump');
  // With one thread alone, its row is left out.
  await page
    .locator('.debug-pane', { hasText: 'Paused on trap' })
    .or(page.getByText('Paused on trap'))
    .first()
    .waitFor();
  await workbench.hasCall(workbench.frame('serve'));
  await page.locator('.debug-top-stack-frame-line').first().waitFor();
  await workbench.variable('guests', '0').waitFor();
  await workbench.say('order->count * 2');
  await workbench.printed('24');
  await workbench.screenshot('debugging-core-dump');
  // It stays as it is.
  await workbench.say('resume 1');
  await workbench.printed('A core dump can only be looked at');
});
