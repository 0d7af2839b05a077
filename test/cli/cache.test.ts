import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assembleText } from '../../runtime/wat/index.ts';
import { type CommandResult, lunatic, projectFolder, RunningCommand } from '../support/command.ts';
import { guest, main } from '../support/guest.ts';

/** It traps in a function that only the name section names. */
const TRAPS = `(module (memory (export "memory") 1)
  (func $inner (loop $l (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 3)) (then
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (br $l)))) unreachable)
  (func $outer (call $inner))
  (func (export "_start") (call $outer)))`;

let folder = '';
let file = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-cache-'));
  file = join(folder, 'traps.wasm');
  writeFileSync(file, await assembleText(TRAPS, 'traps.wat'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const cache = (): string => join(folder, 'cache');
const run = (args: string[] = [], setting = cache()): Promise<CommandResult> =>
  lunatic(['run', file, ...args], { env: { LUNATIC_CACHE: setting } });
const entries = (): string[] => readdirSync(join(cache(), 'modules'));

test('a second start ends as the first one, with the same stack of the same names', async () => {
  const first = await run();
  expect(first.stderr).toMatch(/at inner \(function 0, offset 0x[0-9a-f]+\)\n +at outer \(function 1/);
  expect(entries()).toHaveLength(1);
  expect(await run()).toEqual(first);
  expect(entries()).toHaveLength(1);
});

test('a module of 34 MB, which is not held while V8 compiles it, is kept and runs like a small one', async () => {
  const name = Buffer.from('.debug_info');
  const contents = Buffer.alloc(34_000_000 - 1 - name.length, 'x');
  const size = Buffer.from([0x80, 0x99, 0x9b, 0x10]); // 34,000,000
  const section = Buffer.concat([Buffer.of(0), size, Buffer.of(name.length), name, contents]);
  const small = readFileSync(file);
  writeFileSync(file, Buffer.concat([small, section]));
  utimesSync(file, new Date('2020-01-01'), new Date('2020-01-01'));
  const first = await run();
  expect(first.stderr).toMatch(/at inner \(function 0, offset 0x[0-9a-f]+\)\n +at outer \(function 1/);
  const [entry = ''] = entries();
  const path = join(cache(), 'modules', entry);
  const kept = statSync(path).ino;
  expect(await run()).toEqual(first);
  expect(entries()).toEqual([entry]);
  // It was taken from there, and not written again.
  expect(statSync(path).ino).toBe(kept);
});

test('a program whose children alone have a fuel limit is kept for these as well', async () => {
  const source = guest(`(data (i32.const 0x8000) "${'x'.repeat(5000)}")
    (func (export "child") (call $print (text "child")))
    (func (export "_start") (local $config i64)
      (local.set $config (call $process.create_config))
      (call $process.config_set_max_fuel (local.get $config) (i64.const 100))
      (call $expect (call $process.spawn (i64.const 0) (local.get $config) (i64.const -1) (text "child")
        (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
      (call $process.monitor (i64.load (i32.const 0)))
      (drop (call $receive)))`);
  writeFileSync(file, await assembleText(source, 'fuel.wat'));
  const first = await run();
  expect(first).toMatchObject({ stdout: 'child\n', exitCode: 0 });
  const kept = entries();
  expect(kept).toHaveLength(2);
  expect(await run()).toEqual(first);
  expect(entries()).toEqual(kept);
});

test('what processes compile is not kept: they could fill the folder', async () => {
  const compiled = await assembleText('(module (func (export "_start")))', 'compiled.wat');
  const source = main(
    '(call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))',
    {
      blobs: { m: compiled },
    },
  );
  writeFileSync(file, await assembleText(source, 'compiles.wat'));
  expect(await run()).toEqual({ stdout: '', stderr: '', exitCode: 0 });
  expect(entries()).toHaveLength(1);
});

test('a broken entry is made anew', async () => {
  const first = await run();
  const path = join(cache(), 'modules', entries()[0] ?? '');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length / 2));
  expect(await run()).toEqual(first);
  expect(readFileSync(path)).toEqual(whole);
});

test.runIf(process.platform === 'linux')(
  'programs run where no folder can be made, which the log tells',
  async () => {
    const { stderr, exitCode } = await run(['--log=info'], '/proc/nowhere/cache');
    expect(stderr).toContain('A module is not kept in /proc/nowhere/cache: Error: there is no such folder');
    expect(stderr).toContain('at inner');
    expect(exitCode).toBe(1);
  },
);

test('commands that start at the same time do not disturb each other', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, () => run()));
  for (const result of all) expect(result).toEqual(all[0]);
  expect(entries()).toHaveLength(1);
});

