/** Takes the pictures of docs/debugging.md, or those that are named: `node test/workbench/guide-pictures.ts`, after `npm run build`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { projectFolder } from '../support/command.ts';
import { PICTURE_SETTINGS } from './support/picture-settings.ts';
import { WorkbenchServer } from './support/server.ts';
import { type Files, Workspace } from './support/session.ts';
import { launchBrowser, Workbench } from './support/workbench.ts';

const guests = join(projectFolder, 'test', 'guests', 'debug');
// biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
const WORKSPACE = '${workspaceFolder}';

/** Names of pictures; none for all. */
const wanted = process.argv.slice(2);

const server = await WorkbenchServer.start({ settings: PICTURE_SETTINGS });
const browser = await launchBrowser();

/** Opens a program with its source in the editor, and takes a picture of what an action leaves to be seen. */
async function take(
  picture: string,
  { source, program, from }: { source: string; program: Uint8Array; from: string },
  act: (workbench: Workbench) => Promise<void>,
): Promise<void> {
  if (wanted.length > 0 && !wanted.includes(picture)) return;
  const launch = {
    type: 'lunatic',
    request: 'launch',
    name: source.replace(/\..*/, ''),
    program: `${WORKSPACE}/program.wasm`,
    sourceFileMap: { [from]: WORKSPACE },
  };
  const files: Files = {
    [source]: readFileSync(join(guests, source)),
    'program.wasm': program,
    '.vscode/launch.json': JSON.stringify({ configurations: [launch] }),
  };
  const workspace = new Workspace(files);
  const workbench = await Workbench.open(browser, server, { folder: workspace.folder });
  const { page } = workbench;
  await page.setViewportSize({ width: 1100, height: 560 });
  await workbench.isActive();
  await workbench.openFile(source);
  await act(workbench);
  await page.mouse.move(700, 10);
  await page.locator('.monaco-hover:visible').waitFor({ state: 'detached' });
  await page.screenshot({ path: join(projectFolder, 'media', `${picture}.png`) });
  await workbench.close();
  workspace.remove();
}

/** Leaves the views that the picture is about. */
async function fold(workbench: Workbench, ...titles: string[]): Promise<void> {
  for (const title of titles) {
    const header = workbench.page.locator(`.pane-header[aria-label^="${title}"]`);
    if ((await header.getAttribute('aria-expanded')) === 'true') await header.click();
  }
}

const shop = { source: 'shop.c', program: readFileSync(join(guests, 'shop-c.wasm')), from: '/project' };
const shelter = {
  source: 'shelter.rs',
  program: brotliDecompressSync(readFileSync(join(guests, 'shelter-rust.wasm.br'))),
  from: '/crates/src',
};

await take('debugger-panic', shelter, async (workbench) => {
  await workbench.showView('Run and Debug');
  await workbench.debug();
  await workbench.page.locator('.exception-widget', { hasText: 'no cat is called Felix' }).waitFor();
  await fold(workbench, 'Watch', 'Breakpoints', 'Loaded Scripts');
  await workbench.command('View: Toggle Panel Visibility');
  await workbench.expand(workbench.thread('#2'));
});

await take('debugger-conditions', shop, async (workbench) => {
  await workbench.addBreakpoint('int sum = count * 3', 'Add Logpoint...', '{count} for {count * 3}');
  await workbench.addBreakpoint('if (sum > 30)', 'Add Conditional Breakpoint...', 'sum > 3000000');
  await workbench.showView('Run and Debug');
  await workbench.debug();
  await workbench.thread('#2 worker (waiting for a message)').waitFor();
  await workbench.say('send 2 !!');
  await workbench.say('send 3 !!!');
  await workbench.printed('for 6513507');
  await workbench.variable('sum', '6513507').waitFor();
  await fold(workbench, 'Watch', 'Loaded Scripts');
});

await take('debugger-data-breakpoint', shop, async (workbench) => {
  await workbench.setBreakpoint('if (sum > 30)');
  await workbench.showView('Run and Debug');
  await workbench.debug();
  await workbench.thread('#2 worker (waiting for a message)').waitFor();
  await workbench.say('send 2 !!');
  await workbench.variable('sum', '25443').waitFor();
  await workbench.menu(workbench.variable('sum', '25443'), 'Break on Value Change');
  await workbench.page.keyboard.press('F5');
  await workbench.variable('sum', '25438').waitFor();
  await fold(workbench, 'Watch', 'Loaded Scripts');
});

await take('debugger-actor-events', shop, async (workbench) => {
  await workbench.showView('Run and Debug');
  await workbench.debug();
  await workbench.thread('#2 worker (waiting for a message)').waitFor();
  await fold(workbench, 'Variables', 'Watch', 'Loaded Scripts');
  const events = workbench.page.locator('.debug-breakpoints .monaco-list-row', { hasText: 'Actor Events' });
  await workbench.menu(events, 'Edit Condition...');
  await workbench.page.locator('.debug-breakpoints input:focus').fill('receive size > 2');
  await workbench.page.keyboard.press('Enter');
  await events.locator('.monaco-checkbox').click();
  await workbench.say('send 2 !!');
  await workbench.say('send 3 !!!');
  await workbench.page.locator('.exception-widget', { hasText: 'message received' }).waitFor();
  await workbench.command('View: Toggle Panel Visibility');
});

await browser.close();
await server.stop();
