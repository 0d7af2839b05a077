import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../support/guest.ts';
import { TESTS } from './programs.ts';
import { type OpenWorkbench, WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession(() => ({ workspaceTrust: true }));

async function trust(workbench: OpenWorkbench): Promise<void> {
  await workbench.command('Workspaces: Manage Workspace Trust');
  await workbench.page
    .locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' })
    .first()
    .click();
  await workbench.page.getByText('You trust this folder').waitFor();
  await workbench.page.locator('.modal-editor-action-container .codicon-close').click();
  await workbench.isActive();
}

/** Runs a program, and answers the question whether the folder is trusted. */
async function refuse(workbench: OpenWorkbench, screenshot: string): Promise<void> {
  await workbench.debug();
  const question = workbench.page.locator('.monaco-dialog-box', { hasText: 'trust' });
  await question.waitFor();
  await workbench.screenshot(screenshot);
  await question.getByRole('button', { name: 'Cancel' }).click();
  await question.waitFor({ state: 'detached' });
  expect(await workbench.page.locator('.debug-toolbar').count()).toBe(0);
}

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
  await refuse(workbench, 'untrusted-asks');

  await trust(workbench);
  await workbench.showView('Testing');
  await workbench.test('tests.wat').waitFor();
});

/** Leaves a trace in the folder of the workspace, whoever runs it. */
const evil = (folder: string) => `#!/bin/sh\necho "$0 $*" >> '${folder}'/ran\n`;

test('what a hostile folder says of its build and its launch runs neither before it is trusted nor for being trusted', async () => {
  const workbench = await session.open(
    {
      'hello.wat': main('(call $print (text "hello"))'),
      'lunatic.json': JSON.stringify({ module: 'hello.wat', build: ['./evil.sh', 'built'] }),
      'crate/Cargo.toml':
        '[package]\nname = "crate"\nversion = "0.1.0"\nedition = "2021"\nbuild = "build.rs"\n',
      'crate/build.rs': 'fn main() { std::fs::write("../ran", "build.rs").unwrap(); }\n',
      'crate/src/main.rs': '#[lunatic::test]\nfn test() {}\nfn main() {}\n',
      'crate/.cargo/config.toml':
        '[build]\ntarget = "wasm32-wasip1"\nrustc = "../evil.sh"\nrustc-wrapper = "../evil.sh"\n',
      'made/Makefile': 'CC = clang --target=wasm32-wasi\nall: made.wasm\nmade.wasm:\n\t../evil.sh made\n',
      '.vscode/launch.json': JSON.stringify({
        version: '0.2.0',
        configurations: [
          {
            ...{ type: 'lunatic', request: 'launch', name: 'Evil' },
            // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
            project: '${workspaceFolder}/lunatic.json',
          },
        ],
      }),
      '.vscode/settings.json': JSON.stringify({ 'lunatic.runOnSave': true }),
    },
    { ownWindow: true },
  );
  const { folder } = workbench.workspace;
  const ran = join(folder, 'ran');
  workbench.workspace.write('evil.sh', evil(folder));
  chmodSync(join(folder, 'evil.sh'), 0o755);
  await workbench.page.locator('.statusbar', { hasText: 'Restricted Mode' }).waitFor();
  await workbench.showView('Lunatic');
  await workbench.page.getByText('Programs do not run in restricted mode.').waitFor();
  await workbench.openFile('hello.wat');
  await workbench.press('Control+S');
  await workbench.showView('Run and Debug');
  await workbench.configuration('Evil').waitFor();
  await refuse(workbench, 'untrusted-hostile');
  expect(existsSync(ran)).toBe(false);

  await trust(workbench);
  await workbench.showView('Testing');
  await workbench.test('crate').waitFor();
  expect(existsSync(ran)).toBe(false);

  // Who runs it builds it.
  await workbench.showView('Run and Debug');
  await workbench.configuration('Evil').waitFor();
  await workbench.debug();
  await workbench.printed('hello');
  expect(existsSync(ran)).toBe(true);
});
