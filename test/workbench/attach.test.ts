/** Attaching to programs that were started elsewhere. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';
import { BAKERY, POST_OFFICE } from './programs.ts';
import { WorkbenchSession, Workspace } from './support/session.ts';

/** Where programs say that they run. Those of others must not be in it. */
const cache = mkdtempSync(join(tmpdir(), 'lunatic-cache-'));

const session = new WorkbenchSession(() => ({ env: { LUNATIC_CACHE: cache } }));

let workspace: Workspace;
let programs: RunningCommand[] = [];

beforeEach(() => {
  workspace = new Workspace({ 'post-office.wat': POST_OFFICE, 'bakery.wat': BAKERY });
});
afterEach(async () => {
  for (const { child, ended } of programs) {
    child.kill();
    await ended;
  }
  programs = [];
  workspace.remove();
  rmSync(cache, { recursive: true, force: true });
});

/** Starts a program, and waits until it can be inspected. */
async function start(
  module: string,
  option: string,
  env: Record<string, string> = {},
): Promise<RunningCommand> {
  const program = new RunningCommand(['run', option, join(workspace.folder, module), '--', 'for', module], {
    input: null,
    env,
  });
  programs.push(program);
  await program.printed('Inspector listens on ', 'stderr');
  await program.printed('open');
  return program;
}

test('a program at an address is shown, and left alone afterwards', async () => {
  const program = await start('post-office.wat', '--inspect');
  const [url = ''] = /ws:\S+/.exec(program.stderr) ?? [];
  const workbench = await session.open({ 'other.wat': BAKERY });
  await workbench.isActive();
  // It has no folder to say that it runs, so nothing is offered.
  await workbench.command('Lunatic: Attach to a Running Program...');
  await workbench.answer('ws://', url);
  await workbench.showView('Lunatic');
  await workbench.process('#2 sorter').waitFor();
  await workbench.screenshot('attached');
  await workbench.debugAction('disconnect').click();
  await workbench.noProgramRuns();
  await program.printed(`${program.stdout}tick`);
  expect(program.child.exitCode).toBe(null);
});

test('a configuration without an address offers the programs that run, and attaches to the one that is picked', async () => {
  const env = { LUNATIC_CACHE: cache };
  await start('post-office.wat', '--inspect', env);
  await start('post-office.wat', '--inspect=debug', env);
  await start('post-office.wat', '--inspect=unlisted', env);
  const configurations = [{ type: 'lunatic', request: 'attach', name: 'Attach to a program' }];
  const workbench = await session.open({
    '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations }),
    'other.wat': BAKERY,
  });
  const { page } = workbench;
  await workbench.isActive();
  await workbench.showView('Run and Debug');
  await workbench.configuration('Attach to a program').waitFor();
  await workbench.debug();
  const rows = page.locator('.quick-input-list .monaco-list-row');
  await rows.filter({ hasText: 'Enter an Address' }).waitFor();
  await workbench.screenshot('attach-picker');
  await workbench.counts(rows.filter({ hasText: 'for post-office.wat' }), 2);
  // The one that has started last comes first.
  await rows.filter({ hasText: 'without breakpoints' }).and(rows.nth(1)).waitFor();
  await page.keyboard.press('Enter');
  await workbench.showView('Lunatic');
  await workbench.process('#2 sorter').waitFor();
  await page.locator('.debug-toolbar').waitFor();
});
