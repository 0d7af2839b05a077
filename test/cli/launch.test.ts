import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findOlderNode } from '../../scripts/older-node.mjs';
import { type CommandOptions, launcher, lunatic, RunningCommand } from '../support/command.ts';

/** Makes a Node look like one without JavaScript Promise Integration, in the process it is given to only. */
const OLDER_NODE = [
  '--import',
  'data:text/javascript,if (!process.env.LUNATIC_LAUNCHED) { delete WebAssembly.Suspending; process.execve = undefined }',
];

/** Nodes that wait for another one, which they start in different ways. */
const LAUNCHING: [string, CommandOptions][] = [['a Node that seems to be older', { nodeArgs: OLDER_NODE }]];
const olderNode = findOlderNode();
if (olderNode !== undefined) LAUNCHING.push(['an older Node', { node: olderNode }]);

let folder = '';
let program = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-launch-'));
  program = join(folder, 'three.wat');
  writeFileSync(
    program,
    `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (func (export "_start") (call $exit (i32.const 3))))`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a Node that cannot suspend wasm hands over to the one installed beside the command', async () => {
  const { exitCode, stderr } = await lunatic(['run', '--log', 'info', program], { nodeArgs: OLDER_NODE });
  expect(stderr).toContain('exited with code 3\n');
  expect(exitCode).toBe(3);
});

/** Starts a program that never ends, on a Node that hands over, and waits until it runs. */
async function runEndless(options: CommandOptions): Promise<RunningCommand> {
  const endless = join(folder, 'endless.wat');
  writeFileSync(
    endless,
    `(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 0) "ready\\n") (data (i32.const 8) "\\00\\00\\00\\00\\06\\00\\00\\00")
      (func (export "_start") (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 16))) (loop $l (br $l))))`,
  );
  const command = new RunningCommand(['run', endless], options);
  await command.printed('ready\n');
  return command;
}

describe.each(LAUNCHING)('a program that %s has started', (_, options) => {
  test('reads, writes and ends as if there were one Node', async () => {
    const echo = join(folder, 'echo.wat');
    writeFileSync(
      echo,
      `(module (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\05\\00\\00\\00")
        (func (export "_start") (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
          (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 32)))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32))) (call $exit (i32.const 7))))`,
    );
    const result = await lunatic(['run', '--log', 'off', echo], { ...options, input: 'hello' });
    expect(result).toEqual({ exitCode: 7, stdout: 'hello', stderr: 'hello' });
  });

  test('is started without a warning', async () => {
    const env = { NODE_PENDING_DEPRECATION: '1' };
    const { exitCode, stderr } = await lunatic(['run', '--log', 'off', program], { ...options, env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: '' });
  });

  test('is not started by what is no program', async () => {
    const { exitCode, stderr } = await lunatic(['run', program], {
      ...options,
      env: { LUNATIC_NODE: program },
    });
    expect(stderr).toMatch(/^lunatic: cannot start .*three.wat: .*EACCES/);
    expect(exitCode).toBe(1);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('gets %s', async (signal, exitCode) => {
    const command = await runEndless(options);
    command.child.kill(signal);
    expect(await command.ended).toEqual({ exitCode, stdout: 'ready\n', stderr: '' });
  });

  test('ends when the Node that waits for it is killed', async () => {
    const command = await runEndless(options);
    command.child.kill('SIGKILL');
    // Its output stays open for as long as the program runs.
    expect(await command.ended).toMatchObject({ stdout: 'ready\n', exitCode: null });
  });
});

test('without such a Node the command says what to do', async () => {
  // A copy outside of the project has no packages beside it.
  const lonely = join(folder, 'lunatic.cjs');
  copyFileSync(launcher, lonely);
  const { exitCode, stderr, stdout } = await lunatic(['run', program], {
    nodeArgs: OLDER_NODE,
    launcher: lonely,
  });
  expect(stderr).toContain('needs a Node with JavaScript Promise Integration (24.21, or 26 and newer)');
  expect(stderr).toContain('npm install node@26');
  expect(stdout).toBe('');
  expect(exitCode).toBe(1);
});

test('LUNATIC_NODE names another Node', async () => {
  const good = await lunatic(['run', program], {
    nodeArgs: OLDER_NODE,
    env: { LUNATIC_NODE: process.execPath },
  });
  expect(good.exitCode).toBe(3);
  const bad = await lunatic(['run', program], { env: { LUNATIC_NODE: '/nowhere/node' } });
  expect(bad.stderr).toBe('lunatic: LUNATIC_NODE names /nowhere/node, which is not a file\n');
  expect(bad.exitCode).toBe(1);
});

test('a cache folder that cannot be made or used does no harm', async () => {
  for (const env of [{}, { XDG_CACHE_HOME: folder }, { XDG_CACHE_HOME: program }, { HOME: program }]) {
    const { stderr, exitCode } = await lunatic(['run', program], { env: { ...env, LUNATIC_LOG: 'off' } });
    expect(stderr).toBe('');
    expect(exitCode).toBe(3);
  }
});
