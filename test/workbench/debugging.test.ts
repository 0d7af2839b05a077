import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { projectFolder } from '../support/command.ts';
import { BAKERY, CLOSED_BAKERY, ECHO, POST_OFFICE, READERS } from './programs.ts';
import { WorkbenchSession, Workspace } from './support/session.ts';

const session = new WorkbenchSession();

/** Folder of the example. */
const example = join(projectFolder, 'examples', 'supervisor-assemblyscript');

describe('F5 on a text module', () => {
  test('runs it; its processes are threads, and in the tree', async () => {
    const workbench = await session.edit('post-office.wat', POST_OFFICE);
    await workbench.debug();
    await workbench.printed('the post office is open');

    await workbench.showView('Run and Debug');
    await workbench.thread('#1 _start (waiting for a message)').waitFor();
    await workbench.thread('#2 sorter (waiting for a message, 3 in mailbox)').waitFor();
    await workbench.thread('#3 clock').waitFor();
    await workbench.screenshot('debugging-threads');

    await workbench.showView('Lunatic');
    await workbench.process('#1 _start').waitFor();
    await workbench.process('#2 sorter').waitFor();
    await workbench.process('#3 clock').waitFor();
    // And the program itself.
    await workbench.counts(workbench.processes, 4);
    await workbench.screenshot('debugging-processes');
  });

  test('stops where a process traps, with the reason and its stack', async () => {
    const workbench = await session.edit('bakery.wat', BAKERY);
    await workbench.showView('Run and Debug');
    await workbench.debug();
    await workbench.page.locator('.exception-widget', { hasText: 'divide by zero' }).waitFor();
    for (const name of ['slice', 'share_the_cake', 'baker']) await workbench.hasCall(workbench.frame(name));
    await workbench.page.locator('.debug-top-stack-frame-line').first().waitFor();
    await workbench.editorShows('i32.div_u');
    await workbench.ticks(3);
    await workbench.screenshot('debugging-trap');

    await workbench.showView('Lunatic');
    await workbench.process('#2 baker', 'trapped: divide by zero').waitFor();
    await workbench.screenshot('processes-trapped');
    await workbench.goOn();
    await workbench.process('#2 baker', 'ended, trapped: divide by zero').waitFor();
    await workbench.process('#3 clock', 'sleeping').waitFor();
    await workbench.screenshot('processes-ended-by-trap');
  });

  test('a panic stops in the code of its author, not where the language ends the process', async () => {
    const panic = readFileSync(join(projectFolder, 'test', 'guests', 'built', 'rust', 'panic.wasm'));
    const workbench = await session.open({ 'panic.wasm': panic });
    await workbench.isActive();
    await workbench.canDebug();
    await workbench.menu(workbench.files.filter({ hasText: 'panic.wasm' }), 'Debug with Lunatic');
    await workbench.page
      .locator('.exception-widget', { hasText: 'the cat number 24 is not in the box' })
      .waitFor();
    await workbench.printed('the cat number 24 is not in the box');
    await workbench.showView('Run and Debug');
    await workbench.hasCall(workbench.frame('panic::find_the_cat'));
    await workbench.threads.filter({ hasText: 'Show 6 More: library code' }).waitFor();
    await workbench.isGone(workbench.frame('rust_panic'));
    await workbench.editorShows('call $core::panicking::panic_fmt');
    await workbench.screenshot('debugging-panic');
  });

  test('the debug console gives a program its input, and knows commands', async () => {
    const workbench = await session.edit('echo.wat', ECHO);
    await workbench.debug();
    await workbench.printed('say something');
    await workbench.say('help');
    await workbench.printed('send 5 some text');
    await workbench.say('processes');
    await workbench.printed('#1 _start');
    await workbench.say('input good morning');
    await workbench.page.locator('.repl .output.expression', { hasText: 'good morning' }).waitFor();
    await workbench.screenshot('debugging-console');
    await workbench.say('eof');
    await workbench.printed('that was all');
    await workbench.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  });

  test.runIf(process.platform === 'linux')(
    'an adapter that dies takes its program along, and nothing else',
    async () => {
      const workbench = await session.edit('echo.wat', ECHO);
      await workbench.debug();
      await workbench.printed('say something');
      const program = runningWith(join(workbench.workspace.folder, 'echo.wat'));
      const adapter = program.map(parentOf);
      expect(adapter.map((pid) => argumentsOf(pid).at(-1))).toEqual(['dap']);
      for (const pid of adapter) process.kill(pid, 'SIGKILL');
      await workbench.notification('The debug adapter of "echo.wat" has ended unexpectedly');
      await workbench.screenshot('debugging-dead-adapter');
      await workbench.page.keyboard.press('Escape');
      await workbench.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
      await expect.poll(() => runningWith(join(workbench.workspace.folder, 'echo.wat'))).toEqual([]);

      await workbench.debug();
      // What the first session has printed may still be there.
      await workbench.debugAction('pause').waitFor();
      await workbench.printed('say something');
    },
  );

  test('tells what is wrong with a module that cannot be read, and where', async () => {
    const workbench = await session.edit('wrong.wat', '(module\n  (func (export "_start") (i32.const 1)))');
    await workbench.debug();
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'wrong.wat cannot be run.' });
    await dialog.getByText('line 2, column 28: type mismatch at end of function').waitFor();
    await workbench.screenshot('debugging-wrong-module');
    expect(await dialog.locator('.monaco-button').allTextContents()).toEqual(['Cancel', 'Show']);
    await dialog.getByRole('button', { name: 'Show' }).click();
    await workbench.page.locator('.squiggly-error').first().waitFor();
    await workbench.page.locator('.statusbar', { hasText: 'Ln 2, Col 28' }).waitFor();
    await workbench.command('Problems: Focus on Problems View');
    // As the language server says it, and only so.
    await workbench.problem('the function ends with [i32], and must end with []').waitFor();
    await workbench.isGone(workbench.problem('type mismatch at end of function'));
    await workbench.screenshot('debugging-wrong-module-problem');
    workbench.workspace.write('wrong.wat', '(module (func (export "_start")))');
    await workbench.editorShows('(module (func (export "_start")))');
    await workbench.isGone(workbench.problem('the function ends with'));
    await workbench.debug();
    await workbench.printed('The program ended with exit code 0');
  });

  test('tells that a module is a library', async () => {
    const sums =
      '(func (export "add") (param i32)) (func (export "sub")) (func (export "_start") (result i32) i32.const 0)';
    const workbench = await session.edit('sums.wat', `(module ${sums})`);
    await workbench.debug();
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'sums.wat cannot be run.' });
    await dialog
      .getByText(
        /the exported function _start, which takes and returns nothing\..* can name another one: sub$/,
      )
      .waitFor();
    await workbench.dismissDialog();
    await workbench.noProgramRuns();
  });

  test('tells at which byte a binary is broken', async () => {
    const workbench = await session.open({ 'broken.wasm': Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 99) });
    await workbench.isActive();
    await workbench.command('Lunatic: Debug');
    const dialog = workbench.page.locator('.monaco-dialog-box', { hasText: 'broken.wasm cannot be run.' });
    await dialog.getByText('offset 0x8').waitFor();
    await dialog.getByRole('button', { name: 'Show' }).click();
    await workbench.problem('offset 0x8').waitFor();
    await workbench.screenshot('debugging-broken-binary');
  });
});

