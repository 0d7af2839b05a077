import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { ANY_HOST, type HostPermission, HostRuleError } from '../../runtime/permissions/host-permission.ts';
import { definePlugin } from '../../runtime/plugins/plugin.ts';
import { readModule } from '../../runtime/wasm/index.ts';
import { guest } from '../support/guest.ts';
import { assemble, linesOf, type ProgramOptions, run } from '../support/program.ts';

function permitting(change: (functions: HostPermission) => HostPermission): ProgramOptions {
  const config = ProcessConfig.forRoot();
  config.hostFunctions = change(config.hostFunctions);
  return { config };
}

const REFUSED = 'the module imports host functions that the config of the process does not allow: ';
const PRINTS = guest('(func (export "_start") (call $print (text "ran")))');

/** A guest whose `_start` makes a config in `$c`, sets it up with `body`, and spawns `child` with it. */
const parent = (body: string, child = '(call $print (text "ran"))') =>
  guest(`
    (func (export "child") ${child})
    (func $rule (param $code i32) (if (local.get $code) (then (call $print_error (i64.load (i32.const 64))))))
    (func $spawn (param $config i64)
      (if (call $process.spawn (i64.const 0) (local.get $config) (i64.const -1) (text "child")
            (i32.const 0) (i32.const 0) (i32.const 0))
        (then (call $write (text "refused: ")) (call $print_error (i64.load (i32.const 0))))
        (else (call $process.monitor (i64.load (i32.const 0)))
              (call $expect (call $receive) (i32.const 2)))))
    (func (export "_start") (local $c i64)
      (local.set $c (call $process.create_config))
      ${body})`);
const allow = (rule: string) =>
  `(call $rule (call $permissions.config_allow_host (local.get $c) (text "${rule}") (i32.const 64)))`;
const deny = (rule: string) =>
  `(call $rule (call $permissions.config_deny_host (local.get $c) (text "${rule}") (i32.const 64)))`;
const SPAWN = '(call $spawn (local.get $c))';

describe('which host functions a module may import', () => {
  test('are all, unless the config says otherwise', async () => {
    expect(await linesOf(PRINTS)).toEqual(['ran']);
  });

  test.each<[string, (functions: HostPermission) => HostPermission]>([
    ['its namespace is denied', (all) => all.denying('wasi_snapshot_preview1')],
    ['it is denied itself', (all) => all.denying('wasi_snapshot_preview1::fd_write')],
    ['only others are allowed', (all) => all.allowing('lunatic::process')],
    ['a function of a similar name is allowed', (all) => all.allowing('wasi_snapshot_preview1::fd_writ')],
    [
      'its namespace is allowed, and it is denied',
      (all) => all.allowing('wasi_snapshot_preview1').denying('wasi_snapshot_preview1::fd_write'),
    ],
  ])('one is refused if %s', async (_, change) => {
    await expect(run(PRINTS, permitting(change))).rejects.toThrow(
      `${REFUSED}wasi_snapshot_preview1::fd_write`,
    );
  });

  test('one is allowed by its namespace, or by its own name', async () => {
    const { imports } = readModule(await assemble(PRINTS));
    const namespaces = imports.reduce((all, { module }) => all.allowing(module), ANY_HOST);
    expect(
      await linesOf(
        PRINTS,
        permitting(() => namespaces),
      ),
    ).toEqual(['ran']);
    const functions = imports.reduce((all, { module, name }) => all.allowing(`${module}::${name}`), ANY_HOST);
    expect(
      await linesOf(
        PRINTS,
        permitting(() => functions),
      ),
    ).toEqual(['ran']);
    expect(
      await linesOf(
        PRINTS,
        permitting((all) => all.denying('lunatic::sqlite')),
      ),
    ).toEqual(['ran']);
  });

  test('includes functions of plugins', async () => {
    const counter = definePlugin({
      namespace: 'counter',
      functions: { add: { signature: '()', call: () => {} } },
    });
    const source = '(module (import "counter" "add" (func)) (func (export "_start")))';
    const plugins = [counter];
    for (const rule of ['counter', 'counter::add']) {
      await expect(run(source, { ...permitting((all) => all.denying(rule)), plugins })).rejects.toThrow(
        `${REFUSED}counter::add`,
      );
      expect(await linesOf(source, { ...permitting((all) => all.allowing(rule)), plugins })).toEqual([]);
    }
  });

  test('is told in full, but not without an end', async () => {
    const imports = Array.from({ length: 3 }, () => '(import "lunatic::error" "drop" (func (param i64)))');
    const source = `(module ${imports.join('')} (import "lunatic::timer" "cancel_timer" (func (param i64) (result i32)))
      (func (export "_start")))`;
    await expect(
      run(
        source,
        permitting((all) => all.allowing('lunatic::sqlite')),
      ),
    ).rejects.toThrow(`${REFUSED}lunatic::error::drop, lunatic::timer::cancel_timer`);
  });
});

