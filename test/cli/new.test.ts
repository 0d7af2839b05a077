import { execFileSync, spawnSync } from 'node:child_process';
import {
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
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { faultOfName, LANGUAGES, TEMPLATES } from '../../runtime/internal.ts';
import { type CommandResult, launcher, lunatic, projectFolder } from '../support/command.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-new-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const make = (...args: string[]): Promise<CommandResult> => lunatic(['new', ...args], { cwd: folder });
const POOL = ['--template', 'workers', '--language', 'c'];

test('makes a project, and says what to do next', async () => {
  const { stdout, stderr, exitCode } = await make('pool', ...POOL);
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout).toMatch(/^Worker pool in C:\n {2}pool\/.vscode\/launch.json\n(.+\n)* {2}pool\/main.c\n/);
  expect(stdout).toMatch(/:\n {2}cd pool\n {2}make run\n {2}make test\n$/);
  for (const [, path = ''] of stdout.matchAll(/^ {2}(pool\/.*)$/gm)) {
    expect(existsSync(join(folder, path)), path).toBe(true);
  }
  expect(readFileSync(join(folder, 'pool', '.gitignore'), 'utf8')).toBe('build/\ncoverage/\n');
  expect(readFileSync(join(folder, 'pool', 'README.md'), 'utf8')).toMatch(/^# pool\n\nA pool of workers/);
});

test('. is the present folder, with what is in it', async () => {
  writeFileSync(join(folder, 'notes.txt'), 'mine');
  const { stdout, exitCode } = await make('.', '--name', 'pool', '-t', 'workers', '-l', 'wat');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^Worker pool in WebAssembly text:\n {2}.vscode\/launch.json\n/);
  expect(stdout).not.toContain('cd ');
  expect(readdirSync(folder).sort()).toEqual(['.gitignore', '.vscode', 'README.md', 'main.wat', 'notes.txt']);
});

describe('nothing is overwritten', () => {
  test.each([
    ['a file', (path: string) => writeFileSync(path, 'mine')],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a link that leads nowhere', (path: string) => symlinkSync('/nowhere/at/all', path)],
  ])('%s', async (_, occupy) => {
    mkdirSync(join(folder, 'pool'));
    occupy(join(folder, 'pool', 'main.c'));
    const { stdout, stderr, exitCode } = await make('pool', ...POOL);
    expect(stderr).toMatch(
      /^Error: .*pool\/main\.c cannot be written: it is there already, and nothing is overwritten/,
    );
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
    expect(readdirSync(join(folder, 'pool'))).toEqual(['main.c']);
  });

  test('a file where the folder should be', async () => {
    writeFileSync(join(folder, 'pool'), 'mine');
    const { stderr, exitCode } = await make('pool', ...POOL);
    expect(stderr).toMatch(/^Error: .*pool.* cannot be written: /);
    expect(exitCode).toBe(1);
    expect(readFileSync(join(folder, 'pool'), 'utf8')).toBe('mine');
  });
});

test.each([
  [[], 2, "error: missing argument 'directory'"],
  [['pool'], 2, "error: missing option '--template': workers, chat, http"],
  [['pool', '-t', 'chat'], 2, "error: missing option '--language': rust, assemblyscript, c\n"],
  [['pool', '-t', 'shop'], 2, 'Allowed choices are workers, chat, http.'],
  [['pool', '-l', 'cobol'], 2, 'Allowed choices are rust, assemblyscript, c, wat.'],
  [['pool', '-t', 'chat', '-l', 'wat'], 1, 'Error: There is no chat server in WebAssembly text'],
  [['My Pool', ...POOL], 1, 'Error: "My Pool": A name has small letters, digits, - and _'],
  [['pool', ...POOL, '--name', '../x'], 1, 'Error: "../x": A name has small letters'],
  [['\u001b[31mred', ...POOL], 1, 'Error: "\ufffd[31mred": A name has'],
  [['test', '-t', 'chat', '-l', 'rust'], 1, 'Error: "test": A program in Rust cannot be called test'],
])('lunatic new %j fails with %i: %s', async (args, code, message) => {
  const { stdout, stderr, exitCode } = await make(...args);
  expect(stderr).toContain(message);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: code });
  expect(readdirSync(folder)).toEqual([]);
});

test('a program in Rust is not called as a crate that it uses', () => {
  const lock = readFileSync(
    join(projectFolder, 'media', 'templates', 'rust', 'common', 'Cargo.lock'),
    'utf8',
  );
  const crates = [...lock.matchAll(/^name = "([a-z].*)"$/gm)].map(([, name = '']) => name);
  expect(crates).toContain('lunatic');
  const rust = LANGUAGES.find(({ name }) => name === 'rust');
  for (const name of crates)
    expect(faultOfName(name, rust)).toBe(`A program in Rust cannot be called ${name}`);
});

test('--list lists every template with its languages', async () => {
  const { stdout } = await make('--list');
  for (const { name, description, languages } of TEMPLATES) {
    expect(stdout).toMatch(new RegExp(`^${name} +${description}\n +in ${languages.join(', ')}$`, 'm'));
  }
});

/** Types on a terminal, which echoes it. */
function onTerminal(typed: string, ...args: string[]): string {
  const command = [process.execPath, launcher, 'new', ...args].join(' ');
  const options = { cwd: folder, input: typed, encoding: 'utf8', timeout: 20_000 } as const;
  return spawnSync('script', ['-qec', command, '/dev/null'], options).stdout;
}

const hasScript = spawnSync('script', ['--version']).status === 0;

describe.runIf(hasScript)('on a terminal', () => {
  test('it asks for what is missing, and again after an answer that is none', () => {
    const printed = onTerminal('Bad Name\npool\n9\nWorker pool\n3\n');
    expect(printed).toContain('A name has small letters');
    expect(printed).toContain('  3  HTTP server: a process for each request');
    expect(printed).toContain('Choose a number from 1 to 3.');
    expect(printed).toContain('  4  WebAssembly text');
    expect(printed).toContain('Worker pool in C:');
    expect(existsSync(join(folder, 'pool', 'main.c'))).toBe(true);
  });

  test('only what the language has is offered, and Enter takes the first', () => {
    const printed = onTerminal('\n', 'pool', '--language', 'wat');
    expect(printed).not.toContain('Chat server');
    expect(existsSync(join(folder, 'pool', 'main.wat'))).toBe(true);
  });

  test('the end of the input makes nothing', () => {
    expect(onTerminal('pool\n\u0004')).toContain('Error: No project was made');
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('npm packs the templates whole', () => {
  const root = join(launcher, '..', '..');
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path).filter((path) => path.startsWith('media/templates/'));
  const present = readdirSync(join(root, 'media', 'templates'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
  expect(paths.sort()).toEqual(present.sort());
  for (const { name } of LANGUAGES) {
    expect(paths.some((path) => path.startsWith(`media/templates/${name}/common/.vscode/`))).toBe(true);
  }
});
