/** Projects are found, and built with the compilers of this machine. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Fault } from '../../../../extension/projects/compiler-messages.ts';
import { projectIn, projectOf } from '../../../../extension/projects/find-project.ts';
import { meantModules } from '../../../../extension/projects/meant-modules.ts';
import type { Profile, Project, Target } from '../../../../extension/projects/project.ts';
import { BuildFailure, runBuild } from '../../../../extension/projects/run-build.ts';
import { projectFolder } from '../../../support/command.ts';
import { findRust } from '../../../support/rust.ts';

const folders: string[] = [];

afterEach(() => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lunatic-project-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

async function projectWith(files: Readonly<Record<string, string>>): Promise<Project> {
  const project = await projectIn(folderWith(files));
  if (project === undefined) throw new Error('no project was found');
  return project;
}

async function targetOf(project: Project): Promise<Target> {
  const [target] = await project.targets();
  if (target === undefined) throw new Error(`${project.name} has no program`);
  return target;
}

interface Built {
  readonly module: string;
  /** All that were made. */
  readonly modules?: readonly string[];
  readonly lines: readonly string[];
  readonly faults: readonly Fault[];
}

/** Builds a target; with a failure, the module is its message. */
async function build(target: Target | Promise<Target>, profile: Profile = 'debug'): Promise<Built> {
  const lines: string[] = [];
  const faults: Fault[] = [];
  const listener = {
    line: (text: string) => void lines.push(stripVTControlCharacters(text)),
    fault: (fault: Fault) => void faults.push(fault),
    compiled: () => undefined,
  };
  const signal = new AbortController().signal;
  try {
    const modules = await runBuild(await (await target).build(profile), listener, findNode, signal);
    return { module: modules[0] ?? '', modules, lines, faults };
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    return { module: error.message, lines, faults };
  }
}

function isModule(path: string): boolean {
  return readFileSync(path).subarray(0, 4).equals(Buffer.from('\0asm'));
}

const findNode = async () => ({ node: process.execPath, env: {} });

const hasRust = (await findRust()) !== undefined;
const hasClang = existsSync('/usr/include/wasm32-wasi') && spawnSync('clang', ['--version']).status === 0;
const hasCMake = hasClang && spawnSync('cmake', ['--version']).status === 0;
const hasMake = spawnSync('make', ['--version']).status === 0;

const CARGO = '[package]\nname = "greeter"\nversion = "0.1.0"\nedition = "2021"\n';
const MAIN = 'fn main() {\n    println!("hello");\n}\n';

