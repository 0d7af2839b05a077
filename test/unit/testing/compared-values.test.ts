import { expect, test } from 'vitest';
import { comparedValues } from '../../../runtime/testing/compared-values.ts';

test.each([
  ['assertion `left == right` failed\n  left: 4\n right: 5', '5', '4'],
  ['assertion `left == right` failed: the sum\n  left: "a\\nb"\n right: "c"', '"c"', '"a\\nb"'],
  // A value of several lines.
  [
    'assertion `left == right` failed\n  left: A {\n x: 1 }\n right: A {\n x: 2 }',
    'A {\n x: 2 }',
    'A {\n x: 1 }',
  ],
  ['assertion failed: `(left == right)`\n  left: `4`,\n right: `5`', '5', '4'],
  ['assertion failed: `(left == right)`\n  left: `4`,\n right: `"`"`: the sum is `wrong`', '"`"', '4'],
  ['the sum\nexpected: 5\n  actual: 4', '5', '4'],
  ['Expected: 5\nReceived: 4', '5', '4'],
  ['tests.c:12:adds:FAIL: Expected 5 Was 4', '5', '4'],
])('%j compares values', (message, expected, actual) => {
  expect(comparedValues(message)).toEqual({ expected, actual });
});

test.each([
  '',
  'divide by zero',
  'assertion `left != right` failed\n  left: 4\n right: 4',
  'assertion failed: a == b',
  'expected: 5',
  `Expected ${'x '.repeat(100_000)}`,
  `${'expected:'.repeat(200_000)}`,
])('others do not', (message) => {
  const start = performance.now();
  expect(comparedValues(message)).toBe(null);
  expect(performance.now() - start).toBeLessThan(1000);
});
