import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readWorkspaceFile, UnfitFileError } from '../../../extension/modules/read-file.ts';

let folder = '';
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-read-')));
  writeFileSync(join(folder, 'app.wat'), '(module)');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a file of a workspace is read, also through a link', async () => {
  symlinkSync('app.wat', join(folder, 'link.wat'));
  for (const name of ['app.wat', 'link.wat'])
    expect(Buffer.from(await readWorkspaceFile(join(folder, name))).toString()).toBe('(module)');
});

test('one that is too large is not', async () => {
  await expect(readWorkspaceFile(join(folder, 'app.wat'), 7)).rejects.toThrow('is too large');
});

test('nor is a folder', async () => {
  await expect(readWorkspaceFile(folder)).rejects.toThrow(UnfitFileError);
});

test.skipIf(process.platform === 'win32')('nor a pipe, nor a device behind a link', async () => {
  const pipe = join(folder, 'pipe.wat');
  execFileSync('mkfifo', [pipe]);
  await expect(readWorkspaceFile(pipe)).rejects.toThrow(UnfitFileError);
  symlinkSync('/dev/zero', join(folder, 'zero.wat'));
  await expect(readWorkspaceFile(join(folder, 'zero.wat'))).rejects.toThrow(UnfitFileError);
});
