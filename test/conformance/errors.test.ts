import { describe, expect, test } from 'vitest';
import { main } from '../support/guest.ts';
import { linesOf, trapOf } from '../support/program.ts';

/** Leaves an error of id `(local.get 0)` behind: what is compiled is no module. */
const FAIL = `
  (call $expect (call $process.compile_module (text "no module") (i32.const 8)) (i32.const 1))
  (local.set 0 (i64.load (i32.const 8)))`;

describe('lunatic::error', () => {
  test('gives the text of an error, exactly as long as announced', async () => {
    const lines = await linesOf(
      main(`(local i64) ${FAIL}
        (i32.store8 (i32.add (i32.const 64) (call $error.string_size (local.get 0))) (i32.const 0x23))
        (call $error.to_string (local.get 0) (i32.const 64))
        ;; the byte behind the text is still "#"
        (call $print (i32.const 64) (i32.add (i32.const 1) (call $error.string_size (local.get 0))))`),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^.{10,}[^#]#$/);
  });

  test('counts ids from 0 and never uses one again', async () => {
    const lines = await linesOf(
      main(`(local i64)
        ${FAIL} (call $show (text "id") (local.get 0))
        ${FAIL} (call $show (text "id") (local.get 0))
        (call $error.drop (i64.const 1))
        ${FAIL} (call $show (text "id") (local.get 0))`),
    );
    expect(lines).toEqual(['id 0', 'id 1', 'id 2']);
  });

  test.each([
    ['string_size', '(drop (call $error.string_size (i64.const 7)))'],
    ['to_string', '(call $error.to_string (i64.const 7) (i32.const 0))'],
    ['drop', '(call $error.drop (i64.const 7))'],
  ])('%s traps for an unknown id', async (_, call) => {
    expect(await trapOf(main(`(local i64) ${call}`))).toMatch(/unknown error id 7/);
  });

  test('an id of all bits is unknown, not negative', async () => {
    expect(await trapOf(main('(call $error.drop (i64.const -1))'))).toMatch(
      /unknown error id 18446744073709551615/,
    );
  });

  test('dropping twice traps', async () => {
    const twice = '(call $error.drop (local.get 0)) (call $error.drop (local.get 0))';
    expect(await trapOf(main(`(local i64) ${FAIL} ${twice}`))).toMatch(/unknown error id 0/);
  });

  test('to_string traps where the text leaves the memory', async () => {
    const body = `(local i64) ${FAIL} (call $error.to_string (local.get 0) (i32.const 0x1fffe))`;
    expect(await trapOf(main(body))).toMatch(/out of bounds/);
  });

  test('a function that needs memory traps without one', async () => {
    const body = '(call $error.to_string (i64.const 0) (i32.const 0))';
    expect(await trapOf(main(body, { memory: '' }))).toMatch(/does not export its memory/);
    expect(await trapOf(main(body, { memory: '(memory 1)' }))).toMatch(/does not export its memory/);
    expect(
      await trapOf(main(body, { memory: '(memory 1) (global (export "memory") i32 (i32.const 0))' })),
    ).toMatch(/does not export its memory/);
  });
});
