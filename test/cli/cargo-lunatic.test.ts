import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CommandOptions, projectFolder, RunningCommand } from '../support/command.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-cargo-'));
});
beforeEach(() => {
  cargo(
    'echo "$CARGO_BUILD_TARGET $CARGO_TARGET_WASM32_WASI_RUNNER $CARGO_TARGET_WASM32_WASIP1_RUNNER: $*"; exit 3',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Puts a cargo in the way that does as it is told here. */
function cargo(script: string): void {
  writeFileSync(join(folder, 'cargo'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'cargo'), 0o755);
}

function cargoLunatic(node: string, args: string[], options: CommandOptions = {}): RunningCommand {
  return new RunningCommand(args, {
    launcher: join(projectFolder, 'dist', 'cargo-lunatic.js'),
    ...options,
    node,
    env: { PATH: `${folder}:${process.env['PATH']}`, ...options.env },
  });
}

const runners = [['Node', process.execPath]];
if (process.platform !== 'win32') runners.push(['a shell', '/bin/sh']);

describe.each(runners)('cargo lunatic, run by %s', (_, node = '') => {
  test('cargo gets the target, the runner and the arguments, and its status is passed on', async () => {
    const { ended } = cargoLunatic(node, ['lunatic', 'test', '--release', '-q']);
    expect(await ended).toEqual({
      stdout: 'wasm32-wasi lunatic : test --release -q\n',
      stderr: '',
      exitCode: 3,
    });
  });

  test('the target that newer Rust knows may be asked for', async () => {
    const { ended } = cargoLunatic(node, ['lunatic', 'run'], {
      env: { CARGO_BUILD_TARGET: 'wasm32-wasip1' },
    });
    expect((await ended).stdout).toBe('wasm32-wasip1  lunatic: run\n');
  });

  test('signals reach cargo', async () => {
    cargo('trap "echo stopped; exit 7" TERM; echo ready; read -r line');
    const command = cargoLunatic(node, ['lunatic', 'run'], { input: null });
    await command.printed('ready\n');
    command.child.kill('SIGTERM');
    expect(await command.ended).toMatchObject({ stdout: 'ready\nstopped\n', exitCode: 7 });
  });

  test('a missing cargo is reported', async () => {
    const { ended } = cargoLunatic(node, ['lunatic', 'run'], { env: { PATH: dirname(process.execPath) } });
    expect(await ended).toMatchObject({
      stderr: expect.stringContaining('cargo cannot be started'),
      exitCode: 1,
    });
  });
});
