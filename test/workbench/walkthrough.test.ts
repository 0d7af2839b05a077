/**
 * The walkthrough, followed word for word from nothing to an actor that is stopped. Its pictures are taken on the way; with
 * LUNATIC_PICTURES set, they replace those in media/walkthrough.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { projectFolder } from '../support/command.ts';
import { control } from './support/control.ts';
import { PICTURE_SETTINGS } from './support/picture-settings.ts';
import { type OpenWorkbench, WorkbenchSession } from './support/session.ts';
import { artifacts } from './support/workbench.ts';

const session = new WorkbenchSession(() => ({ settings: PICTURE_SETTINGS }));

const [walkthrough] = manifest.contributes.walkthroughs;
const THEMES = { dark: 'Default Dark Modern', light: 'Default Light Modern' };

/** Takes the picture of a step in both themes. */
async function picture({ page, workspace }: OpenWorkbench, name: string): Promise<void> {
  const replaces = process.env['LUNATIC_PICTURES'] !== undefined;
  const folder = replaces ? join(projectFolder, 'media', 'walkthrough') : join(artifacts, 'walkthrough');
  mkdirSync(folder, { recursive: true });
  for (const [kind, theme] of Object.entries(THEMES).reverse()) {
    await control(workspace.folder, { name: 'configure', settings: { 'workbench.colorTheme': theme } });
    await page.locator(`.monaco-workbench.${kind === 'dark' ? 'vs-dark' : 'vs'}`).waitFor();
    await page.mouse.move(700, 350);
    // As a PNG, each would have twice the size.
    await page.screenshot({ path: join(folder, `${name}-${kind}.jpg`), type: 'jpeg', quality: 60 });
  }
}

/** Opens a step of the walkthrough, and clicks its button. */
async function follow(workbench: OpenWorkbench, id: string): Promise<void> {
  const { page } = workbench;
  const step = walkthrough?.steps.find((candidate) => candidate.id === id);
  if (step === undefined) throw new Error(`there is no step ${id}`);
  const row = page.locator(rowOf(id));
  if (!(await row.isVisible())) await workbench.tab('Welcome').click();
  // A click closes a step that is open, as the first one is.
  if ((await row.and(page.locator('.expanded')).count()) === 0) await row.click();
  await row.and(page.locator('.expanded')).waitFor();
  // Its marks for bold, italics and code are doubled ones; others would be displayed.
  expect(await row.locator('.step-description-container').innerText()).not.toMatch(/[*`]|__/);
  const [, button] = /\[([^\]]+)\]\(command:/.exec(step.description) ?? [];
  if (button !== undefined) await row.locator('.monaco-button', { hasText: button }).click();
}

const rowOf = (id: string) => `.getting-started-step[data-step-id$="#${id}"]`;

test('the walkthrough leads from nothing to a stopped actor', async () => {
  const workbench = await session.open({ 'notes.txt': 'nothing yet' }, { ownWindow: true });
  const { page } = workbench;
  await page.setViewportSize({ width: 1000, height: 640 });
  await workbench.command('Welcome: Open Walkthrough...');
  await workbench.pick(walkthrough?.title ?? '');
  await follow(workbench, 'project');
  await workbench.pick('Worker pool');
  await workbench.pick('WebAssembly text');
  await page.locator('.quick-input-widget', { hasText: 'Name of the project' }).waitFor();
  const name = page.locator('.quick-input-widget input:focus');
  await name.fill('pool');
  await page.keyboard.press('Enter');
  await workbench.pick(join(basename(workbench.workspace.folder), 'pool'));
  await workbench.editorShows('A pool of workers');
  await workbench.showView('Explorer');
  await picture(workbench, 'project');

  await follow(workbench, 'run');
  await workbench.printed('the sum of all results is 15005000');
  await workbench.noProgramRuns();
  await workbench.openTab('main.wat');
  await picture(workbench, 'run');

  await follow(workbench, 'tests');
  await workbench.showView('Testing');
  await workbench.expand(workbench.tests.filter({ hasText: 'main.wat' }).first());
  await workbench.test('numbers_are_added_up', 'passed').waitFor();
  await workbench.test('a_crashed_worker_is_replaced', 'passed').waitFor();
  await workbench.openTab('main.wat');
  await picture(workbench, 'tests');

  await follow(workbench, 'breakpoint');
  await workbench.openTab('main.wat');
  const line = readFileSync(join(workbench.workspace.folder, 'pool', 'main.wat'), 'utf8')
    .split('\n')
    .findIndex((text) => text.includes('(call $add_up (local.get $limit)'));
  await workbench.moveCursor(line + 1);
  await workbench.setBreakpoint('(call $add_up (local.get $limit)');
  await workbench.showView('Explorer');
  await picture(workbench, 'breakpoint');

  await follow(workbench, 'actor');
  await page.locator('.debug-top-stack-frame-line').first().waitFor();
  await workbench.showView('Lunatic');
  await workbench.process('#2 worker').first().waitFor();
  await picture(workbench, 'actor');
  await workbench.tab('Welcome').click();
  for (const { id } of walkthrough?.steps ?? [])
    await page
      .locator(`${rowOf(id)} .codicon.complete`)
      .first()
      .waitFor();
  await workbench.screenshot('walkthrough');
});
