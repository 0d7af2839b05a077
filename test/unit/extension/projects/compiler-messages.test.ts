import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { readCargoLine, readRustLine, TextReader } from '../../../../extension/projects/compiler-messages.ts';

test('a place of which a compiler knows no column is at the beginning of its line', () => {
  const { fault } = new TextReader('/p').read('a.c:3:0: error: it is wrong');
  expect(fault).toMatchObject({ file: resolve('/p', 'a.c'), line: 3, column: 1, message: 'it is wrong' });
});

test('what is no message is shown as it is', () => {
  for (const line of ['', '{', '{"reason": 3}', 'note: a.c:3', 'null'])
    expect(readRustLine(line, '/p')).toEqual({ text: line });
  expect(readCargoLine('Compiling', '/p')).toEqual({ text: 'Compiling' });
  // Cargo tells tools more than people want to read.
  expect(readCargoLine('{"reason": "build-finished", "success": true}', '/p')).toEqual({ text: undefined });
});
