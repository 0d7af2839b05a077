/** Tests of projects: they are built first, and stand in their sources. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { findRust } from '../support/rust.ts';
import { wat } from '../unit/wasm/support.ts';
import { edit } from './support/edit.ts';
import { type Files, type OpenWorkbench, WorkbenchSession } from './support/session.ts';

// Its own server has the PATH that findRust sets. The one that test files share was started before, in another process.
const session = new WorkbenchSession(() => ({}));

const target = await findRust();
const hasRust = target !== undefined;

const LIBRARY = `pub fn price(count: u32) -> u32 {
    count * 3
}

#[cfg(test)]
mod tests {
    use super::price;

    #[export_name = "#lunatic_test_shop::tests::multiplies"]
    extern "C" fn multiplies() {
        assert_eq!(price(4), 12);
    }

    #[export_name = "#lunatic_test_shop::tests::gives_a_discount"]
    extern "C" fn gives_a_discount() {
        println!("\\u{1b}[32mlooking for\\u{1b}[0m a discount");
        assert_eq!(price(12), 31, "twelve are cheaper");
    }

    #[export_name = "#lunatic_test_shop::tests::reads_a_file"]
    extern "C" fn reads_a_file() {
        assert_eq!(std::fs::read_to_string("tests/count.txt").unwrap(), "12");
    }

    #[export_name = "#lunatic_test_#panic_divide by zero#shop::tests::divides"]
    extern "C" fn divides() {
        println!("{}", price(7) / price(0));
    }
}
`;

const manifest = (name: string) => `[package]\nname = "${name}"\nversion = "0.1.0"\nedition = "2021"\n`;

/** A crate with tests in a workspace, and one with a program that uses it. */
const CRATE: Files = {
  'Cargo.toml': '[workspace]\nmembers = ["shop", "till"]\nresolver = "2"\n',
  '.cargo/config.toml': `[build]\ntarget = "${target}"\n`,
  'shop/Cargo.toml': manifest('shop'),
  'shop/src/lib.rs': LIBRARY,
  'shop/tests/count.txt': '12',
  'till/Cargo.toml': `${manifest('till')}[dependencies]\nshop = { path = "../shop" }\n`,
  'till/src/main.rs': 'fn main() {\n    println!("the price is {}", shop::price(4));\n}\n',
};

function lineOf(text: string): number {
  return LIBRARY.split('\n').findIndex((line) => line.includes(text)) + 1;
}

async function explore(files: Files, settings = {}): Promise<OpenWorkbench> {
  const workbench = await session.open(files, { settings });
  await workbench.isActive();
  await workbench.showView('Testing');
  await workbench.test('shop').waitFor();
  return workbench;
}

async function expandAll(workbench: OpenWorkbench): Promise<void> {
  for (const name of ['shop', 'src/lib.rs', 'tests']) await workbench.expand(workbench.test(name));
}

