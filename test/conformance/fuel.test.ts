import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest, main } from '../support/guest.ts';
import { run, runAll } from '../support/program.ts';

function fueled(units: number): { config: ProcessConfig } {
  const config = ProcessConfig.forRoot();
  config.maxFuel = units;
  return { config };
}

/** A loop that runs this often; it executes 5 instructions each time: get, const, sub, tee, br_if. */
const loop = (times: number) => `(local $i i32)
  (local.set $i (i32.const ${Math.round(times)}))
  (loop $l (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`;
const UNIT = 100_000;
const MEBIBYTE = 2 ** 20;
/** The address and length of something long. */
const LONG = `(i32.const ${MEBIBYTE}) (i32.const ${MEBIBYTE - 100})`;

describe('max_fuel', () => {
  test.each([1, 3])('of %i units is enough for about as many 100,000 instructions', async (units) => {
    const enough = (0.95 * units * UNIT) / 5;
    expect((await run(main(loop(enough)), fueled(units))).exit).toEqual({ kind: 'returned' });
    const tooMany = (1.05 * units * UNIT) / 5;
    expect((await run(main(loop(tooMany)), fueled(units))).exit).toMatchObject({
      kind: 'trapped',
      message: 'all fuel consumed (max_fuel; --max-fuel allows more)',
    });
  });

  test.each([
    ['an empty loop', '(loop $l (br $l))'],
    ['a loop that calls', '(loop $l (drop (call $process.process_id)) (br $l))'],
  ])('ends %s', async (_, body) => {
    expect((await run(main(body), fueled(2))).exit).toMatchObject({
      kind: 'trapped',
      message: 'all fuel consumed (max_fuel; --max-fuel allows more)',
    });
  });

  test('ends endless recursion by tail calls', async () => {
    const source = guest('(func $f (export "_start") (return_call $f))');
    expect((await run(source, fueled(2))).exit).toMatchObject({
      kind: 'trapped',
      message: 'all fuel consumed (max_fuel; --max-fuel allows more)',
    });
  });

  test.each([
    ['looks up a long name', '', `(drop (call $registry.get ${LONG} (i32.const 0) (i32.const 8)))`],
    [
      'asks again and again for a long name, which is taken',
      `(call $registry.put ${LONG} (i64.const 0) (i64.const 1))`,
      `(drop (call $process.get_or_spawn ${LONG} (i64.const 0) (i64.const -1) (i64.const -1) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)))`,
    ],
    [
      'reads a long error',
      `(local.set $c (call $process.create_config))
       (drop (call $permissions.config_allow_command (local.get $c) ${LONG} (i32.const 0)))`,
      `(call $error.to_string (i64.load (i32.const 0)) (i32.const ${MEBIBYTE}))`,
    ],
    [
      'writes long messages',
      '',
      `(call $message.create_data (i64.const 0) (i64.const 0)) (drop (call $message.write_data ${LONG}))`,
    ],
    ['asks for random bytes', '', `(drop (call $random_get ${LONG}))`],
    [
      'prints much',
      `(i32.store (i32.const 0) (i32.const ${MEBIBYTE})) (i32.store (i32.const 4) (i32.const ${MEBIBYTE}))`,
      '(drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))',
    ],
    [
      'polls many clocks',
      `(i32.store (i32.const 8) (i32.const 0))`,
      `(drop (call $poll_oneoff (i32.const ${2 * MEBIBYTE}) (i32.const ${MEBIBYTE}) (i32.const 4096) (i32.const 0)))`,
    ],
  ])('ends a process that %s', async (_, before, call) => {
    const source = main(
      `(local $i i32) (local $c i64)
       (memory.fill (i32.const ${MEBIBYTE}) (i32.const 97) (i32.const ${MEBIBYTE - 100}))
       ${before}
       (loop $l ${call}
         (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 500))))`,
      { memory: '(memory (export "memory") 64)' },
    );
    expect((await run(source, fueled(100))).exit).toMatchObject({
      kind: 'trapped',
      message: 'all fuel consumed (max_fuel; --max-fuel allows more)',
    });
  });

  test('is not used up by calls themselves', async () => {
    const source = main(`(local $i i32)
      (loop $l
        (drop (call $registry.get (text "short") (i32.const 0) (i32.const 8)))
        (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 2000))))`);
    expect((await run(source, fueled(1))).exit).toEqual({ kind: 'returned' });
  });

  test('of 0 is no limit', async () => {
    expect((await run(main(loop(2_000_000)), fueled(0))).exit).toEqual({ kind: 'returned' });
  });

  test('counts the start section too', async () => {
    const source = guest(
      `(func $init ${loop((0.6 * UNIT) / 5)}) (start $init) (func (export "_start") ${loop((0.6 * UNIT) / 5)})`,
    );
    expect((await run(source, fueled(1))).exit).toMatchObject({
      kind: 'trapped',
      message: 'all fuel consumed (max_fuel; --max-fuel allows more)',
    });
    expect((await run(source, fueled(2))).exit).toEqual({ kind: 'returned' });
  });

  test("is each process's own, also where children inherit the config", async () => {
    const source = guest(`
      (func (export "child") ${loop((0.8 * UNIT) / 5)} (call $print (text "done")))
      (func (export "_start") (call $run (text "child")) (call $run (text "child")))`);
    const { exit, stdout } = await run(source, fueled(1));
    expect([exit.kind, stdout.lines]).toEqual(['returned', ['done', 'done']]);
  });

  test('of a child is the one of its config, and its end is a failure', async () => {
    const source = guest(`
      (func (export "child") (loop $l (br $l)))
      (func (export "_start") (local $c i64)
        (local.set $c (call $process.create_config))
        (call $process.config_set_max_fuel (local.get $c) (i64.const 1))
        (call $process.die_when_link_dies (i32.const 0))
        (drop (call $spawn_with (i64.const 9) (local.get $c) (text "child")))
        (call $show_received (call $receive)))`);
    const { exits, stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['link 9']);
    expect(exits[0]?.exit).toMatchObject({
      kind: 'trapped',
      message: 'all fuel consumed (max_fuel; --max-fuel allows more)',
    });
  });

  test('a fueled process gives way to others and can be killed', async () => {
    const source = guest(`
      (func (export "busy") (loop $l (br $l)))
      (func (export "_start") (local $c i64)
        (local.set $c (call $process.create_config))
        (call $process.config_set_max_fuel (local.get $c) (i64.const -1))
        (call $process.monitor (call $spawn_with (i64.const 0) (local.get $c) (text "busy")))
        (call $process.sleep_ms (i64.const 2))
        (call $print (text "my turn"))
        (call $process.kill (i64.const 2))
        (call $show_received (call $receive)))`);
    const { exits, stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['my turn', 'process 2']);
    expect(exits[0]?.exit).toEqual({ kind: 'killed' });
  });
});
