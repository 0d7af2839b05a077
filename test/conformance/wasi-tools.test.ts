import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { buildAssemblyScript, builtFolder } from '../../scripts/build-guests.mjs';
import { launcher, projectFolder } from '../support/command.ts';
import { run } from '../support/program.ts';

const LONG = Array.from({ length: 20_000 }, (_, i) => `line ${i} of a long file, needle ${i % 997}\n`).join(
  '',
);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-tools-'));
  for (const name of ['tree/a/b/c', 'tree/empty', 'tree/größe'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const [name, text] of [
    ['tree/one.txt', 'first\nsecond needle\nthird\n'],
    ['tree/a/two.txt', 'needle without an end'],
    ['tree/a/b/empty.txt', ''],
    ['tree/a/b/c/long.txt', LONG],
    ['tree/größe/zwölf', 'ä needle ö\n'],
  ] as const)
    writeFileSync(join(folder, name), text);
  for (let i = 0; i < 200; i++) writeFileSync(join(folder, 'tree/a/b', `many${i}.dat`), `${i}`);
  symlinkSync('../one.txt', join(folder, 'tree/a/link'));
  utimesSync(join(folder, 'tree/one.txt'), 1_600_000_000, 1_500_000_000.25);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const LANGUAGES = ['c', 'rust', 'assemblyscript'] as const;
type Language = (typeof LANGUAGES)[number];

let assemblyScript = '';
beforeAll(async () => {
  assemblyScript = mkdtempSync(join(tmpdir(), 'lunatic-tools-built-'));
  const source = join(projectFolder, 'test', 'guests', 'assemblyscript', 'file_tools.ts');
  await buildAssemblyScript(source, join(assemblyScript, 'file_tools.wasm'));
}, 60_000);
afterAll(() => rmSync(assemblyScript, { recursive: true }));

/** Runs a tool in the folder, which is the guest's current directory. */
async function tool(language: Language, ...args: string[]): Promise<string> {
  const config = ProcessConfig.forRoot();
  config.commandLineArguments.push('file_tools', ...args);
  config.preopenedDirectories.push({ guestPath: '.', hostPath: folder });
  const built = language === 'assemblyscript' ? assemblyScript : join(builtFolder, language);
  const module = readFileSync(join(built, 'file_tools.wasm'));
  const { exit, stdout, stderr } = await run(module, { config });
  const failed = exit.kind !== 'returned' && !(exit.kind === 'exited' && exit.code === 0);
  return failed
    ? `failed: ${stderr.text || stdout.text}${'message' in exit ? exit.message : ''}`
    : stdout.text;
}

/** What the host says of a tree, in the form of the guests. */
function listed(path: string): string {
  const stats = lstatSync(join(folder, path));
  if (stats.isSymbolicLink()) return `link ${path} -> ${readlinkSync(join(folder, path))}\n`;
  if (!stats.isDirectory()) return `file ${path} ${stats.size}\n`;
  const names = readdirSync(join(folder, path)).sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  return `directory ${path}\n${names.map((name) => listed(`${path}/${name}`)).join('')}`;
}

/** All files of a tree with their contents. */
function files(path: string): Map<string, string> {
  const names = readdirSync(join(folder, path), { recursive: true, withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file): [string, string] => [file.slice(join(folder, path).length), readFileSync(file, 'latin1')])
      .sort(),
  );
}

