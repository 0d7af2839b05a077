import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { main } from '../support/guest.ts';
import { TESTS } from './programs.ts';
import { control } from './support/control.ts';
import { type OpenWorkbench, WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();

/** A launch.json that names a Node. */
const launchJson = (runtime: string) =>
  JSON.stringify({
    version: '0.2.0',
    configurations: [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
      { type: 'lunatic', request: 'launch', name: 'Own', program: '${workspaceFolder}/hello.wat', runtime },
    ],
  });

/** A program of the workspace in the place of Node, which leaves a trace. */
const NODE = {
  content: `#!/bin/sh\necho ran >> "$(dirname "$0")/ran"\nexec '${process.execPath}' "$@"\n`,
  trace: 'ran',
};

const question = (workbench: OpenWorkbench) =>
  workbench.page.locator('.monaco-dialog-box', { hasText: 'runs code outside of the sandbox.' });

async function answer(workbench: OpenWorkbench, button: 'Allow' | 'Cancel'): Promise<void> {
  await question(workbench).getByRole('button', { name: button }).click();
  await question(workbench).waitFor({ state: 'detached' });
}

function hasRun({ workspace }: OpenWorkbench): boolean {
  const trace = join(workspace.folder, NODE.trace);
  const found = existsSync(trace);
  rmSync(trace, { force: true });
  return found;
}

test('a program that launch.json names runs only after the user has allowed it, which is asked once', async () => {
  const workbench = await session.open(
    {
      'hello.wat': main('(call $print (text "hello"))'),
      'own-node': NODE.content,
      'other-node': NODE.content,
      '.vscode/launch.json': launchJson('./own-node'),
    },
    { ownWindow: true },
  );
  for (const name of ['own-node', 'other-node']) chmodSync(join(workbench.workspace.folder, name), 0o755);
  await workbench.isActive();
  await workbench.openFile('hello.wat');
  await workbench.showView('Run and Debug');
  await workbench.configuration('Own').waitFor();

  await workbench.debug();
  await question(workbench)
    .getByText(`Node (runtime): ${join(workbench.workspace.folder, 'own-node')}`)
    .waitFor();
  await question(workbench).getByText('The configuration "Own"').waitFor();
  await workbench.screenshot('consent');
  await answer(workbench, 'Cancel');
  expect(await workbench.page.locator('.debug-toolbar:visible').count()).toBe(0);
  expect(hasRun(workbench)).toBe(false);

  // What was refused is asked again.
  await workbench.debug();
  await question(workbench).waitFor();
  expect(hasRun(workbench)).toBe(false);
  await answer(workbench, 'Allow');
  await workbench.printed('hello');
  await workbench.noProgramRuns();
  expect(hasRun(workbench)).toBe(true);

  // What was allowed is not.
  workbench.workspace.write('hello.wat', main('(call $print (text "good day"))'));
  await workbench.debug();
  await workbench.printed('good day');
  await workbench.noProgramRuns();
  expect(hasRun(workbench)).toBe(true);

  // Another value is.
  workbench.workspace.write('.vscode/launch.json', launchJson('./other-node'));
  await workbench.showView('Explorer');
  await workbench.expand(workbench.files.filter({ hasText: '.vscode' }));
  await workbench.openFile('launch.json');
  await workbench.editorShows('other-node');
  await workbench.debug();
  await question(workbench).getByText('other-node').waitFor();
  await answer(workbench, 'Cancel');
  expect(hasRun(workbench)).toBe(false);
});

test('a Node that the settings of a workspace name is asked about once, however many modules have tests', async () => {
  const workbench = await session.open({ 'tests.wat': TESTS, 'more.wat': TESTS });
  await workbench.isActive();
  // The window remembers what was allowed, and other tests name other places.
  const settings = { 'lunatic.node': '/nowhere/else/node' };
  await control(workbench.workspace.folder, { name: 'configure', settings });
  await workbench.showView('Testing');
  await workbench.test('tests.wat').waitFor();
  await workbench.test('more.wat').waitFor();
  await workbench.command('Test: Run All Tests');
  await question(workbench).getByText('Node (lunatic.node): /nowhere/else/node').waitFor();
  await workbench.screenshot('consent-tests');
  await answer(workbench, 'Cancel');
  await workbench.test('tests.wat', 'errored').waitFor();
  await workbench.test('more.wat', 'errored').waitFor();
  expect(await question(workbench).count()).toBe(0);
});
