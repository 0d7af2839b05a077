import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest } from '../support/guest.ts';
import { linesOf, run, runAll, trapOf } from '../support/program.ts';

/**
 * A guest whose trampoline calls the functions of the table; `$try` of an index shows what catch returns. The
 * pointer passed along is 9.
 */
const program = (inside: string[], body: string, { globals = '', functions = '' } = {}) =>
  guest(`
    (type $body (func (param i32) (result i32)))
    ${globals}
    (table ${inside.length} funcref) (elem (i32.const 0) ${inside.map((_, i) => `$f${i}`).join(' ')})
    ${inside.map((text, i) => `(func $f${i} (type $body) ${text})`).join('\n')}
    (func (export "_lunatic_catch_trap") (param $f i32) (param $pointer i32) (result i32)
      (call_indirect (type $body) (local.get $pointer) (local.get $f)))
    (func $try (param $f i32) (call $show32 (text "caught") (call $trap.catch (local.get $f) (i32.const 9))))
    ${functions}
    (func (export "_start") ${body})`);
const TRY = (index: number) => `(call $try (i32.const ${index}))`;
const ONE = '(i32.const 1)';

describe('trap::catch', () => {
  test('passes both values on and returns the result', async () => {
    const source = program(['(i32.mul (local.get 0) (i32.const 100))', '(i32.const -5)'], TRY(0) + TRY(1));
    expect(await linesOf(source)).toEqual(['caught 900', 'caught -5']);
  });

  test.each([
    ['unreachable', 'unreachable'],
    ['a division by zero', '(i32.div_s (i32.const 1) (i32.const 0))'],
    ['an access out of bounds', '(i32.load (i32.const -1))'],
    ['endless recursion', '(call $f0 (local.get 0))'],
    ['an uncaught exception', '(throw $e)'],
    ['an indirect call of another type', '(drop (call_indirect (result i64) (i32.const 0))) (i32.const 1)'],
    ['a trap of a host function', `(call $error.drop (i64.const 0)) ${ONE}`],
    [
      'a trap of a blocking host function',
      `(drop (call $message.receive (i32.const 0) (i32.const -1) (i64.const 0))) ${ONE}`,
    ],
    ['proc_exit(0)', `(call $proc_exit (i32.const 0)) ${ONE}`],
    ['proc_exit(7)', `(call $proc_exit (i32.const 7)) ${ONE}`],
    ['proc_raise', `(drop (call $proc_raise (i32.const 6))) ${ONE}`],
    ['a function of another namespace', `(call $networking.drop_dns_iterator (i64.const 0)) ${ONE}`],
    ['a trap after a suspension', '(call $process.sleep_ms (i64.const 1)) unreachable'],
  ])('returns 0 for %s, and the process goes on', async (_, inside) => {
    const source = program([inside, ONE], `${TRY(0)} ${TRY(1)} (call $print (text "on"))`, {
      globals: '(tag $e)',
    });
    const { stdout, exit } = await run(source);
    expect([exit.kind, stdout.lines]).toEqual(['returned', ['caught 0', 'caught 1', 'on']]);
  });

  test('a caught trap is a normal end, and no link notices', async () => {
    const functions = `(func (export "child") ${TRY(0)})`;
    const body = `(call $process.die_when_link_dies (i32.const 0))
      (call $process.monitor (call $spawn (i64.const 5) (text "child")))
      (call $show_received (call $receive))`;
    expect(await linesOf(program(['unreachable'], body, { functions }))).toEqual(['caught 0', 'process 2']);
  });

  test('memory, globals and host tables keep what they had', async () => {
    const inside = `(i32.store (i32.const 0) (i32.const 5)) (global.set $g (i32.const 6))
      (drop (call $process.create_config)) (call $put (i64.const 7) (i64.const 8)) unreachable`;
    const body = `${TRY(0)}
      (call $show32 (text "memory") (i32.load (i32.const 0)))
      (call $show32 (text "global") (global.get $g))
      (call $process.drop_config (i64.const 0))
      (call $show (text "tag") (call $message.get_tag))`;
    expect(
      await linesOf(program([inside], body, { globals: '(global $g (mut i32) (i32.const 0))' })),
    ).toEqual(['caught 0', 'memory 5', 'global 6', 'tag 7']);
  });

  test('nests: the nearest one catches', async () => {
    const inside = [
      `${TRY(1)} (call $print (text "between")) (i32.const 3)`,
      `${TRY(2)} unreachable`,
      '(call $proc_exit (i32.const 0)) (i32.const 1)',
    ];
    expect(await linesOf(program(inside, TRY(0)))).toEqual(['caught 0', 'caught 0', 'between', 'caught 3']);
  });

  test('nests a hundred deep', async () => {
    const inside = [
      `(if (i32.eqz (local.get 0)) (then unreachable))
       (i32.add (i32.const 1) (call $trap.catch (i32.const 0) (i32.sub (local.get 0) (i32.const 1))))`,
    ];
    const body = '(call $show32 (text "depth") (call $trap.catch (i32.const 0) (i32.const 100)))';
    expect(await linesOf(program(inside, body))).toEqual(['depth 100']);
  });

  test('lets blocking functions wait inside, while other processes run', async () => {
    const functions = `(func (export "answerer")
      (call $send (i64.const 1) (i64.const 4) (i64.mul (call $receive_value) (i64.const 2))))`;
    const inside = [
      `(drop (call $spawn (i64.const 0) (text "answerer")))
       (call $put (i64.const 0) (i64.const 21))
       (drop (call $message.send_receive_skip_search (i64.const 2) (i64.const 4) (i64.const -1)))
       (call $process.sleep_ms (i64.const 2))
       (i32.wrap_i64 (call $value))`,
    ];
    expect(await linesOf(program(inside, TRY(0), { functions }))).toEqual(['caught 42']);
  });

  test('an endless loop inside gives way', async () => {
    const functions = `(func (export "looper") (drop (call $trap.catch (i32.const 0) (i32.const 0))))`;
    const body = `(call $process.monitor (call $spawn (i64.const 0) (text "looper")))
      (call $process.sleep_ms (i64.const 3))
      (call $process.kill (i64.const 2)) (call $show_received (call $receive))`;
    const source = program(['(loop $l (br $l)) (i32.const 1)'], body, { functions });
    expect(await linesOf(source)).toEqual(['process 2']);
  });

  test.each([
    ['that waits', '(drop (call $receive)) (i32.const 1)'],
    ['that runs', '(loop $l (br $l)) (i32.const 1)'],
    ['inside another one', `${TRY(1)} (call $print (text "?")) (i32.const 1)`],
  ])('does not catch a kill of a process %s', async (_, inside) => {
    const functions = `(func (export "victim") ${TRY(0)} (call $print (text "?")))`;
    const body = `(call $process.monitor (call $spawn (i64.const 0) (text "victim")))
      (call $process.sleep_ms (i64.const 2))
      (call $process.kill (i64.const 2)) (call $show_received (call $receive))`;
    const source = program([inside, '(drop (call $receive)) (i32.const 1)'], body, { functions });
    const { exits, stdout } = await runAll(source);
    expect([exits[0]?.exit.kind, stdout.lines]).toEqual(['killed', ['process 2']]);
  });

  test('does not catch the death of a link, nor a kill of itself', async () => {
    const dying =
      '(call $process.link (i64.const 1) (i64.const 99)) (call $process.sleep_ms (i64.const 0)) (i32.const 1)';
    const killing = `(call $process.kill (i64.const 1)) (drop (call $receive)) ${ONE}`;
    for (const inside of [dying, killing]) {
      const { exit, stdout } = await run(program([inside], `${TRY(0)} (call $print (text "?"))`));
      expect([exit.kind, stdout.lines]).toEqual(['killed', []]);
    }
  });

  test('out of fuel is caught, but the tank stays empty', async () => {
    const config = ProcessConfig.forRoot();
    config.maxFuel = 2;
    const source = program(['(loop $l (br $l)) (i32.const 1)'], `${TRY(0)} (loop $l (br $l))`);
    const { exit } = await run(source, { config });
    expect(exit).toMatchObject({ kind: 'trapped', message: expect.stringMatching(/fuel/) });
  });
});