describe('an example in AssemblyScript', () => {
  test('F5 with a launch.json: stops at its entry, goes on, ends', async () => {
    const source = join(example, 'supervisor.ts');
    const build = new Workspace({});
    const module = join(build.folder, 'supervisor.wasm');
    await buildAssemblyScript(source, module);
    const launch = {
      version: '0.2.0',
      configurations: [
        {
          type: 'lunatic',
          request: 'launch',
          name: 'Supervisor',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
          program: '${workspaceFolder}/supervisor.wasm',
          stopOnEntry: true,
        },
      ],
    };
    const workbench = await session.open({
      'supervisor.wasm': readFileSync(module),
      'supervisor.ts': readFileSync(source),
      '.vscode/launch.json': JSON.stringify(launch),
    });
    build.remove();
    await workbench.isActive();
    await workbench.openFile('supervisor.ts');
    await workbench.showView('Run and Debug');
    await workbench.configuration('Supervisor').waitFor();
    await workbench.debug();
    // There is one thread, which the view does not name then.
    await workbench.page.locator('.debug-call-stack', { hasText: 'It has not begun' }).waitFor();
    await workbench.screenshot('assemblyscript-entry');
    // Workers fail, and their supervisor starts others. They need not stop for that.
    const failedExits = workbench.page
      .locator('.debug-breakpoints .monaco-list-row', { hasText: 'Failed Exits' })
      .locator('.monaco-checkbox, input')
      .first();
    await failedExits.click();
    await workbench.goOn();
    await workbench.printed('all 12 jobs are done');
    await workbench.noProgramRuns();
    await workbench.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
    await workbench.screenshot('assemblyscript-end');
    // The window keeps what was chosen.
    await workbench.showView('Run and Debug');
    await failedExits.click();
  });

  test('its processes are threads, and in the tree, until they have a message', async () => {
    const build = new Workspace({
      'lunatic.ts': readFileSync(join(example, 'lunatic.ts')),
      'readers.ts': READERS,
    });
    await buildAssemblyScript(join(build.folder, 'readers.ts'), join(build.folder, 'readers.wasm'));
    const workbench = await session.open({
      'readers.wasm': readFileSync(join(build.folder, 'readers.wasm')),
      'readers.ts': READERS,
    });
    build.remove();
    await workbench.isActive();
    await workbench.command('Lunatic: Debug');
    await workbench.showView('Run and Debug');
    await workbench.thread('#2 runProcess').waitFor();
    await workbench.thread('#3 runProcess').waitFor();
    await workbench.screenshot('assemblyscript-threads');
    await workbench.showView('Lunatic');
    await workbench.process('#3 runProcess').waitFor();
    await workbench.screenshot('assemblyscript-processes');
    for (const reader of ['#2 runProcess', '#3 runProcess']) {
      await workbench.command('Lunatic: Send Message...');
      await workbench.pick(reader);
      await workbench.answer('Message', 'i64 42');
      await workbench.answer('Tag', '');
      // With the second one the program ends.
      if (reader === '#2 runProcess') await workbench.process(reader, 'ended').waitFor();
    }
    await workbench.printed('everybody has read');
    await workbench.noProgramRuns();
  });
});

