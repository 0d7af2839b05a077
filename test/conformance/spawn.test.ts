import { describe, expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { linesOf, run, runAll, trapOf } from '../support/program.ts';

interface Call {
  link?: number;
  config?: number;
  module?: number;
  name?: string;
  params?: string;
  id?: number;
}

/** `process::spawn` with every argument; what is not given is valid. */
const spawn = ({ link = 0, config = -1, module = -1, name, params, id = 0 }: Call) =>
  `(call $process.spawn (i64.const ${link}) (i64.const ${config}) (i64.const ${module})
     ${name ?? '(text "child")'} ${params ?? '(i32.const 0) (i32.const 0)'} (i32.const ${id}))`;

const CHILD = '(func (export "child") (call $print (text "child")))';
/** One parameter record: the type and 16 bytes, little endian. */
const record = (type: number, value: bigint) => {
  const bytes = new Uint8Array(17);
  bytes[0] = type;
  const view = new DataView(bytes.buffer);
  view.setBigInt64(1, value, true);
  view.setBigInt64(9, value >> 63n, true);
  return bytes;
};

describe('spawn', () => {
  test('returns 0 with the id of a process that exists and runs later', async () => {
    const source = guest(`${CHILD}
      (func (export "_start")
        (call $show32 (text "code") ${spawn({})})
        (call $show (text "id") (i64.load (i32.const 0)))
        (call $show32 (text "exists") (call $process.exists (i64.const 2)))
        (call $process.monitor (i64.const 2))
        (call $expect (call $receive) (i32.const 2))
        (call $show32 (text "exists") (call $process.exists (i64.const 2))))`);
    expect(await linesOf(source)).toEqual(['code 0', 'id 2', 'exists 1', 'child', 'exists 0']);
  });

  test('ids grow by one and are never used again, also after deaths and failures', async () => {
    const source = guest(`${CHILD}
      (func (export "failing") unreachable)
      (func (export "_start") (local $i i32)
        (loop $again
          (call $run (text "child")) (call $run (text "failing"))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3))))
        (call $show (text "id") (call $spawn (i64.const 0) (text "child")))
        (call $show (text "own") (call $process.process_id))
        (call $show (text "environment") (call $process.environment_id)))`);
    const { stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['child', 'child', 'child', 'id 8', 'own 1', 'environment 1', 'child']);
  });

  test('every process has its own memory, globals and table', async () => {
    const source = guest(`
      (global $g (mut i32) (i32.const 1)) (table $t 2 funcref) (elem (i32.const 0) $child)
      (func $child (export "child")
        (call $show32 (text "memory") (i32.load (i32.const 64)))
        (call $show32 (text "global") (global.get $g))
        (call $show32 (text "table") (ref.is_null (table.get $t (i32.const 0)))))
      (func (export "_start")
        (i32.store (i32.const 64) (i32.const 9)) (global.set $g (i32.const 9))
        (table.set $t (i32.const 0) (ref.null func))
        (call $run (text "child")))`);
    expect(await linesOf(source)).toEqual(['memory 0', 'global 1', 'table 0']);
  });

  test('a reused memory is clean', async () => {
    const source = guest(`
      (func (export "child")
        (if (i32.load (i32.const 40000)) (then unreachable))
        (memory.fill (i32.const 0) (i32.const 255) (i32.const 60000)))
      (func (export "_start") (local $i i32)
        (call $process.die_when_link_dies (i32.const 0))
        (loop $again
          (call $process.monitor (call $spawn (i64.const 1) (text "child")))
          (call $expect (call $receive) (i32.const 2))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 20)))))`);
    expect(await linesOf(source)).toEqual([]);
  });
});

describe('parameters', () => {
  /** Runs an entry function with parameter records. */
  const withParams = (entry: string, ...records: Uint8Array[]) => {
    const block = Buffer.concat(records);
    return guest(
      `${entry}
       (func (export "_start")
         (drop ${spawn({ params: '(blob "params")' })})
         (call $process.monitor (i64.const 2))
         (call $expect (call $receive) (i32.const 2)))`,
      { blobs: { params: block } },
    );
  };

  test.each([0n, 1n, -1n, 2147483647n, -2147483648n])('i32 %s', async (value) => {
    const entry = '(func (export "child") (param i32) (call $show32 (text "got") (local.get 0)))';
    expect(await linesOf(withParams(entry, record(0x7f, value)))).toEqual([`got ${value}`]);
    // SDKs sign-extend; the upper bytes do not count.
    expect(await linesOf(withParams(entry, record(0x7f, value + (7n << 32n))))).toEqual([`got ${value}`]);
  });

  test.each([0n, -1n, 9007199254740993n, -9223372036854775808n])('i64 %s', async (value) => {
    const entry = '(func (export "child") (param i64) (call $show (text "got") (local.get 0)))';
    expect(await linesOf(withParams(entry, record(0x7e, value)))).toEqual([`got ${value}`]);
  });

  test('v128, between others, in order', async () => {
    const entry = `(func (export "child") (param i32 v128 i64 v128)
      (call $show32 (text "a") (local.get 0))
      (call $show (text "b low") (i64x2.extract_lane 0 (local.get 1)))
      (call $show (text "b high") (i64x2.extract_lane 1 (local.get 1)))
      (call $show (text "c") (local.get 2))
      (call $show (text "d high") (i64x2.extract_lane 1 (local.get 3))))`;
    const vector = record(0x7b, 5n);
    new DataView(vector.buffer).setBigInt64(9, -6n, true);
    const source = withParams(entry, record(0x7f, 3n), vector, record(0x7e, 7n), record(0x7b, -8n));
    expect(await linesOf(source)).toEqual(['a 3', 'b low 5', 'b high -6', 'c 7', 'd high -1']);
  });

  test.each([0x7d, 0x7c, 0x70, 0])('type byte %i traps the spawner', async (type) => {
    const entry = '(func (export "child") (param i32))';
    expect(await trapOf(withParams(entry, record(type, 0n)))).toMatch(
      new RegExp(`not 0x${type.toString(16)}`),
    );
  });

  test('a length that is no multiple of 17 traps the spawner', async () => {
    const entry = '(func (export "child") (param i32))';
    expect(await trapOf(withParams(entry, record(0x7f, 0n).subarray(0, 16)))).toMatch(/17 bytes each, 16/);
  });
});

describe('spawn traps', () => {
  test.each<[string, Call, RegExp]>([
    ['an unknown config', { config: 3 }, /unknown config id 3/],
    ['a negative config other than -1', { config: -2 }, /unknown config id/],
    ['an unknown module', { module: 3 }, /unknown module id 3/],
    ['a negative module other than -1', { module: -2 }, /unknown module id/],
    ['a name outside the memory', { name: '(i32.const -8) (i32.const 4)' }, /out of bounds/],
    ['a name that is not UTF-8', { name: '(text "\\ff\\fe")' }, /not UTF-8/],
    ['parameters outside the memory', { params: '(i32.const 0x1fff8) (i32.const 17)' }, /out of bounds/],
    ['an id cell outside the memory', { id: 0x1fffc }, /out of bounds/],
  ])('for %s', async (_, call, message) => {
    expect(await trapOf(guest(`${CHILD} (func (export "_start") (drop ${spawn(call)}))`))).toMatch(message);
  });

  test('for an id cell outside the memory only when the child lives', async () => {
    const { stdout, exit } = await runAll(
      guest(`${CHILD} (func (export "_start") (drop ${spawn({ id: -1 })}))`),
    );
    expect([exit.kind, stdout.lines]).toEqual(['trapped', ['child']]);
  });

  test('without the permission', async () => {
    const source = guest(`${CHILD}
      (func (export "spawner") (call $print (text "trying")) (drop ${spawn({})}))
      (func (export "_start")
        (call $process.monitor (call $spawn_with (i64.const 0) (call $process.create_config) (text "spawner")))
        (call $expect (call $receive) (i32.const 2)))`);
    const { exits, stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['trying']);
    expect(exits[0]?.exit).toMatchObject({
      kind: 'trapped',
      message: expect.stringMatching(/no permission to spawn/),
    });
  });
});

describe('the entry function', () => {
  /** What happens to a child whose entry is `child`, spawned under link tag 9: the parent always gets code 0. */
  const spawned = (functions: string, call: Call = {}, blobs = {}) =>
    runAll(
      guest(
        `${functions}
         (func (export "_start")
           (call $process.die_when_link_dies (i32.const 0))
           (call $show32 (text "code") ${spawn({ link: 9, ...call })})
           (call $show_received (call $receive)))`,
        { blobs },
      ),
    );

  test.each<[string, string, RegExp]>([
    ['is missing', '', /exports no function "child"/],
    ['is no function', '(global (export "child") i32 (i32.const 0))', /exports no function "child"/],
    [
      'takes a parameter that is not given',
      '(func (export "child") (param i32))',
      /takes \(i32\), it was given \(\)/,
    ],
    ['returns a value', '(func (export "child") (result i32) (i32.const 1))', /must not return a value/],
  ])('that %s does not fail the spawn but the child', async (_, functions, message) => {
    const { stdout, exits } = await spawned(functions);
    expect(stdout.lines).toEqual(['code 0', 'link 9']);
    expect(exits[0]?.exit).toMatchObject({ kind: 'no-entry', message: expect.stringMatching(message) });
  });

  test.each([
    ['another type', 'i64'],
    ['a type that cannot be given', 'f64'],
    ['two parameters', 'i32 i32'],
  ])('that wants %s than i32 fails', async (_, params) => {
    const { stdout, exits } = await spawned(
      `(func (export "child") (param ${params}))`,
      { params: '(blob "params")' },
      { params: record(0x7f, 1n) },
    );
    expect(stdout.lines).toEqual(['code 0', 'link 9']);
    expect(exits[0]?.exit.kind).toBe('no-entry');
  });

  test('may have any name', async () => {
    const name = 'a \\e2\\9c\\93 and \\00';
    const { stdout } = await spawned(`(func (export "${name}") (call $print (text "called")) unreachable)`, {
      name: `(text "${name}")`,
    });
    expect(stdout.lines).toEqual(['code 0', 'called', 'link 9']);
    const { exits } = await spawned('(func (export "") unreachable)', { name: '(text "")' });
    expect(exits[0]?.exit.kind).toBe('trapped');
  });

  test('ends with its program, though it has been spawned while that was stopped', async () => {
    const source = guest(`
      (func (export "next") (drop (call $spawn (i64.const 0) (text "next"))))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "next"))) (drop (call $spawn (i64.const 0) (text "next")))
        (call $process.sleep_ms (i64.const 20)))`);
    // Not before all of them have ended.
    expect((await run(source)).exit).toEqual({ kind: 'returned' });
  });

  test('may be a host function that the module imports', async () => {
    const source = guest(
      `(export "sleep" (func $process.sleep_ms)) (export "exit" (func $proc_exit))
       (func $child (param $name i32) (param $name_length i32) (param $params i32) (param $params_length i32)
         (call $expect (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (local.get $name)
           (local.get $name_length) (local.get $params) (local.get $params_length) (i32.const 0)) (i32.const 0)))
       (func (export "_start")
         (call $child (text "exit") (blob "five as i32"))
         (call $child (text "sleep") (blob "five as i64")))
       (func $imports (call $process.sleep_ms (i64.const 0)) (call $proc_exit (i32.const 0)))`,
      { blobs: { 'five as i32': record(0x7f, 5n), 'five as i64': record(0x7e, 5n) } },
    );
    const { exits } = await runAll(source);
    const ends = exits.map(({ exit }) => exit).sort((a, b) => (a.kind < b.kind ? -1 : 1));
    expect(ends).toMatchObject([{ kind: 'exited', code: 5 }, { kind: 'returned' }, { kind: 'returned' }]);
  });
});