describe('the trampoline', () => {
  const START =
    '(func (export "_start") (call $show32 (text "caught") (call $trap.catch (i32.const 1) (i32.const 2))))';

  test.each([
    ['is missing', ''],
    ['is no function', '(global (export "_lunatic_catch_trap") i32 (i32.const 0))'],
  ])('that %s is a trap', async (_, trampoline) => {
    expect(await trapOf(guest(trampoline + START))).toMatch(/exports no function "_lunatic_catch_trap"/);
  });

  test.each([
    ['other parameters', '(param i32) (result i32) (i32.const 1)'],
    ['parameters of another type', '(param i32 i64) (result i32) (i32.const 1)'],
    ['no result', '(param i32 i32)'],
    ['two results', '(param i32 i32) (result i32 i32) (i32.const 1) (i32.const 1)'],
  ])('with %s gives 0', async (_, type) => {
    expect(await linesOf(guest(`(func (export "_lunatic_catch_trap") ${type}) ${START}`))).toEqual([
      'caught 0',
    ]);
  });

  test('with one result of another type is a trap', async () => {
    const trampoline = '(func (export "_lunatic_catch_trap") (param i32 i32) (result i64) (i64.const 1))';
    expect(await trapOf(guest(trampoline + START))).toMatch(/must return an i32/);
  });
});
