import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { beyond, detailsText, measure } from './levels.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-levels-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** More of each than what is tolerated. */
const MANY = 10;
const times = <T>(make: (i: number) => T): T[] => Array.from({ length: MANY }, (_, i) => make(i));

test('files and timers that are left behind are noticed, until they have gone', () => {
  const level = measure(folder);
  writeFileSync(join(folder, 'left'), 'behind');
  const timers = times(() => setTimeout(() => {}, 3_600_000));
  expect(beyond(level, measure(folder))).toEqual([
    expect.stringMatching(/^timers: \d+, and it was \d+$/),
    'temporary files: 1, and it was 0',
  ]);
  expect(detailsText(folder)).toContain('file left');
  rmSync(join(folder, 'left'));
  timers.forEach(clearTimeout);
  expect(beyond(level, measure(folder))).toEqual([]);
});

test.runIf(process.platform === 'linux')('so are descriptors, OS processes and memory', async () => {
  const level = measure(folder);
  const opened = times(() => openSync(import.meta.filename, 'r'));
  const held = times(() => spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] }));
  await Promise.all(held.map((child) => once(child, 'spawn')));
  const memory = Buffer.alloc(2 ** 28, 1);
  const found = beyond(level, measure(folder)).map((text) => text.split(':')[0]);
  expect(found).toEqual(expect.arrayContaining(['memory', 'descriptors', 'OS processes']));
  expect(memory.length).toBe(2 ** 28);
  opened.forEach(closeSync);
  for (const child of held) child.stdin.end();
  await Promise.all(held.map((child) => once(child, 'close')));
  const after = beyond(level, measure(folder)).map((text) => text.split(':')[0]);
  expect(after).not.toContain('descriptors');
  expect(after).not.toContain('OS processes');
});
