/** F5 in a source builds the project that it belongs to, and stops at its breakpoints. */
import { spawnSync } from 'node:child_process';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { findRust } from '../support/rust.ts';
import { wat } from '../unit/wasm/support.ts';
import { edit, TYPING } from './support/edit.ts';
import { type Files, type OpenWorkbench, WorkbenchSession } from './support/session.ts';
import { poolIn, poolInRust } from './support/template-pool.ts';

const session = new WorkbenchSession(() => ({ settings: TYPING }));

const target = await findRust();
const hasRust = target !== undefined;
/** Milliseconds for the crates of a project of `lunatic new`, which are got and built once. */
const CRATES_PATIENCE = 600_000;
const hasC = existsSync('/usr/include/wasm32-wasi');

const MAIN = `fn price(count: u32) -> u32 {
    let sum = count * 3;
    if sum > 30 {
        return sum - 5;
    }
    sum
}

fn main() {
    println!("the price is {}", price(12));
}
`;

/** What the terminal that is shown displays: an expression for the page. */
const TERMINAL_TEXT = `(() => {
  const buffer = document.querySelector('.terminal-wrapper.active')?.xterm?.buffer.active;
  const lines = Array.from({ length: buffer?.length ?? 0 }, (_, i) => buffer.getLine(i).translateToString());
  return lines.join('');
})()`;

const CRATE: Files = {
  'Cargo.toml': '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
  '.cargo/config.toml': `[build]\ntarget = "${target}"\n`,
  'src/main.rs': MAIN,
};

async function openSource(files: Files, source: string, settings = {}): Promise<OpenWorkbench> {
  const workbench = await session.open(files, { settings });
  await workbench.isActive();
  await workbench.goToFile(source);
  await workbench.program('shop').waitFor();
  return workbench;
}

/** Clicks the program in the status bar, and picks from what is offered then. */
async function pickFrom(
  workbench: OpenWorkbench,
  program: string,
  item: string,
  screenshot?: string,
): Promise<void> {
  await workbench.brings(workbench.choice(item), () => workbench.program(program).click());
  if (screenshot !== undefined) await workbench.screenshot(screenshot);
  await workbench.pick(item);
}

/** A lens that can be clicked. Those that VS Code remembers of a document that was open before do nothing yet. */
const lens = ({ page }: OpenWorkbench, title: string) =>
  page.locator('.codelens-decoration a', { hasText: title });

describe.runIf(hasRust)('a crate', () => {
  test('is built by F5, and stops at a breakpoint with its variables', async () => {
    const workbench = await openSource(CRATE, 'src/main.rs');
    const { page } = workbench;
    await workbench.setBreakpoint('if sum > 30');
    await workbench.showView('Run and Debug');
    await workbench.debug();
    await page.locator('.debug-top-stack-frame-line').first().waitFor();
    await workbench.variable('sum', '36').waitFor();
    await workbench.variable('count', '12').waitFor();
    await workbench.hasCall(workbench.frame('shop::price'));
    await workbench.screenshot('project-rust');
    await workbench.goOn();
    await workbench.printed('the price is 31');
    await workbench.noProgramRuns();
    // Only this says that it is one for WebAssembly.
    workbench.workspace.remove('.cargo/config.toml');
    await workbench.isGone(workbench.program('shop'));
    workbench.workspace.write('.cargo/config.toml', CRATE['.cargo/config.toml'] ?? '');
    await workbench.program('shop').waitFor();
  });

  test('has Run and Debug above main, and runs again when it is saved', async () => {
    const workbench = await openSource(CRATE, 'src/main.rs', { 'lunatic.runOnSave': true });
    const { page } = workbench;
    await workbench.counts(page.locator('.codelens-decoration', { hasText: 'Run | Debug' }), 1);
    await lens(workbench, 'Run').click();
    await workbench.printed('the price is 31');
    await workbench.noProgramRuns();
    await workbench.goToFile('src/main.rs');
    await edit(workbench, 'src/main.rs', 'price(12)', 'price(7)');
    await workbench.printed('the price is 21');
    await workbench.runOnSave(/shop: \d+(\.\d)? m?s$/).waitFor();
    await workbench.screenshot('project-rust-run-on-save');
    await workbench.noProgramRuns();
  });

  test('with an error in it is not started, and the error is at its line', async () => {
    const workbench = await openSource(
      { ...CRATE, 'src/main.rs': MAIN.replace('count * 3', 'cuont * 3') },
      'src/main.rs',
    );
    const { page } = workbench;
    await workbench.debug('Control+F5');
    const dialog = page.locator('.monaco-dialog-box', { hasText: 'shop could not be built.' });
    await dialog.filter({ hasText: 'cannot find value `cuont` in this scope' }).waitFor();
    await workbench.screenshot('project-build-error');
    await dialog.getByText('Show Error').click();
    await page.locator('.statusbar', { hasText: 'Ln 2, Col 15' }).waitFor();
    await workbench.editorHasFocus();
    await workbench.command('Problems: Focus on Problems View');
    await workbench.problem('cannot find value `cuont` in this scope').waitFor();
    workbench.workspace.write('src/main.rs', MAIN);
    await workbench.editorShows('count * 3');
    await workbench.goToFile('src/main.rs');
    await workbench.debug('Control+F5');
    await workbench.printed('the price is 31');
    await workbench.noProgramRuns();
    await expect.poll(() => workbench.problem('cuont').count()).toBe(0);
  });
});

