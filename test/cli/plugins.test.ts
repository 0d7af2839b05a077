import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { lunatic, projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { assemble } from '../support/program.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-plugins-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A guest that prints what `answer::get` returns. */
const asking = (entry = '_start') =>
  guest(`(func (export "${entry}") (call $show (text "answer") (call $get)))`, {
    imports: '(import "answer" "get" (func $get (result i64)))',
  });

/** A plugin with that function. */
const answering = (get: string, more = '') => `
  import { definePlugin } from 'lunatic';
  ${more}
  export default definePlugin({
    namespace: 'answer',
    functions: { get: { signature: '() -> i64', call: ${get} } },
  });`;

test('the example runs', { timeout: 60_000 }, async () => {
  const example = join(projectFolder, 'examples', 'plugin-counter');
  const module = await buildAssemblyScript(join(example, 'harvest.ts'), join(folder, 'harvest.wasm'));
  const { stdout, stderr } = await lunatic(['run', '--plugin', join(example, 'counter.mjs'), module]);
  expect(stdout).toBe(
    '2 baskets are full\nBob did not finish, and what he picked is not counted\n200 apples\n',
  );
  expect(stderr).toContain('Bob falls off the ladder');
});

/** Children begin on another scheduler, if they can, and the log tells of that. */
const APART = ['--schedulers=2', '--place-children=apart', '--log=lunatic::schedulers=debug'];

describe('lunatic run --plugin', () => {
  test('finds `lunatic` for a plugin where nothing is installed', async () => {
    const plugin = file('answer.mjs', answering('() => 42n'));
    const { stdout, stderr } = await lunatic(['run', '--plugin', plugin, file('asks.wat', asking())]);
    expect(stderr).toBe('');
    expect(stdout).toBe('answer 42\n');
  });

  test('its functions are denied like all others', async () => {
    const plugin = file('denied.mjs', answering('() => 42n'));
    const asks = file('asks-denied.wat', asking());
    for (const name of ['answer', 'answer::get']) {
      const { stdout, stderr } = await lunatic(['run', '--plugin', plugin, `--deny-host=${name}`, asks]);
      expect(stderr).toContain('does not allow: answer::get; --deny-host forbids them\n');
      expect(stdout).toBe('');
    }
  });

  test('errors that plugins get are of the classes that they import', async () => {
    const look = `process.on('exit', () => {
      try { asked.memory.size } catch (error) { console.error(error instanceof ProcessEndedError) }
    });`;
    const plugin = file(
      'late.mjs',
      answering(
        '(caller) => { asked = caller; return 1n; }',
        `import { ProcessEndedError } from 'lunatic'; let asked; ${look}`,
      ),
    );
    const { stdout, stderr } = await lunatic(['run', '--plugin', plugin, file('asks.wat', asking())]);
    expect(stdout).toBe('answer 1\n');
    expect(stderr).toBe('true\n');
  });

  test('what it keeps is one also with several schedulers: who asks for it stays on the first one, others do not', async () => {
    const plugin = file('counts.mjs', answering('() => ++asked', 'let asked = 0n;'));
    const other = guest('(func (export "child") (call $send (i64.const 1) (i64.const 5) (i64.const 100)))');
    const text = guest(
      `(func (export "asks") (call $send (i64.const 1) (i64.const 5) (call $get)))
      (func (export "_start") (local $sum i64) (local $i i32)
        (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
        (drop (call $spawn (i64.const 0) (text "asks")))
        (drop (call $spawn (i64.const 0) (text "asks")))
        (call $expect (call $process.spawn (i64.const 0) (i64.const -1) (i64.load (i32.const 0)) (text "child")
          (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
        (loop $more
          (local.set $sum (i64.add (local.get $sum) (call $receive_value)))
          (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
        (call $show (text "sum") (local.get $sum))
        (call $show (text "asked") (call $get)))`,
      { imports: '(import "answer" "get" (func $get (result i64)))', blobs: { m: await assemble(other) } },
    );
    const { stdout, stderr } = await lunatic(['run', '--plugin', plugin, ...APART, file('counts.wat', text)]);
    expect(stdout).toBe('sum 103\nasked 3\n');
    expect(stderr.match(/\d+ process(es)? moved/g)).toEqual(['1 process moved']);
  });

  test('with one that is told of all processes there is one scheduler', async () => {
    const plugin = file('watches.mjs', 'export default { namespace: "answer", onExit() {} };');
    const text = guest(
      `(func (export "child") (call $send (i64.const 1) (i64.const 5) (i64.const 1)))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "child"))) (call $show (text "got") (call $receive_value)))`,
    );
    const { stdout, stderr } = await lunatic([
      'run',
      '--plugin',
      plugin,
      ...APART,
      file('watched.wat', text),
    ]);
    expect(stdout).toBe('got 1\n');
    expect(stderr).toBe('');
  });

  test('takes relative paths, several plugins, and TypeScript', async () => {
    file('other.mjs', 'export default { namespace: "other" };');
    file('typed.ts', answering('(caller: { id: number }): bigint => BigInt(caller.id)'));
    const { stdout, stderr } = await lunatic(
      ['run', '--plugin', './other.mjs', '--plugin=typed.ts', file('asks.wat', asking())],
      { cwd: folder },
    );
    expect(stderr).toBe('');
    expect(stdout).toBe('answer 1\n');
  });

  test('a plugin of its own package is used where one is installed', async () => {
    const installed = join(folder, 'installed', 'node_modules', 'lunatic');
    mkdirSync(installed, { recursive: true });
    writeFileSync(
      join(installed, 'package.json'),
      '{"name":"lunatic","type":"module","exports":"./index.js"}',
    );
    writeFileSync(
      join(installed, 'index.js'),
      'export const definePlugin = (plugin) => plugin; export const own = 7n;',
    );
    const plugin = file('installed/plugin.mjs', answering('() => own', "import { own } from 'lunatic';"));
    const { stdout } = await lunatic(['run', '--plugin', plugin, file('asks.wat', asking())]);
    expect(stdout).toBe('answer 7\n');
  });

  test('a plugin may load a native addon', async () => {
    const { platform, arch } = process;
    const addon = nativeAddon();
    if (addon === undefined) throw new Error(`no native addon for ${platform}-${arch} among the packages`);
    cpSync(addon, join(folder, 'native.node'));
    const plugin = file(
      'native.mjs',
      answering(
        '() => BigInt(Object.keys(native).length > 0)',
        "import { createRequire } from 'node:module';\nconst native = createRequire(import.meta.url)('./native.node');",
      ),
    );
    const { stdout } = await lunatic(['run', '--plugin', plugin, file('asks.wat', asking())]);
    expect(stdout).toBe('answer 1\n');
  });

  test('the reason of a failure is what the plugin threw', async () => {
    const plugin = file('closed.mjs', answering("() => { throw new Error('we are closed'); }"));
    const { stdout, stderr, exitCode } = await lunatic([
      'run',
      '--plugin',
      plugin,
      file('asks.wat', asking()),
    ]);
    expect(stdout).toBe('');
    expect(stderr).toContain('trapped: answer::get failed: we are closed');
    expect(exitCode).toBe(1);
  });

  test.each([
    ['missing.mjs', undefined, /^Error: Plugin '.*missing\.mjs' cannot be loaded: there is no such file\n$/],
    ['.', undefined, /^Error: Plugin '.*' cannot be loaded: it is a directory\n$/],
    [`${'long'.repeat(70)}.mjs`, undefined, /^Error: Plugin '.*long\.mjs' cannot be loaded: ENAMETOOLONG/],
    [
      'syntax.mjs',
      'export default {',
      /^Error: Plugin '.*syntax\.mjs' cannot be loaded: Unexpected end of input/,
    ],
    [
      'throws.mjs',
      "\n  throw new Error('no licence');",
      /cannot be loaded: no licence \(at file:.*throws\.mjs:2:\d+\)/,
    ],
    ['empty.mjs', '', /^Error: Plugin '.*empty\.mjs' cannot be used: it has no default export/],
    ['number.mjs', 'export default 5;', /cannot be used: a plugin must be an object .* and not a number/],
    ['taken.mjs', 'export default { namespace: "lunatic::process" };', /belongs to the runtime/],
    [
      'import.mjs',
      "import { nothing } from 'lunatic'; export default nothing;",
      /cannot be loaded: The requested module 'lunatic' does not provide an export named 'nothing'/,
    ],
  ])('%s is reported, and nothing runs', async (name, content, message) => {
    const path = content === undefined ? join(folder, name) : file(name, content);
    const { stdout, stderr, exitCode } = await lunatic([
      'run',
      '--plugin',
      path,
      join(projectFolder, 'test/guests/wat/whoami.wat'),
    ]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
  });

  test('two plugins of the same namespace are reported', async () => {
    const path = file('twice.mjs', 'export default { namespace: "twice" };');
    const { stderr } = await lunatic(['run', '--plugin', path, '--plugin', path, file('asks.wat', asking())]);
    expect(stderr).toBe('Error: two plugins have the namespace "twice"\n');
  });
});

test('lunatic test --plugin gives every test the plugins', async () => {
  const plugin = file('answer.mjs', answering('() => 42n'));
  const module = file('tests.wat', asking('#lunatic_test_asks'));
  const { stdout, exitCode } = await lunatic(['test', '--show-output', '--plugin', plugin, module]);
  expect(stdout).toContain('answer 42');
  expect(exitCode).toBe(0);
});

test('lunatic check --plugin knows their functions', async () => {
  const plugin = file('answer.mjs', answering('() => 42n'));
  const module = file('asks.wat', asking());
  const without = await lunatic(['check', module]);
  expect(without.stdout).toContain('answer::get: unknown');
  expect(without.exitCode).toBe(1);
  const { stdout, exitCode } = await lunatic(['check', '--plugin', plugin, module]);
  expect(stdout).toContain('answer 1');
  expect(exitCode).toBe(0);
});

/** Some native addon among the development dependencies. */
function nativeAddon(): string | undefined {
  const found = globSync('node_modules/{@rolldown,lightningcss-*,@rollup}/**/*.node', { cwd: projectFolder });
  return found.length === 0 ? undefined : join(projectFolder, found[0] ?? '');
}
