import { describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest, main } from '../support/guest.ts';
import { type Program, run, runAll, trapOf } from '../support/program.ts';

const MEBIBYTE = 2 ** 20;
const LIMIT = 16 * MEBIBYTE;
const BEYOND = /the host would keep \d+ bytes besides its memory for .*max_host_memory/;
const MEMORY = { memory: '(memory (export "memory") 40)' };

function limited(limit = LIMIT): { config: ProcessConfig } {
  const config = ProcessConfig.forRoot();
  config.maxHostMemory = limit;
  return { config };
}

/** Repeats `body` so often, or without end; `$i` counts. */
const times = (count: number, body: string) =>
  `(loop $again ${body}
     (local.set $i (i32.add (local.get $i) (i32.const 1)))
     (br_if $again (i32.lt_u (local.get $i) (i32.const ${count}))))`;
const forever = (body: string) => times(0xffff_ffff, body);
const create = '(call $message.create_data (i64.const 7) (i64.const 0))';
const write = (bytes: number) => `(drop (call $message.write_data (i32.const 0) (i32.const ${bytes})))`;
/** A long text, which begins here: no text of the guest's own is there. */
const TEXT = '(i32.const 0x20000)';
const LONG_TEXT = `${TEXT} (i32.const ${MEBIBYTE})`;
const FILL = `(memory.fill ${TEXT} (i32.const 97) (i32.const ${MEBIBYTE}))`;
/** Makes it another one. */
const VARY = `(i32.store ${TEXT} (i32.add (i32.const 0x30303030) (i32.and (local.get $i) (i32.const 0x0f0f0f0f))))`;

/** The message of the last process that ended, which must have trapped. */
function endOf({ exits }: Pick<Program, 'exits'>): string {
  const exit = exits.at(-1)?.exit;
  if (exit?.kind === 'trapped') return exit.message;
  throw new Error(`no trap: ${JSON.stringify(exit)}`);
}

/** What is still counted for the program. */
const kept = ({ root }: Pick<Program, 'root'>) => root.environment.account.bytes;