describe.runIf(hasRust)('a crate', () => {
  test('has its programs and examples, with their sources', async () => {
    const project = await projectWith({
      'Cargo.toml': CARGO,
      'src/main.rs': MAIN,
      'src/bin/other.rs': MAIN,
      'examples/chat.rs': MAIN,
      'src/lib.rs': '',
    });
    expect(project.name).toBe('greeter');
    expect(project.isForWasm).toBe(false);
    const sources = (await project.targets()).map(({ name, source = '' }) => [
      name,
      source.slice(project.folder.length),
    ]);
    expect(Object.fromEntries(sources)).toEqual({
      greeter: '/src/main.rs',
      other: '/src/bin/other.rs',
      'example chat': '/examples/chat.rs',
    });
  });

  test('is meant for WebAssembly if its config names such a target, or if it depends on the SDK', async () => {
    const config = { '.cargo/config.toml': '[build]\ntarget = "wasm32-wasip1"\n' };
    expect((await projectWith({ 'Cargo.toml': CARGO, 'src/main.rs': MAIN, ...config })).isForWasm).toBe(true);
    const withSdk = `${CARGO}[dependencies]\nlunatic = "0.14"\n`;
    expect((await projectWith({ 'Cargo.toml': withSdk, 'src/main.rs': MAIN })).isForWasm).toBe(true);
  });

  test('is built into a module, for debugging and for speed', { timeout: 120_000 }, async () => {
    const target = await targetOf(await projectWith({ 'Cargo.toml': CARGO, 'src/main.rs': MAIN }));
    const debug = await build(target);
    expect(debug.module).toMatch(/debug[\\/]greeter\.wasm$/);
    expect(isModule(debug.module)).toBe(true);
    expect((await build(target, 'release')).module).toMatch(/release[\\/]greeter\.wasm$/);
    // Nothing has changed, and still cargo says where the module is.
    const again = await build(target);
    expect(again.module).toBe(debug.module);
    expect(again.lines.join('\n')).not.toContain('Compiling');
  });

  test('that does not compile has its errors at their lines, with the places that explain them', {
    timeout: 120_000,
  }, async () => {
    const main =
      'fn main() {\n    let text = String::new();\n    drop(text);\n    println!("{text} {}", missing);\n}\n';
    const project = await projectWith({ 'Cargo.toml': CARGO, 'src/main.rs': main });
    const { module, faults, lines } = await build(targetOf(project));
    expect(module).toBe('cargo has ended with code 101');
    const [fault] = faults;
    expect(fault).toMatchObject({
      file: join(project.folder, 'src', 'main.rs'),
      line: 4,
      column: 27,
      endColumn: 34,
      severity: 'error',
      code: 'E0425',
    });
    expect(fault?.message).toContain('cannot find value `missing` in this scope');
    expect(lines.join('\n')).toContain('error[E0425]');
  });

  test('that was given up leaves no compiler behind', { timeout: 120_000 }, async () => {
    const slow = `fn main() {\n    std::thread::sleep(std::time::Duration::from_secs(600));\n}\n`;
    const project = await projectWith({ 'Cargo.toml': CARGO, 'src/main.rs': MAIN, 'build.rs': slow });
    const abort = new AbortController();
    const listener = { line: () => undefined, fault: () => undefined, compiled: () => undefined };
    const running = runBuild(
      await (await targetOf(project)).build('debug'),
      listener,
      findNode,
      abort.signal,
    );
    const folder = project.folder;
    const findRunning = () => spawnSync('pgrep', ['-f', join(folder, 'target')], { encoding: 'utf8' }).stdout;
    await expect.poll(findRunning, { timeout: 60_000 }).not.toBe('');
    abort.abort(new Error('given up'));
    await expect(running).rejects.toThrow('given up');
    await expect.poll(findRunning, { timeout: 60_000 }).toBe('');
  });

  test('of a workspace has its own programs and errors, and not those of others', async () => {
    const top = folderWith({
      'shop/Cargo.toml': '[workspace]\nmembers = ["one", "two"]\nresolver = "2"\n',
      'shop/one/Cargo.toml': CARGO.replace('greeter', 'one'),
      'shop/one/src/main.rs': MAIN.replace('"hello"', '"{}", missing'),
      'shop/two/Cargo.toml': `${CARGO.replace('greeter', 'two')}[dependencies]\nbank = { path = "../../bank" }\n`,
      'shop/two/src/main.rs': MAIN,
      'bank/Cargo.toml': CARGO.replace('greeter', 'bank'),
      'bank/src/lib.rs': 'pub fn pay() -> u32 {\n    missing\n}\n',
    });
    const folder = join(top, 'shop');
    const project = await projectOf(join(folder, 'two', 'src', 'main.rs'), folder, folder);
    if (project === undefined) throw new Error('it is no project');
    expect(project.file).toBe(join(folder, 'two', 'Cargo.toml'));
    expect((await project.targets()).map(({ name }) => name)).toEqual(['two']);
    expect(await projectIn(folder)).toBeUndefined();
    // Cargo starts the compiler in the folder of the workspace, but for crates outside of it.
    const faults = async (one: Project) => (await build(targetOf(one))).faults.map(({ file }) => file);
    expect(await faults(project)).toEqual([join(top, 'bank', 'src', 'lib.rs')]);
    const other = await projectIn(join(folder, 'one'));
    expect(await faults(other ?? project)).toEqual([join(folder, 'one', 'src', 'main.rs')]);
  });

  test('that cannot be read says why', async () => {
    await expect(projectWith({ 'Cargo.toml': '[package]\nname = 3\n' })).rejects.toThrow(
      /Cargo\.toml: .*string/,
    );
  });

  test('whose example is no program says what it must be', { timeout: 120_000 }, async () => {
    const example = '[[example]]\nname = "chat"\ncrate-type = ["lib"]\n';
    const found = await projectWith({
      'Cargo.toml': `${CARGO}${example}`,
      'src/lib.rs': '',
      'examples/chat.rs': '',
    });
    expect((await build(targetOf(found))).module).toMatch(
      /the example chat\. .*crate-type.* "bin" or "cdylib"$/,
    );
  });

  test('a single source is compiled without a crate, and nothing is added to its folder', {
    timeout: 120_000,
  }, async () => {
    const folder = folderWith({ 'alone.rs': MAIN });
    const builds = folderWith({});
    const project = await projectOf(join(folder, 'alone.rs'), folder, builds);
    const { module } = await build(targetOf(project ?? (await projectWith({}))));
    expect(module.startsWith(builds)).toBe(true);
    expect(isModule(module)).toBe(true);
    writeFileSync(join(folder, 'alone.rs'), 'fn main() { missing(); }\n');
    const { faults } = await build(targetOf(project ?? (await projectWith({}))));
    expect(faults).toMatchObject([{ file: join(folder, 'alone.rs'), line: 1, column: 13, code: 'E0425' }]);
  });
});

