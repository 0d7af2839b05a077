import { expect, test } from 'vitest';
import { lastNameIn, readClassName } from '../../../runtime/symbols/variables/class-name.ts';

test.each([
  ['4Item', [], 'Item', []],
  ['*4Item', [], 'Item', []],
  ['N4shop5inner5AppleE', ['shop', 'inner'], 'Apple', []],
  ['N12_GLOBAL__N_16HiddenE', ['(anonymous namespace)'], 'Hidden', []],
  ['St9exception', ['std'], 'exception', []],
  ['N4shop3BoxIiLi3EEE', ['shop'], 'Box', ['i', 'Li3E']],
  ['N4shop3BoxIPKcLin3EEE', ['shop'], 'Box', ['PKc', 'Lin3E']],
  ['3BoxIN4shop4ItemENS0_3RowEE', [], 'Box', ['N4shop4ItemE', 'NS0_3RowE']],
  ['N3BoxIiE5InnerE', ['Box'], 'Inner', []],
  ['3BoxIS_I1AE', [], 'Box', null],
  ['ZL4showRKN4shop4ItemEPS0_E5Local', null, 'Local', []],
  ['ZN4shop4makeEvE5Local_0', null, 'Local', []],
  ['ZN4shop4makeE5PlainE3BoxIiE', null, 'Box', ['i']],
] as const)('%s', (mangled, scope, name, args) => {
  expect(readClassName(mangled)).toEqual(args === null ? null : { scope, name, arguments: args });
});

test.each([
  '',
  'N',
  'N4shop',
  '9Item',
  'Item',
  'Z4show',
  '3BoxI',
  '3BoxIX1aEE',
  'N4shop4ItemEx',
  '1'.repeat(2000),
])('%s is no name of a class', (text) => {
  expect(readClassName(text)).toBeNull();
});

test('of a type, the last name counts', () => {
  const types = ['4Item', 'N4shop4ItemE', 'NS_4ItemE', '3BoxI4ItemE', 'S1_', 'i'];
  expect(types.map(lastNameIn)).toEqual(['Item', 'Item', 'Item', 'Box', null, null]);
});
