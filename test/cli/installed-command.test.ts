/** The command as npm installs it from the package. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { assembleText } from '../../runtime/wat/index.ts';
import { installCommands } from '../../scripts/install-command.cjs';
import { findOlderNode } from '../../scripts/older-node.mjs';
import { installedCommand, projectFolder } from '../support/command.ts';

const olderNode = findOlderNode();

/** What it prints is its arguments. It exits with 3. */
const PROGRAM = `(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 16) (i32.const 1024)))
    ;; Beyond the program's name.
    (i32.store (i32.const 0) (i32.load (i32.const 20)))
    (i32.store (i32.const 4) (i32.sub (i32.load (i32.const 4)) (i32.sub (i32.load (i32.const 20)) (i32.const 1024))))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $exit (i32.const 3))))`;

let folder = '';
let program = '';
/** A package as npm has installed it, and the command that users start. */
let prefix = '';
let installed = '';
/** A folder with a `node` that notes when it is started. */
let nodes = '';
/** The package as it was packed. */
let packed = '';

function execute(command: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout.trim();
}

/** Writes an executable that notes its start under a name, and then is a Node. */
function noting(path: string, name: string, node: readonly string[] = [process.execPath]): void {
  mkdirSync(dirname(path), { recursive: true });
  const words = node.map((word) => `'${word}'`).join(' ');
  writeFileSync(path, `#!/bin/sh\necho '${name}' >> '${folder}/started'\nexec ${words} "$@"\n`);
  chmodSync(path, 0o755);
}

/** A Node that looks like an older one, which starts another one as a child. That gets its arguments, too. */
const SEEMS_OLDER = [
  process.execPath,
  '--import',
  `data:text/javascript,if (process.env.LUNATIC_LAUNCHED !== "waits") { delete WebAssembly.Suspending; process.execve = undefined }`,
];

interface Run {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly path?: string;
}

/** Runs a command. Tells also which Nodes that note it were started. */
function run(
  command: string,
  { args = ['run', program, 'a', '', "b 'c'"], env = {}, path = nodes }: Run = {},
) {
  const result = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: [path, '/usr/bin', '/bin'].join(delimiter), ...env },
  });
  const started = existsSync(join(folder, 'started')) ? readFileSync(join(folder, 'started'), 'utf8') : '';
  rmSync(join(folder, 'started'), { force: true });
  const { status, stdout, stderr } = result;
  return { status, stdout, stderr, started: started.split('\n').filter((name) => name !== '') };
}

/** What the program does. */
const RAN = { status: 3, stdout: "a\0\0b 'c'\0", stderr: '' };

/** What is noted where the Node runs it that has installed it. That Node is not trusted to stay if it is below a folder as /tmp. */
const BY_ITSELF = isBelowSticky(process.execPath) ? ['of the PATH'] : [];

