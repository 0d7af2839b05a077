import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leb } from '../../runtime/wasm/index.ts';
import { launcher, lunatic } from '../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-bad-'));
  mkdirSync(join(folder, 'folder.wasm'));
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  write('empty.wasm', '');
  write('empty.wat', '');
  write('text.wasm', 'hello');
  write('magic.wasm', new Uint8Array([0, 0x61, 0x73, 0x6d]));
  write('cut.wasm', new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1]));
  write('version.wasm', new Uint8Array([0, 0x61, 0x73, 0x6d, 9, 0, 0, 0]));
  write('wrong.wat', '(module (func (i32.cosnt 1)))');
  write('good.wat', '(module (func (export "_start")))');
});
afterAll(() => rmSync(folder, { recursive: true }));

const COMMANDS = ['run', 'test', 'check', 'exports'];

const FILES: [name: string, message: RegExp][] = [
  ['nowhere.wasm', /Module 'nowhere\.wasm' not found/],
  ['good.wat/inside.wasm', /Module 'good\.wat\/inside\.wasm' cannot be read: .*ENOTDIR/],
  ['folder.wasm', /Module 'folder\.wasm' is a directory/],
  ['empty.wasm', /Module 'empty\.wasm' is empty/],
  ['text.wasm', /Module 'text\.wasm' is not a wasm module: it starts with 68 65 6c 6c/],
  ['magic.wasm', /offset 0x4: expected/],
  ['cut.wasm', /offset 0x[0-9a-f]+: expected/],
  ['version.wasm', /offset 0x4: expected/],
  ['wrong.wat', /wrong\.wat:1:16: error: unexpected token/],
];

describe.each(COMMANDS)('lunatic %s', (command) => {
  test.each(FILES)('%s: exit code 1, and standard error says why', async (name, message) => {
    const { stdout, stderr, exitCode } = await lunatic([command, name], { cwd: folder });
    const [first = ''] = stderr.split('\n');
    expect(first).toMatch(/^Error: /);
    expect(stderr).toMatch(message);
    // The assembler shows the place below.
    if (!name.endsWith('.wat')) expect(stderr.split('\n')).toHaveLength(2);
    expect(stderr).not.toMatch(/^\s+at .*:\d+/m);
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
  });

  test('a file that may not be read', async () => {
    const path = join(folder, 'secret.wasm');
    writeFileSync(path, '');
    chmodSync(path, 0);
    // Who may read everything finds it empty.
    const may = process.getuid?.() === 0;
    const { stderr, exitCode } = await lunatic([command, 'secret.wasm'], { cwd: folder });
    expect(stderr).toBe(
      `Error: Module 'secret.wasm' ${may ? 'is empty' : 'cannot be read: permission denied'}\n`,
    );
    expect(exitCode).toBe(1);
  });
});

test.skipIf(process.platform === 'win32')('a device without an end is not read on', async () => {
  const { stderr, exitCode } = await lunatic(['run', '/dev/zero']);
  expect(stderr).toContain("Module '/dev/zero' is not a wasm module: it starts with 00 00 00 00");
  expect(exitCode).toBe(1);
});