test.runIf(hasRust)(
  'a target that is not installed is named, and a button installs it in a terminal',
  async () => {
    const target = 'wasm32-nowhere';
    const config = `[build]\ntarget = "${target}"\n`;
    const workbench = await openSource({ ...CRATE, '.cargo/config.toml': config }, 'src/main.rs');
    await workbench.debug('Control+F5');
    const command = `rustup target add ${target}`;
    const what = `Rust cannot build for ${target} yet. To install what it needs: ${command}`;
    const notification = await workbench.notification(what);
    await workbench.screenshot('project-missing-target');
    const names = workbench.page.locator('.terminal-tabs-entry, .single-terminal-tab');
    const install = notification.getByText('Install Target');
    await workbench.brings(names.filter({ hasText: 'Install Target' }), () =>
      install.click({ timeout: 2000 }),
    );
    // The terminal of the build displays the message, which has the command as well.
    const typed = new RegExp(`^(?!.*cannot build).*${command}`, 's');
    await expect.poll(() => workbench.page.evaluate(TERMINAL_TEXT)).toMatch(typed);
  },
);

describe('a project of lunatic new: F5 builds it, and stops at a breakpoint', () => {
  async function stopsAt(files: Files, source: string, line: string): Promise<void> {
    const workbench = await session.open(files);
    const { page, workspace } = workbench;
    if (source.endsWith('.ts'))
      symlinkSync(join(projectFolder, 'node_modules'), join(workspace.folder, 'node_modules'));
    await workbench.isActive();
    await workbench.goToFile(source);
    // A launch.json says what F5 starts. The button is there as well.
    await page.locator('.editor-actions .action-label[aria-label^="Run with Lunatic"]').waitFor();
    const lines = String(files[source]).split('\n');
    await workbench.moveCursor(lines.findIndex((text) => text.includes(line)) + 1);
    await workbench.setBreakpoint(line);
    await workbench.showView('Run and Debug');
    await workbench.configuration('Debug pool').waitFor();
    await workbench.debug();
    await page.locator('.debug-top-stack-frame-line').first().waitFor();
    await workbench.thread('').filter({ hasText: 'Paused on breakpoint' }).first().waitFor();
    await workbench.screenshot(`template-${source.replace('/', '-')}`);
    await workbench.press('Shift+F5');
    await workbench.noProgramRuns();
  }

  test.runIf(hasC)('in C', () => stopsAt(poolIn('c'), 'main.c', 'count_primes(job.limit)'));

  test('in AssemblyScript', () =>
    stopsAt(poolIn('assemblyscript'), 'assembly/index.ts', 'const primes = countPrimes(limit)'));

  test.runIf(hasRust)(
    'in Rust',
    () => stopsAt(poolInRust(target ?? ''), 'src/main.rs', 'let primes = count_primes(job.limit())'),
    CRATES_PATIENCE,
  );
});