describe('a project of AssemblyScript', () => {
  const config = {
    entries: ['assembly/index.ts'],
    targets: {
      debug: { outFile: 'build/debug.wasm', debug: true, sourceMap: true },
      release: { outFile: 'build/release.wasm' },
    },
    options: { use: ['abort='] },
  };
  const files = {
    'asconfig.json': JSON.stringify(config),
    'assembly/index.ts': 'export function add(a: i32, b: i32): i32 {\n  return a + b;\n}\n',
  };

  async function project(changed: Readonly<Record<string, string>> = {}): Promise<Project> {
    const found = await projectWith({ ...files, ...changed });
    symlinkSync(join(projectFolder, 'node_modules'), join(found.folder, 'node_modules'));
    return found;
  }

  test('is built by its own config, and not again if nothing has changed', { timeout: 120_000 }, async () => {
    const found = await project();
    const target = await targetOf(found);
    expect(target.source).toBe(join(found.folder, 'assembly', 'index.ts'));
    const { module } = await build(target);
    expect(module).toBe(join(found.folder, 'build', 'debug.wasm'));
    expect(isModule(module)).toBe(true);
    expect((await build(target)).lines).toEqual([]);
    const later = new Date(Date.now() + 10_000);
    utimesSync(join(found.folder, 'assembly', 'index.ts'), later, later);
    expect((await build(target)).lines).not.toEqual([]);
    expect((await build(target, 'release')).module).toBe(join(found.folder, 'build', 'release.wasm'));
  });

  test('whose config names no entry, as asinit leaves it, is built by its script of npm', {
    timeout: 120_000,
  }, async () => {
    const { entries: _, ...rest } = config;
    const scripts = { 'asbuild:debug': 'asc assembly/index.ts --target debug --bindings esm' };
    const found = await project({
      'asconfig.json': JSON.stringify(rest),
      'package.json': JSON.stringify({ scripts }),
    });
    const target = await targetOf(found);
    expect(target.source).toBe(join(found.folder, 'assembly', 'index.ts'));
    expect((await build(target)).module).toBe(join(found.folder, 'build', 'debug.wasm'));
    // It has written declarations, too.
    expect((await build(target)).lines).toEqual([]);
    await expect(target.build('release')).rejects.toThrow(
      /asconfig\.json has no entries, and no script asbuild:release in package\.json says what is compiled: add one of them$/,
    );
  });

  test('whose config names no module is built by its script of npm', async () => {
    const scripts = { asbuild: `node -e "fs.mkdirSync('out'); fs.writeFileSync('out/all.wasm', '')"` };
    const found = await project({
      'asconfig.json': JSON.stringify({ ...config, targets: {} }),
      'package.json': JSON.stringify({ scripts }),
    });
    expect((await build(targetOf(found))).module).toBe(join(found.folder, 'out', 'all.wasm'));
  });

  test('that does not compile has its errors at their lines', { timeout: 120_000 }, async () => {
    const found = await project({
      'assembly/index.ts': 'export function add(a: i32): i32 {\n  return a + missing;\n}\n',
    });
    const { faults, module } = await build(targetOf(found));
    expect(module).toBe('node has ended with code 1');
    expect(faults).toMatchObject([
      {
        file: join(found.folder, 'assembly', 'index.ts'),
        line: 2,
        column: 14,
        endColumn: 21,
        severity: 'error',
        code: 'TS2304',
        message: "Cannot find name 'missing'.",
      },
    ]);
  });

  test('whose compiler is not installed says how to install it', async () => {
    const found = await projectWith({ ...files, 'package.json': '{}' });
    await expect((await targetOf(found)).build('debug')).rejects.toMatchObject({
      message: 'The compiler of AssemblyScript is not installed here. To install it: npm install',
      remedy: { command: 'npm install', cwd: found.folder },
    });
  });

  test('with a fault in its config says where', async () => {
    await expect(projectWith({ 'asconfig.json': '{"entries": 3}' })).rejects.toThrow(
      /asconfig\.json: entries: Invalid type/,
    );
    await expect(projectWith({ 'asconfig.json': '{"entries"' })).rejects.toThrow(/asconfig\.json: .*JSON/);
  });
});

