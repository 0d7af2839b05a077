import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CommandResult, lunatic, projectFolder } from '../support/command.ts';

let root = '';
let folder = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'lunatic-init-'));
});
beforeEach(() => {
  folder = mkdtempSync(join(root, 'project-'));
});
afterAll(() => rmSync(root, { recursive: true }));

function write(name: string, text: string): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const init = (...args: string[]): Promise<CommandResult> => lunatic(['init', ...args], { cwd: folder });
const CONFIG = '.cargo/config.toml';

describe('a cargo project', () => {
  beforeEach(() => write('Cargo.toml', '[package]\nname = "app"\n'));

  const FRESH = '[build]\ntarget = "wasm32-wasi"\n\n[target.wasm32-wasi]\nrunner = "lunatic run"\n';

  test('without a config gets one, and nothing changes the second time', async () => {
    const first = await init();
    expect(first).toMatchObject({ stdout: 'Cargo project initialized!\n', exitCode: 0 });
    expect(first.stderr).toContain('Rust 1.84 and newer know wasm32-wasip1 instead');
    expect(read(CONFIG)).toBe(FRESH);
    expect(await init()).toEqual({ stdout: 'Cargo project initialized!\n', stderr: '', exitCode: 0 });
    expect(read(CONFIG)).toBe(FRESH);
    expect(readdirSync(join(folder, '.cargo'))).toEqual(['config.toml']);
  });

  test('--target chooses the name of the target that newer Rust knows', async () => {
    expect(await init('--target', 'wasm32-wasip1')).toEqual({
      stdout: 'Cargo project initialized!\n',
      stderr: '',
      exitCode: 0,
    });
    expect(read(CONFIG)).toBe(FRESH.replaceAll('wasm32-wasi', 'wasm32-wasip1'));
  });

  test.each<[string, string, string]>([
    [
      'comments and layout stay',
      '# ours\n[build]\n  # two jobs\n  jobs = 2\n',
      '# ours\n[build]\ntarget = "wasm32-wasi"\n  # two jobs\n  jobs = 2\n\n[target.wasm32-wasi]\nrunner = "lunatic run"\n',
    ],
    [
      'a file without an end of line',
      '[alias]\nb = "build"',
      '[alias]\nb = "build"\n\n[build]\ntarget = "wasm32-wasi"\n\n[target.wasm32-wasi]\nrunner = "lunatic run"\n',
    ],
    [
      'ends of line of Windows',
      '[alias]\r\nb = "build"\r\n',
      '[alias]\r\nb = "build"\r\n\r\n[build]\r\ntarget = "wasm32-wasi"\r\n\r\n[target.wasm32-wasi]\r\nrunner = "lunatic run"\r\n',
    ],
    [
      'the runner of before 0.13',
      "[build]\ntarget = 'wasm32-wasi' # here\n[target.wasm32-wasi]\nrunner = 'lunatic' # there\n",
      '[build]\ntarget = \'wasm32-wasi\' # here\n[target.wasm32-wasi]\nrunner = "lunatic run" # there\n',
    ],
    [
      'a target with other settings',
      '[target.wasm32-wasi]\nrustflags = ["-g"]\n[build]\ntarget = "wasm32-wasi"\n',
      '[target.wasm32-wasi]\nrunner = "lunatic run"\nrustflags = ["-g"]\n[build]\ntarget = "wasm32-wasi"\n',
    ],
    [
      'a quoted header',
      '["build"]\n[target."wasm32-wasi"] # x\n',
      '["build"]\ntarget = "wasm32-wasi"\n[target."wasm32-wasi"] # x\nrunner = "lunatic run"\n',
    ],
    [
      'wasm32-wasip1 is as good',
      '[build]\ntarget = "wasm32-wasip1"\n',
      '[build]\ntarget = "wasm32-wasip1"\n\n[target.wasm32-wasip1]\nrunner = "lunatic run"\n',
    ],
  ])('%s', async (_, before, after) => {
    write(CONFIG, before);
    expect((await init()).exitCode).toBe(0);
    expect(read(CONFIG)).toBe(after);
  });

  test.each<[string, string]>([
    ['an inline table', 'build = { jobs = 2 }\nalias.x = "y"\n'],
    ['dotted keys', 'build.jobs = 2\ntarget.wasm32-wasi.rustflags = ["-g"]\n'],
    ['a text that looks like a header', '[alias]\nx = """\n[build]\n"""\n'],
    ['an inline runner', 'target = { wasm32-wasi = { runner = "lunatic" } }\n'],
    ['dates and large numbers', 'build = { jobs = 2 }\nx = 1979-05-27T07:32:00Z\ny = 0.5\n'],
  ])('%s is written anew, and means the same', async (_, before) => {
    write(CONFIG, before);
    expect((await init()).exitCode).toBe(0);
    const wanted = parse(before);
    const build = { ...(wanted['build'] as object), target: 'wasm32-wasi' };
    const wasi = {
      ...((wanted['target'] as Record<string, object>)?.['wasm32-wasi'] ?? {}),
      runner: 'lunatic run',
    };
    expect(parse(read(CONFIG))).toEqual({ ...wanted, build, target: { 'wasm32-wasi': wasi } });
    expect((await init()).exitCode).toBe(0);
  });

  test.each<[string, string, string]>([
    [
      'another target',
      '[build]\ntarget = "x86_64-unknown-linux-gnu"\n',
      'build.target is "x86_64-unknown-linux-gnu", it would have to be wasm32-wasi or wasm32-wasip1',
    ],
    [
      'another runner',
      '[target.wasm32-wasi]\nrunner = "wasmtime"\n',
      'target.wasm32-wasi.runner is "wasmtime", it would have to be "lunatic run"',
    ],
    ['a list of targets', '[build]\ntarget = ["wasm32-wasi"]\n', 'build.target is not a string'],
    [
      'a runner in parts',
      '[target.wasm32-wasi]\nrunner = ["lunatic", "run"]\n',
      'target.wasm32-wasi.runner is not a string',
    ],
    ['a build that is no table', 'build = 1\n', 'build is not a table'],
    ['a target that is a list', '[[target]]\nx = 1\n', 'target is not a table'],
    ['broken TOML', '[build\n', 'config.toml:1:'],
  ])('%s: it fails, and the file stays', async (_, before, message) => {
    write(CONFIG, before);
    const { stdout, stderr, exitCode } = await init();
    expect(stderr).toMatch(/^Error: .*\n$/);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
    expect(read(CONFIG)).toBe(before);
  });

  test('a config that contradicts --target is refused', async () => {
    write(CONFIG, FRESH);
    const { stderr, exitCode } = await init('--target', 'wasm32-wasip1');
    expect(stderr).toContain('build.target is "wasm32-wasi", it would have to be wasm32-wasip1');
    expect(exitCode).toBe(1);
    expect(read(CONFIG)).toBe(FRESH);
  });

  test('a config of the older name, which cargo would read instead', async () => {
    write('.cargo/config', '');
    const { stderr, exitCode } = await init();
    expect(stderr).toContain('rename it to config.toml first');
    expect(exitCode).toBe(1);
    expect(readdirSync(join(folder, '.cargo'))).toEqual(['config']);
  });

  test('a link stays a link, and the file keeps its mode', async () => {
    write('shared.toml', '[build]\n');
    chmodSync(join(folder, 'shared.toml'), 0o640);
    mkdirSync(join(folder, '.cargo'));
    symlinkSync('../shared.toml', join(folder, CONFIG));
    expect((await init()).exitCode).toBe(0);
    expect(parse(read('shared.toml'))).toEqual(parse(FRESH));
  });

  test('nothing is lost on a full disk', async () => {
    const before = `# ${'x'.repeat(2000)}\n[build]\n`;
    write(CONFIG, before);
    const { stderr, exitCode } = await limitedInit(folder);
    expect(stderr).toMatch(/^Error: .*config\.toml cannot be written: /m);
    expect(exitCode).toBe(1);
    expect(read(CONFIG)).toBe(before);
    expect(readdirSync(join(folder, '.cargo'))).toEqual(['config.toml']);
  });
});

