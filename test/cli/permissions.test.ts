import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandResult, lunatic } from '../support/command.ts';
import { guest, main } from '../support/guest.ts';
import { sqliteGuest } from '../support/sqlite-guest.ts';

let folder = '';
let files = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-permissions-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(source: string): string {
  const path = join(folder, `program${++files}.wat`);
  writeFileSync(path, source);
  return path;
}

const run = (source: string, ...options: string[]): Promise<CommandResult> =>
  lunatic(['run', ...options, file(source)], { cwd: folder, env: { GREETING: 'hi' } });

const SPAWNING = guest(`
  (func (export "child") (drop (call $receive)))
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "child")))
    (drop (call $spawn (i64.const 0) (text "child")))
    (call $print (text "spawned"))
    (call $process.kill (i64.const 2)))`);

/** Prints the names of its directories, and makes another one in the first of them. */
const DIRECTORIES = main(`(local $fd i32)
  (local.set $fd (i32.const 3))
  (block $end (loop $next
  (br_if $end (call $fd_prestat_get (local.get $fd) (i32.const 0)))
  (call $expect (call $fd_prestat_dir_name (local.get $fd) (i32.const 100) (i32.load (i32.const 4))) (i32.const 0))
  (call $print (i32.const 100) (i32.load (i32.const 4)))
  (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
  (br $next)))
  (call $show32 (text "made") (call $path_create_directory (i32.const 3) (text "made")))`);

