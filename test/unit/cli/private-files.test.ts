import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { whoElseCanWrite } from '../../../runtime/cli/private-files.ts';

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
