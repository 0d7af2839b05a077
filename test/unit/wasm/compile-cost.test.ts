/** Functions for which an engine would copy gigabytes when it compiles them, though they have a few kilobytes. */
import { describe, expect, test } from 'vitest';
import { costlyFunction, readModule } from '../../../runtime/wasm/index.ts';
import { wat } from './support.ts';

const LIMIT = 1e6;

async function copiesOf(functions: string, limit = LIMIT): Promise<number | null> {
  const bytes = await wat(`(module ${functions})`);
  return costlyFunction(readModule(bytes), limit)?.copies ?? null;
}

const LOCALS = `(local ${'i32 '.repeat(20_000)})`;
const VALUES = '(i32.const 1)'.repeat(20_000);
const DROPS = '(drop)'.repeat(20_000);

describe.each([
  ['locals', (body: string) => `(func ${LOCALS} ${body})`],
  ['values on the stack', (body: string) => `(func ${VALUES} ${body} ${DROPS})`],
  [
    'results of calls',
    (body: string) =>
      `(type $many (func (result ${'i32 '.repeat(1000)}))) (func $f (type $many) unreachable)
       (func ${'(call $f)'.repeat(20)} ${body} ${DROPS})`,
  ],
])('a function with thousands of %s', (_, functionOf) => {
  test.each([
    ['loops', '(loop)'],
    ['conditions', '(if (i32.const 0) (then))'],
    ['both branches', '(if (i32.const 0) (then) (else))'],
    ['old handlers', '(try (do) (catch_all))'],
    ['branches', '(br_if 0 (i32.const 0))'],
    ['branch tables', '(block (br_table 0 0 0 (i32.const 0)))'],
  ])('and a hundred %s is found, and is not with ten', async (_, part) => {
    const wrapped = (count: number) => functionOf(`(block ${part.repeat(count)})`);
    expect(await copiesOf(wrapped(100))).toBeGreaterThan(2e6 - 1);
    expect(await copiesOf(wrapped(10))).toBe(null);
  });
});

test('a function that takes its values from the stack again is not found, however long it is', async () => {
  const statements = [
    '(local.set 0 (i32.add (local.get 0) (i32.mul (i32.const 3) (i32.load (local.get 1)))))',
    '(i32.store (local.get 0) (select (local.get 0) (local.get 1) (i32.eqz (local.get 1))))',
    '(local.set 2 (i64.extend_i32_u (call $f (local.get 0) (local.get 1))))',
    '(f64.store (local.get 0) (f64.sqrt (f64.mul (local.get 3) (f64.convert_i64_s (local.get 2)))))',
    '(v128.store (local.get 0) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (local.get 4) (f32x4.sqrt (v128.load (local.get 1)))))',
    '(local.set 4 (v128.bitselect (i32x4.splat (i32x4.extract_lane 0 (local.get 4))) (local.get 4) (v128.not (local.get 4))))',
    '(local.set 4 (i16x8.replace_lane 1 (i64x2.abs (local.get 4)) (i32.const 1)))',
    '(memory.fill (local.get 0) (local.get 1) (i32.const 1)) (drop (memory.grow (memory.size)))',
    '(if (result i32) (local.get 0) (then (i32.const 1)) (else (br 0 (i32.const 2)))) (drop)',
    '(drop (i32.atomic.rmw.add (i32.const 0) (i32.trunc_sat_f64_s (local.get 3))))',
    '(drop (ref.is_null (table.get 0 (i32.const 0)))) (table.set 0 (i32.const 0) (ref.func $f))',
  ].join('\n');
  const source = `(memory 1) (table 1 funcref) (elem declare func $f) (func $f (param i32 i32) (result i32) (local.get 0))
    (func (param i32 i32 i64 f64 v128) ${statements.repeat(400)})`;
  // Two states for each of 400 conditions, one for each branch, 1/16 for each call, and at most some ten values in each.
  expect(await copiesOf(source, 1000)).toBeLessThan(30_000);
});