describe('Run', () => {
  test('runs the module of the editor without debugging; its processes can be seen', async () => {
    const workbench = await session.edit('bakery.wat', CLOSED_BAKERY);
    await workbench.page.locator('.editor-actions .action-label[aria-label^="Run with Lunatic"]').click();
    await workbench.showView('Lunatic');
    await workbench.process('#3 clock').waitFor();
    await workbench.process('#2 baker', 'waiting').waitFor();
    await workbench.command('Lunatic: Send Message...');
    await workbench.pick('#2 baker');
    await workbench.answer('Message', 'i64 1');
    await workbench.answer('Tag', '');
    // The baker traps, and nothing stops for that.
    await workbench.process('#2 baker', 'ended, trapped: divide by zero').waitFor();
    await workbench.printed('divide by zero');
    await workbench.screenshot('run-processes');
    await workbench.command('Problems: Focus on Problems View');
    const problem = workbench.problem('#2 baker trapped: divide by zero');
    await workbench.openRow(problem, workbench.page.locator('.squiggly-warning'));
    await workbench.screenshot('trap-diagnostic');
    await workbench.command('Lunatic: Stop Program');
    await workbench.noProgramRuns();
    // It was so until the next run.
    await problem.waitFor();
    await workbench.openFile('bakery.wat');
    await workbench.debug('Control+F5');
    await workbench.isGone(problem);
    await workbench.ticks(2);
  });

  test('Ctrl+F5 runs the module of the editor without debugging', async () => {
    const workbench = await session.edit('bakery.wat', BAKERY);
    await workbench.debug('Control+F5');
    await workbench.printed('divide by zero');
    await workbench.ticks(3);
    await workbench.command('Lunatic: Stop Program');
    await workbench.noProgramRuns();
  });

  test('F5 runs again what ran last, where no module is in the editor', async () => {
    const workbench = await session.open({ 'echo.wat': ECHO, 'bakery.wat': BAKERY, 'notes.txt': 'to do' });
    await workbench.isActive();
    await workbench.openFile('echo.wat');
    await workbench.debug();
    await workbench.printed('say something');
    await workbench.command('Lunatic: Stop Program');
    await workbench.noProgramRuns();
    await workbench.openFile('notes.txt');
    await workbench.debug();
    await workbench.showView('Lunatic');
    await workbench.processes.filter({ hasText: 'echo.wat' }).waitFor();
    await workbench.command('Lunatic: Stop Program');
    await workbench.noProgramRuns();
    // A module in the editor is what is meant.
    await workbench.openFile('bakery.wat');
    await workbench.debug();
    await workbench.page.locator('.exception-widget', { hasText: 'divide by zero' }).waitFor();
  });

  test('what a stop has opened has no button to run it, and closes with the session', async () => {
    const panic = readFileSync(join(projectFolder, 'test', 'guests', 'built', 'rust', 'panic.wasm'));
    const workbench = await session.open({ 'panic.wasm': panic });
    await workbench.isActive();
    await workbench.command('Lunatic: Debug');
    await workbench.editorShows('call $core::panicking::panic_fmt');
    const tab = workbench.page.locator('.tab', { hasText: 'find_the_cat' });
    await tab.waitFor();
    await workbench.screenshot('debugging-stop-tab');
    expect(await workbench.page.locator('.editor-actions .action-label[aria-label*="Lunatic"]').count()).toBe(
      0,
    );
    // F5 runs the module again, and not the text that is displayed.
    await workbench.command('Lunatic: Stop Program');
    await workbench.isGone(tab);
    await workbench.noProgramRuns();
    await workbench.debug();
    await tab.waitFor();
  });

  test('asks which module, where there are several and none is open', async () => {
    const workbench = await session.open({ 'a/bakery.wat': BAKERY, 'b/post-office.wat': POST_OFFICE });
    await workbench.isActive();
    await workbench.command('Lunatic: Run');
    await workbench.choice('bakery.wat').waitFor();
    await workbench.screenshot('run-which');
    await workbench.pick('post-office.wat');
    await workbench.printed('the post office is open');
  });
});

