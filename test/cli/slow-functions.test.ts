/** Functions that V8 takes long to compile are compiled before they are called: while it does, nobody has a turn. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assembleText } from '../../runtime/wat/index.ts';
import { lunatic } from '../support/command.ts';
import { guest } from '../support/guest.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-slow-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A function that nobody calls, with so many locals, which V8 keeps in mind for each of 1500 loops. */
const uncalled = (locals: number) =>
  `(func (export "uncalled") (local ${'i32 '.repeat(locals)}) ${'(loop (br_if 0 (local.get 0)))'.repeat(1500)})`;

/** Whether V8 has compiled a function as large as the one that nobody calls while a program ran. */
async function isCompiled(source: string): Promise<boolean> {
  const path = join(folder, 'program.wasm');
  writeFileSync(path, await assembleText(source, 'program.wat'));
  const { stdout, stderr, exitCode } = await lunatic(['run', path], {
    nodeArgs: ['--trace-wasm-compilation-times'],
  });
  expect(exitCode, stderr).toBe(0);
  const sizes = [...stdout.matchAll(/using Liftoff, .* bodysize (\d+)/g)].map(([, size]) => Number(size));
  expect(sizes.length).toBeGreaterThan(0);
  return sizes.some((size) => size > 10_000);
}

describe.each([
  ['slow to compile', 1000, true],
  ['quick to compile', 1, false],
])('a function that is %s', (_, locals, isAhead) => {
  test(`of the program ${isAhead ? 'is compiled before the program runs' : 'is compiled when it is called'}`, async () => {
    expect(await isCompiled(guest(`${uncalled(locals)} (func (export "_start"))`))).toBe(isAhead);
  });

  test(`of a module of a process ${isAhead ? 'is compiled with the module' : 'is compiled when it is called'}`, async () => {
    const m = new Uint8Array(await assembleText(`(module ${uncalled(locals)})`, 'm.wat'));
    const compile = '(call $process.compile_module (blob "m") (i32.const 0))';
    const source = guest(`(func (export "_start") (call $expect ${compile} (i32.const 0)))`, {
      blobs: { m },
    });
    expect(await isCompiled(source)).toBe(isAhead);
  });
});