test('what others have put into the folders of the cache stays', async () => {
  const old = new Date('2020-01-01');
  for (const name of ['code', 'modules']) {
    mkdirSync(join(cache(), name), { recursive: true });
    for (let i = 0; i < 40; i++) writeFileSync(join(cache(), name, `${i}.c`), 'mine');
    const notes = join(cache(), name, 'notes.unfinished');
    writeFileSync(notes, 'mine');
    utimesSync(notes, old, old);
  }
  await run();
  const own = (name: string) =>
    readdirSync(join(cache(), name)).filter((file) => /^\d+\.c$|^notes/.test(file));
  expect([own('code').length, own('modules').length]).toEqual([41, 41]);
});

test.runIf(process.platform === 'linux')(
  'where there is no room for an entry, a program that goes on does not keep what was written of it',
  async () => {
    const program = guest(`(data (i32.const 0x8000) "${'x'.repeat(20_000)}")
      (func (export "_start") (call $print (text "here")) (loop $l (call $process.sleep_ms (i64.const 60000)) (br $l)))`);
    writeFileSync(file, await assembleText(program, 'stays.wat'));
    // Files of at most 8 KiB can be written, as on a disk that is full.
    const command = new RunningCommand(['run', file], {
      node: '/bin/sh',
      nodeArgs: ['-c', 'ulimit -f 16; exec "$0" "$@"', process.execPath],
      env: { LUNATIC_CACHE: cache() },
    });
    await command.printed('here');
    const descriptors = `/proc/${command.child.pid}/fd`;
    const open = readdirSync(descriptors).map((fd) => readlinkSync(join(descriptors, fd)));
    command.child.kill('SIGKILL');
    await command.ended;
    expect(entries()).toEqual([]);
    expect(open.filter((path) => path.includes('deleted'))).toEqual([]);
  },
);

test.skipIf(process.platform === 'win32')('a pipe in the place of an entry is not waited for', async () => {
  const first = await run();
  for (const name of ['code', 'modules'])
    for (const entry of readdirSync(join(cache(), name))) {
      const path = join(cache(), name, entry);
      rmSync(path);
      execFileSync('mkfifo', ['-m', '600', path]);
    }
  expect(await run()).toEqual(first);
  expect(entries()).toHaveLength(1);
  expect(statSync(join(cache(), 'modules', entries()[0] ?? '')).isFile()).toBe(true);
});

test('LUNATIC_CACHE=off keeps nothing', async () => {
  const { stderr } = await lunatic(['run', file], { env: { LUNATIC_CACHE: 'off', HOME: folder } });
  expect(stderr).toContain('at inner');
  expect(readdirSync(folder)).toEqual(['traps.wasm']);
});

test('lunatic test and runs with a limit of fuel keep their modules, too', async () => {
  writeFileSync(file, await assembleText('(module (func (export "#lunatic_test_one")))', 'one.wat'));
  const env = { LUNATIC_CACHE: cache() };
  expect((await lunatic(['test', file], { env })).exitCode).toBe(0);
  expect(entries()).toHaveLength(1);
  expect((await lunatic(['test', '--max-fuel', '1', file], { env })).exitCode).toBe(0);
  expect(entries()).toHaveLength(2);
});

