import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SymbolThread } from '../../../runtime/symbols/symbol-thread.ts';
import { readModule } from '../../../runtime/wasm/index.ts';
import { wat } from '../wasm/support.ts';

const TEXT = `(module
  (func $add (param i32 i32) (result i32)
    (i32.add
      (local.get 0)
      (local.get 1)))

  (func (export "twice") (param $n i32) (result i32)
    (call $add (local.get $n)
               (local.get $n))
  )
)`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-text-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a module that is run from its text has the lines of that', async () => {
  const path = join(folder, 'add.wat');
  writeFileSync(path, TEXT);
  const bytes = await wat(TEXT);
  const symbols = new SymbolThread().open({ bytes: () => bytes, path });
  expect(await symbols.source()).toBe('text');
  expect(await symbols.files()).toEqual([path]);
  expect(await symbols.contentOf(path)).toBe(TEXT);
  // The parenthesis behind a function is a place of its own.
  expect(await symbols.linesOf(path)).toEqual([3, 4, 5, 8, 9, 10]);
  const { code } = readModule(bytes);
  const [first] = await symbols.startsOf(path, 8);
  expect(first).toEqual({ offset: code.codeStart[1], line: 8, column: 17 });
  expect(await symbols.startsOf(path, 1)).toEqual([]);
  const [[frame] = []] = await symbols.framesAt([(code.bodyEnd[0] ?? 0) - 2]);
  expect(frame).toMatchObject({ functionName: 'add', place: { file: path, line: 3, column: 6 } });
});

test('a text that has changed since, or is gone, leaves the names', async () => {
  const path = join(folder, 'gone.wat');
  const bytes = await wat(TEXT);
  const symbols = new SymbolThread().open({ bytes: () => bytes, path });
  expect(await symbols.source()).toBe('names');
  writeFileSync(join(folder, 'other.wat'), '(module (func) (func) (func))');
  const changed = new SymbolThread().open({ bytes: () => bytes, path: join(folder, 'other.wat') });
  expect(await changed.files()).toEqual([]);
  const [[frame] = []] = await changed.framesAt([readModule(bytes).code.codeStart[0] ?? 0]);
  expect(frame).toMatchObject({ functionName: 'add', place: null });
});