describe('a child', () => {
  test('may import what its parent may, unless its config says less', async () => {
    expect(await linesOf(parent(SPAWN))).toEqual(['ran']);
    expect(await linesOf(parent(`${deny('wasi_snapshot_preview1::fd_write')} ${SPAWN}`))).toEqual([
      `refused: ${REFUSED}wasi_snapshot_preview1::fd_write`,
    ]);
    const [line = ''] = await linesOf(parent(`${allow('wasi_snapshot_preview1')} ${SPAWN}`));
    expect(line).toContain(`refused: ${REFUSED}`);
    expect(line).toContain('lunatic::process::spawn');
    expect(line).not.toContain('fd_write');
  });

  test('inherits a restriction, and cannot be allowed what its parent is not', async () => {
    const denied = permitting((all) => all.denying('lunatic::sqlite'));
    const module = await assemble(
      '(module (import "lunatic::sqlite" "sqlite3_changes" (func (param i64) (result i32))) (func (export "go")))',
    );
    const source = guest(
      `(func $try (param $config i64)
        (if (call $process.spawn (i64.const 0) (local.get $config) (i64.load (i32.const 64)) (text "go")
              (i32.const 0) (i32.const 0) (i32.const 72))
          (then (call $print_error (i64.load (i32.const 72))))
          (else (call $print (text "spawned")))))
      (func (export "_start") (local $c i64)
        (local.set $c (call $process.create_config))
        (call $expect (call $permissions.config_allow_host (local.get $c) (text "lunatic::sqlite") (i32.const 72)) (i32.const 0))
        (call $expect (call $process.compile_module (blob "m") (i32.const 64)) (i32.const 0))
        (call $try (i64.const -1))
        (call $try (local.get $c)))`,
      { blobs: { m: module } },
    );
    expect(await linesOf(source, denied)).toEqual([
      `${REFUSED}lunatic::sqlite::sqlite3_changes`,
      `${REFUSED}lunatic::sqlite::sqlite3_changes`,
    ]);
    expect(await linesOf(source)).toEqual(['spawned', 'spawned']);
  });

  test('gets nothing that it may not by a module from a message, one that it compiles, a config of its own, or a child', async () => {
    const counter = definePlugin({
      namespace: 'counter',
      functions: { add: { signature: '()', call: () => {} } },
    });
    const m = await assemble(`(module
      (import "lunatic::sqlite" "sqlite3_changes" (func (param i64) (result i32))) (import "counter" "add" (func $add))
      (func (export "go") (call $add)))`);
    const start = (config: string, module: string) =>
      `(call $tell (call $process.spawn (i64.const 0) ${config} ${module} (text "go") (i32.const 0) (i32.const 0) (i32.const 72)))
      (call $tell (call $process.get_or_spawn (text "name") (i64.const 0) ${config} ${module} (text "go")
        (i32.const 0) (i32.const 0) (i32.const 80) (i32.const 72)))`;
    const allowing = (rule: string) =>
      `(call $expect (call $permissions.config_allow_host (local.get $own) (text "${rule}") (i32.const 72)) (i32.const 0))`;
    const source = guest(
      `(func $tell (param $code i32)
        (if (local.get $code) (then (call $print_error (i64.load (i32.const 72)))) (else (call $print (text "spawned")))))
      (func $attack (export "attack") (param $generations i32) (local $sent i64) (local $own i64)
        (call $expect (call $receive) (i32.const 0))
        (local.set $sent (call $message.take_module (i64.const 0)))
        (local.set $own (call $process.create_config))
        ${allowing('lunatic::sqlite')} ${allowing('counter')} ${allowing('counter::add')}
        ${start('(i64.const -1)', '(local.get $sent)')} ${start('(local.get $own)', '(local.get $sent)')}
        (call $expect (call $process.compile_module (blob "m") (i32.const 64)) (i32.const 0))
        ${start('(i64.const -1)', '(i64.load (i32.const 64))')} ${start('(local.get $own)', '(i64.load (i32.const 64))')}
        (if (local.get $generations) (then
          (call $hand_on (i64.const -1) (local.get $sent) (i32.sub (local.get $generations) (i32.const 1))))))
      (func $hand_on (param $config i64) (param $module i64) (param $generations i32)
        (i32.store8 (i32.const 96) (i32.const 0x7f)) (i32.store (i32.const 97) (local.get $generations))
        (call $expect (call $process.spawn (i64.const 0) (local.get $config) (i64.const -1) (text "attack")
          (i32.const 96) (i32.const 17) (i32.const 72)) (i32.const 0))
        (call $message.create_data (i64.const 0) (i64.const 0))
        (drop (call $message.push_module (local.get $module)))
        (call $process.monitor (i64.load (i32.const 72)))
        (call $expect (call $message.send (i64.load (i32.const 72))) (i32.const 0))
        (call $expect (call $receive) (i32.const 2)))
      (func (export "_start") (local $config i64)
        (local.set $config (call $process.create_config))
        (call $process.config_set_can_create_configs (local.get $config) (i32.const 1))
        (call $process.config_set_can_compile_modules (local.get $config) (i32.const 1))
        (call $process.config_set_can_spawn_processes (local.get $config) (i32.const 1))
        (call $expect (call $permissions.config_deny_host (local.get $config) (text "lunatic::sqlite") (i32.const 72)) (i32.const 0))
        (call $expect (call $permissions.config_deny_host (local.get $config) (text "counter") (i32.const 72)) (i32.const 0))
        (call $expect (call $process.compile_module (blob "m") (i32.const 64)) (i32.const 0))
        (call $hand_on (local.get $config) (i64.load (i32.const 64)) (i32.const 1))
        ${start('(i64.const -1)', '(i64.load (i32.const 64))')})`,
      { blobs: { m } },
    );
    const lines = await linesOf(source, { plugins: [counter] });
    const refused = `${REFUSED}lunatic::sqlite::sqlite3_changes, counter::add`;
    // Each generation tries eight ways; who may, may.
    expect(lines).toEqual([...Array.from({ length: 16 }, () => refused), 'spawned', 'spawned']);
  });

  test('a rule that is none is an error', async () => {
    const lines = await linesOf(parent(`${allow('')} ${deny('lunatic::*')} ${deny('a b')} ${SPAWN}`));
    expect(lines).toEqual([
      ...['', 'lunatic::*', 'a b'].map((rule) =>
        expect.stringContaining(`'${rule}' names no host functions`),
      ),
      'ran',
    ]);
  });
});

