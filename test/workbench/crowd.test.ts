import { expect, test } from 'vitest';
import { crowd } from './programs.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();

/** Seconds that the window may compute to find one of 10,000 processes. Other work on the machine does not count. */
const PROMPT = 3;

test('10,000 processes are shown a page at a time, and the window can be used', async () => {
  const workbench = await session.open({ 'crowd.wat': crowd(10_000) });
  await workbench.isActive();
  await workbench.openFile('crowd.wat');
  await workbench.showView('Lunatic');
  await workbench.debug();
  await workbench.printed('all are here');
  await workbench.process('#2 person').waitFor();
  await workbench.processes.filter({ hasText: '10,001 processes' }).waitFor();
  await workbench.process('#1 _start').hover();
  await workbench.screenshot('crowd');

  // To the end of the page, and further.
  await workbench.process('#2 person').click();
  await workbench.page.keyboard.press('End');
  await workbench.processes.filter({ hasText: '9,900 more processes ...' }).click();
  await workbench.process('#102 person').waitFor();
  await workbench.page.keyboard.press('End');
  await workbench.processes.filter({ hasText: '9,400 more processes ...' }).waitFor();
  await workbench.screenshot('crowd-more');

  const start = await workbench.computed();
  await workbench.command('Lunatic: Find Process...');
  await workbench.type('Find which process?', '9876');
  await workbench.pick('#9876 person');
  await workbench.process('#9876 person').waitFor();
  expect((await workbench.computed()) - start).toBeLessThan(PROMPT);
  await workbench.screenshot('crowd-found');

  // Its number is no colour.
  await workbench.act(workbench.process('#9876 person'), 'Show Mailbox');
  await workbench.editorShows('Mailbox of #9876 person: 0 messages');
  await workbench.screenshot('crowd-mailbox');
  expect(await workbench.page.locator('.colorpicker-color-decoration').count()).toBe(0);

  await workbench.act(workbench.process('#9876 person'), 'Kill Process');
  await workbench.process('#9876 person', 'ended, killed').waitFor();
  await workbench.processes.filter({ hasText: '10,000 processes' }).waitFor();
  await workbench.command('Lunatic: Stop Program');
  await workbench.noProgramRuns();
});