test.skipIf(process.platform === 'win32')('a module may come through a pipe', async () => {
  const module = join(folder, 'piped.wasm');
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  // A custom section, larger than what comes through the pipe at once.
  writeFileSync(module, new Uint8Array([...header, 0, ...leb(300_001), 0, ...new Array(300_000).fill(0)]));
  const piped = ['-c', 'cat "$0" | "$@" exports /dev/stdin', module, process.execPath, launcher];
  expect(spawnSync('sh', piped, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

test.each<[string, string[], string]>([
  ['no file to run', ['run'], "error: missing required argument 'path'"],
  ['no file to test', ['test'], "error: missing required argument 'words'"],
  ['no file to check', ['check'], "error: missing required argument 'file'"],
  ['no file to list exports of', ['exports'], "error: missing required argument 'file'"],
  [
    'two files to list exports of',
    ['exports', 'a.wasm', 'b.wasm'],
    "error: too many arguments for 'exports'",
  ],
  ['a file to init', ['init', 'here'], "error: too many arguments for 'init'"],
  ['no shell', ['completions'], "error: missing required argument 'shell'"],
  [
    'an unknown shell',
    ['completions', 'csh'],
    "is invalid for argument 'shell'. Allowed choices are bash, zsh, fish.",
  ],
  [
    'an unknown target',
    ['init', '--target', 'x86_64'],
    'is invalid. Allowed choices are wasm32-wasi, wasm32-wasip1.',
  ],
  [
    'an option of the program without a separator',
    ['run', 'good.wat', '-c', 'print(1)'],
    "error: unknown option '-c'\n(arguments of the program that start with - follow --: lunatic run FILE -- -c)\n(see `lunatic run --help`)\n",
  ],
  [
    'the same without the word run',
    ['good.wat', '-c', 'print(1)'],
    "error: unknown option '-c'\n(arguments of the program that start with - follow --: lunatic run FILE -- -c)\n",
  ],
  [
    'an unknown option of test',
    ['test', 'good.wat', '-x'],
    "error: unknown option '-x'\n(arguments of the program that start with - follow --: lunatic test FILE -- -x)\n(see `lunatic test --help`)\n",
  ],
  [
    'an option of run that nearly is one',
    ['run', '--max-tabels=2', 'good.wat'],
    "error: unknown option '--max-tabels=2'\n(Did you mean --max-tables?)\n(see",
  ],
  [
    'the same with a value longer than the rest of its name',
    ['run', '--max-mem=64M', 'good.wat'],
    "error: unknown option '--max-mem=64M'\n(Did you mean --max-memory?)\n(see",
  ],
  [
    'an option with a value for the program',
    ['run', 'good.wat', '--colour-depth=8'],
    'follow --: lunatic run FILE -- --colour-depth=8)',
  ],
  ...['1.5', '1e3', '9'.repeat(20), 'abc', '0x10', '0', '-1', ''].map((value): [string, string[], string] => [
    `'${value}' as a number`,
    ['run', `--max-processes=${value}`, 'good.wat'],
    'It must be a whole number from 1 to 999999999999999.\n(see `lunatic run --help`)',
  ]),
  [
    'a value of an option that takes none',
    ['test', '--inspect-wait=debug', 'good.wat'],
    "error: unknown option '--inspect-wait=debug'\n(--inspect-wait takes no value: lunatic test --inspect=debug --inspect-wait FILE)\n(see",
  ],
  [
    'the same of another one',
    ['check', '--json=yes', 'good.wat'],
    "error: unknown option '--json=yes'\n(--json takes no value)\n(see",
  ],
  [
    'an unknown option of check',
    ['check', '--jsn', 'good.wat'],
    "error: unknown option '--jsn'\n(Did you mean --json?)",
  ],
  [
    'an unknown option of exports',
    ['exports', '--jsn', 'good.wat'],
    "error: unknown option '--jsn'\n(Did you mean --json?)",
  ],
  ['an unknown option of init', ['init', '-x'], "error: unknown option '-x'"],
  [
    'a value that is missing',
    ['run', 'good.wat', '--log'],
    "error: option '--log <filter>' argument missing",
  ],
  [
    'a colour that is none',
    ['run', 'good.wat', '--color', 'red'],
    'Allowed choices are auto, always, never.',
  ],
  [
    'a command that nearly is one',
    ['exprots', 'good.wat'],
    "error: unknown command 'exprots'\n(Did you mean exports?)",
  ],
  ['a command that is none', ['fly'], "error: unknown command 'fly'\n(see `lunatic --help`)\n"],
  ['a command of the cloud', ['login'], "error: unknown command 'login'"],
  [
    'a log of the adapter that cannot be written',
    ['dap', '--log=folder.wasm'],
    'It cannot be written: EISDIR',
  ],
  [
    'an empty name of a project',
    ['new', '-t', 'workers', '-l', 'c', ''],
    "error: missing argument 'directory': the project's, or . for this one",
  ],
  [
    'a size that is too large',
    ['run', `--max-memory=${'9'.repeat(16)}`, 'good.wat'],
    'of at most 15 digits.',
  ],
  ['help of what is none', ['help', 'fly'], "error: unknown command 'fly'\n(see `lunatic --help`)\n"],
  ['help of what nearly is one', ['help', 'exprots'], '(Did you mean exports?)'],
  ['nothing at all', [], 'Usage: lunatic'],
])('%s is wrong usage: exit code 2', async (_, args, message) => {
  const { stdout, stderr, exitCode } = await lunatic(args, { cwd: folder });
  expect(stderr).toContain(message);
  expect(stdout).toBe('');
  expect(exitCode).toBe(2);
});

test.each([[['help']], [['--help']], [['-h']]])('%j prints the help of all commands', async (args) => {
  const { stdout, stderr, exitCode } = await lunatic(args);
  for (const name of [...COMMANDS, 'new', 'init', 'completions', 'help']) {
    expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  }
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
});

test.each([...COMMANDS, 'new', 'init', 'completions'])('help %s is what --help prints', async (name) => {
  const [long, short, help] = await Promise.all([
    lunatic([name, '--help']),
    lunatic([name, '-h']),
    lunatic(['help', name]),
  ]);
  expect(long.stdout).toContain(`Usage: lunatic ${name}`);
  expect(long.stdout).toContain('Exit status');
  expect(short).toEqual(long);
  expect(help).toEqual(long);
  expect(long).toMatchObject({ stderr: '', exitCode: 0 });
});
