import { expect, test } from 'vitest';
import { joinPath } from '../../../runtime/symbols/dwarf/source-path.ts';

test.each([
  [['/project', 'src', 'main.c'], '/project/src/main.c'],
  [['/project', '', 'main.c'], '/project/main.c'],
  [['/project', '/usr/include', 'stdio.h'], '/usr/include/stdio.h'],
  [['/project/', 'main.c'], '/project/main.c'],
  [['C:\\work', 'src\\main.rs'], 'C:\\work\\src\\main.rs'],
  [['C:/project', 'main.rs'], 'C:/project/main.rs'],
  [['/project', 'D:\\lib', 'lib.rs'], 'D:\\lib\\lib.rs'],
  [['/project', '\\\\server\\share', 'lib.rs'], '\\\\server\\share\\lib.rs'],
  [['/project', 'wasisdk://v33/src', 'malloc.c'], 'wasisdk://v33/src/malloc.c'],
  [['', '', ''], ''],
  [['/project', './src', './main.c'], '/project/src/main.c'],
  [['/project/build', '../src', 'main.c'], '/project/src/main.c'],
  [['/project/build/', '..//src/', 'a/../b/./main.c'], '/project/src/b/main.c'],
  [['/a', '..'], '/'],
  [['C:\\work\\src', '..'], 'C:\\work\\'],
  [['/', '../..', 'main.c'], '/main.c'],
  [['.', './src', 'main.c'], 'src/main.c'],
  [['../lib', '../..', '..data/main.c'], '../../..data/main.c'],
  [['C:\\work\\build', '..\\src', '.\\main.rs'], 'C:\\work\\src\\main.rs'],
  [['wasisdk://v33/build', '../src', 'malloc.c'], 'wasisdk://v33/src/malloc.c'],
  [['..', '..data/../..', 'main.c'], '../../main.c'],
  [['/project', '.hidden/..x', '...c'], '/project/.hidden/..x/...c'],
])('%j is %s', (parts, path) => {
  expect(joinPath(...parts)).toBe(path);
});