describe.skipIf(process.platform === 'win32')('a folder that others could put in its place', () => {
  /** Runs with a cache in a folder, and tells what is there afterwards. */
  async function left(parent: string): Promise<string[]> {
    const { stderr } = await run(['--log', 'info'], join(parent, 'cache'));
    expect(stderr).toContain('at inner');
    return readdirSync(parent);
  }

  test('is not used, and the log says why', async () => {
    const open = join(folder, 'open');
    mkdirSync(join(open, 'between'), { recursive: true });
    chmodSync(open, 0o777);
    expect(await left(join(open, 'between'))).toEqual([]);
    const setting = join(open, 'between', 'cache');
    const logged = (level: string) =>
      lunatic(['run', '--log', level, file], { env: { LUNATIC_CACHE: setting } });
    expect((await logged('info')).stderr).toContain(
      `[INFO lunatic::cache] The cache ${setting} is not used: others can write to ${open}\n`,
    );
    expect((await logged('warn')).stderr).not.toContain('cache');
  });

  test('is used where they cannot rename it, as in a folder for all', async () => {
    const sticky = join(folder, 'sticky');
    mkdirSync(sticky);
    chmodSync(sticky, 0o1777);
    expect(await left(sticky)).toEqual(['cache']);
  });

  test('is not used through a link that they could change, or that leads to where they can write', async () => {
    const open = join(folder, 'open');
    const closed = join(folder, 'closed');
    mkdirSync(open);
    mkdirSync(closed);
    chmodSync(open, 0o777);
    symlinkSync(closed, join(open, 'link'));
    expect(await left(join(open, 'link'))).toEqual([]);
    mkdirSync(join(open, 'inside'));
    symlinkSync(join(open, 'inside'), join(closed, 'link'));
    expect(await left(join(closed, 'link'))).toEqual([]);
  });

  test('is not used any more when they have become able to', async () => {
    const first = await run();
    const [path = ''] = readdirSync(join(cache(), 'code')).map((name) => join(cache(), 'code', name));
    chmodSync(cache(), 0o777);
    // It would be read, and run.
    writeFileSync(path, 'theirs');
    expect(await run()).toEqual(first);
    expect(readFileSync(path, 'utf8')).toBe('theirs');
  });
});

