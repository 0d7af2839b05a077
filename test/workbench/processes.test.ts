import { expect, test } from 'vitest';
import { LATE_NAME, OPEN_DAY, POST_OFFICE } from './programs.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession();

test('pauses one process while the others run, and lets it go on', async () => {
  const workbench = await session.edit('post-office.wat', POST_OFFICE);
  await workbench.debug();
  await workbench.showView('Lunatic');
  const sorter = workbench.process('#2 sorter', 'waiting');
  await workbench.act(sorter, 'Pause Process', workbench.process('#2 sorter', 'paused'));
  await workbench.ticks(3);

  await workbench.showView('Run and Debug');
  const thread = workbench.thread('#2 sorter (paused');
  await thread.filter({ hasText: 'Paused' }).waitFor();
  await workbench.thread('#3 clock').filter({ hasText: 'Running' }).waitFor();
  await workbench.expand(thread);
  // Its stack, in the text of its function.
  await workbench.frame('receive_tag').waitFor();
  await workbench.frame('sorter').waitFor();
  await workbench.screenshot('debugging-paused');
  const sections = ['Breakpoints', 'Call Stack', 'Watch'];
  for (const title of sections) await workbench.closeSection(title);
  await workbench.expand(workbench.scope('Mailbox'));
  await workbench.variable('[0]', 'tag 7').waitFor();
  await workbench.expand(workbench.variable('[1]', 'tag 8'));
  await workbench.variable('text', '"To Bob:').waitFor();
  await workbench.collapse(workbench.scope('Mailbox'));
  await workbench.expand(workbench.scope('Config'));
  await workbench.variable('max_memory', '4 GiB').waitFor();
  await workbench.screenshot('debugging-variables');
  // The window remembers which sections are closed.
  for (const title of sections) await workbench.openSection(title);

  await workbench.showView('Lunatic');
  await workbench.act(workbench.process('#2 sorter', 'paused'), 'Resume Process', sorter);
});

test('shows a mailbox and its messages, and the stack of a process that waits', async () => {
  const workbench = await session.edit('post-office.wat', POST_OFFICE);
  await workbench.debug();
  await workbench.showView('Lunatic');
  const sorter = workbench.process('#2 sorter');
  await workbench.act(sorter, 'Show Mailbox', workbench.line('Mailbox of #2 sorter: 3 messages'));
  await workbench.editorShows('1  tag 7, 26 bytes');
  await workbench.editorShows('To Ada: the parcel is here');
  await workbench.editorShows('2  tag 8, 24 bytes');
  await workbench.editorShows('00 01 02 ff');
  await workbench.screenshot('processes-mailbox');

  await workbench.menu(sorter, 'Show Stack');
  await workbench.editorShows('Stack of #2 sorter: waiting for a message');
  await workbench.editorShows('at sorter (function');
  await workbench.screenshot('processes-stack');
  await workbench.followLink('at sorter (function');
  await workbench.editorShows('(func $sorter');
  await workbench.screenshot('processes-frame');
});

test('sends a message to a process, which takes it and ends', async () => {
  const workbench = await session.edit('post-office.wat', POST_OFFICE);
  await workbench.debug();
  await workbench.showView('Lunatic');
  await workbench.process('#2 sorter').waitFor();
  await workbench.command('Lunatic: Send Message...');
  await workbench.pick('#2 sorter');
  await workbench.answer('Message', 'hex 68 69');
  await workbench.answer('Tag', '99');
  // It is displayed for a while after its end.
  await workbench.process('#2 sorter', 'ended').waitFor();
  await workbench.process('#3 clock').waitFor();
  await workbench.screenshot('processes-ended');
  await workbench.printed('the sorter has its letter');
  await workbench.isGone(workbench.process('#2 sorter'));
});

test('kills a process from the tree; the others run on', async () => {
  const workbench = await session.edit('post-office.wat', POST_OFFICE);
  await workbench.debug();
  await workbench.showView('Lunatic');
  const killed = workbench.process('#2 sorter', 'ended, killed');
  await workbench.act(workbench.process('#2 sorter'), 'Kill Process', killed);
  await workbench.printed('Process 2 was killed');
  await workbench.ticks(3);
  await workbench.screenshot('processes-killed');
  // The last one takes the program with it.
  await workbench.act(workbench.process('#1 _start'), 'Kill Process');
  await workbench.noProgramRuns();
  await workbench.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
});

test('keys of the tree open the details of a process and kill it; the palette takes the one that is selected', async () => {
  const workbench = await session.edit('post-office.wat', POST_OFFICE);
  await workbench.debug();
  await workbench.showView('Lunatic');
  await workbench.select('#2 sorter');
  await workbench.page.keyboard.press('Enter');
  await workbench.editorShows('Registered as  sorter');
  await workbench.editorShows('Parent         #1 _start');
  await workbench.editorShows('at sorter (function');
  await workbench.editorShows('To Ada: the parcel is here');
  await workbench.editorHasFocus();
  await workbench.screenshot('processes-details');
  await workbench.select('#3 clock');
  await workbench.page.keyboard.press('ArrowUp');
  await workbench.page.keyboard.press('Delete');
  await workbench.process('#2 sorter', 'ended, killed').waitFor();
  await workbench.process('#1 _start', 'waiting').waitFor();
  // What it was at last can still be read.
  await workbench.editorShows('The process has ended. This is what it was at last.');
  await workbench.editorShows('To Ada: the parcel is here');
  await workbench.select('#1 _start');
  await workbench.command('Lunatic: Show Mailbox');
  await workbench.editorShows('Mailbox of #1 _start');
});

