import { expect, test } from 'vitest';
import { crowd, workshop } from './programs.ts';
import { WorkbenchSession } from './support/session.ts';
import type { Workbench } from './support/workbench.ts';

const session = new WorkbenchSession();

/** Seconds that the window may compute to find one of 10,000 processes. Other work on the machine does not count. */
const PROMPT = 3;

/** Milliseconds after which people see what they have done. */
const PROMPT_ANSWER = 300;

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
  const person = workbench.process('#9876 person');
  await workbench.act(person, 'Show Mailbox', workbench.line('Mailbox of #9876 person: 0 messages'));
  await workbench.screenshot('crowd-mailbox');
  expect(await workbench.page.locator('.colorpicker-color-decoration').count()).toBe(0);

  await workbench.act(person, 'Kill Process', workbench.process('#9876 person', 'ended, killed'));
  await workbench.processes.filter({ hasText: '10,000 processes' }).waitFor();
  await workbench.command('Lunatic: Stop Program');
  await workbench.noProgramRuns();
});

test('with 2,000 busy processes on display typing is as fast as without, and what is done to one is seen at once', async () => {
  const workbench = await session.open({ 'workshop.wat': workshop(2000), 'notes.txt': 'To do:\n' });
  await workbench.isActive();
  await workbench.openFile('workshop.wat');
  await workbench.debug();
  await workbench.printed('all are at work');
  await workbench.openFile('notes.txt');
  const without = await typing(workbench);
  await workbench.showView('Lunatic');
  await workbench.process('#20 worker').waitFor();
  await workbench.line('To do').click();
  const withView = await typing(workbench);
  await workbench.screenshot('crowd-busy');
  expect(withView.computed).toBeLessThan(1.5 * without.computed + 0.1);
  expect(withView.delay).toBeLessThan(1.5 * without.delay + 20);

  // The least counts, since others may use the machine.
  const pauses: number[] = [];
  for (const worker of ['#4 worker', '#8 worker', '#12 worker'])
    pauses.push(await workbench.actionDelay(worker, 'Pause Process', 'paused'));
  // From the bottom to the top: rows of processes that have ended go after a while, and what is below moves up.
  const kills: number[] = [];
  for (const [worker, left] of [
    ['#12 worker', '2,000 processes'],
    ['#8 worker', '1,999 processes'],
    ['#4 worker', '1,998 processes'],
  ] as const) {
    kills.push(await workbench.actionDelay(worker, 'Kill Process', 'ended'));
    await workbench.processes.filter({ hasText: left }).waitFor();
  }
  // Where others use the machine, all takes longer: then keys tell how much.
  const limit = Math.max(PROMPT_ANSWER, 20 * without.delay);
  expect(Math.min(...pauses)).toBeLessThan(limit);
  expect(Math.min(...kills)).toBeLessThan(limit);
  await workbench.command('Lunatic: Stop Program');
  await workbench.noProgramRuns();
});

/** Types into the active editor, and tells the seconds that the window computes for a second of it, and the median delay. */
async function typing(workbench: Workbench): Promise<{ computed: number; delay: number }> {
  const delays: number[] = [];
  await workbench.page.keyboard.press('Control+End');
  const start = performance.now();
  const before = await workbench.computed();
  for (let count = 0; count < 40; count++) {
    delays.push(await workbench.keyDelay('x'));
    await workbench.page.waitForTimeout(50);
  }
  const computed = ((await workbench.computed()) - before) / ((performance.now() - start) / 1000);
  delays.sort((a, b) => a - b);
  return { computed, delay: delays[20] ?? Number.NaN };
}