/** Runs the command where files can grow to a kilobyte only. */
async function limitedInit(cwd: string): Promise<{ stderr: string; exitCode: number | null }> {
  const { spawnSync } = await import('node:child_process');
  const script = `trap '' XFSZ; ulimit -f 1; exec "$0" "$1" init`;
  const launcher = join(projectFolder, 'dist', 'lunatic.cjs');
  const { stderr, status } = spawnSync('bash', ['-c', script, process.execPath, launcher], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: cwd },
  });
  return { stderr, exitCode: status };
}

describe('an AssemblyScript project', () => {
  const json = (name: string) => JSON.parse(read(name));

  test('is set up, and nothing changes the second time', async () => {
    write('package.json', '{\n    "name": "app",\n    "scripts": { "test": "true" }\n}\n');
    const first = await init();
    expect(first).toMatchObject({ stdout: 'AssemblyScript project initialized!\n', exitCode: 0 });
    expect(first.stderr).toContain('npm install');
    expect(json('package.json')).toEqual({
      name: 'app',
      scripts: {
        test: 'true',
        asbuild: 'asc --target release',
        lunatic: 'npm run asbuild && lunatic run build/release.wasm',
      },
      devDependencies: {
        assemblyscript: expect.any(String),
        '@assemblyscript/wasi-shim': expect.any(String),
      },
    });
    expect(read('package.json')).toMatch(/^\{\n {4}"name"/);
    expect(json('asconfig.json')).toMatchObject({
      entries: ['assembly/index.ts'],
      targets: { release: { outFile: 'build/release.wasm' } },
      options: { exportTable: true, lib: ['node_modules/@assemblyscript/wasi-shim/assembly'] },
    });
    expect(json('assembly/tsconfig.json')).toEqual({
      extends: 'assemblyscript/std/assembly.json',
      compilerOptions: { skipLibCheck: true },
      include: ['./**/*.ts'],
    });
    const before = [read('package.json'), read('asconfig.json')];
    expect(await init()).toEqual({
      stdout: 'AssemblyScript project initialized!\n',
      stderr: '',
      exitCode: 0,
    });
    expect([read('package.json'), read('asconfig.json')]).toEqual(before);
  });

  test('keeps existing settings', async () => {
    write(
      'package.json',
      JSON.stringify({ devDependencies: { assemblyscript: '0.27.0' }, scripts: { asbuild: 'make' } }),
    );
    write(
      'asconfig.json',
      JSON.stringify({
        entries: ['src/main.ts'],
        targets: { debug: { debug: true }, release: { outFile: 'out/app.wasm' } },
        options: { use: 'abort=mine', bindings: 'raw' },
      }),
    );
    write('src/tsconfig.json', '{}');
    expect((await init()).exitCode).toBe(0);
    expect(json('package.json')).toMatchObject({
      devDependencies: { assemblyscript: '0.27.0' },
      scripts: { asbuild: 'make', lunatic: 'npm run asbuild && lunatic run out/app.wasm' },
    });
    expect(json('asconfig.json')).toEqual({
      entries: ['src/main.ts'],
      targets: { debug: { debug: true }, release: { outFile: 'out/app.wasm' } },
      options: { use: 'abort=mine', bindings: 'raw', exportTable: true },
    });
    expect(read('src/tsconfig.json')).toBe('{}');
  });

  test("extends the config of upstream's SDK where the project has it", async () => {
    write(
      'package.json',
      JSON.stringify({ dependencies: { 'as-lunatic': 'github:lunatic-solutions/as-lunatic' } }),
    );
    expect((await init()).exitCode).toBe(0);
    expect(json('asconfig.json')).toMatchObject({
      extends: './node_modules/as-lunatic/asconfig.json',
      options: { exportTable: true },
    });
    expect(json('package.json').devDependencies).toBeUndefined();
  });

  test.each<[string, string, string, string]>([
    [
      'memory from outside',
      'asconfig.json',
      '{"options":{"importMemory":true}}',
      'options.importMemory is set, but a process gets its own memory',
    ],
    ['no table', 'asconfig.json', '{"options":{"exportTable":false}}', 'options.exportTable is false'],
    ['options that are none', 'asconfig.json', '{"options":[]}', 'options is not an object'],
    ['a file that is no JSON', 'asconfig.json', '{', 'asconfig.json: '],
    ['scripts that are none', 'package.json', '{"scripts":1}', 'scripts is not an object'],
  ])('%s: it fails, and nothing changes', async (_, name, text, message) => {
    write('package.json', '{}\n');
    write(name, text);
    const { stdout, stderr, exitCode } = await init();
    expect(stderr).toMatch(/^Error: .*\n$/);
    expect(stderr).toContain(message);
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
    expect(read(name)).toBe(text);
    expect(existsSync(join(folder, 'asconfig.json'))).toBe(name === 'asconfig.json');
  });
});

test('anywhere else it fails', async () => {
  const { stderr, exitCode } = await init();
  expect(stderr).toMatch(/^Error: Must be called inside a cargo project/);
  expect(exitCode).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});