describe('a permission', () => {
  const fn = (text: string) => {
    return { module: text.slice(0, text.lastIndexOf('::')), path: text };
  };

  test('within another allows what both allow', () => {
    const outer = ANY_HOST.allowing('a').allowing('b::x').denying('a::secret');
    const inner = ANY_HOST.allowing('a::x').allowing('a::secret').allowing('b').allowing('c');
    const both = inner.within(outer);
    const permitted = ['a::x', 'a::y', 'a::secret', 'b::x', 'b::y', 'c::x'].filter((name) =>
      both?.permits(fn(name)),
    );
    expect(permitted).toEqual(['a::x', 'b::x']);
    expect(ANY_HOST.within(outer)).toBe(outer);
    expect(outer.within(ANY_HOST)).toBe(outer);
  });

  test('cannot be nested, or grow, without an end', () => {
    let nested: HostPermission | null = ANY_HOST;
    let depth = 0;
    while (nested !== null && depth < 100) {
      nested = ANY_HOST.allowing(`a${depth}`).within(nested);
      depth++;
    }
    expect(depth).toBe(34);
    let denied: HostPermission = ANY_HOST;
    expect(() => {
      for (let i = 0; i < 2000; i++) denied = denied.denying(`a${i}`);
    }).toThrow(HostRuleError);
    expect(ANY_HOST.denying('more').within(denied)).toBeNull();
  });
});