describe('Other ways', () => {
  test('the menu of a file runs it; the palette shows its processes, kills them, and shows the output', async () => {
    const workbench = await session.open({ 'bakery.wat': BAKERY, 'post-office.wat': POST_OFFICE });
    await workbench.isActive();
    await workbench.menu(workbench.files.filter({ hasText: 'post-office.wat' }), 'Run with Lunatic');
    await workbench.printed('the post office is open');
    await workbench.command('Lunatic: Show Processes');
    await workbench.process('#2 sorter').waitFor();
    await workbench.command('Lunatic: Kill Process');
    await workbench.pick('#2 sorter');
    await workbench.process('#2 sorter', 'ended, killed').waitFor();
    await workbench.command('Lunatic: Show Output');
    // What is in it cannot be seen here: this server has no native module that would write logs.
    await workbench.page.locator('.part.panel .action-item.checked', { hasText: 'Output' }).waitFor();
    await workbench.screenshot('run-log');
    await workbench.command('Lunatic: Stop Program');
    await workbench.noProgramRuns();
  });

  test('a module is picked in the view Run and Debug, without a launch.json', async () => {
    // The window keeps what was picked.
    const workbench = await session.open(
      { 'bakery.wat': BAKERY, 'post-office.wat': POST_OFFICE },
      { ownWindow: true },
    );
    await workbench.isActive();
    await workbench.command('Debug: Select and Start Debugging');
    await workbench.pick('Lunatic...');
    await workbench.choice('bakery.wat').waitFor();
    await workbench.screenshot('run-dynamic');
    await workbench.pick('post-office.wat');
    await workbench.printed('the post office is open');
  });

  test('a launch.json is written with the help of snippets', async () => {
    const workbench = await session.open({
      'bakery.wat': BAKERY,
      '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [] }, null, 2),
    });
    await workbench.isActive();
    await workbench.expand(workbench.files.filter({ hasText: '.vscode' }));
    await workbench.openFile('launch.json');
    // That the editor knows what is in the file shows that what completes it has started.
    await workbench.page.locator('.breadcrumbs-control', { hasText: '…' }).waitFor();
    await workbench.command('Debug: Add Configuration...');
    await workbench.suggestion('Lunatic: Run a Module').waitFor();
    await workbench.screenshot('snippets');
    await workbench.suggestion('Lunatic: Run a Module').click();
    await workbench.editorShows('"name": "Debug program.wasm"');
    // The cursors are where the name of the module belongs.
    await workbench.page.keyboard.type('bakery.wat');
    await workbench.editorShows('"name": "Debug bakery.wat"');
    // Not one of the completions that are offered now.
    await workbench.page.keyboard.press('Escape');
    await workbench.press('Control+S');
    await workbench.isGone(workbench.page.locator('.tab.dirty'));
    await workbench.screenshot('snippet-filled');
    await workbench.debug();
    await workbench.page.locator('.exception-widget', { hasText: 'divide by zero' }).waitFor();
    await workbench.showView('Run and Debug');
    await workbench.configuration('Debug bakery.wat').waitFor();
  });
});

test('a compound configuration runs two programs at the same time, each with its processes', async () => {
  const configuration = (name: string) => ({
    ...{ type: 'lunatic', request: 'launch', name },
    program: `\${workspaceFolder}/${name}.wat`,
  });
  const launch = {
    version: '0.2.0',
    configurations: [configuration('post'), configuration('bakery')],
    compounds: [{ name: 'Both', configurations: ['post', 'bakery'], stopAll: true }],
  };
  const workbench = await session.open({
    '.vscode/launch.json': JSON.stringify(launch),
    'post.wat': POST_OFFICE,
    'bakery.wat': BAKERY,
  });
  await workbench.isActive();
  await workbench.showView('Run and Debug');
  await workbench.configuration('post').waitFor();
  await workbench.canDebug();
  await workbench.command('Debug: Select and Start Debugging');
  await workbench.pick('Both');
  await workbench.thread('#2 baker').filter({ hasText: 'Paused on trap' }).waitFor();
  await workbench.showView('Lunatic');
  await workbench.process('#2 sorter').waitFor();
  await workbench.process('#2 baker').waitFor();
  await workbench.screenshot('compound');
  // One ends with the other.
  await workbench.press('Shift+F5');
  await workbench.noProgramRuns();
});

/** The OS processes that were started with an argument. */
function runningWith(argument: string): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => argumentsOf(pid).includes(argument));
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