describe('what the host keeps for a process, against max_host_memory', () => {
  test('a message that is written without end', async () => {
    const source = main(`(local $i i32) ${create} ${forever(write(MEBIBYTE))}`, MEMORY);
    expect(await trapOf(source, limited())).toMatch(BEYOND);
  });

  test('a message that is written in small pieces', async () => {
    const source = main(`(local $i i32) ${create} ${forever(write(1000))}`, MEMORY);
    expect(await trapOf(source, limited())).toMatch(BEYOND);
  });

  test('large messages to itself', async () => {
    const source = main(
      `(local $i i32) ${forever(`${create} ${write(MEBIBYTE)} (drop (call $message.send (call $process.process_id)))`)}`,
      MEMORY,
    );
    expect(await trapOf(source, limited())).toMatch(BEYOND);
  });

  test('short messages to one that does not read', async () => {
    const source = guest(
      `(func (export "deaf") (call $process.sleep_ms (i64.const 3600000)))
       (func (export "_start") (local $i i32) (local $deaf i64)
         (local.set $deaf (call $spawn (i64.const 0) (text "deaf")))
         (call $process.monitor (local.get $deaf))
         (loop $again
           (call $send (local.get $deaf) (i64.const 1) (i64.const 2))
           (br_if $again (i32.ne (call $receive_now) (i32.const 2)))))
       (func $receive_now (result i32) (call $message.receive (i32.const 0) (i32.const 0) (i64.const 0)))`,
    );
    const program = await runAll(source, limited(MEBIBYTE));
    const deaf = program.exits.find(({ process }) => process !== program.root.process);
    expect(deaf?.exit).toMatchObject({ kind: 'trapped', message: expect.stringMatching(BEYOND) });
    expect(kept(program)).toBe(0);
  });

  test.each([
    ['large', write(MEBIBYTE)],
    ['empty', ''],
  ])('timers with %s messages', async (_, body) => {
    const source = main(
      `(local $i i32) ${forever(`${create} ${body}
        (drop (call $timer.send_after (call $process.process_id) (i64.const 3600000)))`)}`,
      MEMORY,
    );
    expect(await trapOf(source, limited(body === '' ? MEBIBYTE : LIMIT))).toMatch(BEYOND);
  });

  test('timers of children that end at once', async () => {
    const source = guest(
      `(func (export "child") (local $i i32)
         ${times(4, `${create} ${write(MEBIBYTE)} (drop (call $timer.send_after (i64.const 1) (i64.const 3600000)))`)})
       (func (export "_start") (local $i i32)
         ${times(10, '(call $run (text "child"))')})`,
      MEMORY,
    );
    const program = await runAll(source, limited());
    const trapped = program.exits.filter(({ exit }) => exit.kind === 'trapped');
    expect(trapped.length).toBeGreaterThan(5);
    expect(kept(program)).toBeLessThanOrEqual(LIMIT);
  });

  test('a timer counts until it has fired, or is cancelled, also after its process has ended', async () => {
    const send = (delay: number) =>
      `${create} ${write(MEBIBYTE)} (call $timer.send_after (i64.const 1) (i64.const ${delay}))`;
    const source = guest(
      `(func (export "child") (drop ${send(1)}) (drop (call $timer.cancel_timer ${send(3_600_000)})))
       (func (export "_start") (local $i i32)
         ${times(
           40,
           `(call $process.monitor (call $spawn (i64.const 0) (text "child")))
           (drop (call $receive)) (drop (call $receive))`,
         )})`,
      MEMORY,
    );
    const program = await runAll(source, limited());
    expect(program.exit).toMatchObject({ kind: 'returned' });
    expect(kept(program)).toBe(0);
  });

  test('names', async () => {
    const source = main(
      `(local $i i32) ${FILL}
       ${forever(`${VARY}
         (call $registry.put ${LONG_TEXT} (i64.const 0) (i64.const 1))`)}`,
      MEMORY,
    );
    expect(await trapOf(source, limited())).toMatch(BEYOND);
  });

  test('the same name again and again, and names that are removed, count once at most', async () => {
    const put = `(call $registry.put ${LONG_TEXT} (i64.const 0) (i64.const 1))`;
    const source = guest(
      `(func (export "child") ${FILL} ${put})
       (func (export "_start") (local $i i32) ${FILL}
         ${times(20, `${put} ${put} (call $run (text "child")) (call $registry.remove ${LONG_TEXT})`)})`,
      MEMORY,
    );
    const program = await runAll(source, limited());
    expect(program.exit).toMatchObject({ kind: 'returned' });
    expect(kept(program)).toBe(0);
  });

  test('configs', async () => {
    const body = `(drop (call $process.create_config))`;
    expect(await trapOf(main(`(local $i i32) ${forever(body)}`), limited(MEBIBYTE))).toMatch(BEYOND);
  });

  test('arguments in configs', async () => {
    const body = `(call $wasi.config_add_command_line_argument (call $process.create_config) ${LONG_TEXT})`;
    const source = main(`(local $i i32) ${FILL} ${forever(body)}`, MEMORY);
    expect(await trapOf(source, limited())).toMatch(BEYOND);
  });

  test('traces', async () => {
    const source = main(`(local $i i32) ${forever('(call $process.trace_get (i32.const 0))')}`);
    expect(endOf(await run(source, limited(MEBIBYTE)))).toMatch(BEYOND);
  });

  test('errors', async () => {
    const body = '(drop (call $process.compile_module (i32.const 0) (i32.const 4) (i32.const 8)))';
    expect(endOf(await run(main(`(local $i i32) ${forever(body)}`), limited(MEBIBYTE)))).toMatch(BEYOND);
  });

  test.each([
    ['a message', '(drop (call $receive))'],
    ['the time', '(call $process.sleep_ms (i64.const 3600000))'],
  ])(
    'a process that has gone beyond it and then waits for %s, of which nobody would wake it',
    async (_, wait) => {
      const source = main(`${'(call $process.trace_get (i32.const 0))'.repeat(30)} ${wait}`);
      expect(endOf(await run(source, limited(1000)))).toMatch(BEYOND);
    },
  );

  test.each([
    ['returns', ''],
    ['traps', '(unreachable)'],
  ])('a process that has gone beyond it and then %s has failed', async (_, end) => {
    const source = main(`${'(call $process.trace_get (i32.const 0))'.repeat(30)} ${end}`);
    expect(endOf(await run(source, limited(1000)))).toMatch(BEYOND);
  });

  test('a message that carries the same module again and again', async () => {
    const source = main(
      `(local $i i32) ${create}
       (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 0))
       ${forever('(drop (call $message.push_module (i64.const 0)))')}`,
      { blobs: { m: new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) } },
    );
    expect(await trapOf(source, limited(MEBIBYTE))).toMatch(BEYOND);
  });

  test.each([
    ['globals', '(global (mut i64) (i64.const 1))'.repeat(20_000)],
    ['functions', '(func)'.repeat(20_000)],
    ['a table', '(table 20000 funcref)'],
    ['elements', `(table 10000 funcref) (elem (i32.const 0) func ${'$f '.repeat(5000)}) (func $f)`],
  ])('processes of a module with %s in the thousands', async (_, parts) => {
    const source = guest(
      `${parts}
       (func (export "waits") (drop (call $receive)))
       (func $spawn_one (result i32)
         (call $process.spawn (i64.const 5) (i64.const -1) (i64.const -1) (text "waits")
           (i32.const 0) (i32.const 0) (i32.const 8)))
       (func (export "_start") (local $i i32)
         (loop $again
           (if (call $spawn_one) (then (call $print_error (i64.load (i32.const 8))) (unreachable)))
           (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100)))))`,
    );
    const program = await runAll(source, limited(8 * MEBIBYTE));
    expect(program.stdout.text).toMatch(BEYOND);
    expect(program.exits.length).toBeGreaterThan(5);
    expect(kept(program)).toBe(0);
  });

  test.each([
    ['at once', '', '(drop (table.grow $t (ref.null func) (i32.const 99990)))'],
    [
      'in small steps',
      '',
      '(loop $l (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 100)) (i32.const -1))))',
    ],
    [
      'with a fuel limit',
      '(call $process.config_set_max_fuel (local.get $c) (i64.const 1000))',
      '(drop (table.grow $t (ref.func $f) (i32.const 99990)))',
    ],
  ])('processes whose tables grow to the limit %s', async (_, limit, grow) => {
    const source = guest(
      `(func $f) (elem declare func $f) (table $t 1 funcref)
       (func (export "grows") ${grow} (drop (call $receive)))
       (func (export "_start") (local $i i32) (local $c i64)
         (local.set $c (call $process.create_config)) ${limit}
         ${times(20, '(call $process.monitor (call $spawn_with (i64.const 0) (local.get $c) (text "grows")))')}
         (local.set $i (i32.const 0)) ${times(18, '(drop (call $receive))')})`,
    );
    const program = await run(source, limited(8 * MEBIBYTE));
    const ends = program.exits.map(({ exit }) => (exit.kind === 'trapped' ? exit.message : ''));
    expect(ends.filter((message) => BEYOND.test(message))).toHaveLength(18);
  });

  test('a table that cannot grow costs nothing', async () => {
    const source = main(`(local $i i32)
      (if (i32.ne (table.grow $t (ref.null extern) (i32.const 10)) (i32.const 5)) (then unreachable))
      ${times(
        10_000,
        `(if (i32.ne (table.grow $t (ref.null extern) (i32.const 80000)) (i32.const -1)) (then unreachable))
         (if (i32.ne (table.grow $t (ref.null extern) (i32.const -2)) (i32.const -1)) (then unreachable))`,
      )}
      (call $show32 (text "elements") (table.size $t)))
      (table $t 5 50000 externref) (func`);
    const program = await run(source, limited());
    expect(program.stdout.text).toBe('elements 15\n');
  });

  test('the others of a program have what one that has ended had', async () => {
    const source = guest(
      `(func (export "hoarder") (local $i i32) ${create} ${forever(write(MEBIBYTE))})
       (func (export "_start") (local $i i32)
         ${times(10, '(call $run (text "hoarder"))')} ${create} ${times(10, write(MEBIBYTE / 2))}
         (call $print (text "alive")))`,
      MEMORY,
    );
    const program = await runAll(source, limited());
    expect(program.stdout.lines).toEqual(['alive']);
    expect(program.exits.filter(({ exit }) => exit.kind === 'trapped')).toHaveLength(10);
    expect(kept(program)).toBe(0);
  });

  test('a child has less by its config', async () => {
    const source = guest(
      `(func (export "child") ${create} ${write(2 * MEBIBYTE)})
       (func (export "_start") (local $c i64)
         (local.set $c (call $process.create_config))
         (call $permissions.config_set_max_host_memory (local.get $c) (i64.const ${MEBIBYTE}))
         (call $show (text "set") (call $permissions.config_get_max_host_memory (local.get $c)))
         (call $process.monitor (call $spawn_with (i64.const 0) (local.get $c) (text "child")))
         (call $expect (call $receive) (i32.const 2)))`,
      MEMORY,
    );
    const program = await runAll(source);
    expect(program.stdout.lines).toEqual([`set ${MEBIBYTE}`]);
    expect(program.exits[0]?.exit).toMatchObject({ kind: 'trapped', message: expect.stringMatching(BEYOND) });
  });

  test('messages that come and go are not counted twice', async () => {
    const source = guest(
      `(func (export "echo") (loop $again
         (call $expect (call $receive) (i32.const 0))
         (drop (call $message.send (i64.const 1)))
         (br $again)))
       (func (export "_start") (local $i i32) (local $echo i64)
         (local.set $echo (call $spawn (i64.const 0) (text "echo")))
         ${times(
           100,
           `${create} ${write(MEBIBYTE)} (drop (call $message.send (local.get $echo)))
           (call $expect (call $receive) (i32.const 0))`,
         )}
         (call $process.kill (local.get $echo)))`,
      MEMORY,
    );
    const program = await runAll(source, limited(4 * MEBIBYTE));
    expect(program.exit).toMatchObject({ kind: 'returned' });
    expect(kept(program)).toBe(0);
  });

  test('the memory of the machine', async () => {
    const machine = {
      mappingLimit: null,
      countMappings: () => 0,
      freeMemory: () => 2 ** 29,
      usedMemory: () => 0,
      heapUse: () => 0,
    };
    let sent = 0;
    // So little that nothing more is kept, but not so little that somebody is killed for it.
    const low = { ...machine, freeMemory: () => (sent++ < 8 ? 512 : 200) * MEBIBYTE };
    const source = main(
      `(local $i i32) ${forever(`${create} ${write(MEBIBYTE)} (drop (call $message.send (call $process.process_id)))`)}`,
      MEMORY,
    );
    expect(await trapOf(source, { machine: low })).toContain('for which this machine has no memory left');
  });
});
