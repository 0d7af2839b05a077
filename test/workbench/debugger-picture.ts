/**
 * Takes the picture of the debugger: `node test/workbench/debugger-picture.ts`, after `npm run build`, and after `cargo build` in
 * `examples/chat-rust`.
 */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../support/command.ts';
import { PICTURE_SETTINGS } from './support/picture-settings.ts';
import { WorkbenchServer } from './support/server.ts';
import { Workspace } from './support/session.ts';
import { launchBrowser, Workbench } from './support/workbench.ts';

const example = join(projectFolder, 'examples', 'chat-rust');
const PROGRAM = join('target', 'wasm32-wasi', 'debug', 'chat.wasm');

const server = await WorkbenchServer.start({ settings: PICTURE_SETTINGS });
const browser = await launchBrowser();
const launch = {
  type: 'lunatic',
  request: 'launch',
  name: 'chat',
  program: `\${workspaceFolder}/${PROGRAM}`,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
  sourceFileMap: { [example]: '${workspaceFolder}' },
};
const workspace = new Workspace({ '.vscode/launch.json': JSON.stringify({ configurations: [launch] }) });
mkdirSync(join(workspace.folder, 'target', 'wasm32-wasi', 'debug'), { recursive: true });
for (const path of ['src', PROGRAM])
  cpSync(join(example, path), join(workspace.folder, path), { recursive: true, preserveTimestamps: true });
const workbench = await Workbench.open(browser, server, { folder: workspace.folder });
const { page } = workbench;
await page.setViewportSize({ width: 1240, height: 720 });
await workbench.showView('Explorer');
await workbench.files.filter({ hasText: 'src' }).first().click();
await workbench.openFile('room.rs');
await page.keyboard.press('Control+g');
await page.keyboard.type('61');
await page.keyboard.press('Enter');
await page.keyboard.press('F9');
await workbench.showView('Run and Debug');
await workbench.debug();
await page.locator('.debug-top-stack-frame-line').first().waitFor();
for (const title of ['Watch', 'Breakpoints']) await page.locator('.pane-header', { hasText: title }).click();
// `state` has a field of this name.
for (const name of ['state', 'state', 'members']) {
  const closed = `[aria-label^="${name},"][aria-expanded="false"]`;
  await page.locator(`.debug-variables .monaco-list-row${closed} .monaco-tl-twistie`).first().click();
  await page
    .locator(`.debug-variables .monaco-list-row[aria-label^="${name},"][aria-expanded="true"]`)
    .first()
    .waitFor();
}
await page.waitForTimeout(1000);
await page.mouse.move(700, 500);
await page.locator('.monaco-hover:visible').waitFor({ state: 'detached' });
await page.screenshot({ path: join(projectFolder, 'media', 'debugger.png') });
await browser.close();
await server.stop();
workspace.remove();
