import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CoverageFile } from '../../../extension/testing/coverage/coverage-file.ts';
import { CoveredSources } from '../../../extension/testing/coverage/coverage-sources.ts';
import type { CoverageReport } from '../../../runtime/coverage/report.ts';

const EMPTY: CoverageReport = { version: 1, tests: [], files: [], unknown: [] };

describe('a file that the runtime writes', () => {
  let file: CoverageFile;
  beforeEach(async () => {
    file = await CoverageFile.create();
  });
  afterEach(async () => {
    await file.remove();
    expect(existsSync(dirname(file.path))).toBe(false);
  });

  test('is read', async () => {
    writeFileSync(file.path, JSON.stringify(EMPTY));
    expect(await file.read()).toEqual(EMPTY);
  });

  test.each([
    ['is missing', () => {}, 'the runtime has written none'],
    ['is not complete', (path: string) => writeFileSync(path, '{"version":1,'), 'it is cut off, or no JSON'],
    [
      'is of another version',
      (path: string) => writeFileSync(path, JSON.stringify({ ...EMPTY, version: 2 })),
      'it is of another version of the runtime: version:',
    ],
    [
      'is too large',
      (path: string) => {
        writeFileSync(path, '');
        truncateSync(path, 64 * 2 ** 20 + 1);
      },
      'it has more than 64 MiB',
    ],
  ])('says so if it %s', async (_, write, message) => {
    write(file.path);
    await expect(file.read()).rejects.toThrow(message);
  });
});

/** Many functions and branches in one source. */
function large(count: number): CoverageReport {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  return {
    ...EMPTY,
    files: [
      {
        path: '/large.c',
        exists: true,
        lines: numbers.map((line) => [line, 1]),
        functions: numbers.map((line) => ({ name: 'f', line, hits: 1 })),
        branches: numbers.map((line) => ({ line, column: 1, ways: [1, 0] })),
        tests: [],
      },
    ],
  };
}

test('hits of several commands add up, and a large source takes no time that grows with its square', () => {
  const sources = new CoveredSources<string>();
  const report = large(100_000);
  const start = performance.now();
  for (let i = 0; i < 2; i++)
    sources.add(
      report,
      () => undefined,
      () => undefined,
    );
  // Comparing each with each takes many times as long.
  expect(performance.now() - start).toBeLessThan(5000);
  const source = sources.files.get('/large.c');
  expect(source?.functions.size).toBe(100_000);
  expect([...(source?.functions.values() ?? [])].at(-1)).toEqual({ name: 'f', line: 100_000, hits: 2 });
  expect([...(source?.branches.values() ?? [])].at(-1)).toEqual({ line: 100_000, column: 1, ways: [2, 0] });
});
