import { expect, test } from 'vitest';
import { meaningOf } from '../../../extension/language-server/instruction-meaning.ts';
import { mnemonics, opcodeOf, presentName } from '../../../runtime/internal.ts';

test('every instruction has a meaning', () => {
  expect(mnemonics().filter((word) => meaningOf(word) === undefined)).toEqual([]);
});

test.each([
  ['i32.load8_u', 'Reads a number of fewer bits from memory, without a sign.'],
  ['f32x4.add', 'Adds. In each lane of f32x4.'],
  ['i64.atomic.rmw8.cmpxchg_u', 'Writes a value if memory has the expected one. Pushes what it had. Atomic.'],
  ['local.nothing', undefined],
])('%s', (word, meaning) => {
  expect(meaningOf(word)).toBe(meaning);
});

test.each([
  'get_local',
  'i32.wrap/i64',
  'i64.extend_u/i32',
  'i32.trunc_s:sat/f32',
  'f64.promote/f32',
  'f32.reinterpret/i32',
])('the older name %s has a present one', (word) => {
  expect(opcodeOf(presentName(word) ?? '')).toBeDefined();
});