describe('lunatic run', () => {
  test('--no-spawn makes a spawn trap', async () => {
    const { stdout, stderr, exitCode } = await run(SPAWNING, '--no-spawn');
    expect(stdout).toBe('');
    expect(stderr).toContain('no permission to spawn processes (config: can_spawn_processes, or --no-spawn)');
    expect(exitCode).toBe(1);
  });

  test('--max-processes refuses one too many', async () => {
    expect((await run(SPAWNING, '--max-processes=1')).stdout).toBe(
      'no more than 1 process (max_processes; --max-processes allows more), there is 1\n',
    );
    expect((await run(SPAWNING, '--max-processes=3')).stdout).toBe('spawned\n');
    expect((await run(SPAWNING, '--max-processes=2')).stdout).toBe(
      'no more than 2 processes (max_processes; --max-processes allows more), there are 2\n',
    );
  });

  test('--dir HOST::GUEST gives the program a directory under another name', async () => {
    mkdirSync(join(folder, 'data'), { recursive: true });
    const source = DIRECTORIES;
    const { stdout } = await run(
      source,
      '--no-cwd',
      '--dir',
      'data::/share',
      '--dir=data::x:y',
      '--dir',
      'data',
    );
    expect(stdout).toBe('/share\nx:y\ndata\nmade 0\n');
    expect(readdirSync(join(folder, 'data'))).toEqual(['made']);
    for (const [wrong, problem] of [
      ['data::', 'names no directory'],
      ['::/share', 'names no directory'],
      ['', 'names no directory'],
      ['data::/share::ro', "has more than one '::'"],
    ]) {
      const { stdout, stderr, exitCode } = await run(source, `--dir=${wrong}`);
      expect(stderr).toContain(`'${wrong}' ${problem}: write --dir=HOST or --dir=HOST::GUEST`);
      expect(stderr).toMatch(/\n\(see `lunatic run --help`\)\n$/);
      expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    }
  });

  test('--allow-gc allows structs and arrays, which are refused otherwise, by name', async () => {
    const source = '(module (type (array (mut i32))) (memory (export "memory") 1) (func (export "_start")))';
    const refused = await run(source);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(
      /a type of arrays, which no limit of memory bounds.*; --allow-gc allows it/,
    );
    expect(await run(source, '--allow-gc')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('--allow-long-sql lets a transaction take long, which is refused otherwise, by name', async () => {
    const rows = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)';
    const source = sqliteGuest(`
      (call $open (text ":memory:")) (call $execute (text "BEGIN; CREATE TABLE t (a)"))
      (call $prepare (text "${rows} INSERT INTO t SELECT i FROM n")) (call $step (i64.const 0))`);
    const refused = await run(source);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/would block all processes for \d+ ms: .*--allow-long-sql/);
    expect((await run(source, '--allow-long-sql')).stdout).toMatch(/\nstep 101\n$/);
  });

  test('--max-table and --max-tables allow what is refused otherwise, by name', async () => {
    const large = main('(call $print (text "ran"))', {
      memory: '(memory (export "memory") 2) (table 200000 funcref)',
    });
    const refused = await run(large);
    expect(refused.stderr).toContain(
      'a table can have 99999 elements, one of the module has 200000; --max-table=200000 allows it',
    );
    expect(refused.exitCode).toBe(1);
    expect((await run(large, '--max-table=200000')).stdout).toBe('ran\n');
    expect((await run(large, '--max-table=199999')).exitCode).toBe(1);
    const several = main('(call $print (text "ran"))', {
      memory: '(memory (export "memory") 2) (table 1 funcref) (table 1 funcref)',
    });
    expect((await run(several)).stderr).toContain(
      'a process can have 1 table, the module has 2; --max-tables=2 allows it',
    );
    expect((await run(several, '--max-tables=2')).stdout).toBe('ran\n');
  });

  test('--max-memories, --memory64 and --max-memory allow what is refused otherwise, by name', async () => {
    const several = main('(call $print (text "ran"))', {
      memory: '(memory (export "memory") 2) (memory 1) (memory 3)',
    });
    expect((await run(several)).stderr).toContain(
      'a process can have 1 memory, the module has 3; --max-memories=3 allows it',
    );
    expect((await run(several, '--max-memories=2')).exitCode).toBe(1);
    expect((await run(several, '--max-memories=3')).stdout).toBe('ran\n');
    expect((await run(several, '--max-memories=3', '--max-memory=393215')).stderr).toContain(
      "the module's memory of 6 pages (393216 bytes) is larger than max_memory (393215 bytes); --max-memory=393216 allows it",
    );
    const wide = '(module (memory (export "memory") i64 1) (func (export "_start")))';
    expect((await run(wide)).stderr).toContain(
      'cannot run: the module has a 64-bit memory or table: build it for wasm32; --memory64 allows it',
    );
    expect((await run(wide, '--memory64')).exitCode).toBe(0);
    const large = '(module (memory (export "memory") 65536) (func (export "_start")))';
    expect((await run(large)).stderr).toContain('; --max-memory=4294967296 allows it');
    expect((await run(large, '--max-memory=4G')).exitCode).toBe(0);
  });

  test('everything that a module has too much of is told at once, with all options', async () => {
    const source = main('(call $print (text "ran"))', {
      memory:
        '(memory (export "memory") 3) (memory i64 1) (table 150000 funcref) (table 200000 funcref) (type (struct))',
    });
    const refused = await run(source, '--max-memory=131072');
    const [, options = ''] =
      /: the module has a type of structs.*64-bit.*1 memory.*1 table.*99999 elements.*200000;.*max_memory.*; (--.*) allow it\n/.exec(
        refused.stderr,
      ) ?? [];
    expect(options.split(' ')).toEqual([
      '--allow-gc',
      '--memory64',
      '--max-memories=2',
      '--max-tables=2',
      '--max-table=200000',
      '--max-memory=262144',
    ]);
    expect(await run(source, ...options.split(' '))).toMatchObject({ stdout: 'ran\n', exitCode: 0 });
  });

  test('no two directories get the same name, of which a program would find one', async () => {
    for (const name of ['one', 'two']) mkdirSync(join(folder, name));
    const refused = await run(main(''), '--dir', 'one::/d', '--dir=two::/d/');
    expect(refused.stderr).toContain("'/d/' would name two directories, 'one' and 'two'");
    expect(refused.exitCode).toBe(2);
    expect((await run(main(''), '--dir=one::x', '--dir=two::./x')).exitCode).toBe(2);
    for (const same of ['one::/d', './one::/d', 'two::/e'])
      expect((await run(main(''), '--dir', 'one::/d', '--dir', same)).exitCode).toBe(0);
    // Another one of that name stands for the current directory.
    expect((await run(DIRECTORIES, '--dir=two::.')).stdout).toBe('.\nmade 0\n');
    expect(readdirSync(join(folder, 'two'))).toEqual(['made']);
  });

  test('--no-compile and --no-configs', async () => {
    const source = main(`
      (call $show32 (text "compile") (call $process.compile_module (i32.const 0) (i32.const 0) (i32.const 8)))
      (call $show (text "config") (call $process.create_config))`);
    expect((await run(source)).stdout).toBe('compile 1\nconfig 0\n');
    expect((await run(source, '--no-compile', '--no-configs')).stdout).toBe('compile -1\nconfig -1\n');
  });

  test('--max-host-memory that is too small for an instance refuses the module, also to be tested', async () => {
    const large = file(
      '(module (table 3000 funcref) (func (export "_start")) (func (export "#lunatic_test_a")))',
    );
    for (const command of ['run', 'test']) {
      expect(await lunatic([command, '--max-host-memory=1K', large])).toEqual({
        stdout: '',
        stderr: `Error: Module '${large}' cannot run: an instance of the module takes 96032 bytes besides its memory, more than max_host_memory (1024 bytes); --max-host-memory=96032 allows it\n`,
        exitCode: 1,
      });
      expect((await lunatic([command, '--max-host-memory=96032', large])).exitCode).toBe(0);
    }
  });

  test('--max-memory and --max-fuel', async () => {
    const growing = main('(call $show32 (text "grown") (memory.grow (i32.const 1)))', {
      memory: '(memory (export "memory") 2)',
    });
    expect((await run(growing)).stdout).toBe('grown 2\n');
    expect((await run(growing, '--max-memory=128K')).stdout).toBe('grown -1\n');
    const small = await run(growing, '--max-memory=64K');
    expect(small.stderr).toContain('larger than max_memory (65536 bytes)');
    const { stderr, exitCode } = await run(main('(loop $again (br $again))'), '--max-fuel=3');
    expect(stderr).toContain('all fuel consumed (max_fuel; --max-fuel allows more)');
    expect(exitCode).toBe(1);
  });

  test('--no-cwd closes the current directory, --env sets variables', async () => {
    const source = main(`
      (call $show32 (text "preopened") (call $fd_prestat_get (i32.const 3) (i32.const 8)))
      (call $expect (call $environ_sizes_get (i32.const 16) (i32.const 20)) (i32.const 0))
      (call $show32 (text "variables") (i32.load (i32.const 16)))
      (call $expect (call $environ_get (i32.const 64) (i32.const 1024)) (i32.const 0))
      (call $print (i32.const 1024) (i32.sub (i32.load (i32.const 20)) (i32.const 1)))`);
    const without = await run(source, '--no-cwd', '--no-inherit-env', '--env', 'GREETING', '--env=A=1');
    expect(without.stdout).toBe('preopened 8\nvariables 2\nGREETING=hi\0A=1\n');
    expect((await run(source, '--no-inherit-env', '--env=A=')).stdout).toBe('preopened 0\nvariables 1\nA=\n');
  });

  test('the variable that makes an Electron run the command, as in terminals of VS Code, is not passed on', async () => {
    const source = main(`
      (call $expect (call $environ_sizes_get (i32.const 16) (i32.const 20)) (i32.const 0))
      (call $expect (call $environ_get (i32.const 64) (i32.const 1024)) (i32.const 0))
      (call $print (i32.const 1024) (i32.sub (i32.load (i32.const 20)) (i32.const 1)))`);
    const env = { GREETING: 'hi', ELECTRON_RUN_AS_NODE: '1' };
    const { stdout } = await lunatic(['run', file(source)], { cwd: folder, env });
    expect(stdout).toContain('GREETING=hi');
    expect(stdout).not.toContain('ELECTRON');
  });

  test('--deny-host refuses a module that imports what it names; --allow-host one that imports anything else', async () => {
    const refused = await run(
      main('(call $print (text "ran"))'),
      '--deny-host=wasi_snapshot_preview1::fd_write',
    );
    expect(refused.stderr).toContain(
      'the module imports host functions that the config of the process does not allow: wasi_snapshot_preview1::fd_write; --deny-host forbids them\n',
    );
    expect(refused).toMatchObject({ stdout: '', exitCode: 1 });
    const wider = await run(SPAWNING, '--allow-host=wasi_snapshot_preview1,lunatic::process');
    expect(wider.stderr).toMatch(
      /does not allow: lunatic::(message|error)::.*; --allow-host does not name them\n/,
    );
    const both = await run(SPAWNING, '--allow-host=wasi_snapshot_preview1', '--deny-host=lunatic::error');
    expect(both.stderr).toMatch(/; --allow-host and --deny-host do not allow them\n/);
    const all = '--allow-host=wasi_snapshot_preview1,lunatic::process,lunatic::message,lunatic::error';
    expect((await run(SPAWNING, all)).stdout).toBe('spawned\n');
  });

  test('children get no more than their parents, except with --upstream-permissions', async () => {
    const source = main(`
      (call $process.config_set_can_compile_modules (call $process.create_config) (i32.const 1))
      (call $print (text "permitted"))`);
    const refused = await run(source, '--no-compile');
    expect(refused.stderr).toContain('may not compile modules, so it cannot permit it');
    expect((await run(source, '--no-compile', '--upstream-permissions')).stdout).toBe('permitted\n');
  });

  test.each([
    [['--allow-net=nonsense:x'], "'x' is neither a port nor a range of ports"],
    [['--allow-listen=example.org'], 'sockets are bound to addresses'],
    [['--allow-command-env=LANG,A=B'], 'It must be names alone, as LANG,TZ'],
    [['--deny-net=10.0.0.0/8,::1:80'], 'may be an address, or one with a port: write [::1:80] or [::1]:80.'],
    [['--max-memory=lots'], 'It must be a number of bytes'],
    [
      ['--deny-host=lunatic::sqlit'],
      "There is no host function 'lunatic::sqlit', and no namespace of that name; did you mean lunatic::sqlite? The namespaces are lunatic::",
    ],
    [['--allow-command=there-is-no-such-program'], "Program 'there-is-no-such-program' not found"],
    [['--dir=nowhere', '--inspect'], "Directory 'nowhere' does not exist"],
    [['--dir=file'], "'file' is not a directory"],
  ])('%j is reported before anything else happens', async (options, message) => {
    writeFileSync(join(folder, 'file'), '');
    const { stdout, stderr, exitCode } = await run(main(''), ...options);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^error: .*\n\(see `lunatic run --help`\)\n$/);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('--help lists every permission option', async () => {
    const { stdout } = await lunatic(['run', '--help']);
    for (const name of [
      ...[
        'allow-net',
        'allow-listen',
        'deny-net',
        'no-net',
        'allow-command',
        'allow-command-env',
        'allow-host',
        'deny-host',
        'no-spawn',
        'no-compile',
        'allow-long-sql',
      ],
      ...[
        'no-configs',
        'max-memory',
        'max-fuel',
        'max-processes',
        'max-mailbox',
        'no-cwd',
        'no-inherit-env',
        'env',
      ],
      'upstream-permissions',
    ])
      expect(stdout).toContain(`--${name}`);
  });
});

test('lunatic test has the same options', async () => {
  const source = guest(`
    (func (export "child"))
    (func (export "#lunatic_test_spawns") (call $run (text "child")))`);
  const path = file(source);
  expect((await lunatic(['test', path])).exitCode).toBe(0);
  const { stdout, exitCode } = await lunatic(['test', '--no-spawn', path]);
  expect(stdout).toContain('no permission to spawn processes');
  expect(exitCode).toBe(1);
});

test('lunatic test refuses modules that import what is denied', async () => {
  const path = file(guest('(func (export "#lunatic_test_prints") (call $print (text "ran")))'));
  expect((await lunatic(['test', path])).exitCode).toBe(0);
  const { stdout, stderr, exitCode } = await lunatic(['test', '--deny-host=wasi_snapshot_preview1', path]);
  expect(`${stdout}${stderr}`).toContain(
    'does not allow: wasi_snapshot_preview1::fd_write; --deny-host forbids them',
  );
  expect(exitCode).toBe(1);
});
