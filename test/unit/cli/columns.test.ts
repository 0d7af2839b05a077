import { expect, test } from 'vitest';
import { columnsOf } from '../../../runtime/cli/columns.ts';

test.each([
  ['letters of ASCII', 'let sum = a + b;', 16, 'let sum =…'],
  ['letters that are two columns wide', 'let 合計 = a + b;', 17, 'let 合計 …'],
  ['accents that take no column', 'let e\u0301te\u0301 = 1; //', 15, 'let e\u0301te\u0301 =…'],
])('a line of %s is measured and cut in columns', async (_, text, width, cut) => {
  const columns = await columnsOf(text);
  expect(columns.widthOf(text)).toBe(width);
  expect(columns.cut(text, 10)).toBe(cut);
  expect(columns.cut(text, width)).toBe(text);
});
