import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { linesOf, run, runAll, trapOf } from '../support/program.ts';

/** Sends itself a message of this tag and value. */
const self = (tag: bigint | number, value: number) =>
  `(call $send (call $process.process_id) (i64.const ${tag}) (i64.const ${value}))`;
const ANY = '(call $show_received (call $receive))';
const tagged = (tag: bigint | number, timeout = -1) =>
  `(call $show_received (call $receive_tag (i64.const ${tag}) (i64.const ${timeout})))`;
/** Receives one of several tags. */
const oneOf = (...tags: number[]) => `
  ${tags.map((tag, i) => `(i64.store (i32.const ${i * 8}) (i64.const ${tag}))`).join(' ')}
  (call $show_received (call $message.receive (i32.const 0) (i32.const ${tags.length}) (i64.const -1)))`;

describe('receive', () => {
  test('without tags gives the oldest message first, and does not look at the pointer', async () => {
    const body = `${self(0, 1)} ${self(5, 2)} ${self(0, 3)} ${ANY}
      (call $show_received (call $message.receive (i32.const -1) (i32.const 0) (i64.const -1))) ${ANY}`;
    expect(await linesOf(main(body))).toEqual(['data 0 1', 'data 5 2', 'data 0 3']);
  });

  test('with a tag gives the oldest of that tag; the others stay in order', async () => {
    const body = `${self(1, 1)} ${self(2, 2)} ${self(1, 3)} ${self(2, 4)} ${self(3, 5)}
      ${tagged(2)} ${tagged(3)} ${tagged(2)} ${ANY} ${ANY} ${self(1, 6)} ${ANY}`;
    expect(await linesOf(main(body))).toEqual([
      'data 2 2',
      'data 3 5',
      'data 2 4',
      'data 1 1',
      'data 1 3',
      'data 1 6',
    ]);
  });

  test('with several tags gives the oldest that matches, whatever the order of the tags', async () => {
    const body = `${self(9, 0)} ${self(3, 1)} ${self(1, 2)} ${self(2, 3)} ${oneOf(1, 2, 3)} ${oneOf(2, 1)} ${ANY} ${ANY}`;
    expect(await linesOf(main(body))).toEqual(['data 3 1', 'data 1 2', 'data 9 0', 'data 2 3']);
  });

  test.each([
    1n,
    -1n,
    9223372036854775807n,
    -9223372036854775808n,
    0x0123456789abcdefn,
    4294967296n,
    9007199254740993n,
  ])('all 64 bits of tag %s count', async (tag) => {
    // Neighbours differ in the lowest and in the highest bits.
    const others = [tag ^ 1n, BigInt.asIntN(64, tag ^ (1n << 32n)), BigInt.asIntN(64, tag ^ (1n << 63n))];
    const body = `${others.map((other, i) => self(other, i)).join('\n')} ${self(tag, 7)} ${tagged(tag)}`;
    expect(await linesOf(main(body))).toEqual([`data ${tag} 7`]);
  });

  test('tag 0 is none: it never matches a filter', async () => {
    const body = `${self(0, 1)} ${self(4, 2)} ${oneOf(0, 4)} ${tagged(0, 0)} ${ANY}`;
    expect(await linesOf(main(body))).toEqual(['data 4 2', 'timeout', 'data 0 1']);
  });

  test('a waiting filtered receive is handed what matches; the rest stays in order', async () => {
    const source = guest(`
      (func (export "sender")
        (call $send (i64.const 1) (i64.const 1) (i64.const 10))
        (call $send (i64.const 1) (i64.const 2) (i64.const 20))
        (call $send (i64.const 1) (i64.const 0) (i64.const 30))
        (call $send (i64.const 1) (i64.const 2) (i64.const 40)))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "sender")))
        ${tagged(2)} ${ANY} ${ANY} ${ANY})`);
    expect(await linesOf(source)).toEqual(['data 2 20', 'data 1 10', 'data 0 30', 'data 2 40']);
  });

  test('traps for a tag array outside the memory, also where the count wraps in 32 bits', async () => {
    const receive = (pointer: number, count: number) =>
      main(`(drop (call $message.receive (i32.const ${pointer}) (i32.const ${count}) (i64.const 0)))`);
    expect(await trapOf(receive(0xfff9, 1))).toMatch(/out of bounds/);
    expect(await trapOf(receive(0, 0x2000_0000))).toMatch(/out of bounds/);
    expect(await trapOf(receive(0, -1))).toMatch(/out of bounds/);
  });
});