describe.runIf(hasRust)('a crate with several programs', () => {
  const files = {
    ...CRATE,
    'src/bin/till.rs': 'fn main() {\n    println!("the till has {:?}", std::env::args().nth(1));\n}\n',
  };

  test('runs the one in the editor, or else the last one or the one that was chosen, as the status bar says', async () => {
    const workbench = await openSource(files, 'src/main.rs');
    await pickFrom(workbench, 'shop', 'till');
    await workbench.notification('F5 runs till, but shop while main.rs is in the editor.');
    await workbench.goToFile('Cargo.toml');
    await pickFrom(workbench, 'till', 'Arguments');
    await workbench.answer('Such as', '"two coins"');
    await workbench.goToFile('src/main.rs');
    await workbench.program('shop').waitFor();
    await workbench.command('Lunatic: Run');
    await workbench.printed('the price is 31');
    await workbench.noProgramRuns();
    await workbench.goToFile('Cargo.toml');
    await workbench.program('shop').waitFor();
    await workbench.goToFile('src/bin/till.rs');
    await workbench.program('till').waitFor();
    await workbench.screenshot('project-chosen');
    await workbench.showView('Run and Debug');
    await workbench.debug('Control+F5');
    await workbench.printed('the till has Some("two coins")');
    await workbench.noProgramRuns();
    // Now F5 runs what this says.
    const configurations = [{ name: 'Debug it', type: 'lunatic', request: 'launch', project: 'Cargo.toml' }];
    workbench.workspace.write('.vscode/launch.json', JSON.stringify({ configurations }));
    await workbench.isGone(workbench.program('till'));
  });

  test('is given up by Cancel while it is built', async () => {
    const slow = 'fn main() {\n    std::thread::sleep(std::time::Duration::from_secs(600));\n}\n';
    const workbench = await openSource({ ...CRATE, 'build.rs': slow }, 'src/main.rs');
    await workbench.debug('Control+F5');
    const progress = await workbench.notification('Building shop');
    await progress.getByText('Cancel').click();
    await workbench.isGone(progress);
    const target = join(workbench.workspace.folder, 'target');
    const findRunning = () => spawnSync('pgrep', ['-f', target], { encoding: 'utf8' }).stdout;
    await expect.poll(findRunning).toBe('');
    await workbench.noProgramRuns();
  });
});

test('a project of AssemblyScript has no errors once the compiler is installed; F5 builds it, and stops at a breakpoint', async () => {
  const config = {
    entries: ['assembly/index.ts'],
    targets: { debug: { outFile: 'build/debug.wasm', debug: true, sourceMap: true } },
    options: { use: ['abort='], exportStart: '_start' },
  };
  const source = `let sum: i32 = 0;
for (let count = 0; count < 4; count++) {
  sum += count * 3;
}
if (sum != 18) unreachable();
`;
  const workbench = await session.open({
    'asconfig.json': JSON.stringify(config),
    'assembly/index.ts': source,
    'assembly/tsconfig.json': '{ "extends": "assemblyscript/std/assembly.json", "include": ["./**/*.ts"] }',
    'node_modules/.package-lock.json': '{}',
  });
  await workbench.isActive();
  await workbench.goToFile('assembly/index.ts');
  await workbench.command('Problems: Focus on Problems View');
  await workbench.problem("Cannot find name 'i32'").waitFor();
  const compiler = join('node_modules', 'assemblyscript');
  symlinkSync(join(projectFolder, compiler), join(workbench.workspace.folder, compiler));
  await workbench.isGone(workbench.problem("Cannot find name 'i32'"));
  await workbench.goToFile('assembly/index.ts');
  await workbench.setBreakpoint('sum += count * 3');
  await workbench.showView('Run and Debug');
  await workbench.debug();
  await workbench.page.locator('.debug-top-stack-frame-line').first().waitFor();
  await workbench.screenshot('project-assemblyscript');
  // It begins with its top level: no function has a lens.
  expect(await workbench.page.locator('.codelens-decoration').count()).toBe(0);
});

test('of several modules that a Makefile makes, that of the source is run, or the one that was picked', async () => {
  const says = (text: string) => wat(guest(`(func (export "_start") (call $print (text "${text}")))`));
  const workbench = await session.open({
    Makefile: 'all: tool.wasm dump.wasm\n',
    'dump.wasm': await says('this is the dump'),
    'tool.wasm': await says('this is the tool'),
    'dump.c': 'int main(void) { return 0; }\n',
    'list.c': 'int length(void) { return 0; }\n',
  });
  const { workspace } = workbench;
  await workbench.isActive();
  await workbench.openFile('dump.c');
  await lens(workbench, 'Run').click();
  await workbench.printed('this is the dump');
  await workbench.noProgramRuns();
  await workbench.openFile('list.c');
  await workbench.debug('Control+F5');
  await workbench.pick('tool.wasm');
  await workbench.printed('this is the tool');
  await workbench.noProgramRuns();
  // The console may still show what was printed before.
  workspace.write('dump.wasm', await says('this is another dump'));
  workspace.write('tool.wasm', await says('this is another tool'));
  await workbench.openFile('dump.c');
  await workbench.debug('Control+F5');
  await workbench.printed('this is another dump');
  await workbench.noProgramRuns();
  // It is not asked again.
  await workbench.openFile('list.c');
  await workbench.debug('Control+F5');
  await workbench.printed('this is another tool');
  await workbench.noProgramRuns();
});

