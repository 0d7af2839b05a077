import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { linesOf, trapOf } from '../support/program.ts';

describe('stack traces', () => {
  test('name the calls from the innermost one out, with offsets in the module', async () => {
    const source = guest(
      `(func $innermost (call $process.trace_get (i32.const 16)))
       (func $middle (call $innermost))
       (func (export "_start") (local $size i32)
         (call $middle)
         (local.set $size (call $process.trace_get_size (i64.load (i32.const 16))))
         (call $print (i32.const 1000)
           (call $process.trace_read (i64.load (i32.const 16)) (i32.const 1000) (i32.const 4000)))
         (call $show32 (text "size") (local.get $size))
         (call $process.drop_trace (i64.load (i32.const 16))))`,
    );
    const lines = await linesOf(source);
    expect(lines[0]).toMatch(/^at innermost \(function \d+, offset 0x[0-9a-f]+\)$/);
    expect(lines[1]).toMatch(/^at middle \(function \d+, offset 0x[0-9a-f]+\)$/);
    expect(lines[2]).toMatch(/^at _start \(function \d+, offset 0x[0-9a-f]+\)$/);
    expect(lines[3]).toBe(`size ${lines.slice(0, 3).join('\n').length}`);
  });

  test('a trace is cut to the room there is', async () => {
    const source = main(
      `(call $process.trace_get (i32.const 16))
       (i32.store8 (i32.const 1002) (i32.const 33))
       (call $show32 (text "bytes") (call $process.trace_read (i64.const 0) (i32.const 1000) (i32.const 2)))
       (call $print (i32.const 1000) (i32.const 3))`,
    );
    expect(await linesOf(source)).toEqual(['bytes 2', 'at!']);
  });

  test.each([
    ['size of an unknown trace', '(drop (call $process.trace_get_size (i64.const 3)))', 'unknown trace id 3'],
    [
      'reading an unknown trace',
      '(drop (call $process.trace_read (i64.const 0) (i32.const 0) (i32.const 0)))',
      'unknown trace id 0',
    ],
    ['dropping an unknown trace', '(call $process.drop_trace (i64.const 0))', 'unknown trace id 0'],
    [
      'dropping twice',
      '(call $process.trace_get (i32.const 16)) (call $process.drop_trace (i64.const 0)) (call $process.drop_trace (i64.const 0))',
      'unknown trace id 0',
    ],
    [
      'room that is not all in memory',
      '(call $process.trace_get (i32.const 16)) (drop (call $process.trace_read (i64.const 0) (i32.const 0) (i32.const -1)))',
      'out of bounds',
    ],
    ['a cell outside of memory', '(call $process.trace_get (i32.const -4))', 'out of bounds'],
  ])('%s traps', async (_, body, message) => {
    expect(await trapOf(main(body))).toContain(message);
  });
});
