/** Reports are complete however much tests print, and what is printed takes bounded memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lunatic } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { parseXml } from '../support/xml.ts';

/** Prints so many lines of 32 KiB. */
const LOUD = `
  (func $loud (param $lines i32)
    (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) (i32.const 32768))
    (memory.fill (i32.const 1024) (i32.const 120) (i32.const 32767)) (i32.store8 (i32.const 33791) (i32.const 10))
    (loop $on
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $lines (i32.sub (local.get $lines) (i32.const 1)))
      (br_if $on (local.get $lines))))`;

const MIB = 2 ** 20;
const TESTS = 115;

let folder = '';
let loud = '';
let children = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-test-output-'));
  const tests = Array.from(
    { length: TESTS },
    (_, i) =>
      `(func (export "#lunatic_test_loud${i}") (call $loud (i32.const 160)) (call $print (text "ends")))`,
  );
  const failing =
    '(func (export "#lunatic_test_fails") (call $print (text "begins")) (call $loud (i32.const 160)) (call $print (text "ends")) unreachable)';
  loud = write('loud.wat', [LOUD, ...tests, failing].join('\n'));
  children = write(
    'children.wat',
    `${LOUD}
     (func (export "child") (call $loud (i32.const 192)) (call $print (text "child ends")))
     (func (export "#lunatic_test_children") (local $left i32)
       (local.set $left (i32.const 130))
       (loop $on
         (drop (call $spawn (i64.const 0) (text "child")))
         (call $process.sleep_ms (i64.const 1))
         (local.set $left (i32.sub (local.get $left) (i32.const 1)))
         (br_if $on (local.get $left)))
       unreachable)`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, functions: string): string {
  const path = join(folder, name);
  writeFileSync(path, guest(functions));
  return path;
}

describe.each(['junit', 'json', 'pretty', 'terse'])('--reporter=%s', (reporter) => {
  test('115 tests that pass with 5 MiB of output each, and one that fails', async () => {
    const args = ['test', '--show-output', `--reporter=${reporter}`, loud];
    const { stdout, stderr, exitCode } = await lunatic(args);
    expect([exitCode, stderr]).toEqual([1, '']);
    expect(stdout.length).toBeLessThan(40 * MIB);
    expect(stdout.match(/bytes left out/g)?.length).toBeGreaterThanOrEqual(TESTS);
    expect(stdout.match(/ends(\n|\\n)/g)?.length).toBeGreaterThanOrEqual(TESTS + 1);
    expect(stdout).toMatch(/begins(\n|\\n)/);
    if (reporter === 'junit')
      expect(parseXml(stdout).attributes).toMatchObject({ tests: '116', failures: '1' });
  });

  test('130 processes of a test with 6 MiB of output each', async () => {
    const { stdout, exitCode } = await lunatic(['test', `--reporter=${reporter}`, children]);
    expect(exitCode).toBe(1);
    expect(stdout.length).toBeLessThan(40 * MIB);
    expect(stdout).toContain(' --- process 1 stdout ---');
    expect(stdout).toContain('note: Process trapped or received kill signal');
  });
});
