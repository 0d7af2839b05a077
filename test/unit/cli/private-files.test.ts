import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { whoElseCanWrite, writePrivate } from '../../../runtime/cli/private-files.ts';

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return { ...fs, writeSync: vi.fn(fs.writeSync) };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-private-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.skipIf(process.platform === 'win32')('a folder that was not there is looked at when it is', () => {
  // Others may make folders in it, as in /tmp.
  chmodSync(folder, 0o1777);
  const between = join(folder, 'between');
  const cache = join(between, 'cache');
  expect(whoElseCanWrite(cache)).toBeNull();
  mkdirSync(between);
  chmodSync(between, 0o777);
  expect(whoElseCanWrite(cache)).toBe(`others can write to ${between}`);
  chmodSync(between, 0o700);
  expect(whoElseCanWrite(cache)).toBeNull();
});

test.skipIf(process.platform === 'win32')('a folder itself is looked at each time', () => {
  const cache = join(folder, 'cache');
  mkdirSync(cache, { mode: 0o700 });
  expect(whoElseCanWrite(cache)).toBeNull();
  chmodSync(cache, 0o777);
  expect(whoElseCanWrite(cache)).toBe(`others can write to ${cache}, or it is no folder`);
});

test('more than 2 GiB in one piece are written in parts that Node takes', () => {
  const written: number[] = [];
  vi.mocked(writeSync).mockImplementation((_, bytes, offset, length) => {
    const count = typeof length === 'number' ? length : bytes.length - Number(offset ?? 0);
    if (count >= 2 ** 31) throw new RangeError('The value of "length" is out of range');
    written.push(count);
    return count;
  });
  // Nothing of it is touched, so it takes no memory.
  writePrivate(join(folder, 'large'), [new Uint8Array(3), new Uint8Array(2 ** 31 + 5)]);
  expect(written).toEqual([3, 2 ** 30, 2 ** 30, 5]);
  vi.mocked(writeSync).mockRestore();
  writePrivate(join(folder, 'small'), [Buffer.from('one '), Buffer.from('two')]);
  expect(readFileSync(join(folder, 'small'), 'utf8')).toBe('one two');
});
