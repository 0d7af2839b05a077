import { homedir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { WASI_FUNCTIONS } from '../support/contract.ts';
import { guest, main } from '../support/guest.ts';
import { linesOf, run, runAll, trapOf } from '../support/program.ts';

/** Prints "<list>: <count>, <bytes>" and then each text, whose pointers are stored at 0x100, they at 0x200. */
const showList = (list: 'args' | 'environ') => `
  (func $show_${list} (local $i i32)
    (call $expect (call $${list}_sizes_get (i32.const 0) (i32.const 4)) (i32.const 0))
    (call $show32 (text "count") (i32.load (i32.const 0)))
    (call $show32 (text "bytes") (i32.load (i32.const 4)))
    (call $expect (call $${list}_get (i32.const 0x100) (i32.const 0x200)) (i32.const 0))
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $i) (i32.load (i32.const 0))))
      (call $print_terminated (i32.load (i32.add (i32.const 0x100) (i32.shl (local.get $i) (i32.const 2)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))`;
const PRINT_TERMINATED = `
  (func $print_terminated (param $at i32) (local $end i32)
    (local.set $end (local.get $at))
    (loop $more
      (if (i32.load8_u (local.get $end)) (then
        (local.set $end (i32.add (local.get $end) (i32.const 1))) (br $more))))
    (call $print (local.get $at) (i32.sub (local.get $end) (local.get $at))))`;
const LISTS = PRINT_TERMINATED + showList('args') + showList('environ');

describe('arguments and environment', () => {
  test('of the root process are those of its config', async () => {
    const config = ProcessConfig.forRoot();
    config.commandLineArguments.push('program', '', 'zwölf');
    config.environmentVariables.push(['A', '1'], ['EMPTY', '']);
    const source = guest(`${LISTS} (func (export "_start") (call $show_args) (call $show_environ))`);
    expect(await linesOf(source, { config })).toEqual([
      ...['count 3', 'bytes 16', 'program', '', 'zwölf'],
      ...['count 2', 'bytes 11', 'A=1', 'EMPTY='],
    ]);
  });

  test('of a child with a fresh config are what was added, in order, nothing replaced', async () => {
    const config = ProcessConfig.forRoot();
    config.commandLineArguments.push('of the root');
    config.environmentVariables.push(['ROOT', '1']);
    const source = guest(`${LISTS}
      (func (export "child") (call $show_args) (call $show_environ))
      (func (export "_start") (local $c i64)
        (local.set $c (call $process.create_config))
        (call $wasi.config_add_command_line_argument (local.get $c) (text "child"))
        (call $wasi.config_add_environment_variable (local.get $c) (text "K") (text "first"))
        (call $wasi.config_add_environment_variable (local.get $c) (text "K") (text "second"))
        (call $process.monitor (call $spawn_with (i64.const 0) (local.get $c) (text "child")))
        (call $expect (call $receive) (i32.const 2))
        (call $show_args))`);
    expect(await linesOf(source, { config })).toEqual([
      ...['count 1', 'bytes 6', 'child', 'count 2', 'bytes 17', 'K=first', 'K=second'],
      ...['count 1', 'bytes 12', 'of the root'],
    ]);
  });

  test('of a fresh config are empty', async () => {
    const source = guest(`${LISTS}
      (func (export "child") (call $show_args) (call $show_environ))
      (func (export "_start")
        (call $process.monitor (call $spawn_with (i64.const 0) (call $process.create_config) (text "child")))
        (call $expect (call $receive) (i32.const 2)))`);
    expect(await linesOf(source)).toEqual(['count 0', 'bytes 0', 'count 0', 'bytes 0']);
  });

  test('trap outside the memory', async () => {
    const config = ProcessConfig.forRoot();
    config.commandLineArguments.push('program');
    const last = 0xfffe;
    for (const call of [
      `(call $args_sizes_get (i32.const ${last}) (i32.const 0))`,
      `(call $args_get (i32.const ${last}) (i32.const 0))`,
      `(call $args_get (i32.const 0) (i32.const ${last}))`,
    ]) {
      expect(await trapOf(main(`(drop ${call})`), { config }), call).toMatch(/out of bounds/);
    }
  });
});

describe('clocks', () => {
  const time = (
    id: number,
  ) => `(call $expect (call $clock_time_get (i32.const ${id}) (i64.const 0) (i32.const 0)) (i32.const 0))
    (call $show (text "now") (i64.load (i32.const 0)))`;

  test('real time is that of the machine', async () => {
    const before = BigInt(Date.now() - 2) * 1_000_000n;
    const [line = ''] = await linesOf(main(time(0)));
    const now = BigInt(line.replace('now ', ''));
    expect(now >= before && now <= BigInt(Date.now() + 2) * 1_000_000n, line).toBe(true);
  });

  test.each([1, 2, 3])('clock %i never goes back', async (id) => {
    const lines = await linesOf(main(`${time(id)} (call $process.sleep_ms (i64.const 1)) ${time(id)}`));
    const [first = 0n, second = 0n] = lines.map((line) => BigInt(line.replace('now ', '')));
    expect(first > 0n && second >= first).toBe(true);
  });

  test('have a resolution; others are invalid', async () => {
    const body = `
      (call $show32 (text "code") (call $clock_res_get (i32.const 1) (i32.const 0)))
      (call $show32 (text "positive") (i64.gt_u (i64.load (i32.const 0)) (i64.const 0)))
      (call $show32 (text "code") (call $clock_res_get (i32.const 4) (i32.const 0)))
      (call $show32 (text "code") (call $clock_time_get (i32.const -1) (i64.const 0) (i32.const 0)))`;
    expect(await linesOf(main(body))).toEqual(['code 0', 'positive 1', 'code 28', 'code 28']);
  });
});

describe('random_get', () => {
  test('fills just the range, differently each time', async () => {
    const body = `
      (call $expect (call $random_get (i32.const 8) (i32.const 16)) (i32.const 0))
      (call $expect (call $random_get (i32.const 40) (i32.const 0)) (i32.const 0))
      (call $show32 (text "before") (i32.eqz (i32.load (i32.const 4))))
      (call $show32 (text "after") (i64.eqz (i64.load (i32.const 24))))
      (call $show32 (text "same") (i64.eq (i64.load (i32.const 8)) (i64.load (i32.const 16))))`;
    expect(await linesOf(main(body))).toEqual(['before 1', 'after 1', 'same 0']);
    expect(await trapOf(main('(drop (call $random_get (i32.const 0xffff) (i32.const 2)))'))).toMatch(
      /out of bounds/,
    );
  });
});

describe('the end', () => {
  test.each([0, 1, 42, 255])('proc_exit(%i) ends the process from any depth', async (code) => {
    const source = guest(`
      (func $deep (param $n i32)
        (if (i32.eqz (local.get $n)) (then (call $proc_exit (i32.const ${code}))))
        (call $deep (i32.sub (local.get $n) (i32.const 1)))
        (call $print (text "?")))
      (func (export "_start") (call $deep (i32.const 10)))`);
    const { exit, stdout } = await run(source);
    expect([exit, stdout.lines]).toEqual([{ kind: 'exited', code }, []]);
  });

  test('cannot be caught by wasm exception handlers', async () => {
    const body = '(try (do (call $proc_exit (i32.const 5))) (catch_all)) (call $print (text "?"))';
    expect((await run(main(body))).exit).toEqual({ kind: 'exited', code: 5 });
  });

  test('proc_raise traps', async () => {
    expect(await trapOf(main('(drop (call $proc_raise (i32.const 9)))'))).toMatch(/proc_raise\(9\)/);
  });

  test('sched_yield lets the others run', async () => {
    const source = guest(`
      (func (export "other") (call $print (text "other")))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "other")))
        (call $print (text "before"))
        (call $expect (call $sched_yield) (i32.const 0))
        (call $print (text "after")))`);
    expect(await linesOf(source)).toEqual(['before', 'other', 'after']);
  });
});

describe('preopened directories', () => {
  test('are descriptors from 3 on, under the path as configured', async () => {
    const child = `
      (func $show_preopen (param $fd i32)
        (call $expect (call $fd_prestat_get (local.get $fd) (i32.const 0)) (i32.const 0))
        (call $expect (i32.load8_u (i32.const 0)) (i32.const 0))
        (call $expect (call $fd_prestat_dir_name (local.get $fd) (i32.const 16) (i32.load (i32.const 4))) (i32.const 0))
        (call $print (i32.const 16) (i32.load (i32.const 4))))
      (func (export "child")
        (call $show_preopen (i32.const 3)) (call $show_preopen (i32.const 4))
        (call $show32 (text "unknown") (call $fd_prestat_get (i32.const 5) (i32.const 0)))
        (call $show32 (text "standard") (call $fd_prestat_get (i32.const 1) (i32.const 0)))
        (call $show32 (text "short") (call $fd_prestat_dir_name (i32.const 4) (i32.const 0) (i32.const 3)))
        (call $expect (call $fd_fdstat_get (i32.const 3) (i32.const 0)) (i32.const 0))
        (call $show32 (text "type") (i32.load8_u (i32.const 0))))`;
    const source = guest(`${child}
      (func (export "_start") (local $c i64)
        (local.set $c (call $process.create_config))
        (call $wasi.config_preopen_dir (local.get $c) (text "~"))
        (call $wasi.config_preopen_dir (local.get $c) (text "/tmp"))
        (drop (call $spawn_with (i64.const 0) (local.get $c) (text "child"))))`);
    const config = ProcessConfig.forRoot();
    config.preopenedDirectories.push({ guestPath: 'home', hostPath: homedir() });
    config.preopenedDirectories.push({ guestPath: 'tmp', hostPath: '/tmp' });
    expect((await runAll(source, { config })).stdout.lines).toEqual([
      '~',
      '/tmp',
      'unknown 8',
      'standard 8',
      'short 37',
      'type 3',
    ]);
  });
});

describe('sockets', () => {
  test.each(['sock_accept', 'sock_recv', 'sock_send', 'sock_shutdown'])(
    '%s: a descriptor is none, and what is no descriptor is not open',
    async (name) => {
      const { params = [] } = WASI_FUNCTIONS.find((fn) => fn.name === name) ?? {};
      const call = (fd: number) =>
        `(call $show32 (text "code") (call $${name} (i32.const ${fd}) ${params
          .slice(1)
          .map((type) => `(${type}.const 0)`)
          .join(' ')}))`;
      expect(await linesOf(main(call(0) + call(1) + call(3)))).toEqual(['code 57', 'code 57', 'code 8']);
    },
  );
});
