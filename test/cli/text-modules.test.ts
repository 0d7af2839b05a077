/** Text modules that keep the assembler busy for ever. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';

const ENDLESS = `(module (func (export "#lunatic_test_a") ${'block '.repeat(200)}${'end '.repeat(200)}))`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-text-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(process.platform === 'win32')('a text that never ends does not keep a command', () => {
  test.each([
    ['test', 'SIGTERM'],
    ['test', 'SIGINT'],
    ['check', 'SIGTERM'],
    ['exports', 'SIGINT'],
  ] as const)('lunatic %s from ending by %s', async (name, signal) => {
    const fifo = join(folder, `${name}-${signal}.wat`);
    execFileSync('mkfifo', [fifo]);
    const command = new RunningCommand([name, fifo]);
    // Both ends open at the same time: the command is about to read the text, and to assemble it.
    const file = await open(fifo, 'w');
    await file.write(ENDLESS);
    await file.close();
    command.child.kill(signal);
    await command.ended;
    const ends = { SIGTERM: [143, 'SIGTERM'], SIGINT: [130, 'SIGINT'] };
    expect(ends[signal]).toContain(command.child.exitCode ?? command.child.signalCode);
  });
});