function found(text: string, path: string): string {
  const lines: string[] = [];
  const visit = (at: string): void => {
    const stats = lstatSync(join(folder, at));
    if (stats.isDirectory()) {
      const names = readdirSync(join(folder, at));
      for (const name of names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
        visit(`${at}/${name}`);
    } else if (stats.isFile()) {
      readFileSync(join(folder, at), 'utf8')
        .split('\n')
        .forEach((line, i) => {
          if (line.includes(text)) lines.push(`${at}:${i + 1}:${line}\n`);
        });
    }
  };
  visit(path);
  return lines.join('');
}

describe.each(LANGUAGES)('tools for files in %s', (language) => {
  test('list a tree as the host does', async () => {
    expect(await tool(language, 'ls', 'tree')).toBe(listed('tree'));
  });

  test('find lines as the host does', async () => {
    expect(await tool(language, 'grep', 'needle', 'tree')).toBe(found('needle', 'tree'));
  });

  test('copy a tree', async () => {
    expect(await tool(language, 'cp', 'tree', 'copy')).toBe('');
    expect(files('copy')).toEqual(files('tree'));
    expect(await tool(language, 'cp', 'tree', 'copy')).toMatch(/^failed: .*(exist|error 20)/i);
  });

  test('remove a tree', async () => {
    expect(await tool(language, 'rm', 'tree')).toBe('');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('find nothing outside', async () => {
    for (const path of ['..', '../..', '/etc'])
      expect(await tool(language, 'ls', path), path).toMatch(/^failed: /);
  });
});

describe('tools for files in C', () => {
  test('print files, forwards and backwards', async () => {
    expect(await tool('c', 'cat', 'tree/one.txt', 'tree/a/two.txt', 'tree/a/link')).toBe(
      'first\nsecond needle\nthird\nneedle without an endfirst\nsecond needle\nthird\n',
    );
    expect(await tool('c', 'cat', 'tree/a/b/c/long.txt')).toBe(LONG);
    expect(await tool('c', 'tac', 'tree/one.txt')).toBe('third\nsecond needle\nfirst\n');
    expect(await tool('c', 'cat', 'tree/none')).toBe('failed: tree/none: No such file or directory\n');
    expect(await tool('c', 'cat', 'tree')).toBe('failed: tree: Is a directory\n');
  });

  test('copy links and times', async () => {
    expect(await tool('c', 'cp', 'tree', 'copy')).toBe('');
    expect(listed('copy').replaceAll('copy', 'tree')).toBe(listed('tree'));
    const times = (name: string) => [
      lstatSync(join(folder, name)).atimeMs,
      lstatSync(join(folder, name)).mtimeMs,
    ];
    expect(times('copy/one.txt')[1]).toBe(1_500_000_000_250);
    expect(times('copy/a/two.txt')[1]).toBeCloseTo(times('tree/a/two.txt')[1] ?? 0, 2);
  });

  test('rename and append', async () => {
    expect(await tool('c', 'mv', 'tree/a', 'tree/empty')).toBe('');
    expect(await tool('c', 'append', 'tree/empty/two.txt', '!')).toBe('');
    expect(await tool('c', 'append', 'tree/empty/two.txt', '?')).toBe('');
    expect(readFileSync(join(folder, 'tree/empty/two.txt'), 'utf8')).toBe('needle without an end!\n?\n');
  });
});

describe('tools for files in Rust', () => {
  test('rename in a whole tree', async () => {
    const before = [...files('tree').keys()];
    expect(await tool('rust', 'ext', 'tree', 'dat', 'bin')).toBe('');
    expect([...files('tree').keys()].sort()).toEqual(
      before.map((name) => name.replace(/\.dat$/, '.bin')).sort(),
    );
  });

  test('change files in place', async () => {
    expect(await tool('rust', 'patch', 'tree/one.txt', '6', 'SECOND')).toBe('second -> SECOND in 26 bytes\n');
    expect(await tool('rust', 'cut', 'tree/one.txt', '12')).toBe('');
    expect(readFileSync(join(folder, 'tree/one.txt'), 'utf8')).toBe('first\nSECOND');
    expect(await tool('rust', 'new', 'tree/new', 'text')).toBe('');
    expect(readFileSync(join(folder, 'tree/new'), 'utf8')).toBe('text');
    expect(await tool('rust', 'patch', 'tree/new', '3', 'too long')).toBe('failed: UnexpectedEof\n');
  });
});

describe.skipIf(process.platform === 'win32')('where the disk takes no more', () => {
  /** Runs a tool as a command that may write files of 128 blocks: of 512 or 1024 bytes, as the shell likes. */
  function limited(...args: string[]) {
    const module = join(builtFolder, 'c', 'file_tools.wasm');
    const script = 'ulimit -f 128; exec "$0" "$@"';
    return spawnSync('sh', ['-c', script, process.execPath, launcher, 'run', module, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
  }

  test('what was written stays, and the rest is an error', () => {
    writeFileSync(join(folder, 'large'), randomBytes(1_000_000));
    const { status, stderr } = limited('cp', 'large', 'copy');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^copy: File too large$/m)]);
    const copied = readFileSync(join(folder, 'copy'));
    expect([128 * 512, 128 * 1024]).toContain(copied.length);
    expect(copied.equals(readFileSync(join(folder, 'large')).subarray(0, copied.length))).toBe(true);
  });

  test('without room the file stays as it was', () => {
    const { status, stderr } = limited('room', 'tree/one.txt', '1000000');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^tree\/one.txt: File too large$/m)]);
    expect(readFileSync(join(folder, 'tree/one.txt'), 'utf8')).toBe('first\nsecond needle\nthird\n');
    expect(limited('room', 'tree/one.txt', '1000').status).toBe(0);
    expect(lstatSync(join(folder, 'tree/one.txt')).size).toBe(1000);
  });
});