test('keys of the tree mean the selected process also while the tree is redrawn', async () => {
  const workbench = await session.edit('open-day.wat', OPEN_DAY);
  const { keyboard } = workbench.page;
  await workbench.debug();
  await workbench.showView('Lunatic');
  await workbench.select('#2 sorter');
  await workbench.whileRedrawn('lunatic.showProcess', () => keyboard.press('Enter'));
  await workbench.editorShows('at sorter (function');
  await workbench.select('#3 writer');
  await workbench.whileRedrawn('lunatic.killProcess', async () => {
    // The row above is selected while the tree is redrawn.
    await keyboard.press('ArrowUp');
    await keyboard.press('Delete');
  });
  await workbench.process('#2 sorter', 'ended, killed').waitFor();
  await workbench.process('#3 writer', 'waiting').waitFor();
});

test('documents of processes stay when another process stops, and their links move with their text', async () => {
  const workbench = await session.edit('post-office.wat', POST_OFFICE);
  await workbench.debug();
  await workbench.showView('Lunatic');
  const sorter = workbench.process('#2 sorter');
  await workbench.act(sorter, 'Show Mailbox', workbench.line('Mailbox of #2 sorter: 3 messages'));
  await workbench.menu(sorter, 'Show Stack');
  await workbench.editorShows('at sorter (function');
  await workbench.act(
    workbench.process('#3 clock'),
    'Pause Process',
    workbench.process('#3 clock', 'paused'),
  );
  await workbench.editorShows('(func $clock');
  for (const tab of ['#2 sorter mailbox', '#2 sorter stack', 'post-office.wat'])
    await workbench.tab(tab).waitFor();
  await workbench.screenshot('processes-documents-stay');

  await workbench.openTab('#2 sorter stack');
  await workbench.act(sorter, 'Kill Process');
  // A note above the stack moves it down.
  await workbench.editorShows('The process has ended. This is what it was at last.');
  await expect
    .poll(() => workbench.linkedLines())
    .toEqual([expect.stringMatching(/^at .*receive_tag/), expect.stringMatching(/^at sorter \(/)]);
  await workbench.screenshot('processes-stack-moved');
});

test('pauses all processes, and lets all go on', async () => {
  const workbench = await session.edit('post-office.wat', POST_OFFICE);
  await workbench.debug();
  await workbench.showView('Lunatic');
  await workbench.process('#2 sorter').waitFor();
  await workbench.page
    .locator('.part.sidebar .title-actions .action-label[aria-label^="Pause All Processes"]')
    .click();
  for (const name of ['#1 _start', '#2 sorter', '#3 clock'])
    await workbench.process(name, 'paused').waitFor();
  await workbench.screenshot('processes-all-paused');
  // The debugger leads to the place of the pause and takes the focus there, which closes a palette.
  await workbench.page.locator('.codicon-debug-stackframe').first().waitFor();
  await workbench.editorHasFocus();
  await workbench.command('Lunatic: Resume All Processes');
  for (const name of ['#1 _start', '#2 sorter']) await workbench.process(name, 'waiting').waitFor();
  await workbench.ticks(3);
});

test('what the mouse is over stays described while other processes change', async () => {
  const workbench = await session.edit('post-office.wat', POST_OFFICE);
  await workbench.debug();
  await workbench.showView('Lunatic');
  const sorter = workbench.process('#2 sorter', 'waiting for a message, 3 messages');
  await workbench.describes(sorter, 'Registered as');
  await workbench.page.evaluate(`window.sameHover = document.querySelector('.workbench-hover')`);
  await workbench.screenshot('processes-tooltip');
  await workbench.ticks(15);
  expect(await workbench.page.evaluate(`sameHover.isConnected`)).toBe(true);
});

test('what the mouse is over is described as it is now, also where its row looks as before', async () => {
  const workbench = await session.edit('late-name.wat', LATE_NAME);
  await workbench.debug();
  await workbench.showView('Lunatic');
  const sorter = workbench.process('#2 sorter', 'waiting');
  await workbench.describes(sorter, 'Entry');
  await workbench.command('Lunatic: Send Message...');
  await workbench.pick('#1 _start');
  await workbench.answer('Message', 'name it');
  await workbench.answer('Tag', '1');
  await workbench.printed('it has a name');
  await workbench.describes(sorter, 'Registered as');
});

test('processes of several schedulers are one tree, and each is reached through it', async () => {
  const launch = {
    ...{ type: 'lunatic', request: 'launch', name: 'Post Office' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
    program: '${workspaceFolder}/post-office.wat',
    runtimeArgs: ['--schedulers=2', '--place-children=apart'],
  };
  const workbench = await session.open({
    'post-office.wat': POST_OFFICE,
    '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [launch] }),
  });
  await workbench.isActive();
  await workbench.openFile('post-office.wat');
  await workbench.debug();
  await workbench.printed('tick');
  await workbench.showView('Lunatic');
  const sorter = workbench.process('#2 sorter', 'waiting');
  await workbench.describes(sorter, 'Scheduler');
  await workbench.screenshot('schedulers-tree');
  await workbench.act(sorter, 'Show Mailbox', workbench.line('Mailbox of #2 sorter: 3 messages'));
  await workbench.editorShows('To Ada: the parcel is here');
  await workbench.act(sorter, 'Pause Process', workbench.process('#2 sorter', 'paused'));
  await workbench.ticks(3);
  await workbench.showView('Run and Debug');
  await workbench.expand(workbench.thread('#2 sorter (paused'));
  await workbench.frame('sorter').waitFor();
  await workbench.screenshot('schedulers-paused');
  await workbench.command('Lunatic: Stop Program');
  await workbench.noProgramRuns();
});
