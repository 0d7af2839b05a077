import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../../runtime/permissions/config.ts';
import { hasProc } from '../../../runtime/permissions/host-directory.ts';
import { OpenDirectories } from '../../../runtime/permissions/open-directories.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-directories-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Opens the directories of a new config. */
function open(...paths: readonly string[]): OpenDirectories {
  const config = new ProcessConfig();
  for (const path of paths) config.preopenedDirectories.push({ guestPath: path, hostPath: path });
  const opened = OpenDirectories.of(config);
  if (opened === null) throw new Error('a config without directories');
  return opened;
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

describe.runIf(hasProc())('configs with the same directory', () => {
  test('share its descriptor until the last of them gives it up', () => {
    const before = descriptors();
    const all = Array.from({ length: 20 }, () => open(folder, folder));
    expect(descriptors()).toBe(before + 1);
    writeFileSync(join(folder, 'file'), '');
    const last = all.pop();
    for (const opened of all) opened.release();
    expect(readdirSync(last?.directories[0]?.at('.') ?? '')).toEqual(['file']);
    last?.release();
    expect(descriptors()).toBe(before);
  });

  test('have another one once something else has taken its place', () => {
    const path = join(folder, 'a');
    mkdirSync(path);
    const first = open(path);
    renameSync(path, join(folder, 'moved'));
    mkdirSync(path);
    writeFileSync(join(path, 'new'), '');
    const second = open(path);
    const third = open(path);
    const lists = [first, second, third].map(({ directories: [directory] }) =>
      readdirSync(directory?.at('.') ?? ''),
    );
    expect(lists).toEqual([[], ['new'], ['new']]);
    first.release();
    second.release();
    expect(readdirSync(third.directories[0]?.at('.') ?? '')).toEqual(['new']);
    third.release();
  });

  test('that cannot all be opened give up those that were', () => {
    const before = descriptors();
    expect(() => open(folder, join(folder, 'missing'))).toThrow('cannot be opened');
    expect(descriptors()).toBe(before);
  });
});
