import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deathText } from '../../debug-adapter/death-text.ts';
import { lunatic } from '../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-heap-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const section = (id: number, ...contents: number[]) => [id, contents.length, ...contents];
const text = (name: string) => [name.length, ...Buffer.from(name)];

/**
 *     (type $numbers (array (mut i32)))
 *     (type $node (struct (field (ref null $node)) (field (ref $numbers))))
 *     (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
 *     (global $list (mut (ref null $node)) (ref.null $node))
 *     (func (export "_start") (loop $again
 *       (global.set $list (struct.new $node (global.get $list) (array.new_default $numbers (i32.const 100000))))
 *       (call $sleep (i64.const 1)) (br $again)))
 */
function hoard(name: string, sleeps: boolean): string {
  const sleep = sleeps ? [0x42, 1, 0x10, 0] : [];
  const loop = [0x23, 0, 0x41, 0xa0, 0x8d, 6, 0xfb, 7, 0, 0xfb, 0, 1, 0x24, 0, ...sleep, 0x0c, 0];
  const body = [0, 0x03, 0x40, ...loop, 0x0b, 0x0b];
  const path = join(folder, name);
  const module = Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 4, 0x5e, 0x7f, 1, 0x4e, 1, 0x5f, 2, 0x63, 1, 0, 0x64, 0, 0, 0x60, 0, 0, 0x60, 1, 0x7e, 0),
    ...section(2, 1, ...text('lunatic::process'), ...text('sleep_ms'), 0, 3),
    ...section(3, 1, 2),
    ...section(6, 1, 0x63, 1, 1, 0xd0, 1, 0x0b),
    ...section(7, 1, ...text('_start'), 0, 1),
    ...section(10, 1, body.length, ...body),
  );
  writeFileSync(path, module);
  return path;
}

test('a program that fills the heap of the engine is told of, and ended before the engine ends everything', async () => {
  const { exitCode, stderr } = await lunatic(['run', '--allow-gc', hoard('slow.wasm', true)], {
    nodeArgs: ['--max-old-space-size=200'],
  });
  expect(stderr).toMatch(
    /^lunatic: three quarters of V8's heap are in use, with 1 process; process 1 had the last turn/,
  );
  expect(stderr).toContain("V8's heap has no room left, and it had the last turn");
  expect(stderr).not.toContain('FATAL');
  expect(exitCode).toBe(1);
});

test.runIf(process.platform === 'linux')(
  'where the engine ends everything, and somebody is there to tell, the last words say what to do',
  async () => {
    const { exitCode, stderr } = await lunatic(['run', '--allow-gc', hoard('fast.wasm', false)], {
      // Otherwise it would take the place of the launcher.
      nodeArgs: ['--max-old-space-size=64', '--import', 'data:text/javascript,process.execve=undefined'],
      env: { LUNATIC_NODE: process.execPath },
    });
    expect(stderr).toContain('FATAL ERROR');
    expect(stderr).toMatch(
      /lunatic: V8 has ended the command by SIG\w+ after the fatal error above\..*\n.*has no bound\.\n$/,
    );
    expect(exitCode).toBeGreaterThan(128);
  },
);

test('a debugger tells the same of a runtime that it has started', () => {
  expect(deathText('SIGABRT')).toMatch(/ended by SIGABRT: V8 had a fatal error, .*--max-memory/);
  expect(deathText('SIGKILL')).toMatch(/ended by SIGKILL, as the operating system does .*--max-memory/);
  expect(deathText('SIGTERM')).toBe('The runtime was ended by SIGTERM.');
});