function isBelowSticky(path: string): boolean {
  const folder = dirname(path);
  return folder !== path && ((statSync(folder).mode & 0o1000) !== 0 || isBelowSticky(folder));
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** Copies the package as it was packed, without the install step. */
function unpackTo(path: string): string {
  cpSync(packed, path, { recursive: true });
  return join(path, 'dist', 'command.cjs');
}

/** Installs the package in a folder as npm does it. */
function installTo(path: string): string {
  const command = unpackTo(path);
  execute(process.execPath, [join('scripts', 'install-command.cjs')], path);
  return command;
}

describe.skipIf(process.platform === 'win32')('the installed command', () => {
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-installed-')));
    program = join(folder, 'program.wasm');
    writeFileSync(program, await assembleText(PROGRAM, 'program.wat'));
    nodes = join(folder, 'nodes');
    noting(join(nodes, 'node'), 'of the PATH');

    const npm = ['--ignore-scripts', '--silent', '--pack-destination', folder];
    const whole = execute('npm', ['pack', ...npm], projectFolder);
    execute('tar', ['-xzf', whole]);
    packed = join(folder, 'package');
    // All but the assembler of texts is bundled, so that nothing has to be downloaded.
    const manifest = JSON.parse(readFileSync(join(packed, 'package.json'), 'utf8'));
    writeFileSync(
      join(packed, 'package.json'),
      JSON.stringify({ ...manifest, dependencies: {}, devDependencies: {} }),
    );
    // A build has installed it for itself, which is not done for a package.
    for (const name of ['command.cjs', 'cargo-lunatic.js']) {
      const path = join(packed, 'dist', name);
      const text = readFileSync(path, 'utf8').replace(/^#!.*/, '#!/usr/bin/env node');
      writeFileSync(path, text.replace(/^here=.*/m, "here=''").replace(/^own=.*/m, "own=''"));
    }
    const tarball = execute('npm', ['pack', ...npm], packed);
    prefix = join(folder, 'prefix');
    const options = [
      '--offline',
      '--ignore-scripts=false',
      '--no-audit',
      '--no-fund',
      '--cache',
      join(folder, 'cache'),
    ];
    execute('npm', ['install', '--global', '--prefix', prefix, ...options, join(folder, tarball)]);
    installed = join(prefix, 'bin', 'lunatic');
  }, 60_000);
  afterAll(() => remove(folder));

  const beside = () => join(prefix, 'lib', 'node_modules', 'node');
  beforeEach(() => {
    remove(beside());
    noting(join(beside(), 'bin', 'node'), 'beside');
  });

  test('starts the Node beside it, and no other', () => {
    expect(run(installed)).toEqual({ ...RAN, started: ['beside'] });
  });

  test.skipIf(olderNode === undefined)('does so where an older Node is first in the PATH', () => {
    expect(run(installed, { path: dirname(olderNode ?? '') })).toEqual({ ...RAN, started: ['beside'] });
  });

  test('starts it once, also to run tests', () => {
    expect(run(installed, { args: ['test', program] })).toMatchObject({ started: ['beside'] });
  });

  test('starts the Node that LUNATIC_NODE names', () => {
    const other = join(folder, 'other', 'node');
    noting(other, 'named');
    expect(run(installed, { env: { LUNATIC_NODE: other } })).toEqual({ ...RAN, started: ['named'] });
    const missing = run(installed, { env: { LUNATIC_NODE: '/nowhere/node' } });
    expect(missing.stderr).toBe('lunatic: LUNATIC_NODE names /nowhere/node, which is not a file\n');
  });

  test('works through links, and in folders of any name', () => {
    const strange = join(folder, `it's a "strange" $(name) \`of\` \\ a * folder`, 'node_modules');
    const command = installTo(join(strange, 'lunatic'));
    noting(join(strange, 'node', 'bin', 'node'), 'strange');
    const link = join(folder, 'link');
    symlinkSync(command, link);
    symlinkSync(strange, join(folder, 'folders'));
    const paths = [command, link, join(folder, 'folders', 'lunatic', 'dist', 'command.cjs')];
    for (const path of paths) expect(run(path)).toEqual({ ...RAN, started: ['strange'] });
    expect(run('./link').started).toEqual(['strange']);
  });

  test.each(['a */ folder', 'a\nfolder'])('is left to Node in a folder named %j', (name) => {
    expect(run(installTo(join(folder, name, 'lunatic')))).toEqual({ ...RAN, started: ['of the PATH'] });
  });

  test('starts the Node that installed it if none is beside it', () => {
    remove(beside());
    const alone = installTo(join(folder, 'alone', 'lunatic'));
    expect(run(alone)).toEqual({ ...RAN, started: BY_ITSELF });
  });

  test('is what the Node of the PATH runs where there is no other', () => {
    remove(beside());
    // An older Node installs it, and could not run it.
    const command = join(realpathSync(join(prefix, 'lib', 'node_modules', 'lunatic')), 'dist', 'command.cjs');
    const text = readFileSync(command, 'utf8');
    writeFileSync(command, text.replace(/^own=.*/m, "own=''"));
    expect(run(installed)).toEqual({ ...RAN, started: ['of the PATH'] });
    writeFileSync(command, text);
  });

  test('is what the Node of the PATH runs where the one beside it is too old', () => {
    noting(join(beside(), 'bin', 'node'), 'beside', SEEMS_OLDER);
    expect(run(installed)).toEqual({ ...RAN, started: ['beside', 'of the PATH'] });
  });

  test('is what the Node of the PATH runs where the package has been moved or copied', () => {
    const first = join(folder, 'first', 'lunatic');
    installTo(first);
    cpSync(first, join(folder, 'copy', 'lunatic'), { recursive: true });
    renameSync(first, join(folder, 'moved'));
    // What is in the place where it was is not trusted.
    unpackTo(first);
    noting(join(folder, 'first', 'node_modules', 'node', 'bin', 'node'), 'where it was');
    for (const place of ['moved', 'copy/lunatic']) {
      expect(run(join(folder, place, 'dist', 'command.cjs'))).toEqual({ ...RAN, started: ['of the PATH'] });
    }
  });

  test('takes no Node that anybody may have put into a folder above', () => {
    const open = join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o1777);
    noting(join(open, 'node_modules', 'node', 'bin', 'node'), "somebody's");
    const command = installTo(join(open, 'mine', 'lunatic'));
    expect(run(command)).toEqual({ ...RAN, started: BY_ITSELF });
    const older = join(folder, 'older');
    noting(join(older, 'node'), 'of the PATH', SEEMS_OLDER);
    const { stderr, started } = run(unpackTo(join(open, 'plain', 'lunatic')), { path: older });
    expect(stderr).toContain('npm install node@26');
    expect(started).toEqual(['of the PATH']);
  });

  test('is what the Node of the PATH runs where no install step has run', () => {
    const command = unpackTo(join(folder, 'plain', 'lunatic'));
    expect(run(command)).toEqual({ ...RAN, started: ['of the PATH'] });
  });

  test('can be given to a Node, as some package managers do', () => {
    expect(run(process.execPath, { args: [installed, 'run', program, 'a', '', "b 'c'"] })).toEqual({
      ...RAN,
      started: [],
    });
  });

  test('leaves the same file of other projects alone', () => {
    const path = join(folder, 'linked', 'lunatic');
    const command = unpackTo(path);
    const store = join(folder, 'stored');
    linkSync(command, store);
    const before = readFileSync(store, 'utf8');
    installCommands(dirname(command));
    expect(readFileSync(store, 'utf8')).toBe(before);
    expect(readFileSync(command, 'utf8')).not.toBe(before);
  });

  test('is nothing that is left behind', () => {
    const alone = join(folder, 'uninstalled');
    const command = installTo(join(alone, 'lunatic'));
    expect(readdirSync(dirname(command))).toEqual(readdirSync(join(packed, 'dist')));
    execute('npm', ['uninstall', '--global', '--prefix', prefix, 'lunatic']);
    expect(existsSync(installed)).toBe(false);
  });
});

test('the command of a build starts no other Node either', () => {
  const { stdout, status } = spawnSync(installedCommand, ['--version'], {
    encoding: 'utf8',
    env: { PATH: '/nowhere' },
  });
  expect({ stdout, status }).toEqual({ stdout: expect.stringMatching(/^lunatic-runtime /), status: 0 });
});
