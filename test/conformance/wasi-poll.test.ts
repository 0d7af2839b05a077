import { describe, expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { Feed, linesOf, start, trapOf } from '../support/program.ts';

/** Subscriptions are stored from 0 on, 48 bytes each; events are written to 0x400, their number to 0x800. */
const FUNCTIONS = `
  (func $clock (param $index i32) (param $userdata i64) (param $id i32) (param $timeout i64) (param $flags i32)
    (local $at i32)
    (local.set $at (i32.mul (local.get $index) (i32.const 48)))
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (i32.const 0))
    (i32.store offset=16 (local.get $at) (local.get $id))
    (i64.store offset=24 (local.get $at) (local.get $timeout))
    (i32.store16 offset=40 (local.get $at) (local.get $flags)))
  (func $stream (param $index i32) (param $userdata i64) (param $type i32) (param $fd i32) (local $at i32)
    (local.set $at (i32.mul (local.get $index) (i32.const 48)))
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (local.get $type))
    (i32.store offset=16 (local.get $at) (local.get $fd)))
  (func $now (param $id i32) (result i64)
    (drop (call $clock_time_get (local.get $id) (i64.const 0) (i32.const 0x900)))
    (i64.load (i32.const 0x900)))
  (func $poll (param $count i32) (local $i i32) (local $code i32)
    (memory.fill (i32.const 0x400) (i32.const 255) (i32.const 0x400))
    (local.set $code (call $poll_oneoff (i32.const 0) (i32.const 0x400) (local.get $count) (i32.const 0x800)))
    (if (local.get $code) (then (call $show32 (text "code") (local.get $code)) (return)))
    (block $end (loop $next
      (br_if $end (i32.ge_u (local.get $i) (i32.load (i32.const 0x800))))
      (call $show_event (i32.add (i32.const 0x400) (i32.shl (local.get $i) (i32.const 5))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (func $show_event (param $at i32)
    (call $write (text "event "))
    (call $write_i64 (i64.load (local.get $at)))
    (call $write (text " error "))
    (call $write_i64 (i64.load16_u offset=8 (local.get $at)))
    (call $show (text " type") (i64.load8_u offset=10 (local.get $at))))`;
const program = (body: string) =>
  guest(`${FUNCTIONS}
    (func (export "other") (call $print (text "other runs")))
    (func (export "_start") ${body})`);

const clock = (index: number, userdata: number, timeout: number | string, { id = 1, flags = 0 } = {}) => `
  (call $clock (i32.const ${index}) (i64.const ${userdata}) (i32.const ${id})
    ${typeof timeout === 'string' ? timeout : `(i64.const ${timeout})`} (i32.const ${flags}))`;
const stream = (index: number, userdata: number, type: number, fd: number) =>
  `(call $stream (i32.const ${index}) (i64.const ${userdata}) (i32.const ${type}) (i32.const ${fd}))`;
const POLL = (count: number) => `(call $poll (i32.const ${count}))`;
const MS = 1_000_000;

describe('poll_oneoff', () => {
  test('waits for a time from now, while others run', async () => {
    const before = performance.now();
    const body = `(drop (call $spawn (i64.const 0) (text "other"))) ${clock(0, 7, 20 * MS)} ${POLL(1)}`;
    expect(await linesOf(program(body))).toEqual(['other runs', 'event 7 error 0 type 0']);
    expect(performance.now() - before).toBeGreaterThanOrEqual(19);
  });

  test.each([0, 1])('waits for a point in time of clock %i', async (id) => {
    const before = performance.now();
    const soon = `(i64.add (call $now (i32.const ${id})) (i64.const ${20 * MS}))`;
    expect(await linesOf(program(clock(0, 1, soon, { id, flags: 1 }) + POLL(1)))).toEqual([
      'event 1 error 0 type 0',
    ]);
    expect(performance.now() - before).toBeGreaterThanOrEqual(18);
  });

  test('returns at once for a point in time that has passed, and for no time at all', async () => {
    expect(await linesOf(program(clock(0, 1, 5, { flags: 1 }) + POLL(1)))).toEqual([
      'event 1 error 0 type 0',
    ]);
    expect(await linesOf(program(clock(0, 2, 0) + POLL(1)))).toEqual(['event 2 error 0 type 0']);
  });

  test('of several clocks reports those that are due', async () => {
    const body = `${clock(0, 1, 60_000 * MS)} ${clock(1, 2, 5 * MS)} ${clock(2, 3, -1)} ${POLL(3)}`;
    expect(await linesOf(program(body))).toEqual(['event 2 error 0 type 0']);
  });

  test('keeps all 64 bits of the user data', async () => {
    const body = `(call $clock (i32.const 0) (i64.const -2) (i32.const 1) (i64.const 0) (i32.const 0)) ${POLL(1)}`;
    expect(await linesOf(program(body))).toEqual(['event -2 error 0 type 0']);
  });

  test('reports an unknown clock and a bad descriptor as events with errors, without waiting', async () => {
    const body = `${clock(0, 1, 60_000 * MS)} ${clock(1, 2, 0, { id: 77 })} ${stream(2, 3, 1, 9)} ${POLL(3)}`;
    expect(await linesOf(program(body))).toEqual(['event 2 error 28 type 0', 'event 3 error 8 type 1']);
  });

  test('finds the output ready at once', async () => {
    const body = `${clock(0, 1, 60_000 * MS)} ${stream(1, 2, 2, 1)} ${stream(2, 3, 2, 2)} ${POLL(3)}`;
    expect(await linesOf(program(body))).toEqual(['event 2 error 0 type 2', 'event 3 error 0 type 2']);
  });

  test('waits for input', async () => {
    const input = new Feed();
    const { root, stdout } = await start(
      program(`${stream(0, 4, 1, 0)} ${clock(1, 5, 60_000 * MS)} ${POLL(2)}`),
      { input },
    );
    await expect.poll(() => input.waiting).toBe(1);
    input.push('x');
    expect((await root.ended).kind).toBe('returned');
    expect(stdout.lines).toEqual(['event 4 error 0 type 1']);
  });

  test('waits for input no longer than its clock', async () => {
    const input = new Feed();
    const body = `${stream(0, 4, 1, 0)} ${clock(1, 5, 5 * MS)} ${POLL(2)}`;
    expect(await linesOf(program(body), { input })).toEqual(['event 5 error 0 type 0']);
    expect(input.waiting).toBe(0);
  });

  test('of nothing, or of an unknown kind of event, is invalid', async () => {
    expect(await linesOf(program(POLL(0)))).toEqual(['code 28']);
    expect(await linesOf(program(stream(0, 1, 3, 1) + POLL(1)))).toEqual(['code 28']);
  });

  test('traps outside the memory', async () => {
    const call = (subscriptions: number, events: number, count: number, occurred: number) =>
      guest(`(func (export "_start") (drop (call $poll_oneoff (i32.const ${subscriptions}) (i32.const ${events})
        (i32.const ${count}) (i32.const ${occurred}))))`);
    for (const source of [
      call(0xffe0, 0, 1, 0),
      call(0, 0xfff0, 1, 0),
      call(0, 0, 1, 0xfffe),
      call(0, 0, -1, 0),
    ]) {
      expect(await trapOf(source)).toMatch(/out of bounds/);
    }
  });
});
