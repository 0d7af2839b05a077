import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { thisTarget } from '../../scripts/node-binary.mjs';
import { contentOf, makeVsix } from '../../scripts/package.mjs';
import { BAKERY, TESTS } from './programs.ts';
import { installExtension, type ServerOptions } from './support/server.ts';
import { WorkbenchSession } from './support/session.ts';

/** A workbench in which nothing is installed but the package that a test has made. The path has no Node that could suspend wasm. */
function installed(target?: string): { readonly session: WorkbenchSession; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-vsix-'));
  const options: ServerOptions = {
    isDriven: false,
    dataFolder: join(folder, 'data'),
    extensionsFolder: join(folder, 'extensions'),
    env: { PATH: '/usr/bin:/bin' },
  };
  beforeAll(async () => {
    const { file } = await makeVsix({ target, out: join(folder, 'lunatic.vsix') });
    await installExtension(file, join(folder, 'data'), join(folder, 'extensions'));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return { session: new WorkbenchSession(() => options), folder };
}

/** The executables of all processes of this machine that may be asked. */
function executables(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readlinkSync(`/proc/${pid}/exe`)];
      } catch {
        return [];
      }
    });
}

describe('a VSIX in a clean workbench', () => {
  const { session } = installed();

  test('runs and debugs programs, and runs tests', async () => {
    const workbench = await session.open(
      { 'bakery.wat': BAKERY, 'tests.wat': TESTS },
      { fromSources: false },
    );
    await workbench.isActive();
    await workbench.openFile('bakery.wat');
    await workbench.debug();
    await workbench.page.locator('.exception-widget', { hasText: 'divide by zero' }).waitFor();
    await workbench.editorShows('i32.div_u');
    await workbench.debugAction('continue').waitFor();
    await workbench.showView('Lunatic');
    await workbench.process('#2 baker', 'trapped: divide by zero').waitFor();
    await workbench.screenshot('vsix-debugging');
    await workbench.command('Lunatic: Stop Program');
    await workbench.noProgramRuns();

    await workbench.command('Lunatic: Run Tests');
    await workbench.showView('Testing');
    await workbench.test('tests.wat', 'running').waitFor();
    await workbench.command('Test: Cancel Test Run');
    await workbench.test('tests.wat', 'failed').waitFor();
    await workbench.screenshot('vsix-tests');
    expect(await workbench.toasts.allTextContents()).toEqual([]);
  });

  test('is told of in the view of extensions', async () => {
    const workbench = await session.open({ 'bakery.wat': BAKERY }, { fromSources: false });
    await workbench.command('Extensions: Show Installed Extensions');
    const entry = workbench.page.locator('.extensions-list .monaco-list-row', { hasText: 'Lunatic' }).first();
    await entry.click();
    await workbench.page.locator('.extension-editor .name', { hasText: 'Lunatic' }).waitFor();
    await workbench.page.locator('.extension-editor .header .icon[src]').waitFor();
    const readme = workbench.page.frameLocator('iframe.webview').frameLocator('#active-frame');
    await readme.getByRole('heading', { name: 'Lunatic for VS Code' }).waitFor();
    // There is no mark of a picture that is not found.
    expect(await readme.getByRole('img').count()).toBe(0);
    await workbench.screenshot('vsix-extension');
  });
});

describe('a VSIX with Node inside', () => {
  const { session, folder } = installed(thisTarget);

  test('has that of its platform, and is small without it', () => {
    const { node, size, nodeSize } = contentOf(join(folder, 'lunatic.vsix'));
    expect(node).toBe(thisTarget);
    expect(size - nodeSize).toBeLessThan(4 * 2 ** 20);
  });

  test('runs programs on that', async () => {
    const workbench = await session.open({ 'tests.wat': TESTS }, { fromSources: false });
    await workbench.isActive();
    await workbench.command('Lunatic: Run Tests');
    await workbench.showView('Testing');
    await workbench.test('tests.wat', 'running').waitFor();
    const isUsed = () => executables().some((path) => path.startsWith(folder));
    await expect.poll(isUsed).toBe(true);
    await workbench.command('Test: Cancel Test Run');
    await workbench.test('tests.wat', 'failed').waitFor();
    await expect.poll(isUsed).toBe(false);
  });
});
