/** Run on Save: a program is built and restarted when its source is saved. */
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { control } from './support/control.ts';
import { edit, replace, TYPING } from './support/edit.ts';
import { WorkbenchSession } from './support/session.ts';

const session = new WorkbenchSession(() => ({ settings: TYPING }));

/** Serves a drink, and waits for guests. */
const BAR = `
import { print, receive } from './lunatic';

export function _start(): void {
  print('there is ' + "tea");
  receive();
}
`;

const SOURCE = 'assembly/bar.ts';

const CONFIG = {
  entries: [SOURCE],
  targets: { debug: { outFile: 'build/debug.wasm', debug: true, sourceMap: true } },
  options: { use: ['abort='] },
};

test('a project is built again when its source is saved, and restarted; one with an error in it runs on', async () => {
  const library = join(projectFolder, 'examples', 'supervisor-assemblyscript', 'lunatic.ts');
  const files = {
    'asconfig.json': JSON.stringify(CONFIG),
    [SOURCE]: BAR,
    'assembly/lunatic.ts': readFileSync(library),
  };
  const workbench = await session.open(files, { settings: { 'lunatic.runOnSave': true } });
  const { page, workspace } = workbench;
  symlinkSync(join(projectFolder, 'node_modules'), join(workspace.folder, 'node_modules'));
  await workbench.isActive();
  await workbench.goToFile(SOURCE);
  await workbench.command('Lunatic: Run');
  await workbench.printed('there is tea');
  await workbench.runOnSave('Run on Save').waitFor();

  await workbench.goToFile(SOURCE);
  await edit(workbench, SOURCE, 'tea', 'coffee');
  await workbench.printed('there is coffee');
  await workbench.runOnSave(/: \d+(\.\d)? m?s$/).waitFor();
  await workbench.screenshot('run-on-save');

  // The same module: the program goes on, and no time of a start is shown.
  await edit(workbench, SOURCE, 'receive();', 'receive(); // the guests');
  await workbench.runOnSave('Run on Save').waitFor();

  await edit(workbench, SOURCE, '"coffee"', 'cofee');
  await workbench
    .runOnSave(/^\s*lunatic-workspace-\w+$/)
    .locator('.codicon-error')
    .waitFor();
  await workbench.command('Problems: Focus on Problems View');
  await workbench
    .problem("Cannot find name 'cofee'")
    .and(page.locator('[aria-label$="by lunatic"]'))
    .waitFor();
  await workbench.screenshot('run-on-save-error');
  // The program from before runs on.
  await workbench.showView('Lunatic');
  await workbench.counts(workbench.processes, 2);

  await workbench.goToFile(SOURCE);
  await edit(workbench, SOURCE, 'cofee', '"milk"');
  await workbench.command('Debug Console: Focus on Debug Console View');
  await workbench.printed('there is milk');
  await workbench.showView('Lunatic');
  await workbench.counts(workbench.processes, 2);
  await expect.poll(() => workbench.problem('cofee').count()).toBe(0);
});

test('a module that has ended runs again when it is saved, and one that was stopped does not', async () => {
  const workbench = await session.open({
    'guest.wat': guest('(func (export "_start") (call $print (text "hello Ada")))'),
  });
  const { page, workspace } = workbench;
  await workbench.isActive();
  await workbench.command('Lunatic: Toggle Run on Save');
  await workbench.openFile('guest.wat');
  await workbench.debug();
  await workbench.printed('hello Ada');
  await workbench.noProgramRuns();

  await workbench.openFile('guest.wat');
  await edit(workbench, 'guest.wat', 'Ada', 'Bob');
  await workbench.printed('hello Bob');
  await workbench.noProgramRuns();

  // By somebody else, as by a compiler in a terminal.
  const waits = guest('(func (export "_start") (call $print (text "Eve waits")) (call $forever))');
  workspace.write('guest.wat', waits);
  await workbench.printed('Eve waits');
  // The user's restart saves, although the start did not.
  await workbench.openFile('guest.wat');
  await workbench.editorShows('Eve waits');
  await replace(workbench, 'guest.wat', 'Eve', 'Ann');
  await workbench.press('Control+Shift+F5');
  await workbench.printed('Ann waits');
  await workbench.press('Shift+F5');
  await workbench.noProgramRuns();

  await workbench.openFile('guest.wat');
  await edit(workbench, 'guest.wat', 'Ann', 'Ida');
  // One that was started again would be there as well.
  await workbench.debug();
  await workbench.printed('Ida waits');
  await workbench.showView('Lunatic');
  await workbench.counts(workbench.processes, 2);
  await workbench.command('Lunatic: Toggle Run on Save');
  await page.locator('.statusbar', { hasText: 'Run on Save is off' }).waitFor();
});

