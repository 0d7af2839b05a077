import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { assemble, linesOf, runAll, trapOf } from '../support/program.ts';

/** `_start` with a fresh config in `$c`. */
const withConfig = (body: string, functions = '') =>
  guest(`${functions}
    (func (export "_start") (local $c i64)
      (local.set $c (call $process.create_config))
      ${body})`);
const get = (name: string) => `(call $process.config_${name} (local.get $c))`;

/** Spawns a child with config `$c` and waits for its end. */
const RUN = (name: string) => `
  (call $process.monitor (call $spawn_with (i64.const 0) (local.get $c) (text "${name}")))
  (call $expect (call $receive) (i32.const 2))`;

describe('configs', () => {
  test('count from 0 and have the defaults: largest memory, no fuel limit, no permissions', async () => {
    const body = `
      (call $show (text "id") (local.get $c))
      (call $show (text "max_memory") ${get('get_max_memory')})
      (call $show (text "max_fuel") ${get('get_max_fuel')})
      (call $show32 (text "compile") ${get('can_compile_modules')})
      (call $show32 (text "configs") ${get('can_create_configs')})
      (call $show32 (text "spawn") ${get('can_spawn_processes')})
      (call $show (text "id") (call $process.create_config))
      (call $process.drop_config (i64.const 1))
      (call $show (text "id") (call $process.create_config))`;
    expect(await linesOf(withConfig(body))).toEqual([
      'id 0',
      'max_memory 4294967295',
      'max_fuel 0',
      'compile 0',
      'configs 0',
      'spawn 0',
      'id 1',
      'id 2',
    ]);
  });

  test.each([
    ['max_memory', 0n],
    ['max_memory', 65536n],
    ['max_memory', 4294967296n],
    ['max_memory', -1n],
    ['max_fuel', 3n],
    ['max_fuel', -1n],
  ])('%s keeps %s', async (limit, value) => {
    const body = `(call $process.config_set_${limit} (local.get $c) (i64.const ${value}))
      (call $show (text "is") ${get(`get_${limit}`)})`;
    expect(await linesOf(withConfig(body))).toEqual([`is ${value}`]);
  });

  test.each(['compile_modules', 'create_configs', 'spawn_processes'])(
    'the permission to %s is set by any number but 0',
    async (permission) => {
      const set = (value: number) => `
      (call $process.config_set_can_${permission} (local.get $c) (i32.const ${value}))
      (call $show32 (text "is") ${get(`can_${permission}`)})`;
      expect(await linesOf(withConfig(set(1) + set(0) + set(-4)))).toEqual(['is 1', 'is 0', 'is 1']);
    },
  );

  test.each([
    '(call $process.drop_config (i64.const 5))',
    '(call $process.config_set_max_memory (i64.const 5) (i64.const 0))',
    '(drop (call $process.config_get_max_memory (i64.const 5)))',
    '(call $process.config_set_max_fuel (i64.const 5) (i64.const 0))',
    '(drop (call $process.config_get_max_fuel (i64.const 5)))',
    '(drop (call $process.config_can_compile_modules (i64.const 5)))',
    '(call $process.config_set_can_compile_modules (i64.const 5) (i32.const 0))',
    '(drop (call $process.config_can_create_configs (i64.const 5)))',
    '(call $process.config_set_can_create_configs (i64.const 5) (i32.const 0))',
    '(drop (call $process.config_can_spawn_processes (i64.const 5)))',
    '(call $process.config_set_can_spawn_processes (i64.const 5) (i32.const 0))',
    '(call $wasi.config_add_environment_variable (i64.const 5) (text "a") (text "b"))',
    '(call $wasi.config_add_command_line_argument (i64.const 5) (text "a"))',
    '(call $wasi.config_preopen_dir (i64.const 5) (text "a"))',
  ])('%s traps: the id is unknown', async (call) => {
    expect(await trapOf(main(call))).toMatch(/unknown config id 5/);
  });

  test.each([
    '(call $wasi.config_add_environment_variable (local.get $c) (text "\\ff") (text "b"))',
    '(call $wasi.config_add_environment_variable (local.get $c) (text "a") (text "\\ff"))',
    '(call $wasi.config_add_command_line_argument (local.get $c) (text "\\ff"))',
    '(call $wasi.config_preopen_dir (local.get $c) (text "\\ff"))',
  ])('%s traps: the text is not UTF-8', async (call) => {
    expect(await trapOf(withConfig(call))).toMatch(/not UTF-8/);
  });

  test('dropping one traps the second time and does not affect its processes', async () => {
    const child = `(func (export "child")
      (call $expect (call $receive) (i32.const 0))
      (call $expect (call $process.compile_module (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 1))
      (call $print (text "still may")))`;
    const body = `
      (call $process.config_set_can_compile_modules (local.get $c) (i32.const 1))
      (drop (call $spawn_with (i64.const 0) (local.get $c) (text "child")))
      (call $process.drop_config (local.get $c))
      (call $send (i64.const 2) (i64.const 0) (i64.const 0))
      (call $process.monitor (i64.const 2))
      (call $expect (call $receive) (i32.const 2))`;
    expect(await linesOf(withConfig(body, child))).toEqual(['still may']);
    expect(await trapOf(withConfig(`${body} (call $process.drop_config (local.get $c))`, child))).toMatch(
      /unknown config id 0/,
    );
  });
});