describe.runIf(hasClang)('C', () => {
  const HELLO = '#include <stdio.h>\nint main(void) {\n  puts("hello");\n  return 0;\n}\n';

  test('a Makefile that makes a module is run', { timeout: 120_000 }, async () => {
    const make = 'hello.wasm: hello.c\n\tclang --target=wasm32-wasi -g -o $@ $<\n';
    const found = await projectWith({ Makefile: make, 'hello.c': HELLO });
    const { module } = await build(targetOf(found));
    expect(module).toBe(join(found.folder, 'hello.wasm'));
    writeFileSync(join(found.folder, 'hello.c'), HELLO.replace('"hello"', 'missing'));
    const { faults } = await build(targetOf(found));
    expect(faults).toMatchObject([
      { file: join(found.folder, 'hello.c'), line: 3, column: 8, severity: 'error' },
    ]);
  });

  test('a Makefile that makes several modules runs that of the source, the chosen one, or asks', {
    timeout: 120_000,
  }, async () => {
    const clang = 'clang --target=wasm32-wasi';
    const make = [
      'all: test.wasm ini_dump.wasm plugin.wasm',
      `%.wasm: %.c\n\t${clang} -o $@ $<`,
      `plugin.wasm: plugin.c\n\t${clang} -nostdlib -Wl,--no-entry,--export=handle -o $@ $<\n`,
    ].join('\n');
    const found = await projectWith({
      Makefile: make,
      'test.c': HELLO,
      'ini_dump.c': HELLO,
      'plugin.c': 'void handle(void) {}\n',
    });
    const path = (name: string) => join(found.folder, name);
    const { modules = [] } = await build(targetOf(found));
    // The newest is one of which nobody knows what it does.
    expect([...modules].sort()).toEqual(['ini_dump.wasm', 'plugin.wasm', 'test.wasm'].map(path));
    const meant = async (hints: Parameters<typeof meantModules>[1]) =>
      [...(await meantModules(modules, hints))].sort();
    const programs = ['ini_dump.wasm', 'test.wasm'].map(path);
    expect(await meant({ source: path('test.c') })).toEqual([path('test.wasm')]);
    expect(await meant({ source: path('ini_dump.c'), chosen: path('test.wasm') })).toEqual([
      path('ini_dump.wasm'),
    ]);
    expect(await meant({ source: path('Makefile'), chosen: path('test.wasm') })).toEqual([path('test.wasm')]);
    // The user is asked: these are programs, and the plugin is none.
    expect(await meant({ source: path('plugin.c') })).toEqual(programs);
    expect(await meant({ chosen: path('gone.wasm') })).toEqual(programs);
    expect(await meant({ source: path('plugin.c'), entry: 'handle' })).toEqual([path('plugin.wasm')]);
    // Otherwise it is said of one that it cannot be run.
    expect(await meant({ entry: 'missing' })).toEqual(modules.slice(0, 1));
  });

  describe.runIf(hasCMake)('with CMake', () => {
    const cacheVariables = {
      CMAKE_SYSTEM_NAME: 'Generic',
      CMAKE_C_COMPILER: 'clang',
      CMAKE_C_COMPILER_TARGET: 'wasm32-wasi',
      CMAKE_TRY_COMPILE_TARGET_TYPE: 'STATIC_LIBRARY',
    };
    const configurePresets = [
      { name: 'native' },
      { name: 'base', hidden: true, cacheVariables },
      { name: 'web', inherits: ['base'], generator: 'Unix Makefiles' },
    ];
    const LIST = 'cmake_minimum_required(VERSION 3.21)\nproject(hello C)\nadd_executable(hello hello.c)\n';
    const files = { 'CMakeLists.txt': LIST, 'hello.c': HELLO };
    const presets = { 'CMakePresets.json': JSON.stringify({ version: 3, configurePresets }) };

    test('is built with a preset that makes a module', { timeout: 120_000 }, async () => {
      expect(await projectIn(folderWith(files))).toBeUndefined();
      const found = await projectWith({ ...files, ...presets });
      expect(found.name).toBe('hello');
      const { module } = await build(targetOf(found));
      expect(module).toBe(join(found.folder, 'build', 'hello.wasm'));
      expect(isModule(module)).toBe(true);
    });

    test('is built where its preset says', { timeout: 120_000 }, async () => {
      const preset = { name: 'wasi-debug', inherits: 'web', binaryDir: `\${sourceDir}/out/\${presetName}` };
      const found = await projectWith({
        ...files,
        'CMakePresets.json': JSON.stringify({ version: 3, configurePresets: [...configurePresets, preset] }),
      });
      const { module } = await build(targetOf(found));
      expect(module).toBe(join(found.folder, 'out', 'wasi-debug', 'hello.wasm'));
      expect(existsSync(join(found.folder, 'build'))).toBe(false);
    });

    test('is built elsewhere if only CMake knows where that is', async () => {
      const preset = { name: 'other', inherits: 'web', binaryDir: '$env{HOME}/out' };
      const found = await projectWith({
        ...files,
        'CMakePresets.json': JSON.stringify({
          version: 3,
          configurePresets: [
            ...configurePresets.slice(0, 2),
            { ...configurePresets[2], hidden: true },
            preset,
          ],
        }),
      });
      const { steps } = await (await targetOf(found)).build('debug');
      expect(steps.map(({ args }) => args.at(-1))).toEqual(['--no-warn-unused-cli', 'build']);
    });

    test('keeps the name that it gives its module, on which its own steps depend', {
      timeout: 120_000,
    }, async () => {
      const list = LIST.replace('add_executable(hello', 'add_executable(hello.wasm');
      const step = 'COMMAND cmake -E copy hello.wasm made.wasm';
      const found = await projectWith({
        ...{ ...files, ...presets },
        'CMakeLists.txt': `${list}add_custom_command(TARGET hello.wasm POST_BUILD ${step})\n`,
      });
      const { module } = await build(targetOf(found));
      expect(module).toMatch(/[\\/]build[\\/](hello|made)\.wasm$/);
      expect(existsSync(join(found.folder, 'build', 'made.wasm'))).toBe(true);
    });

    test('has native programs without a suffix, and those of Emscripten', async () => {
      const emscripten = [{ name: 'web', toolchainFile: '/emsdk/Emscripten.cmake', binaryDir: 'wasm32' }];
      const circle = [
        { name: 'one', inherits: 'two' },
        { name: 'two', inherits: ['one', 'base'] },
      ];
      const mentioned = { 'CMakeLists.txt': `${LIST}option(BUILD_WASM)\n` };
      for (const changed of [
        mentioned,
        { ...mentioned, 'CMakePresets.json': JSON.stringify({ configurePresets: circle }) },
        { 'CMakePresets.json': JSON.stringify({ configurePresets: emscripten }) },
      ]) {
        const { steps } = await (await targetOf(await projectWith({ ...files, ...changed }))).build('debug');
        expect(steps.flatMap(({ args }) => args).join(' ')).not.toContain('SUFFIX');
      }
    });

    test('with presets that cannot be read leaves its folder to what else makes a project there', async () => {
      const broken = { ...files, 'CMakePresets.json': '{"configurePresets": [' };
      expect(await projectIn(folderWith(broken))).toBeUndefined();
      const found = await projectWith({ ...broken, Makefile: 'hello.wasm: hello.c\n' });
      expect(found.file).toBe(join(found.folder, 'Makefile'));
    });
  });

  test('what the linker misses is said, since no line of a source is wrong', {
    timeout: 120_000,
  }, async () => {
    const folder = folderWith({
      'hello.c': 'int missing(void);\nint main(void) { return missing(); }\n',
    });
    const project = await projectOf(join(folder, 'hello.c'), folder, folder);
    if (project === undefined) throw new Error('it is no project');
    const { module, faults } = await build(targetOf(project));
    expect(faults).toEqual([]);
    expect(module).toMatch(/^wasm-ld.*: undefined symbol: missing\nclang has ended with code 1$/);
  });

  test('a single source is compiled', { timeout: 120_000 }, async () => {
    const folder = folderWith({ 'hello.c': HELLO });
    const builds = folderWith({});
    const project = await projectOf(join(folder, 'hello.c'), folder, builds);
    if (project === undefined) throw new Error('it is no project');
    expect(isModule((await build(targetOf(project))).module)).toBe(true);
  });
});