describe('timeouts', () => {
  test('0 takes what is there, otherwise gives up', async () => {
    const receive = '(call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 0)))';
    const body = `${receive} ${self(3, 1)} ${self(4, 2)} ${tagged(4, 0)} ${tagged(9, 0)} ${receive} ${receive}`;
    expect(await linesOf(main(body))).toEqual(['timeout', 'data 4 2', 'timeout', 'data 3 1', 'timeout']);
  });

  test('0 lets the others run once, so what they send meanwhile counts', async () => {
    const source = guest(`
      (func (export "sender") (call $send (i64.const 1) (i64.const 6) (i64.const 1)))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "sender")))
        ${tagged(6, 0)})`);
    expect(await linesOf(source)).toEqual(['data 6 1']);
  });

  test('a number of milliseconds passes before 9027', async () => {
    const before = performance.now();
    expect(await linesOf(main(`${self(1, 1)} ${tagged(2, 30)} ${ANY}`))).toEqual(['timeout', 'data 1 1']);
    expect(performance.now() - before).toBeGreaterThanOrEqual(29);
  });

  test('a very long one neither overflows nor fires', async () => {
    // 2^31 ms is more than a timer of Node takes; 2^64 - 2 is the longest that is not "without end".
    const source = guest(`
      (func (export "sender")
        (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const 20)))
        (call $send (i64.const 1) (i64.const 1) (i64.const 1)))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "sender"))) ${tagged(1, 2 ** 31)}
        (drop (call $spawn (i64.const 0) (text "sender"))) ${tagged(1, -2)})`);
    expect(await linesOf(source)).toEqual(['data 1 1', 'data 1 1']);
  });

  test('9027 keeps the scratch area as it was', async () => {
    const body = `(call $put (i64.const 8) (i64.const 42))
      (call $show32 (text "code") (call $message.receive (i32.const 0) (i32.const 0) (i64.const 5)))
      (call $show (text "tag") (call $message.get_tag)) (call $show (text "value") (call $value))`;
    expect(await linesOf(main(body))).toEqual(['code 9027', 'tag 8', 'value 42']);
  });

  test('after a timeout messages keep their order of arrival', async () => {
    const source = guest(`
      (func (export "sender")
        (call $expect (call $receive) (i32.const 0))
        (call $send (i64.const 1) (i64.const 1) (i64.const 1))
        (call $send (i64.const 1) (i64.const 2) (i64.const 2))
        (call $send (i64.const 1) (i64.const 3) (i64.const 3)))
      (func (export "_start") (local $sender i64)
        (local.set $sender (call $spawn (i64.const 0) (text "sender")))
        ${tagged(1, 5)}
        (call $send (local.get $sender) (i64.const 0) (i64.const 0))
        ${tagged(3)} ${ANY} ${ANY})`);
    expect(await linesOf(source)).toEqual(['timeout', 'data 3 3', 'data 1 1', 'data 2 2']);
  });
});

describe('send', () => {
  test.each([2, 99, 0, -1])('to a process that does not exist (%s) returns 0', async (id) => {
    const body = `(call $put (i64.const 0) (i64.const 0))
      (call $show32 (text "code") (call $message.send (i64.const ${id})))`;
    expect(await linesOf(main(body))).toEqual(['code 0']);
  });

  test('to a process that has ended returns 0', async () => {
    const source = guest(`
      (func (export "child"))
      (func (export "_start")
        (call $run (text "child"))
        (call $send (i64.const 2) (i64.const 0) (i64.const 0))
        (call $print (text "sent")))`);
    expect(await linesOf(source)).toEqual(['sent']);
  });

  test('an undelivered message ends with its receiver', async () => {
    const source = guest(`
      (func (export "child") (call $expect (call $receive) (i32.const 0)))
      (func (export "_start") (local $child i64)
        (local.set $child (call $spawn (i64.const 0) (text "child")))
        (call $send (local.get $child) (i64.const 0) (i64.const 1))
        (call $send (local.get $child) (i64.const 0) (i64.const 2)))`);
    const { exits } = await runAll(source);
    expect(exits.map(({ exit }) => exit.kind)).toEqual(['returned', 'returned']);
  });

  test('messages of one sender arrive in order, however many', async () => {
    const source = guest(`
      (func (export "sender") (local $i i64)
        (loop $more
          (call $send (i64.const 1) (i64.const 0) (local.get $i))
          (local.set $i (i64.add (local.get $i) (i64.const 1)))
          (br_if $more (i64.lt_u (local.get $i) (i64.const 5000)))))
      (func (export "_start") (local $i i64)
        (drop (call $spawn (i64.const 0) (text "sender")))
        (loop $more
          (if (i64.ne (call $receive_value) (local.get $i)) (then unreachable))
          (local.set $i (i64.add (local.get $i) (i64.const 1)))
          (br_if $more (i64.lt_u (local.get $i) (i64.const 5000)))))`);
    expect((await run(source)).exit).toEqual({ kind: 'returned' });
  });
});