describe('the code that V8 compiled of the command', () => {
  const kept = (): string[] => readdirSync(join(cache(), 'code')).map((name) => join(cache(), 'code', name));
  const names = (): string[] => kept().map((path) => path.replace(/.*-x64-|.*-arm64-/, ''));
  const keptOfMain = (): string => kept().find((path) => path.endsWith('-main')) ?? '';

  test('is kept after the first run, and taken by the second', async () => {
    const first = await run();
    const written = () => kept().map((path) => [path, statSync(path).ino, statSync(path).mtimeMs]);
    const before = written();
    expect(before).toHaveLength(2);
    expect(await run()).toEqual(first);
    // What V8 does not take is written anew.
    expect(written()).toEqual(before);
  });

  test('is taken by the second run of a program with hundreds of processes, for which V8 is set otherwise', async () => {
    const crowd = guest(`(func (export "child") (drop (call $receive)))
      (func (export "_start") (local $i i32)
        (loop $l
          (drop (call $spawn (i64.const 0) (text "child")))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 400))))
        (call $process.sleep_ms (i64.const 1))
        (call $print (text "done")))`);
    writeFileSync(file, await assembleText(crowd, 'crowd.wat'));
    const first = await run();
    expect(first).toMatchObject({ stdout: 'done\n', stderr: '', exitCode: 0 });
    const written = () => kept().map((path) => [path, statSync(path).mtimeMs]);
    const before = written();
    expect(before.length).toBeGreaterThan(0);
    expect(await run()).toEqual(first);
    expect(written()).toEqual(before);
  });

  test('is kept for each command, and for runs with options', async () => {
    const withOptions = ['--log', 'debug'];
    const first = await run(withOptions);
    const written = () => kept().map((path) => [path, statSync(path).mtimeMs]);
    expect(names()).toEqual(['main', 'run', 'run-rest']);
    const before = written();
    expect(await run(withOptions)).toEqual(first);
    expect(written()).toEqual(before);
  });

  test('is not kept of what runs no program, where it would miss most of what a program needs', async () => {
    const env = { LUNATIC_CACHE: cache() };
    expect((await lunatic(['check', file], { env })).exitCode).toBe(0);
    expect(names()).toEqual(['check', 'check-rest']);
    await lunatic(['run', '--help'], { env });
    expect(kept()).toHaveLength(2);
  });

  test('is made anew if a bit of it is wrong', async () => {
    const first = await run();
    const path = keptOfMain();
    const whole = readFileSync(path);
    const broken = Buffer.from(whole);
    broken.writeUInt8(broken.readUInt8(broken.length >> 1) ^ 1, broken.length >> 1);
    writeFileSync(path, broken);
    expect(await run()).toEqual(first);
    expect(readFileSync(path)).not.toEqual(broken);
    expect(readFileSync(path).length).toBeGreaterThan(whole.length / 2);
  });

  test('of builds that nobody uses any more is removed', async () => {
    await run();
    const path = keptOfMain();
    for (const other of kept()) rmSync(other);
    for (let i = 0; i < 40; i++) {
      writeFileSync(`${path}-${i}`, 'old');
      utimesSync(`${path}-${i}`, i, i);
    }
    await run();
    const left = [path, `${path}-rest`, ...Array.from({ length: 30 }, (_, i) => `${path}-${39 - i}`)];
    expect(kept().sort()).toEqual(left.sort());
  });

  test.skipIf(process.platform === 'win32')('is not taken from where others can write', async () => {
    const first = await run();
    const path = keptOfMain();
    chmodSync(path, 0o666);
    expect(await run()).toEqual(first);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(join(cache(), 'code'), 0o777);
    writeFileSync(path, 'theirs');
    expect(await run()).toEqual(first);
    expect(readFileSync(path, 'utf8')).toBe('theirs');
  });

  test.skipIf(process.platform === 'win32')(
    'is not kept by Node where others can write, either',
    async () => {
      const nodes = () => readdirSync(cache()).filter((name) => name !== 'modules' && name !== 'code');
      // The debug adapter is no script: Node keeps its code.
      const adapt = () => lunatic(['dap'], { env: { LUNATIC_CACHE: cache() } });
      await adapt();
      expect(nodes()).toHaveLength(1);
      expect(statSync(cache()).mode & 0o777).toBe(0o700);
      rmSync(cache(), { recursive: true });
      mkdirSync(cache());
      chmodSync(cache(), 0o777);
      expect((await adapt()).exitCode).toBe(0);
      expect(nodes()).toEqual([]);
    },
  );
});

test('a small program that has been run before takes only the first script of the command', async () => {
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  for (const name of ['lunatic.cjs', 'main.cjs', 'rest.cjs', 'program.cjs'])
    copyFileSync(join(projectFolder, 'dist', name), join(copy, name));
  const hello = join(projectFolder, 'test/guests/built/rust/hello.wasm');
  const start = (env = {}) =>
    lunatic(['run', hello], { launcher: join(copy, 'lunatic.cjs'), env: { LUNATIC_CACHE: cache(), ...env } });
  const first = await start();
  expect(first.exitCode).toBe(0);
  for (const name of ['rest.cjs', 'program.cjs']) rmSync(join(copy, name));
  expect(await start()).toEqual(first);
  // Each of these takes a millisecond or more.
  const hook = join(copy, 'hook.cjs');
  writeFileSync(
    hook,
    "process.on('exit', () => process._rawDebug(process.moduleLoadList.filter((name) => / (internal.crypto.*|crypto|perf_hooks|child_process|net|stream|tty)$/.test(name)).join()))",
  );
  const { stderr } = await start({ NODE_OPTIONS: `--require ${hook}` });
  expect(stderr).toBe('\n');
});
