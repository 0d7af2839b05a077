import { expect, test } from 'vitest';
import { lastNameOf } from '../../../runtime/symbols/variables/class-name.ts';

test.each([
  ['4Item', 'Item'],
  ['N4shop5inner5AppleE', 'Apple'],
  ['N12_GLOBAL__N_16HiddenE', 'Hidden'],
  ['St9exception', 'exception'],
  ['N4shop3BoxIPKcLin3EEE', 'Box'],
  ['3BoxIN4shop4ItemENS0_3RowEE', 'Box'],
  ['N3BoxIA4_iE5InnerE', 'Inner'],
  ['3BoxIJFivELb1EEE', 'Box'],
  ['ZL4showRKN4shop4ItemEPS0_E5Local', 'Local'],
  ['ZN4shop4makeE3ArgE5Local', 'Local'],
] as const)('%s', (mangled, name) => {
  expect(lastNameOf(mangled)).toBe(name);
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
  '3BoxIS_I1AE',
  'N4shop4ItemEx',
  'ZN4shop4makeEvE5Local_0',
  '1'.repeat(2000),
])('%s is no name of a class', (text) => {
  expect(lastNameOf(text)).toBeNull();
});