describe.runIf(hasRust)('a crate', () => {
  test('is built by its tests, which then stand in their source; what differs is at its line', async () => {
    const workbench = await explore(CRATE);
    const { page } = workbench;
    await workbench.act(workbench.test('shop'), 'Run Test');
    await workbench.test('shop', 'failed').waitFor();
    await expandAll(workbench);
    await workbench.test('multiplies', 'passed').waitFor();
    await workbench.test('divides (should panic with "divide by zero")', 'passed').waitFor();
    // It runs in the folder of its crate.
    await workbench.test('reads_a_file', 'passed').waitFor();
    const peek = page.locator('.zone-widget');
    await workbench.openRow(workbench.test('gives_a_discount', 'failed'), peek);
    await peek.locator('.original .view-line', { hasText: /^31$/ }).waitFor();
    await peek.locator('.modified .view-line', { hasText: /^36$/ }).waitFor();
    await page.locator('.tab.active[data-resource-name="lib.rs"]').waitFor();
    await page.locator('.glyph-margin-widgets .codicon-testing-failed-icon').first().waitFor();
    await page.locator('.glyph-margin-widgets .codicon-testing-passed-icon').first().waitFor();
    await workbench.screenshot('tests-crate');
    await page.locator('.part.panel', { hasText: 'twelve are cheaper' }).waitFor();
    await peek.locator('.peekview-actions .codicon-close').click();
    await workbench.isGone(peek);
  });

  test('with an error in it says so in its tests, at the line, until another crate is built with it', async () => {
    const broken = LIBRARY.replace('count * 3', 'cuont * 3');
    const workbench = await explore({ ...CRATE, 'shop/src/lib.rs': broken });
    await workbench.act(workbench.test('shop'), 'Run Test');
    await workbench.test('shop', 'errored').waitFor();
    const message = 'The build failed: cannot find value `cuont` in this scope';
    await workbench.openRow(
      workbench.test('shop'),
      workbench.page.locator('.zone-widget', { hasText: message }),
    );
    await workbench.screenshot('tests-build-error');
    await workbench.command('Problems: Focus on Problems View');
    const problem = workbench.problem('cannot find value `cuont` in this scope');
    await workbench.openRow(problem, workbench.line('cuont * 3'));
    await workbench.editorHasFocus();
    workbench.workspace.write('shop/src/lib.rs', LIBRARY);
    await workbench.goToFile('till/src/main.rs');
    await workbench.debug('Control+F5');
    await workbench.printed('the price is 12');
    await workbench.noProgramRuns();
    await workbench.command('Problems: Focus on Problems View');
    await expect.poll(() => workbench.problem('cuont').count()).toBe(0);
  });

  test('is debugged to the line that fails, and judged as without the debugger', async () => {
    const workbench = await explore(CRATE, { 'workbench.colorTheme': 'Default Dark Modern' });
    const { page } = workbench;
    await workbench.canDebug();
    await workbench.act(workbench.test('shop'), 'Run Test');
    await expandAll(workbench);
    await workbench.goToFile('shop/src/lib.rs');
    await workbench.showView('Testing');
    await workbench.act(workbench.test('gives_a_discount'), 'Debug Test');
    await page.locator('.exception-widget', { hasText: 'twelve are cheaper' }).waitFor();
    // The line of the assertion, and not one of the standard library.
    await page.locator('.statusbar', { hasText: `Ln ${lineOf('price(12), 31')},` }).waitFor();
    await workbench.screenshot('tests-crate-debugging');
    await workbench.goOn();
    await workbench.showView('Testing');
    await workbench.test('gives_a_discount', 'failed').waitFor();
  });

  test('is tested again when it is saved', async () => {
    const workbench = await explore(CRATE);
    await workbench.act(workbench.test('shop'), 'Run Test');
    await workbench.test('shop', 'failed').waitFor();
    await workbench.act(workbench.test('shop'), 'Turn on Continuous Run');
    await workbench.goToFile('shop/src/lib.rs');
    await workbench.showView('Testing');
    await expandAll(workbench);
    await workbench.goToFile('shop/src/lib.rs');
    await edit(workbench, 'shop/src/lib.rs', 'count * 3', 'count * 3 - count / 12 * 5');
    await workbench.test('gives_a_discount', 'passed').waitFor();
    await workbench.test('shop', 'passed').waitFor();
    await workbench.screenshot('tests-crate-continuous');
    await workbench.act(workbench.test('shop'), 'Turn off Continuous Run');
  });
});

/** A module with a test that passes, or fails. */
const sums = (sum: number, name = 'adds') =>
  wat(
    guest(
      `(func (export "#lunatic_test_${name}") (if (i32.ne (i32.const 4) (i32.const ${sum})) (then unreachable)))`,
    ),
  );

