import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assembleText } from '../../runtime/wat/index.ts';
import { launcher, lunatic } from '../support/command.ts';

/** It prints as a program and as a test. */
const PRINTS = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\06\\00\\00\\00Hello\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))))
  (func (export "#lunatic_test_one")))`;

/** What a terminal gets to remove a line. */
const REMOVED = '\r\x1b[2K';

/** Bytes of a module that takes long to load. */
const LARGE = 5 * 2 ** 20;

/** A custom section that has so many bytes with its header. */
function section(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  // A length of five bytes, and a name of one.
  const length = size - 6;
  bytes.set(
    [1, 2, 3, 4].map((i) => ((length >>> (7 * (i - 1))) & 0x7f) | 0x80),
    1,
  );
  bytes.set([length >>> 28, 1, 'x'.charCodeAt(0)], 5);
  return bytes;
}

let folder = '';
let module: Uint8Array;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-notice-'));
  module = await assembleText(PRINTS, 'prints.wat');
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, size: number): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([module, section(size - module.length)]));
  return path;
}

const env = () => ({ PATH: process.env['PATH'] ?? '', LUNATIC_CACHE: join(folder, 'cache') });

// Linux' `script` runs a command in a terminal; that of others has other options.
const hasTerminals = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

/** All that a terminal gets of a command. */
async function inTerminal(...args: string[]): Promise<string> {
  const words = [process.execPath, launcher, ...args].map((word) => `'${word}'`);
  const { stdout } = await promisify(execFile)('script', ['-qec', words.join(' '), '/dev/null'], {
    env: env(),
  });
  return stdout;
}

describe.skipIf(!hasTerminals)('a terminal tells that a large module is being loaded', () => {
  test('until the program begins, and not again when the module is kept', async () => {
    const path = file('large.wasm', LARGE);
    expect(await inTerminal('run', path)).toBe(`Loading large.wasm (5 MiB) ...${REMOVED}Hello\r\n`);
    expect(await inTerminal('run', path)).toBe('Hello\r\n');
  });

  test('also where an option is given', async () => {
    const path = file('large.wasm', LARGE);
    expect(await inTerminal('run', '--log', 'warn', path)).toContain(
      `Loading large.wasm (5 MiB) ...${REMOVED}`,
    );
  });

  test('until its tests begin', async () => {
    const printed = await inTerminal('test', file('large.wasm', LARGE));
    const told = `Loading large.wasm (5 MiB) ...${REMOVED}`;
    expect(printed.slice(0, told.length)).toBe(told);
    expect(printed.slice(told.length)).toMatch(/running 1 test[\s\S]*1 passed/);
  });

  test('until it has been checked', async () => {
    const path = file('large.wasm', LARGE);
    const [, printed = ''] = (await inTerminal('check', path)).split(
      `Loading large.wasm (5 MiB) ...${REMOVED}`,
    );
    expect(printed.startsWith(`${path}: `)).toBe(true);
  });

  test('but not of a small one', async () => {
    expect(await inTerminal('run', file('small.wasm', 2 ** 20))).toBe('Hello\r\n');
  });
});

test('where the output is no terminal, nothing is told', async () => {
  const result = await lunatic(['run', file('large.wasm', LARGE)], { env: env() });
  expect(result).toEqual({ stdout: 'Hello\n', stderr: '', exitCode: 0 });
});
