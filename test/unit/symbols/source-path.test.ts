import { expect, test } from 'vitest';
import { joinPath } from '../../../runtime/symbols/dwarf/source-path.ts';

test.each([
  [['/work', 'src', 'main.c'], '/work/src/main.c'],
  [['/work', '', 'main.c'], '/work/main.c'],
  [['/work', '/usr/include', 'stdio.h'], '/usr/include/stdio.h'],
  [['/work/', 'main.c'], '/work/main.c'],
  [['C:\\work', 'src\\main.rs'], 'C:\\work\\src\\main.rs'],
  [['C:/work', 'main.rs'], 'C:/work/main.rs'],
  [['/work', 'D:\\lib', 'lib.rs'], 'D:\\lib\\lib.rs'],
  [['/work', '\\\\server\\share', 'lib.rs'], '\\\\server\\share\\lib.rs'],
  [['/work', 'wasisdk://v33/src', 'malloc.c'], 'wasisdk://v33/src/malloc.c'],
  [['', '', ''], ''],
])('%j is %s', (parts, path) => {
  expect(joinPath(...parts)).toBe(path);
});