test('a launch configuration decides for its program, whatever the setting says', async () => {
  const launch = (runOnSave: boolean) => ({
    ...{ type: 'lunatic', request: 'launch', name: `always ${runOnSave}`, runOnSave },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
    program: '${workspaceFolder}/guest.wat',
  });
  const workbench = await session.open({
    'guest.wat': guest('(func (export "_start") (call $print (text "hello Ada")))'),
    '.vscode/launch.json': JSON.stringify({ configurations: [launch(true)] }),
  });
  const { page, workspace } = workbench;
  await workbench.isActive();
  await workbench.showView('Run and Debug');
  await workbench.configuration('always true').waitFor();
  await workbench.debug();
  await workbench.printed('hello Ada');
  await workbench.noProgramRuns();
  await workbench.openFile('guest.wat');
  await edit(workbench, 'guest.wat', 'Ada', 'Bob');
  await workbench.printed('hello Bob');
  await workbench.noProgramRuns();
  // What a click would do is where it is turned off: in the configuration.
  await workbench.runOnSave('always true').click();
  await page.locator('.tab.active[data-resource-name="launch.json"]').waitFor();

  await control(workspace.folder, { name: 'configure', settings: { 'lunatic.runOnSave': true } });
  workspace.write('guest.wat', guest('(func (export "_start") (call $print (text "hello Cat")))'));
  workspace.write('.vscode/launch.json', JSON.stringify({ configurations: [launch(false)] }));
  await workbench.showView('Run and Debug');
  await workbench.configuration('always false').waitFor();
  await workbench.debug();
  await workbench.printed('hello Cat');
  await workbench.noProgramRuns();
  await workbench.isGone(workbench.runOnSave(''));
});

/** A project that any tool builds: this one waits while there is a file `hold`. Its program prints a text, and waits. */
const PROJECT = {
  'lunatic.json': JSON.stringify({ name: 'bar', module: 'build/bar.wat', build: ['sh', 'build.sh'] }),
  'build.sh':
    'echo >>built; while [ -e hold ]; do sleep 0.02; done; mkdir -p build; cp bar.txt build/bar.wat',
  'bar.txt': guest('(func (export "_start") (call $print (text "hello Ada")) (call $forever))', {
    imports: '(; further ;)',
  }),
};

test('a build is given up when the program is stopped, and when Run on Save is turned off', async () => {
  const workbench = await session.open(PROJECT, { settings: { 'lunatic.runOnSave': true } });
  const { page, workspace } = workbench;
  await workbench.isActive();
  await workbench.openFile('bar.txt');
  await workbench.command('Lunatic: Run');
  await workbench.printed('hello Ada');
  const builds = workbench.runOnSave(/^\s*bar$/).locator('.codicon-sync');

  workspace.write('hold', '');
  await workbench.openFile('bar.txt');
  await edit(workbench, 'bar.txt', 'Ada', 'Bob');
  await builds.waitFor();
  await workbench.command('Lunatic: Toggle Run on Save');
  await page.locator('.statusbar', { hasText: 'Run on Save is off' }).waitFor();
  await workbench.isGone(workbench.runOnSave(''));
  workspace.remove('hold');
  // A build that has gone on ends long before that.
  await workbench.command('Lunatic: Toggle Run on Save');
  await workbench.runOnSave('Run on Save').waitFor();
  await workbench.openFile('bar.txt');
  await edit(workbench, 'bar.txt', 'Bob', 'Cat');
  await workbench.printed('hello Cat');
  expect(await workbench.console.filter({ hasText: 'Bob' }).count()).toBe(0);

  workspace.write('hold', '');
  await workbench.openFile('bar.txt');
  await edit(workbench, 'bar.txt', 'Cat', 'Dan');
  await builds.waitFor();
  await workbench.command('Debug: Stop');
  await workbench.noProgramRuns();
  workspace.remove('hold');
  // A build that has gone on starts the program once more.
  await workbench.command('Lunatic: Run');
  await workbench.printed('hello Dan');
  await workbench.showView('Lunatic');
  await workbench.counts(workbench.processes, 2);
});

test('a module that does not start is told as that, and runs again once it is mended', async () => {
  const workbench = await session.open(PROJECT, { settings: { 'lunatic.runOnSave': true } });
  const { page } = workbench;
  await workbench.isActive();
  await workbench.openFile('bar.txt');
  await workbench.command('Lunatic: Run');
  await workbench.printed('hello Ada');

  await workbench.openFile('bar.txt');
  await edit(workbench, 'bar.txt', '(; further ;)', '(import "nowhere" "door" (func))');
  await page.getByRole('button', { name: 'Run on Save: bar was built, but does not start.' }).waitFor();
  await workbench.screenshot('run-on-save-not-started');
  await workbench.noProgramRuns();

  await workbench.openFile('bar.txt');
  await edit(workbench, 'bar.txt', '(import "nowhere" "door" (func))', '(; none ;)');
  await workbench.runOnSave(/: \d+(\.\d)? m?s$/).waitFor();
  await workbench.showView('Lunatic');
  await workbench.counts(workbench.processes, 2);
});