test.runIf(hasC)(
  'a source in no project has Run and Debug, a name in the status bar, and arguments',
  async () => {
    const sum =
      '#include <stdio.h>\n#include <string.h>\nextern char **environ;\nint main(int argc, char **argv) {\n  int variables = 0;\n  for (char **one = environ; *one; one++) variables += !strncmp(*one, "VSCODE_", 7);\n  printf("the sum of %s, %d variables of VS Code\\n", argv[1], variables);\n}\n';
    const workbench = await session.open({ 'sum.c': sum, 'count.c': sum.replace('sum', 'count') });
    await workbench.openFile('sum.c');
    await workbench.isActive();
    const { page } = workbench;
    await workbench.counts(page.locator('.codelens-decoration', { hasText: 'Run | Debug' }), 1);
    await pickFrom(workbench, 'sum.c', 'Arguments', 'source-choice');
    await workbench.answer('Such as', '"two coins"');
    await workbench.debug('Control+F5');
    await workbench.printed('the sum of two coins, 0 variables of VS Code');
    await workbench.noProgramRuns();
    // What is in the editor counts, not what ran last.
    await workbench.openFile('count.c');
    await workbench.program('count.c').waitFor();
    await lens(workbench, 'Run').click();
    await workbench.printed('the count of (null), 0 variables of VS Code');
    await workbench.noProgramRuns();
    // A launch.json begins with what F5 runs.
    await workbench.showView('Run and Debug');
    await page.locator('.welcome-view-content a', { hasText: 'create a launch.json file' }).click();
    await workbench.editorShows('}/count.c"');
    await workbench.screenshot('new-launch-json');
  },
);

test('Run and Debug above a function begin with it', async () => {
  const text = guest(`
  (func (export "_start") (call $print (text "the shop is open")))
  (func (export "night") (call $print (text "the shop is closed")) (call $forever))`);
  const workbench = await session.edit('shop.wat', text);
  const { page } = workbench;
  const lenses = page.locator('.codelens-decoration', { hasText: 'Run | Debug' });
  await workbench.counts(lenses, 2);
  await workbench.screenshot('code-lenses');
  await pickFrom(workbench, 'shop.wat', 'Arguments');
  await workbench.answer('Such as', '--open');
  await pickFrom(workbench, 'shop.wat', 'Arguments');
  await expect.poll(() => workbench.box('Such as').inputValue()).toBe('--open');
  await page.keyboard.press('Escape');
  await lens(workbench, 'Run').nth(1).click();
  await workbench.printed('the shop is closed');
  await workbench.press('Shift+F5');
  await workbench.noProgramRuns();
  await workbench.openFile('shop.wat');
  await workbench.setBreakpoint('(func (export "_start")');
  await lens(workbench, 'Debug').first().click();
  await page.locator('.debug-top-stack-frame-line').first().waitFor();
  await workbench.goOn();
  await workbench.printed('the shop is open');
  await workbench.noProgramRuns();
});

test('Run above main begins with it whatever the project names, and other TypeScript has no lenses', async () => {
  const workbench = await session.open({
    'lunatic.json': JSON.stringify({ module: 'shop.wat', build: ['true'], entry: 'night' }),
    'shop.wat': guest(`
      (func (export "_start") (call $print (text "the shop is open")))
      (func (export "night") (call $print (text "the shop is closed")))`),
    'page.ts': 'export function show(): void {}\n',
    'main.c': 'int main(void) { return 0; }\n',
  });
  const lenses = workbench.page.locator('.codelens-decoration', { hasText: 'Run | Debug' });
  await workbench.isActive();
  await workbench.openFile('page.ts');
  await workbench.openFile('main.c');
  await workbench.counts(lenses, 1);
  await lens(workbench, 'Run').click();
  await workbench.printed('the shop is open');
  await workbench.noProgramRuns();
  await workbench.openFile('page.ts');
  await workbench.isGone(lenses);
});