test.each([
  ['native.rs', 'use lunatics::moon;\nfn main() {}\n', false],
  ['actor.rs', 'use lunatic::spawn_link;\nfn main() {}\n', true],
  ['native.c', '#include <stdio.h>\nint main(void) {}\n', false],
  ['actor.c', '#include "lunatic.h"\nint main(void) {}\n', true],
  ['export.c', '__attribute__((export_name("night"))) void night(void) {}\n', true],
])('%s alone is for WebAssembly if its text says so', async (name, text, isForWasm) => {
  const folder = folderWith({ [name]: text });
  const project = await projectOf(join(folder, name), folder, folder);
  expect(project?.isForWasm).toBe(isForWasm);
});

test('a single source of AssemblyScript begins with its top level, or with the _start that it exports', {
  timeout: 120_000,
}, async () => {
  const folder = folderWith({
    'top.ts': 'if (1 + 1 == 3) unreachable();\n',
    'start.ts': 'export function _start(): void {}\n',
    'node_modules/.keep': '',
  });
  const compiler = join('node_modules', 'assemblyscript');
  symlinkSync(join(projectFolder, compiler), join(folder, compiler));
  for (const name of ['top.ts', 'start.ts']) {
    const project = await projectOf(join(folder, name), folder, folder);
    if (project === undefined) throw new Error('it is no project');
    const { module } = await build(targetOf(project));
    expect(WebAssembly.Module.exports(new WebAssembly.Module(readFileSync(module)))).toContainEqual({
      name: '_start',
      kind: 'function',
    });
  }
});

