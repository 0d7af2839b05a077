import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assembleText } from '../../runtime/wat/index.ts';
import { type CommandResult, lunatic } from '../support/command.ts';

/** It traps in a function that only the name section names. */
const TRAPS = `(module (memory (export "memory") 1)
  (func $inner (loop $l (if (i32.lt_u (i32.load (i32.const 0)) (i32.const 3)) (then
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1))) (br $l)))) unreachable)
  (func $outer (call $inner))
  (func (export "_start") (call $outer)))`;

let folder = '';
let file = '';
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-cache-'));
  file = join(folder, 'traps.wasm');
  writeFileSync(file, await assembleText(TRAPS, 'traps.wat'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const cache = (): string => join(folder, 'cache');
const run = (args: string[] = [], setting = cache()): Promise<CommandResult> =>
  lunatic(['run', file, ...args], { env: { LUNATIC_CACHE: setting } });
const entries = (): string[] => readdirSync(join(cache(), 'modules'));

test('a second start ends as the first one, with the same stack of the same names', async () => {
  const first = await run();
  expect(first.stderr).toMatch(/at inner \(function 0, offset 0x[0-9a-f]+\)\n +at outer \(function 1/);
  expect(entries()).toHaveLength(1);
  expect(await run()).toEqual(first);
  expect(entries()).toHaveLength(1);
});

test('a broken entry is made anew', async () => {
  const first = await run();
  const path = join(cache(), 'modules', entries()[0] ?? '');
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length / 2));
  expect(await run()).toEqual(first);
  expect(readFileSync(path)).toEqual(whole);
});

test('commands that start at the same time do not disturb each other', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, () => run()));
  for (const result of all) expect(result).toEqual(all[0]);
  expect(entries()).toHaveLength(1);
});

test('LUNATIC_CACHE=off keeps nothing', async () => {
  const { stderr } = await lunatic(['run', file], { env: { LUNATIC_CACHE: 'off', HOME: folder } });
  expect(stderr).toContain('at inner');
  expect(readdirSync(folder)).toEqual(['traps.wasm']);
});

test('lunatic test and runs with a limit of fuel keep their modules, too', async () => {
  writeFileSync(file, await assembleText('(module (func (export "#lunatic_test_one")))', 'one.wat'));
  const env = { LUNATIC_CACHE: cache() };
  expect((await lunatic(['test', file], { env })).exitCode).toBe(0);
  expect(entries()).toHaveLength(1);
  expect((await lunatic(['test', '--max-fuel', '1', file], { env })).exitCode).toBe(0);
  expect(entries()).toHaveLength(2);
});
