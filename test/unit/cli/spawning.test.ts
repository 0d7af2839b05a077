import * as fs from 'node:fs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mayHaveManyProcesses } from '../../../runtime/cli/spawning.ts';
import { assembleText } from '../../../runtime/wat/index.ts';

const SPAWNS =
  '(module (import "lunatic::process" "spawn" (func (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32))))';
/** The word stands in its data, which is no import. */
const ALONE =
  '(module (import "wasi_snapshot_preview1" "sched_yield" (func (result i32))) (memory 1) (data (i32.const 0) "spawn"))';

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-spawning-'));
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  write('spawns.wat', SPAWNS);
  write('spawns.wasm', await assembleText(SPAWNS, 'spawns.wat'));
  write('alone.wasm', await assembleText(ALONE, 'alone.wat'));
  write('cut.wasm', (await assembleText(SPAWNS, 'spawns.wat')).subarray(0, 9));
  write('empty.wasm', '');
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[string[], boolean]>([
  [['run', 'spawns.wasm'], true],
  [['run', 'spawns.wat'], true],
  [['spawns.wasm'], true],
  [['run', '--dir', '.', 'spawns.wasm'], true],
  [['run', 'alone.wasm'], false],
  [['run', 'alone.wasm', 'spawns.wasm'], false],
  [['run', 'cut.wasm'], false],
  [['run', 'empty.wasm'], false],
  [['run', 'nowhere.wasm'], false],
  [['test', 'alone.wasm'], true],
  [['check', 'spawns.wasm'], false],
  [['--help'], false],
  [[], false],
])('%j: %j', (words, many) => {
  const args = words.map((word) => (/[.]wa/.test(word) ? join(folder, word) : word === '.' ? folder : word));
  expect(mayHaveManyProcesses(args, {}, fs)).toBe(many);
});

test('cargo may want tests to be run', () => {
  expect(mayHaveManyProcesses(['run', join(folder, 'alone.wasm')], { CARGO_MANIFEST_DIR: '' }, fs)).toBe(
    true,
  );
});