describe('any project', () => {
  test('is built without the variables of the editor', async () => {
    const variables = { VSCODE_PID: '1', ELECTRON_RUN_AS_NODE: '1', GREETING: 'hello' };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const print = `console.log(${JSON.stringify(Object.keys(variables))}.map((name) => process.env[name] ?? 'none').join())`;
    const project = await projectWith({
      'lunatic.json': JSON.stringify({ module: 'a.wasm', build: [process.execPath, '-e', print] }),
      'a.wasm': '',
    });
    expect((await build(targetOf(project))).lines.at(-1)).toBe('none,none,hello');
  });

  test('that makes no module is none of ours', async () => {
    expect(await projectIn(folderWith({ Makefile: 'all:\n\tgcc a.c\n' }))).toBeUndefined();
    expect(await projectIn(folderWith({ 'package.json': '{"scripts": {"build": "tsc"}}' }))).toBeUndefined();
    expect(await projectIn(folderWith({ 'CMakeLists.txt': 'project(native)' }))).toBeUndefined();
  });

  test('has a name that can be displayed', async () => {
    const name = 'a\u001b[31m\u202eb\nc';
    const made = await projectIn(folderWith({ 'lunatic.json': JSON.stringify({ name, module: 'a.wasm' }) }));
    expect(made?.name).toBe('a\ufffd[31m\ufffdb\ufffdc');
    const scripts = { build: 'asc a.ts -o a.wasm' };
    const other = await projectIn(folderWith({ 'package.json': JSON.stringify({ name, scripts }) }));
    expect(other?.name).toBe(made?.name);
  });

  test('is none whose file is so large that reading it would hold up the editor', async () => {
    const large = folderWith({ Makefile: `# wasm\n${'x'.repeat(5 * 2 ** 20)}` });
    await expect(projectIn(large)).rejects.toThrow('Makefile is not read: it has more than 4 MiB');
  });

  test('with a script of npm that makes a module is built by it', { timeout: 120_000 }, async () => {
    const script = `node -e "fs.writeFileSync('made.wasm', Buffer.from('0061736d01000000', 'hex'))"`;
    const found = await projectWith({
      'package.json': JSON.stringify({ name: 'made', scripts: { build: script } }),
    });
    expect((await build(targetOf(found))).module).toBe(join(found.folder, 'made.wasm'));
  });

  test('with a lunatic.json is built and run as that says', async () => {
    const found = await projectWith({
      'lunatic.json': JSON.stringify({
        name: 'server',
        module: 'out/server.wat',
        build: ['node', '-e', "fs.writeFileSync('out/server.wat', '(module)')"],
        args: ['8080'],
        cwd: 'data',
        runtimeArgs: ['--no-net'],
      }),
    });
    const target = await targetOf(found);
    expect(target.name).toBe('server');
    expect(target.launch).toEqual({
      args: ['8080'],
      cwd: join(found.folder, 'data'),
      runtimeArgs: ['--no-net'],
    });
    expect((await build(target)).module).toBe(join(found.folder, 'out', 'server.wat'));
    await expect(projectWith({ 'lunatic.json': '{"modul": "a.wasm"}' })).rejects.toThrow(/lunatic\.json: /);
  });

  test('whose tool is missing says which one', async () => {
    const found = await projectWith({
      'lunatic.json': JSON.stringify({ module: 'a.wasm', build: ['no-such-tool'] }),
    });
    await expect(build(targetOf(found))).rejects.toThrow(
      'no-such-tool is not installed, or not in the PATH of VS Code.',
    );
  });

  test.each([
    { name: 'Makefile', text: 'wasm:\n', tool: 'make', title: 'Install make' },
    { name: 'CMakeLists.txt', text: 'project(wasm)\n', tool: 'cmake', title: 'Install CMake' },
  ])('whose $tool is missing says how to install it', async ({ name, text, tool, title }) => {
    const found = await projectWith({ [name]: text });
    vi.stubEnv('PATH', found.folder);
    await expect(build(targetOf(found))).rejects.toMatchObject({
      message: expect.stringMatching(
        new RegExp(`^${tool}, .* is not installed, or not in the PATH of VS Code. To install it: .*make`),
      ),
      remedy: { title, command: expect.any(String) },
    });
  });

  test.runIf(hasMake).each(['clang -o a.wasm a.c', 'clang -o a.wasm a.c && true'])(
    'whose Makefile calls a compiler that is missing says how to install it: %s',
    async (recipe) => {
      const found = await projectWith({ Makefile: `export PATH := /nowhere\nall:\n\t${recipe}\n` });
      await expect(build(targetOf(found))).rejects.toMatchObject({
        message: expect.stringMatching(/^clang, which compiles C, is not installed, .* To install it: /),
        remedy: { title: 'Install clang' },
      });
    },
  );

  test.runIf(hasClang).each([
    ['the headers', '--sysroot=/nowhere', '#include <stdio.h>'],
    ['the library', '--sysroot=/nowhere', ''],
    ['the runtime of clang', '-resource-dir /nowhere', ''],
    ['the linker', '', ''],
  ])('in C that lacks %s for WebAssembly says how to install it', async (part, flags, include) => {
    // That one is looked for in the PATH.
    const alone =
      part === 'the linker' ? 'mkdir bin && ln -s "$$(command -v clang)" bin && PATH=$$PWD/bin ' : '';
    const found = await projectWith({
      Makefile: `all:\n\t${alone}clang --target=wasm32-wasi ${flags} main.c -o main.wasm\n`,
      'main.c': `${include}\nint main(void) { return 0; }\n`,
    });
    await expect(build(targetOf(found))).rejects.toMatchObject({
      message: expect.stringMatching(/^The part of clang for WebAssembly, .* To install it: /),
      remedy: { title: 'Install WASI' },
    });
  });

  test('that has not made its module says so', async () => {
    const found = await projectWith({
      'lunatic.json': JSON.stringify({ module: 'a.wasm', build: ['node', '-e', '0'] }),
    });
    expect((await build(targetOf(found))).module).toBe(
      `The build has succeeded, but it has not made ${join(found.folder, 'a.wasm')}. ` +
        `Is the module that is run somewhere else? "module" in ${join(found.folder, 'lunatic.json')} must name it`,
    );
  });

  test('that has made no module is told how to name one', async () => {
    const found = await projectWith({ Makefile: 'wasm:\n\t@true\n' });
    const { module } = await build(targetOf(found));
    expect(module).toMatch(/^The build has succeeded, but there is no \.wasm file in .* wasm32-wasi\./);
    const [lunaticFile = ''] = /\{.*\}$/.exec(module) ?? [];
    writeFileSync(join(found.folder, 'lunatic.json'), lunaticFile);
    const named = await targetOf((await projectIn(found.folder)) ?? found);
    expect(await named.build('debug')).toMatchObject({
      steps: [{ command: 'make', args: [] }],
      module: { path: join(found.folder, 'path', 'of', 'program.wasm') },
    });
    // That of a script for npm is not one of WASI's compilers; the last of several steps makes the module.
    const scripted = await targetOf(await projectWith({ 'package.json': '{"scripts": {"build": "asc"}}' }));
    const steps = ['--first', '--last'].map((word) => ({ command: 'true', args: [word] }));
    const stepped = {
      ...scripted,
      build: async (profile: Profile) => ({ ...(await scripted.build(profile)), steps }),
    };
    expect((await build(stepped)).module).toMatch(
      /no \.wasm file in \S+\. If it is .*"build":\["true","--last"\]\}$/,
    );
  });
});