/** The first build waits until it may go on. A build takes its time, writes a part of the module first and another module last, and notes each time. */
const PROJECT: Files = {
  'lunatic.json': JSON.stringify({ name: 'sums', module: 'build/sums.wasm', build: ['sh', 'build.sh'] }),
  'build.sh': `echo built >> builds.txt
mkdir -p build
until [ -e go ]; do sleep 0.1; done
head -c 60 made.bin > build/sums.wasm
sleep 1
cp made.bin build/sums.wasm
cp other.bin build/other.wasm
`,
  'sums.c': '#include "lunatic.h"\n\nLUNATIC_TEST(adds) { lunatic_expect_number(4, 2 + 2); }\n',
};

describe('a project in C', () => {
  test('is there before it is built, is built by its tests, and a save runs them once', async () => {
    const workbench = await session.open({
      ...PROJECT,
      'made.bin': await sums(4),
      'other.bin': await sums(4, 'other'),
    });
    const { page, workspace } = workbench;
    const builds = () => readFileSync(join(workspace.folder, 'builds.txt'), 'utf8').match(/built/g)?.length;
    const save = async () => {
      // The search for files may not know it yet.
      await workbench.openFile('sums.c');
      await page.keyboard.press('Control+End');
      await page.keyboard.insertText(' ');
      await workbench.press('Control+S');
      await workbench.showView('Testing');
    };
    await workbench.isActive();
    await workbench.showView('Testing');
    await workbench.test('sums').waitFor();
    await workbench.screenshot('tests-before-build');
    await workbench.act(workbench.test('sums'), 'Run Test');
    await workbench.test('sums', 'running').waitFor();
    await workbench.screenshot('tests-while-built');
    workspace.write('go', '');
    await workbench.test('sums', 'passed').waitFor();
    await workbench.expand(workbench.test('sums'));
    await workbench.expand(workbench.test('build/sums.wasm'));
    await workbench.test('adds', 'passed').waitFor();

    await workbench.act(workbench.test('sums'), 'Turn on Continuous Run');
    workspace.write('made.bin', await sums(5));
    await save();
    await workbench.test('adds', 'failed').waitFor();
    workspace.write('made.bin', await sums(4));
    await save();
    await workbench.test('adds', 'passed').waitFor();
    // Whatever the builds write, they do not run the tests again. A new module does, whose news comes behind that of what they have written.
    workspace.write('last.wat', guest('(func (export "#lunatic_test_last"))'));
    await workbench.test('last.wat', 'passed').waitFor();
    expect(builds()).toBe(4);
    await workbench.act(workbench.test('sums'), 'Turn off Continuous Run');
  });
});

test('tests belong to the nearest project, also where they are in a namespace; crates of others are none', async () => {
  const project = (name: string) => JSON.stringify({ name, module: 'build/made.wasm', build: ['true'] });
  const workbench = await session.open({
    'lunatic.json': project('outer'),
    'inner/lunatic.json': project('inner'),
    'inner/sums.cpp': '#include "lunatic.h"\n\nnamespace sums {\n  LUNATIC_TEST(adds) {}\n}\n',
    'till/Cargo.toml': `${manifest('till')}[dependencies]\nlunatic = "0.14"\n`,
    'till/src/lib.rs': '#[test]\nfn adds() {}\n',
    // As `cargo vendor` leaves it.
    'till/vendor/coin/Cargo.toml': `${manifest('coin')}[dependencies]\nlunatic = "0.14"\n`,
    'till/vendor/coin/src/lib.rs': '#[test]\nfn is_round() {}\n',
  });
  await workbench.isActive();
  await workbench.showView('Testing');
  await workbench.test('inner').waitFor();
  expect(await workbench.test('outer').count()).toBe(0);
  // Of tests that only Rust's own harness runs it is said, where one looks for them, what to do.
  await workbench.expand(workbench.test('till'));
  await workbench.page
    .locator('.test-explorer .error', { hasText: '1 #[test] function is not listed' })
    .waitFor();
  expect(await workbench.test('coin').count()).toBe(0);
  await workbench.screenshot('tests-of-rust-alone');
});
