/** The package as a program has it that installed it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as api from '../../runtime/index.ts';
import { projectFolder } from '../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-package-'));
  const installed = join(folder, 'node_modules', 'lunatic');
  mkdirSync(installed, { recursive: true });
  const run = (command: string, args: string[]) => {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: projectFolder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
  const packed = run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder]).trim();
  run('tar', ['-xzf', join(folder, packed), '-C', installed, '--strip-components=1']);
  run(process.execPath, ['scripts/declarations.mjs', join(installed, 'dist', 'types')]);
  const { dependencies } = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(projectFolder, 'node_modules', name), link);
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program in the folder. */
function run(source: string, nodeArgs: readonly string[] = []) {
  writeFileSync(join(folder, 'program.mjs'), source);
  const args = [...nodeArgs, 'program.mjs'];
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 20_000 });
}

const page = readFileSync(join(projectFolder, 'docs', 'embedding.md'), 'utf8');
const blocks = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);

describe('docs/embedding.md', () => {
  test('begins with a program that prints what it says', () => {
    const { stdout, stderr, status } = run(blocks[0] ?? '');
    expect({ stdout, stderr, status }).toEqual({
      stdout: 'process 2 says hello\nreturned\n',
      stderr: '',
      status: 0,
    });
    expect(page).toContain('prints `process 2 says hello` and `returned`');
  });

  test.each([
    ['the libraries that TypeScript takes by default', []],
    ['no library of a browser', ['--lib', 'esnext']],
  ])('shows code that fits the types of the package, with %s', (_, libraries) => {
    writeFileSync(
      join(folder, 'page.ts'),
      `import { createWriteStream } from 'node:fs';\n${blocks[0]}\n${blocks.slice(1).join('\n')}`,
    );
    const tsc = join(projectFolder, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--strict', '--noEmit', '--target', 'esnext', '--module', 'nodenext', '--types', 'node'];
    const { stdout, status } = spawnSync(process.execPath, [tsc, ...options, ...libraries, 'page.ts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });

  test('lists every class of errors with its code', () => {
    const rows = page.split('\n').filter((line) => /^\| `\w+Error`/.test(line));
    const words = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word);
    const listed = rows.flatMap((row) => {
      const [, classes, codes] = row.split(' | ').length === 3 ? ['', ...row.split(' | ')] : [];
      return words(classes).map((name, i): [string, string] => [name, words(codes)[i] ?? '']);
    });
    const instances: Readonly<Record<string, () => { readonly code: string }>> = {
      UnsupportedNodeError: () => new api.UnsupportedNodeError(),
      LinkError: () => new api.LinkError([]),
    };
    const classes = Object.entries(api).filter(([name]) => name.endsWith('Error'));
    // Of plugins, which docs/plugins.md tells about.
    const here = classes.filter(([name]) => name !== 'ProcessEndedError');
    const wanted = here.map(([name, made]) => {
      const instance = instances[name]?.() ?? Reflect.construct(made as new (message: string) => Error, ['']);
      return [name, Reflect.get(instance, 'code')];
    });
    expect(new Map(listed)).toEqual(new Map(wanted as [string, string][]));
  });
});

test('examples/embedding does what its page says', () => {
  const example = join(projectFolder, 'examples', 'embedding');
  const readme = readFileSync(join(example, 'README.md'), 'utf8');
  const printed = /^It prints\n\n((?: {4}.*\n)+)/m.exec(readme)?.[1]?.replaceAll(/^ {4}/gm, '');
  const { stdout, stderr, status } = spawnSync(process.execPath, ['main.mjs'], {
    cwd: example,
    encoding: 'utf8',
  });
  expect({ stdout, stderr, status }).toEqual({ stdout: printed, stderr: '', status: 0 });
});

const WAITS = `(module
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (func (export "_start") (call $sleep (i64.const 300))))`;

test('Node ends when the last process has ended, and no sooner', () => {
  const { stdout, status } = run(`
    import { Lunatic } from 'lunatic';
    const lunatic = new Lunatic();
    await lunatic.mailbox();
    const process = await lunatic.spawn(await lunatic.load(${JSON.stringify(WAITS)}));
    console.log((await process.exited).kind);`);
  expect({ stdout, status }).toEqual({ stdout: 'returned\n', status: 0 });
});

test('Node lives on for a process that waits, whatever mailboxes are closed meanwhile', () => {
  const waits = `(module
    (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start") (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))))`;
  const { stdout, status } = run(`
    import { Lunatic } from 'lunatic';
    const lunatic = new Lunatic();
    const process = await lunatic.spawn(await lunatic.load(${JSON.stringify(waits)}));
    await (await lunatic.mailbox()).close();
    setTimeout(() => process.send(Uint8Array.of(1)), 300).unref();
    console.log((await process.exited).kind);`);
  expect({ stdout, status }).toEqual({ stdout: 'returned\n', status: 0 });
});

test('Node ends although the program throws when it is told of the last end', () => {
  const { stdout, stderr, status, signal } = run(`
    import { Lunatic } from 'lunatic';
    const lunatic = new Lunatic({ onExit() { throw new Error('no more'); } });
    const process = await lunatic.spawn(await lunatic.load('(module (func (export "_start")))'));
    console.log((await process.exited).kind);`);
  expect({ stdout, status, signal }).toEqual({ stdout: 'returned\n', status: 0, signal: null });
  expect(stderr).toContain('no more');
});

test('Node lives on while somebody waits for a message, and not for one that nobody waits for', () => {
  const { stdout, status, signal } = run(`
    import { Lunatic } from 'lunatic';
    const lunatic = new Lunatic();
    const mailbox = await lunatic.mailbox();
    const late = AbortSignal.timeout(300);
    await mailbox.receive({ signal: late }).catch((error) => console.log(error.name));`);
  expect({ stdout, status, signal }).toEqual({ stdout: 'TimeoutError\n', status: 0, signal: null });
});

test('a Node that cannot suspend WebAssembly can import it, and is told', () => {
  const { stdout, status } = run(
    `import { Lunatic } from 'lunatic';
     try { new Lunatic(); } catch ({ name, code, message }) { console.log(name, code, message.includes('Node 24.21')); }`,
    ['--import', 'data:text/javascript,delete WebAssembly.Suspending'],
  );
  expect({ stdout, status }).toEqual({
    stdout: 'UnsupportedNodeError LUNATIC_UNSUPPORTED_NODE true\n',
    status: 0,
  });
});

test('processes of two Lunatics in one program are apart', () => {
  const { stdout } = run(`
    import { Lunatic } from 'lunatic';
    await using one = new Lunatic();
    await using other = new Lunatic();
    const [a, b] = [await one.mailbox(), await other.mailbox()];
    one.send(a.id, Uint8Array.of(1));
    const [first, second] = [await a.receive(), await b.receive({ signal: AbortSignal.timeout(100) }).catch(() => null)];
    console.log(first.data, second);`);
  expect(stdout).toBe('Uint8Array(1) [ 1 ] null\n');
});
