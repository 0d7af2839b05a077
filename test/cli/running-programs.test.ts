/** The list of programs that can be inspected, which each program of a user has a file in. */
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runningPrograms } from '../../runtime/cli/running-programs.ts';
import { RunningCommand } from '../support/command.ts';
import { Inspected, inspectPrograms, programFile } from '../support/inspected.ts';
import { FAMILY } from '../support/inspected-guests.ts';

inspectPrograms();

let cache = '';
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'lunatic-running-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const folder = () => join(cache, 'running');
const listed = () => runningPrograms({ LUNATIC_CACHE: cache });

/** Starts a program that runs until it is ended. */
async function start(...options: string[]): Promise<Inspected> {
  const flags = options.length === 0 ? ['--inspect'] : options;
  const inspected = await Inspected.start(['run', ...flags, programFile(FAMILY), '--', 'one'], {
    env: { LUNATIC_CACHE: cache },
  });
  await inspected.command.printed('ready\n');
  return inspected;
}

test('two programs are listed with their addresses, the later one first, until they end', async () => {
  const first = await start();
  const second = await start('--inspect=debug');
  const programs = await listed();
  expect(programs.map(({ url, pid, debug }) => [url, pid, debug])).toEqual([
    [second.url, second.command.child.pid, true],
    [first.url, first.command.child.pid, false],
  ]);
  expect(programs[0]).toMatchObject({ arguments: ['one'], cwd: expect.stringMatching(/^\//) });
  second.command.child.kill();
  await second.command.ended;
  expect((await listed()).map(({ url }) => url)).toEqual([first.url]);
  expect(readdirSync(folder())).toHaveLength(1);
});

test('only this user may read them', async () => {
  await start();
  expect(statSync(folder()).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(folder())) expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
});

test('an unlisted program is not listed, nor is one where others could change the list', async () => {
  await start('--inspect=unlisted');
  expect(await listed()).toEqual([]);
  mkdirSync(folder(), { recursive: true });
  chmodSync(folder(), 0o777);
  await start();
  expect(readdirSync(folder())).toEqual([]);
  expect(await listed()).toEqual([]);
});

test('a program that could read its token there is not listed', async () => {
  const home = mkdtempSync(join(tmpdir(), 'lunatic-home-'));
  cache = join(home, 'cache');
  const link = `${home}-link`;
  symlinkSync(home, link);
  try {
    for (const directory of [home, link, cache]) {
      await start('--inspect', `--dir=${directory}`);
      expect(await listed()).toEqual([]);
    }
  } finally {
    rmSync(link);
    rmSync(home, { recursive: true, force: true });
  }
});

test('what others have planted is neither believed nor followed, and what is left of programs is removed', async () => {
  const { url } = await start();
  const [own = ''] = readdirSync(folder());
  const entry = JSON.parse(readFileSync(join(folder(), own), 'utf8'));
  const write = (name: string, content: unknown, mode = 0o600) => {
    writeFileSync(join(folder(), name), JSON.stringify(content), { mode });
    chmodSync(join(folder(), name), mode);
  };
  write('1-writable.json', entry, 0o666);
  write('2-dead.json', { ...entry, pid: 2 ** 22 + 1 });
  // The id of its OS process belongs to another one by now: nothing listens there.
  write('3-reused.json', { ...entry, url: 'ws://127.0.0.1:1/token' });
  write('4-web.json', { ...entry, url: 'http://127.0.0.1:80/' });
  write('5-elsewhere.json', { ...entry, host: `not-${hostname()}` });
  write('8-machine.json', { ...entry, url: 'ws://192.0.2.1:80/token' });
  write('9-byname.json', { ...entry, url: 'ws://127.0.0.1.example.com:80/token' });
  writeFileSync(join(folder(), '6-broken.json'), '{', { mode: 0o600 });
  const other = join(cache, 'other.json');
  writeFileSync(other, JSON.stringify(entry), { mode: 0o600 });
  symlinkSync(other, join(folder(), '7-link.json'));
  write('notes.txt', 'of somebody');
  expect((await listed()).map((program) => program.url)).toEqual([url]);
  // What is of another machine, or of another kind, is left alone.
  expect(readdirSync(folder()).sort()).toEqual(['5-elsewhere.json', own, 'notes.txt'].sort());
  expect(statSync(other).isFile()).toBe(true);
});

test('a program removes what those have left that were killed', async () => {
  const killed = await start();
  killed.command.child.kill('SIGKILL');
  await killed.command.ended;
  expect(readdirSync(folder())).toHaveLength(1);
  const { url } = await start();
  expect(readdirSync(folder())).toHaveLength(1);
  expect((await listed()).map((program) => program.url)).toEqual([url]);
});

test.each(['--inspect=nowhere,listed', '--inspect=debug,here', '--inspect=,debug'])(
  '%s is refused',
  async (option) => {
    const command = new RunningCommand(['run', option, programFile(FAMILY)]);
    const { exitCode, stderr } = await command.ended;
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('It must be HOST:PORT, HOST or PORT')]);
  },
);
