/** A program is debugged in the language it was written in. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { projectFolder } from '../support/command.ts';
import { type Files, type OpenWorkbench, WorkbenchSession, Workspace } from './support/session.ts';

const session = new WorkbenchSession();
const folder = join(projectFolder, 'test', 'guests', 'debug');

/** What the debug console sends as `!!!!`, and three times that. */
const COUNT = '555819297';
const SUM = '1667457891';

interface Shop {
  readonly source: string;
  readonly program: string;
  /** The line at which it stops. */
  readonly line: string;
  /** How the variables are called. */
  readonly count: string;
  readonly sum: string;
  /** The line in which it stops after a step. */
  readonly after: number;
  /** What maps the source that the module names to the one in the workspace. */
  readonly map: Readonly<Record<string, string>>;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in.
const WORKSPACE = '${workspaceFolder}';
const plain = { count: 'count', sum: 'sum', map: { '/project': WORKSPACE } };

const SHOPS: Readonly<Record<string, Shop>> = {
  Rust: { ...plain, source: 'shop.rs', program: 'shop-rust.wasm', line: 'if sum > 30', after: 38 },
  C: { ...plain, source: 'shop.c', program: 'shop-c.wasm', line: 'if (sum > 30)', after: 19 },
  AssemblyScript: {
    ...plain,
    source: 'shop.ts',
    program: 'shop.wasm',
    line: 'if (sum > 30)',
    after: 22,
    map: { 'shop.ts': `${WORKSPACE}/shop.ts` },
  },
  WAT: {
    source: 'shop.wat',
    program: 'shop.wat',
    line: '(if (i32.gt_s (local.get $sum)',
    count: '$count',
    sum: '$sum',
    after: 15,
    map: {},
  },
};

/** Opens a shop, whose workers are processes 2 and 3, with its source in the editor. */
async function openShop({ source, program, map }: Shop): Promise<OpenWorkbench> {
  const files: Record<string, string | Uint8Array> = { [source]: readFileSync(join(folder, source)) };
  if (source === 'shop.ts') Object.assign(files, await builtShop());
  else files[program] = readFileSync(join(folder, program));
  return await openProgram(files, source, program, map);
}

/** The shop in AssemblyScript with its source map. */
async function builtShop(): Promise<Files> {
  const build = new Workspace({});
  const module = join(build.folder, 'shop.wasm');
  const options = { debug: true, sourceMap: true, args: ['--use', 'abort='] };
  await buildAssemblyScript(join(folder, 'shop.ts'), module, options);
  const files = {
    'shop.wasm': readFileSync(module),
    'shop.wasm.map': readFileSync(`${module}.map`),
  };
  build.remove();
  return files;
}

async function openProgram(
  files: Files,
  source: string,
  program: string,
  sourceFileMap: Readonly<Record<string, string>>,
): Promise<OpenWorkbench> {
  const launch = {
    type: 'lunatic',
    request: 'launch',
    name: program,
    program: `${WORKSPACE}/${program}`,
    sourceFileMap,
  };
  const workbench = await session.open({
    ...files,
    '.vscode/launch.json': JSON.stringify({ version: '0.2.0', configurations: [launch] }),
  });
  await workbench.isActive();
  await workbench.openFile(source);
  await workbench.showView('Run and Debug');
  await workbench.configuration(program).waitFor();
  return workbench;
}

/** Starts what is open, until both workers wait. */
async function begin(workbench: OpenWorkbench): Promise<void> {
  await workbench.debug();
  await workbench.thread('#2 worker (waiting for a message)').waitFor();
  await workbench.thread('#3 worker (waiting for a message)').waitFor();
}

async function stops(workbench: OpenWorkbench, thread: string, why: string): Promise<void> {
  await workbench.thread(thread).filter({ hasText: why }).first().waitFor();
}

test.each(Object.entries(SHOPS))(
  '%s: two processes stop at a line, each with its variables, which are watched, hovered and set',
  async (_, shop) => {
    const { source, line, count, sum, after } = shop;
    const workbench = await openShop(shop);
    const { page } = workbench;
    await workbench.setBreakpoint(line);
    await begin(workbench);
    await workbench.say('send 2 !!!!');
    await page.locator('.debug-top-stack-frame-line').first().waitFor();
    await stops(workbench, '#2 worker', 'Paused on breakpoint');
    await workbench.thread('#3 worker').filter({ hasText: 'Running' }).waitFor();
    await workbench.variable(count, COUNT).waitFor();
    await workbench.variable(sum, SUM).waitFor();

    await workbench.say(`${sum} / 3 == ${count}`);
    await workbench.printed('true');
    await workbench.hovers(line.slice(line.indexOf(sum)), sum, SUM);
    await workbench.watch(`${sum} + 1`);
    await workbench.watched(`${sum} + 1`, `${Number(SUM) + 1}`).waitFor();
    await workbench.screenshot(`debugging-variables-${source}`);

    // The price is so low now that there is no discount.
    await workbench.setVariable(workbench.variable(sum, SUM), '20');
    await workbench.variable(sum, '20').waitFor();
    await workbench.watched(`${sum} + 1`, '21').waitFor();
    await workbench.press('F10');
    await stops(workbench, '#2 worker', 'Paused on step');
    await workbench.hasCall(workbench.frame('price').filter({ hasText: `${after}:` }));

    await workbench.say('send 3 !!!!');
    await stops(workbench, '#3 worker', 'Paused on breakpoint');
    await stops(workbench, '#2 worker', 'Paused on step');
    await workbench.screenshot(`debugging-two-processes-${source}`);
    expect(await page.locator('.tab').allTextContents()).toEqual([source]);
  },
);

test('a breakpoint with a condition, a log point, and a breakpoint on a variable, as users set them', async () => {
  const [, shop] = Object.entries(SHOPS)[1] ?? [];
  if (shop === undefined) throw new Error('there is no shop in C');
  const workbench = await openShop(shop);
  const { page } = workbench;
  await workbench.addBreakpoint('int sum = count * 3', 'Add Logpoint...', 'sold {count} of them');
  await workbench.addBreakpoint('if (sum > 30)', 'Add Conditional Breakpoint...', 'sum == 1667457891');
  await workbench.screenshot('debugging-conditions');
  await begin(workbench);
  // Four characters, as another number.
  await workbench.say('send 2 aaaa');
  await workbench.printed('sold 1633771873 of them');
  await workbench.thread('#2 worker (waiting for a message)').waitFor();
  await workbench.say('send 2 !!!!');
  await workbench.printed(`sold ${COUNT} of them`);
  await stops(workbench, '#2 worker', 'Paused on breakpoint');
  await workbench.variable('sum', SUM).waitFor();

  await workbench.menu(workbench.variable('sum', SUM), 'Break on Value Change');
  // It comes behind the filters and the other breakpoints, which leave no room for it to be seen.
  const breakpoints = page.locator('.debug-breakpoints .monaco-list-row');
  await breakpoints.first().hover();
  const isThere = async () => {
    await page.mouse.wheel(0, 1000);
    return await breakpoints.filter({ hasText: 'sum' }).count();
  };
  await expect.poll(isThere).toBeGreaterThan(0);
  await workbench.goOn();
  await stops(workbench, '#2 worker', 'Paused on data breakpoint');
  await workbench.variable('sum', String(Number(SUM) - 5)).waitFor();
  await workbench.printed(`${SUM}`);
  await workbench.screenshot('debugging-data-breakpoint');
});

test('a panic stops at its line, with the variables of the actor that fails', async () => {
  const program = brotliDecompressSync(readFileSync(join(folder, 'shelter-rust.wasm.br')));
  const files = { 'shelter.rs': readFileSync(join(folder, 'shelter.rs')), 'shelter.wasm': program };
  const workbench = await openProgram(files, 'shelter.rs', 'shelter.wasm', { '/crates/src': WORKSPACE });
  await workbench.showView('Run and Debug');
  await workbench.debug();
  await workbench.page.locator('.exception-widget', { hasText: 'no cat is called Felix' }).waitFor();
  await workbench.printed('Minka with 9 lives');
  await workbench.editorShows('panic!("no cat is called {}", name)');
  await workbench.hasCall(workbench.frame('shelter::adopt').filter({ hasText: '22:' }));
  await workbench.variable('name', '"Felix"').waitFor();
  await workbench.variable('cats', '(1) {"Tom": Cat').waitFor();
  await workbench.screenshot('debugging-panic-rust');
  expect(await workbench.page.locator('.tab').allTextContents()).toEqual(['shelter.rs']);
});
