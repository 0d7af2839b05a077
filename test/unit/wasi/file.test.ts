import { constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FdFlag } from '../../../runtime/wasi/descriptor.ts';
import { FileDescriptor, openFlags } from '../../../runtime/wasi/file.ts';
import { FILE_RIGHTS } from '../../../runtime/wasi/rights.ts';

vi.mock('../../../runtime/permissions/host-directory.ts', async (original) => ({
  ...(await original<typeof import('../../../runtime/permissions/host-directory.ts')>()),
  hasProc: () => false,
}));

describe('a file on a system where it cannot be opened again', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lunatic-file-'));
    writeFileSync(join(folder, 'file'), '0123456789');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const open = (flags: number) => {
    const fd = openSync(join(folder, 'file'), openFlags(FILE_RIGHTS, flags));
    return new FileDescriptor(fd, FILE_RIGHTS, 0, flags);
  };
  const write = (file: FileDescriptor, text: string) => {
    file.position = file.writePosition + file.write(Buffer.from(text), 0, text.length, file.writePosition);
  };

  test('appends from when it is told to, until it is told not to', () => {
    const file = open(0);
    write(file, 'a');
    file.setFlags(FdFlag.Append);
    write(file, 'b');
    writeFileSync(join(folder, 'file'), '!', { flag: 'a' });
    write(file, 'c');
    file.setFlags(0);
    file.position = 3;
    write(file, 'd');
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('a12d456789b!c');
    file.close();
  });

  test('that was opened to append always does', () => {
    const file = open(FdFlag.Append);
    expect(() => file.setFlags(FdFlag.Nonblock)).toThrow(/ENOTSUP/);
    expect(file.flags).toBe(FdFlag.Append);
    file.setFlags(FdFlag.Append | FdFlag.Nonblock);
    write(file, 'x');
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('0123456789x');
    file.close();
  });

  test('has room without end, and opens for what its rights need', () => {
    const file = open(0);
    expect(file.room).toBe(Number.POSITIVE_INFINITY);
    expect(openFlags(0, 0)).toBe(constants.O_RDONLY);
    file.close();
  });
});
