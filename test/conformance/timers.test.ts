import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { linesOf, run, runAll } from '../support/program.ts';

const SHOW = '(call $show_received (call $receive))';
/** Sends a value to a process after a delay; gives the timer id. */
const sendAfter = (delay: number, value: number, to = '(call $process.process_id)') => `
  (block (result i64)
    (call $put (i64.const 1) (i64.const ${value}))
    (call $timer.send_after ${to} (i64.const ${delay})))`;

describe('send_after', () => {
  test('gives timer ids from 0 and delivers in order of time', async () => {
    const body = `
      (call $show (text "timer") ${sendAfter(20, 3)})
      (call $show (text "timer") ${sendAfter(1, 1)})
      (call $show (text "timer") ${sendAfter(10, 2)})
      ${SHOW} ${SHOW} ${SHOW}`;
    expect(await linesOf(main(body))).toEqual([
      'timer 0',
      'timer 1',
      'timer 2',
      'data 1 1',
      'data 1 2',
      'data 1 3',
    ]);
  });

  test('does not deliver before its time', async () => {
    const before = performance.now();
    expect(await linesOf(main(`(drop ${sendAfter(30, 1)}) ${SHOW}`))).toEqual(['data 1 1']);
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
  });

  test('with delay 0 delivers soon, but not inside the call', async () => {
    const body = `(drop ${sendAfter(0, 1)})
      (call $send (call $process.process_id) (i64.const 1) (i64.const 2))
      ${SHOW} ${SHOW}`;
    expect(await linesOf(main(body))).toEqual(['data 1 2', 'data 1 1']);
  });

  test('fires though its creator has ended', async () => {
    const source = guest(`
      (func (export "creator") (drop ${sendAfter(10, 5, '(i64.const 1)')}))
      (func (export "_start") (call $run (text "creator")) ${SHOW})`);
    expect(await linesOf(source)).toEqual(['data 1 5']);
  });

  test.each(['2', '99', '0', '-1'])('to process %s, which does not exist, still is a timer', async (id) => {
    const source = guest(`
      (func (export "child"))
      (func (export "_start")
        (call $run (text "child"))
        (call $show (text "timer") ${sendAfter(1, 5, `(i64.const ${id})`)})
        (call $process.sleep_ms (i64.const 5))
        (call $print (text "alive")))`);
    expect(await linesOf(source)).toEqual(['timer 0', 'alive']);
  });

  test('to a process that ends before is dropped', async () => {
    const source = guest(`
      (func (export "child"))
      (func (export "_start") (local $child i64)
        (local.set $child (call $spawn (i64.const 0) (text "child")))
        (drop ${sendAfter(5, 5, '(local.get $child)')})
        (call $process.sleep_ms (i64.const 10)))`);
    const { exits } = await runAll(source);
    expect(exits.map(({ exit }) => exit.kind)).toEqual(['returned', 'returned']);
  });

  test('delivers a message of every kind, with tag and data', async () => {
    const source = guest(`
      (func (export "failing") unreachable)
      (func (export "_start")
        (call $process.die_when_link_dies (i32.const 0))
        (drop (call $spawn (i64.const 6) (text "failing")))
        (call $expect (call $receive) (i32.const 1))
        (drop (call $timer.send_after (i64.const 1) (i64.const 1)))
        ${SHOW})`);
    expect(await linesOf(source)).toEqual(['link 6']);
  });

  test.each([2 ** 31, -1])('takes a delay of %s', async (delay) => {
    const body = `(drop ${sendAfter(delay, 1)})
      (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 10)))
      (call $show32 (text "cancelled") (call $timer.cancel_timer (i64.const 0)))`;
    expect(await linesOf(main(body))).toEqual(['timeout', 'cancelled 1']);
  });
});

describe('cancel_timer', () => {
  test('stops a timer that has not fired: 1, afterwards 0', async () => {
    const cancel = '(call $show32 (text "cancelled") (call $timer.cancel_timer (i64.const 0)))';
    const body = `(drop ${sendAfter(10, 1)}) ${cancel} ${cancel}
      (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 20)))`;
    expect(await linesOf(main(body))).toEqual(['cancelled 1', 'cancelled 0', 'timeout']);
  });

  test('of a timer that has fired is 0', async () => {
    const body = `(drop ${sendAfter(1, 1)}) ${SHOW}
      (call $show32 (text "cancelled") (call $timer.cancel_timer (i64.const 0)))`;
    expect(await linesOf(main(body))).toEqual(['data 1 1', 'cancelled 0']);
  });

  test.each(['5', '-1'])('of an unknown id (%s) is 0', async (id) => {
    expect(
      await linesOf(main(`(call $show32 (text "cancelled") (call $timer.cancel_timer (i64.const ${id})))`)),
    ).toEqual(['cancelled 0']);
  });

  test("does not reach other processes' timers", async () => {
    const source = guest(`
      (func (export "other")
        (call $show32 (text "cancelled") (call $timer.cancel_timer (i64.const 0))))
      (func (export "_start")
        (drop ${sendAfter(60_000, 1)}) (call $run (text "other"))
        (call $show32 (text "cancelled") (call $timer.cancel_timer (i64.const 0))))`);
    expect(await linesOf(source)).toEqual(['cancelled 0', 'cancelled 1']);
  });
});

describe('sleep_ms', () => {
  test('takes at least its time, while others run and messages are kept', async () => {
    const source = guest(`
      (func (export "other") (call $print (text "other")) (call $send (i64.const 1) (i64.const 1) (i64.const 1)))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "other")))
        (call $process.sleep_ms (i64.const 20)) (call $print (text "awake")) ${SHOW})`);
    const before = performance.now();
    const { stdout } = await run(source);
    expect(performance.now() - before).toBeGreaterThanOrEqual(19);
    expect(stdout.lines).toEqual(['other', 'awake', 'data 1 1']);
  });

  test('of 0 gives way once', async () => {
    const source = guest(`
      (func (export "other") (call $print (text "other")))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "other")))
        (call $print (text "before")) (call $process.sleep_ms (i64.const 0)) (call $print (text "after")))`);
    expect(await linesOf(source)).toEqual(['before', 'other', 'after']);
  });
});