describe('permissions', () => {
  const TRY = `
    (func (export "child")
      (i64.store (i32.const 0) (i64.const 77))
      (call $show (text "config") (call $process.create_config))
      (call $show32 (text "compile") (call $process.compile_module (blob "m") (i32.const 0)))
      (call $show (text "cell") (i64.load (i32.const 0))))`;
  const allowed = async (set: string) => {
    const source = guest(
      `${TRY}
       (func (export "_start") (local $c i64)
         (local.set $c (call $process.create_config)) ${set} ${RUN('child')})`,
      { blobs: { m: await assemble('(module)') } },
    );
    return linesOf(source);
  };

  test('without them create_config and compile_module return -1 and write nothing', async () => {
    expect(await allowed('')).toEqual(['config -1', 'compile -1', 'cell 77']);
  });

  test('with them they work', async () => {
    const set = ['compile_modules', 'create_configs'].map(
      (permission) => `(call $process.config_set_can_${permission} (local.get $c) (i32.const 1))`,
    );
    expect(await allowed(set.join('\n'))).toEqual(['config 0', 'compile 0', 'cell 0']);
  });

  test('a running process keeps those it was spawned with', async () => {
    const child = `(func (export "child")
      (call $expect (call $receive) (i32.const 0))
      (call $show (text "config") (call $process.create_config)))`;
    const body = `
      (drop (call $spawn_with (i64.const 0) (local.get $c) (text "child")))
      (call $process.config_set_can_create_configs (local.get $c) (i32.const 1))
      (call $send (i64.const 2) (i64.const 0) (i64.const 0))
      ${RUN('second')}
      (call $process.monitor (i64.const 2))`;
    const second = '(func (export "second") (call $show (text "second") (call $process.create_config)))';
    const { stdout } = await runAll(withConfig(body, child + second));
    expect(stdout.lines.sort()).toEqual(['config -1', 'second 0']);
  });

  test('children without a config of their own inherit all of it; config ids stay behind', async () => {
    const source = withConfig(
      `(call $process.config_set_can_spawn_processes (local.get $c) (i32.const 1))
       (call $wasi.config_add_command_line_argument (local.get $c) (text "argument"))
       ${RUN('child')}`,
      `(func (export "child") (call $run (text "grandchild")))
       (func (export "grandchild")
         (call $expect (call $args_sizes_get (i32.const 0) (i32.const 4)) (i32.const 0))
         (call $show32 (text "arguments") (i32.load (i32.const 0)))
         (call $show (text "config") (call $process.create_config))
         (call $process.drop_config (i64.const 0)))`,
    );
    const { stdout, exits } = await runAll(source);
    expect(stdout.lines).toEqual(['arguments 1', 'config -1']);
    expect(exits[0]?.exit).toMatchObject({
      kind: 'trapped',
      message: expect.stringMatching(/unknown config id 0/),
    });
  });
});

describe('create_config of 0.7', () => {
  test('takes the limits as parameters', async () => {
    const source = `(module
      (import "lunatic::process" "create_config" (func $create (param i64 i64) (result i64)))
      (import "lunatic::process" "config_get_max_memory" (func $memory (param i64) (result i64)))
      (import "lunatic::process" "config_get_max_fuel" (func $fuel (param i64) (result i64)))
      (func (export "_start") (local $c i64)
        (local.set $c (call $create (i64.const 131072) (i64.const 3)))
        (if (i64.ne (call $memory (local.get $c)) (i64.const 131072)) (then unreachable))
        (if (i64.ne (call $fuel (local.get $c)) (i64.const 3)) (then unreachable))))`;
    expect(await linesOf(source)).toEqual([]);
  });
});
