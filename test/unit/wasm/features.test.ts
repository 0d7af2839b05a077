import { expect, test } from 'vitest';
import { readModule, usedFeatures } from '../../../runtime/wasm/index.ts';
import { assembleText } from '../../../runtime/wat/index.ts';

async function featuresOf(body: string): Promise<string[]> {
  return usedFeatures(readModule(await assembleText(`(module ${body})`, 'features.wat')));
}

test.each<[string, string[]]>([
  ['(func (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))', []],
  ['(global (export "g") (mut i32) (i32.const 0))', ['mutable globals']],
  ['(func (drop (i32.trunc_sat_f32_s (f32.const 0))))', ['saturating conversions']],
  ['(func (drop (i64.extend32_s (i64.const 0))))', ['sign extension']],
  ['(func (result i32 i32) (i32.const 0) (i32.const 0))', ['multiple values']],
  ['(func (i32.const 0) (block (param i32) (drop)))', ['multiple values']],
  ['(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))', ['bulk memory']],
  ['(func (param externref))', ['reference types']],
  ['(table 1 funcref) (func (drop (table.size 0)))', ['reference types']],
  ['(func (drop (v128.const i32x4 0 0 0 0)))', ['vectors (SIMD)']],
  ['(func $f (return_call $f))', ['tail calls']],
  ['(memory 1) (memory 1)', ['multiple memories']],
  ['(memory i64 1)', ['64-bit memory']],
  ['(memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0))))', ['atomics', 'threads']],
  ['(memory 1) (func (drop (i32.atomic.load (i32.const 0))))', ['atomics']],
  ['(tag $t) (func (throw $t))', ['exceptions']],
  ['(func (try (do) (catch_all)))', ['older exceptions']],
  [
    '(func (drop (i32.extend8_s (v128.any_true (v128.const i32x4 0 0 0 0)))))',
    ['sign extension', 'vectors (SIMD)'],
  ],
])('%s', async (body, features) => {
  expect(await featuresOf(body)).toEqual(features);
});
