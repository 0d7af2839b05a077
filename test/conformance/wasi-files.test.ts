import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Wait } from '../../runtime/kernel/process.ts';
import { FdFlag } from '../../runtime/wasi/descriptor.ts';
import { DIRECTORY_RIGHTS, FILE_RIGHTS, INHERITED_RIGHTS, Right } from '../../runtime/wasi/rights.ts';
import { Feed } from '../support/program.ts';
import { DATA, READ_WRITE, WasiGuest } from '../support/wasi-guest.ts';

/** Whence of `fd_seek`. */
const [SET, CURRENT, END] = [0, 1, 2];
const KIB = 1024;
const MIB = 1024 * KIB;

let folder = '';
let guest: WasiGuest;
let input: Feed;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-files-'));
  writeFileSync(join(folder, 'ten'), '0123456789');
  mkdirSync(join(folder, 'folder'));
  symlinkSync('ten', join(folder, 'link'));
  input = new Feed();
  guest = await WasiGuest.start([folder], { input });
});
afterEach(async () => {
  await guest.stop();
  rmSync(folder, { recursive: true, force: true });
});

const contents = (name: string) => readFileSync(join(folder, name), 'latin1');
const create = (name: string, flags = 0) =>
  guest.opened(3, name, { create: true, rights: READ_WRITE, flags });

describe('opening', () => {
  test('gives the lowest number that is free', async () => {
    const [first, second] = [await guest.opened(3, 'ten'), await guest.opened(3, 'ten')];
    expect([first, second]).toEqual([4, 5]);
    expect(await guest.close(first)).toBe('ok');
    expect(await guest.close(first)).toBe('EBADF');
    expect(await guest.opened(3, 'ten')).toBe(4);
    expect(await guest.close(0)).toBe('ok');
    expect(await guest.opened(3, 'ten')).toBe(0);
    expect(await guest.read(0)).toBe('0123456789');
  });

  test('for reading does not change, for writing may make, truncate, or refuse what is there', async () => {
    expect(await guest.open(3, 'none')).toBe('ENOENT');
    expect(await guest.open(3, 'none/x', { create: true })).toBe('ENOENT');
    expect(await guest.open(3, 'ten', { create: true, exclusive: true })).toBe('EEXIST');
    expect(await guest.open(3, 'link', { create: true, exclusive: true, follow: true })).toBe('EEXIST');
    expect(await guest.open(3, 'new', { create: true, exclusive: true })).toBe(4);
    expect(contents('new')).toBe('');
    const fd = await guest.opened(3, 'link', { follow: true, truncate: true });
    expect([await guest.read(fd), contents('ten')]).toEqual(['', '']);
    expect(await guest.write(fd, 'x')).toBe('ENOTCAPABLE');
  });

  test('of a directory', async () => {
    expect(await guest.open(3, 'folder', { directory: true })).toBe(4);
    for (const path of ['folder', 'folder/', 'folder//', 'folder/.', '.', 'folder/..', './/'])
      expect(await guest.open(3, path), path).toBeTypeOf('number');
    expect(await guest.open(3, 'folder', { rights: READ_WRITE })).toBe('EISDIR');
    expect(await guest.open(3, 'folder', { directory: true, rights: Right.FdRead | Right.FdWrite })).toBe(
      'EISDIR',
    );
    expect(await guest.open(3, 'folder', { create: true })).toBe('EISDIR');
    expect(await guest.open(3, 'folder', { truncate: true })).toBe('EISDIR');
    expect(await guest.open(3, 'new/', { create: true })).toBe('EISDIR');
    expect(await guest.open(3, 'ten', { directory: true })).toBe('ENOTDIR');
    expect(await guest.open(3, 'link', { directory: true, follow: true })).toBe('ENOTDIR');
    for (const also of [{ create: true }, { exclusive: true }, { truncate: true }])
      expect(await guest.open(3, 'folder', { directory: true, ...also })).toBe('EINVAL');
    expect(await guest.open(3, '.', { flags: FdFlag.Nonblock })).toBeTypeOf('number');
  });

  test('in something that is not a directory', async () => {
    const file = await guest.opened(3, 'ten');
    expect(await guest.open(file, 'x')).toBe('ENOTDIR');
    expect(await guest.open(1, 'x')).toBe('ENOTDIR');
    expect(await guest.open(99, 'x')).toBe('EBADF');
    expect(await guest.open(-1, 'x')).toBe('EBADF');
  });

  test('with unknown flags', async () => {
    const open = (lookup: number, flags: number, fdFlags: number) =>
      guest.call('path_open', 3, lookup, DATA, 0, flags, 0, 0, fdFlags, DATA);
    expect(await open(2, 0, 0)).toBe('EINVAL');
    expect(await open(0, 16, 0)).toBe('EINVAL');
    expect(await open(0, 0, 32)).toBe('EINVAL');
  });

  test('many: EMFILE, until one is closed', async () => {
    for (let fd = 4; fd < 1024; fd++) expect(await guest.open(3, 'ten')).toBe(fd);
    expect(await guest.open(3, 'ten')).toBe('EMFILE');
    expect(await guest.open(3, 'new', { create: true })).toBe('EMFILE');
    expect(existsSync(join(folder, 'new'))).toBe(false);
    expect(await guest.close(500)).toBe('ok');
    expect(await guest.open(3, 'ten')).toBe(500);
  });

  test('of a file that it may not read: EACCES, except for root', async () => {
    chmodSync(join(folder, 'ten'), 0);
    expect(await guest.open(3, 'ten')).toBe(process.getuid?.() === 0 ? 4 : 'EACCES');
  });

  test('outside the memory traps, and opens nothing', async () => {
    await guest.begin('path_open', 3, 0, DATA, 3, 1, READ_WRITE, 0, 0, -2);
    await expect(guest.result()).rejects.toThrow(/out of bounds/);
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });
});

describe('reading and writing', () => {
  test('move the position along', async () => {
    const fd = await guest.opened(3, 'ten');
    expect([await guest.read(fd, 4), await guest.tell(fd)]).toEqual(['0123', 4]);
    expect([await guest.read(fd, 4), await guest.read(fd, 4), await guest.read(fd, 4)]).toEqual([
      '4567',
      '89',
      '',
    ]);
    const written = await create('new');
    expect([await guest.write(written, 'abc'), await guest.write(written, 'def')]).toEqual([3, 3]);
    expect([contents('new'), await guest.tell(written)]).toEqual(['abcdef', 6]);
  });

  test('at an offset leave it', async () => {
    const fd = await create('ten');
    expect(await guest.read(fd, 3, 5)).toBe('567');
    expect(await guest.write(fd, 'xy', 8)).toBe(2);
    expect(await guest.write(fd, 'z', 12)).toBe(1);
    expect(await guest.tell(fd)).toBe(0);
    expect(contents('ten')).toBe('01234567xy\0\0z');
    expect(await guest.read(fd, 9, 100)).toBe('');
    expect(await guest.read(fd, 9, -1n)).toBe('EINVAL');
    expect(await guest.write(fd, 'x', -1n)).toBe('EFBIG');
    expect(await guest.write(fd, 'x', 2n ** 62n)).toBe('EFBIG');
  });

  test('several buffers in one call', async () => {
    const fd = await create('new');
    guest.memory.write(DATA, Buffer.from('abcdefghij'));
    const [at, count] = guest.vectors([DATA + 2, 3], [DATA, 0], [DATA + 8, 2], [DATA, 1]);
    expect(await guest.call('fd_write', fd, at, count, 0x100)).toBe('ok');
    expect([guest.memory.readU32(0x100), contents('new')]).toEqual([6, 'cdeija']);
    const into = guest.vectors([DATA + 100, 1], [DATA + 200, 0], [DATA + 300, 4], [DATA + 400, 9]);
    expect(await guest.call('fd_pread', fd, ...into, 1, 0x100)).toBe('ok');
    expect(guest.memory.readU32(0x100)).toBe(5);
    expect([guest.bytes(DATA + 100, 2), guest.bytes(DATA + 300, 5)].map(String)).toEqual(['d\0', 'eija\0']);
    // The buffers may lie over their own list.
    const [list] = guest.vectors([0x1000, 16], [DATA, 16]);
    writeFileSync(join(folder, 'long'), 'x'.repeat(32));
    expect(await guest.call('fd_read', await guest.opened(3, 'long'), list, 2, 0x100)).toBe('ok');
    expect([guest.memory.readU32(0x100), guest.bytes(DATA, 16).toString()]).toEqual([32, 'x'.repeat(16)]);
  });

  test('no buffers, or too many', async () => {
    const fd = await create('new');
    expect(await guest.call('fd_write', fd, 0x1000, 0, 0x100)).toBe('ok');
    expect(guest.memory.readU32(0x100)).toBe(0);
    expect(await guest.call('fd_write', fd, 0x2_0000, 1024, 0x100)).toBe('ok');
    expect(await guest.call('fd_write', fd, 0x2_0000, 1025, 0x100)).toBe('EINVAL');
    expect(await guest.call('fd_read', fd, 0x2_0000, 1025, 0x100)).toBe('EINVAL');
  });

  test('outside the memory traps before anything is done', async () => {
    const fd = await create('ten');
    const [at] = guest.vectors([DATA, 3], [-1, 2]);
    await guest.begin('fd_write', fd, at, 2, 0x100);
    await expect(guest.result()).rejects.toThrow(/out of bounds/);
    expect(contents('ten')).toBe('0123456789');
  });

  test('megabytes go as a whole, and let others run meanwhile', async () => {
    const size = 3 * MIB + 5;
    const other = await WasiGuest.start([folder], { runtime: guest.runtime, pages: 1 });
    const fd = await create('large');
    const bytes = guest.memory.slice(DATA, size);
    for (let i = 0; i < size; i++) bytes[i] = (i * 7) ^ (i >> 11);
    const copy = Buffer.from(bytes);
    guest.vectors([DATA, MIB + 1], [DATA + MIB + 1, size - MIB - 1]);
    await guest.begin('fd_write', fd, 0x1000, 2, 0x100);
    expect(await other.stat(3, 'ten')).toBeTypeOf('object');
    expect([await guest.result(), guest.memory.readU32(0x100)]).toEqual(['ok', size]);
    expect(readFileSync(join(folder, 'large')).equals(copy)).toBe(true);
    guest.memory.slice(DATA, size).fill(0);
    guest.vectors([DATA, size]);
    expect(await guest.call('fd_pread', fd, 0x1000, 1, 0, 0x100)).toBe('ok');
    expect(guest.memory.readU32(0x100)).toBe(size);
    expect(guest.bytes(DATA, size).equals(copy)).toBe(true);
    await other.stop();
  });

  test('the same buffer a thousand times takes no memory, and a kill ends it', async () => {
    const fd = await create('endless');
    guest.vectors(...Array.from({ length: 1024 }, () => [0, 64 * 64 * KIB] as const));
    await guest.begin('fd_write', fd, 0x1000, 1024, 0x100);
    await expect.poll(() => statSync(join(folder, 'endless')).size).toBeGreaterThan(MIB);
    await guest.stop();
    const { size } = statSync(join(folder, 'endless'));
    expect(size).toBeLessThan(1024 * MIB);
    await new Promise((turn) => setImmediate(turn));
    expect(statSync(join(folder, 'endless')).size).toBe(size);
  });

  test('of a directory: EISDIR; of nothing: EBADF', async () => {
    for (const [fd, errno] of [
      [3, 'EISDIR'],
      [9, 'EBADF'],
    ] as const) {
      expect(await guest.read(fd)).toBe(errno);
      expect(await guest.write(fd, 'x')).toBe(errno);
      expect(await guest.read(fd, 1, 0)).toBe(errno);
      expect(await guest.write(fd, 'x', 0)).toBe(errno);
      expect(await guest.seek(fd, 0)).toBe(errno);
      expect(await guest.tell(fd)).toBe(errno);
      expect(await guest.call('fd_allocate', fd, 0, 1)).toBe(errno);
      expect(await guest.call('fd_filestat_set_size', fd, 0)).toBe(errno);
    }
  });

  test('of a stream at an offset: ESPIPE', async () => {
    expect(await guest.read(0, 1, 0)).toBe('ESPIPE');
    expect(await guest.write(1, 'x', 0)).toBe('ESPIPE');
  });

  test('see what others write, also after the name is gone', async () => {
    const reads = await guest.opened(3, 'ten');
    const writes = await guest.opened(3, 'ten', { rights: Right.FdWrite });
    expect(await guest.write(writes, 'ABC')).toBe(3);
    expect(await guest.read(reads, 4)).toBe('ABC3');
    expect(await guest.unlink(3, 'ten')).toBe('ok');
    expect(await guest.write(writes, 'DEF')).toBe(3);
    expect(await guest.read(reads, 4)).toBe('EF67');
    expect(await guest.open(3, 'ten')).toBe('ENOENT');
  });

  test('more than a file can hold: EFBIG, and nothing is changed', async () => {
    const fd = await create('large');
    expect(await guest.write(fd, 'x', 2 ** 53 - 2)).toMatch(/^(EFBIG|EINVAL)$/);
    expect(contents('large')).toBe('');
    expect(await guest.call('fd_filestat_set_size', fd, 2n ** 63n)).toBe('EFBIG');
  });
});

describe('the position', () => {
  test('is set from the beginning, from itself, and from the end', async () => {
    const fd = await guest.opened(3, 'ten');
    expect(await guest.seek(fd, 4, SET)).toBe(4);
    expect(await guest.seek(fd, -1, CURRENT)).toBe(3);
    expect(await guest.seek(fd, 2, CURRENT)).toBe(5);
    expect(await guest.seek(fd, -2, END)).toBe(8);
    expect(await guest.read(fd)).toBe('89');
    expect(await guest.seek(fd, 100, END)).toBe(110);
    expect(await guest.read(fd)).toBe('');
    expect(await guest.seek(fd, 2 ** 40 + 1, SET)).toBe(2 ** 40 + 1);
    expect(await guest.tell(fd)).toBe(2 ** 40 + 1);
  });

  test('is never before the beginning, or too large', async () => {
    const fd = await guest.opened(3, 'ten');
    expect(await guest.seek(fd, 5)).toBe(5);
    for (const [offset, whence] of [
      [-1, SET],
      [-6, CURRENT],
      [-11, END],
      [2n ** 63n - 1n, CURRENT],
      [2n ** 53n, SET],
      [0, 3],
      [0, -1],
    ] as const)
      expect(await guest.seek(fd, offset, whence), `${offset} ${whence}`).toBe('EINVAL');
    expect(await guest.tell(fd)).toBe(5);
  });

  test('beyond the end leaves a hole', async () => {
    const fd = await create('new');
    expect(await guest.seek(fd, 3)).toBe(3);
    expect(await guest.write(fd, 'x')).toBe(1);
    expect(contents('new')).toBe('\0\0\0x');
  });

  test('of a stream there is none: ESPIPE', async () => {
    expect([await guest.seek(1, 0), await guest.tell(0)]).toEqual(['ESPIPE', 'ESPIPE']);
  });
});

describe('flags', () => {
  test('APPEND writes at the end, wherever the position is', async () => {
    const fd = await create('ten', FdFlag.Append);
    expect(await guest.read(fd, 2)).toBe('01');
    expect(await guest.write(fd, 'ab')).toBe(2);
    expect(await guest.tell(fd)).toBe(12);
    expect(await guest.seek(fd, 0)).toBe(0);
    writeFileSync(join(folder, 'ten'), '!', { flag: 'a' });
    expect(await guest.write(fd, 'cd')).toBe(2);
    expect([contents('ten'), await guest.tell(fd)]).toEqual(['0123456789ab!cd', 15]);
  });

  test('can be set and taken back', async () => {
    const fd = await create('ten');
    expect(await guest.call('fd_fdstat_set_flags', fd, FdFlag.Append)).toBe('ok');
    expect(await guest.state(fd)).toMatchObject({ flags: FdFlag.Append });
    expect(await guest.write(fd, 'ab')).toBe(2);
    expect(await guest.call('fd_fdstat_set_flags', fd, FdFlag.Nonblock)).toBe('ok');
    expect(await guest.seek(fd, 1)).toBe(1);
    expect(await guest.write(fd, 'xy')).toBe(2);
    expect([contents('ten'), (await guest.state(fd)) as object]).toMatchObject([
      '0xy3456789ab',
      { flags: FdFlag.Nonblock },
    ]);
    for (const flags of [FdFlag.Sync, FdFlag.Dsync, FdFlag.Rsync | FdFlag.Sync]) {
      expect(await guest.call('fd_fdstat_set_flags', fd, flags)).toBe('ok');
      expect(await guest.state(fd)).toMatchObject({ flags });
      expect(await guest.write(fd, '!')).toBe(1);
    }
    expect(contents('ten')).toBe('0xy!!!6789ab');
    expect(await guest.call('fd_fdstat_set_flags', fd, 32)).toBe('EINVAL');
    expect(await guest.call('fd_fdstat_set_flags', 9, 0)).toBe('EBADF');
  });

  test.runIf(process.platform === 'linux')('are known to the operating system', async () => {
    const hostFlags = (fd: number) =>
      Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);
    const open = () => {
      for (const fd of openFiles()) {
        const link = `/proc/self/fd/${fd}`;
        if (existsSync(link) && readlinkSync(link) === join(folder, 'new')) return fd;
      }
      return -1;
    };
    const fd = await create('new', FdFlag.Append | FdFlag.Sync);
    expect(hostFlags(open()) & 0o4012000).toBe(0o4012000);
    expect(await guest.call('fd_fdstat_set_flags', fd, FdFlag.Dsync)).toBe('ok');
    expect(hostFlags(open()) & 0o4012000).toBe(0o10000);
  });

  test('of a file that is not there any more can be set too', async () => {
    const fd = await create('new');
    expect(await guest.unlink(3, 'new')).toBe('ok');
    expect(await guest.call('fd_fdstat_set_flags', fd, FdFlag.Append)).toBe('ok');
    expect(await guest.write(fd, 'x')).toBe(1);
    expect(await guest.read(fd, 9, 0)).toBe('x');
  });

  test('of streams: NONBLOCK', async () => {
    expect(await guest.call('fd_fdstat_set_flags', 0, FdFlag.Nonblock)).toBe('ok');
    expect(await guest.read(0)).toBe('EAGAIN');
    input.push('now');
    expect(await guest.read(0)).toBe('now');
    expect(await guest.call('fd_fdstat_set_flags', 1, FdFlag.Sync)).toBe('EINVAL');
  });
});

describe('rights', () => {
  test('of a preopened directory are all, of what is opened those that were wanted and can be', async () => {
    expect(await guest.state(3)).toEqual({
      type: 3,
      flags: 0,
      rights: DIRECTORY_RIGHTS,
      inheriting: INHERITED_RIGHTS,
    });
    const file = await guest.opened(3, 'ten', { rights: 0x0fff_ffff, inheriting: Right.FdRead });
    expect(await guest.state(file)).toEqual({
      type: 4,
      flags: 0,
      rights: FILE_RIGHTS,
      inheriting: Right.FdRead,
    });
    const few = await guest.opened(3, 'ten', { rights: Right.FdRead | Right.PathOpen, inheriting: 0 });
    expect(await guest.state(few)).toEqual({ type: 4, flags: 0, rights: Right.FdRead, inheriting: 0 });
    const directory = await guest.opened(3, 'folder', {
      directory: true,
      rights: Right.FdSeek | Right.FdReaddir,
    });
    expect(await guest.state(directory)).toMatchObject({ type: 3, rights: Right.FdReaddir });
  });

  test('become less from directory to directory', async () => {
    const directory = await guest.opened(3, '.', {
      directory: true,
      inheriting: Right.FdRead | Right.FdSeek | Right.PathOpen,
    });
    const file = await guest.opened(directory, 'ten', { rights: 0x0fff_ffff & ~Right.FdWrite });
    expect(await guest.state(file)).toMatchObject({ rights: Right.FdRead | Right.FdSeek });
    const deeper = await guest.opened(directory, 'folder', { directory: true });
    expect(await guest.state(deeper)).toMatchObject({
      rights: Right.PathOpen,
      inheriting: Right.FdRead | Right.FdSeek | Right.PathOpen,
    });
    expect(await guest.mkdir(deeper, 'x')).toBe('ENOTCAPABLE');
  });

  test('can be taken away, and never given back', async () => {
    const fd = await create('ten');
    expect(await guest.call('fd_fdstat_set_rights', fd, Right.FdRead | Right.FdTell, 0)).toBe('ok');
    expect(await guest.state(fd)).toMatchObject({ rights: Right.FdRead | Right.FdTell, inheriting: 0 });
    for (const [base, inheriting] of [
      [Right.FdRead | Right.FdWrite, 0],
      [Right.FdRead, Right.FdRead],
      [2n ** 40n, 0],
      [0, 2n ** 63n],
    ] as const)
      expect(await guest.call('fd_fdstat_set_rights', fd, base, inheriting)).toBe('ENOTCAPABLE');
    expect(await guest.call('fd_fdstat_set_rights', 9, 0, 0)).toBe('EBADF');
  });

  const nothing = () => guest.call('fd_fdstat_set_rights', 4, 0, 0);
  test('each function of files needs its own', async () => {
    const fd = await create('ten');
    expect(await nothing()).toBe('ok');
    for (const [right, call] of [
      [Right.FdRead, () => guest.read(fd)],
      [Right.FdRead | Right.FdSeek, () => guest.read(fd, 1, 0)],
      [Right.FdWrite, () => guest.write(fd, '!')],
      [Right.FdWrite | Right.FdSeek, () => guest.write(fd, '!', 0)],
      [Right.FdSeek, () => guest.seek(fd, 0)],
      [Right.FdTell, () => guest.tell(fd)],
      [Right.FdTell, () => guest.seek(fd, 0, CURRENT)],
      [Right.FdSeek, () => guest.seek(fd, 0, CURRENT)],
      [Right.FdAdvise, () => guest.call('fd_advise', fd, 0, 0, 0)],
      [Right.FdAllocate, () => guest.call('fd_allocate', fd, 0, 1)],
      [Right.FdSync, () => guest.call('fd_sync', fd)],
      [Right.FdDatasync, () => guest.call('fd_datasync', fd)],
      [Right.FdFdstatSetFlags, () => guest.call('fd_fdstat_set_flags', fd, 0)],
      [Right.FdFilestatGet, () => guest.fdStat(fd)],
      [Right.FdFilestatSetSize, () => guest.call('fd_filestat_set_size', fd, 10)],
      [Right.FdFilestatSetTimes, () => guest.call('fd_filestat_set_times', fd, 0, 0, 0)],
    ] as const) {
      expect(await call()).toBe('ENOTCAPABLE');
      const other = await guest.opened(3, 'ten', { rights: right | Right.FdWrite });
      expect(await guest.call('fd_fdstat_set_rights', other, right, 0)).toBe('ok');
      expect(await guest.call('fd_renumber', other, fd)).toBe('ok');
      expect(await call()).not.toBe('ENOTCAPABLE');
      expect(await nothing()).toBe('ok');
    }
  });

  test('each function of directories needs its own', async () => {
    const fd = await guest.opened(3, '.', { directory: true });
    const calls = [
      [Right.PathOpen, () => guest.open(fd, 'ten')],
      [Right.PathOpen | Right.PathCreateFile, () => guest.open(fd, 'ten', { create: true })],
      [Right.PathOpen | Right.PathFilestatSetSize, () => guest.open(fd, 'ten', { truncate: true })],
      [Right.PathCreateDirectory, () => guest.mkdir(fd, 'made')],
      [Right.PathRemoveDirectory, () => guest.rmdir(fd, 'made')],
      [Right.PathSymlink, () => guest.symlink(fd, 'text', 'made')],
      [Right.PathReadlink, () => guest.readlink(fd, 'made')],
      [Right.PathUnlinkFile, () => guest.unlink(fd, 'made')],
      [Right.PathFilestatGet, () => guest.stat(fd, 'ten')],
      [Right.PathFilestatSetTimes, () => guest.setTimes(fd, 'ten', { flags: 2 })],
      [Right.PathLinkSource | Right.PathLinkTarget, () => guest.link(fd, 'ten', 'made')],
      [Right.PathRenameSource | Right.PathRenameTarget, () => guest.rename(fd, 'made', 'renamed')],
      [Right.FdReaddir, () => guest.readdirOnce(fd, 0n)],
      [Right.FdFilestatGet, () => guest.fdStat(fd)],
      [Right.FdFilestatSetTimes, () => guest.call('fd_filestat_set_times', fd, 0, 0, 2)],
    ] as const;
    for (const [right, call] of calls) {
      for (let one = 1; one <= right; one *= 2) {
        if ((right & one) === 0) continue;
        const lacking = await guest.opened(3, '.', { directory: true, rights: DIRECTORY_RIGHTS & ~one });
        expect(await guest.call('fd_renumber', lacking, fd)).toBe('ok');
        expect(await call(), `without ${one}`).toBe('ENOTCAPABLE');
      }
      const having = await guest.opened(3, '.', { directory: true, rights: right });
      expect(await guest.call('fd_renumber', having, fd)).toBe('ok');
      const answer = await call();
      expect(
        typeof answer === 'string' && answer !== 'ok' && !answer.startsWith('->'),
        `with ${right}: ${answer}`,
      ).toBe(false);
    }
    expect(existsSync(join(folder, 'renamed'))).toBe(true);
  });
});

describe('attributes', () => {
  test('of a file are those of the host', async () => {
    const host = statSync(join(folder, 'ten'), { bigint: true });
    const expected = {
      device: host.dev,
      inode: host.ino,
      type: 4,
      links: 1n,
      size: 10n,
      accessed: host.atimeNs,
      modified: host.mtimeNs,
      changed: host.ctimeNs,
    };
    expect(await guest.stat(3, 'ten')).toEqual(expected);
    expect(await guest.stat(3, 'link', true)).toEqual(expected);
    expect(await guest.fdStat(await guest.opened(3, 'ten'))).toEqual(expected);
    expect(await guest.stat(3, 'link')).toMatchObject({ type: 7, size: 3n });
    const directory = statSync(join(folder, 'folder'), { bigint: true });
    for (const stat of [await guest.stat(3, 'folder/'), await guest.fdStat(await guest.opened(3, 'folder'))])
      expect(stat).toMatchObject({ type: 3, inode: directory.ino, modified: directory.mtimeNs });
    expect(await guest.fdStat(1)).toMatchObject({ type: 0, size: 0n });
    expect([await guest.stat(3, 'none'), await guest.fdStat(9)]).toEqual(['ENOENT', 'EBADF']);
    expect(await guest.call('path_filestat_get', 3, 2, DATA, 1, DATA)).toBe('EINVAL');
  });

  test('the size is set', async () => {
    const fd = await create('ten');
    expect(await guest.seek(fd, 8)).toBe(8);
    expect(await guest.call('fd_filestat_set_size', fd, 3)).toBe('ok');
    expect([contents('ten'), await guest.tell(fd)]).toEqual(['012', 8]);
    expect(await guest.call('fd_filestat_set_size', fd, 5)).toBe('ok');
    expect(contents('ten')).toBe('012\0\0');
    expect(await guest.call('fd_filestat_set_size', fd, 2n ** 60n)).toBe('EFBIG');
    expect(await guest.call('fd_filestat_set_size', 1, 0)).toBe('EBADF');
  });

  test('times are set, one without the other', async () => {
    const second = 1_000_000_000n;
    const times = () => {
      const { atimeNs, mtimeNs } = statSync(join(folder, 'ten'), { bigint: true });
      return [atimeNs, mtimeNs];
    };
    utimesSync(join(folder, 'ten'), 1000, 2000.5);
    const fd = await guest.opened(3, 'ten');
    const set = (accessed: bigint, modified: bigint, flags: number) =>
      guest.call('fd_filestat_set_times', fd, accessed, modified, flags);
    expect(await set(5n * second, 6n * second, 0)).toBe('ok');
    expect(times()).toEqual([1000n * second, 2_000_500_000_000n]);
    expect(await set(5n * second, 6n * second, 4)).toBe('ok');
    expect(times()).toEqual([1000n * second, 6n * second]);
    expect(await set(7n * second + 250_000_000n, 8n, 1)).toBe('ok');
    expect(times()).toEqual([7_250_000_000n, 6n * second]);
    const before = BigInt(Date.now() - 20) * 1_000_000n;
    expect(await set(0n, 9n * second, 2 | 4)).toBe('ok');
    expect(times()[1]).toBe(9n * second);
    expect(Number(times()[0])).toBeGreaterThan(Number(before));
    expect(await set(1n * second, 0n, 1 | 8)).toBe('ok');
    expect(times()[0]).toBe(second);
    expect(Number(times()[1])).toBeGreaterThan(Number(before));
    // Today's times, to a quarter of a microsecond.
    const today = 1_795_000_000_123_456_789n;
    expect(await set(0n, today, 4)).toBe('ok');
    expect(Math.abs(Number((times()[1] ?? 0n) - today))).toBeLessThan(250);
    for (const flags of [1 | 2, 4 | 8, 15, 16, -1]) expect(await set(0n, 0n, flags)).toBe('EINVAL');
    expect(await guest.call('fd_filestat_set_times', 1, 0, 0, 0)).toBe('EBADF');
  });

  test('times of a path, of a link or of what it leads to', async () => {
    const second = 1_000_000_000n;
    expect(await guest.setTimes(3, 'link', { modified: 3n * second, flags: 4 })).toBe('ok');
    expect(await guest.setTimes(3, 'link', { modified: 4n * second, flags: 4, follow: true })).toBe('ok');
    expect(await guest.stat(3, 'link')).toMatchObject({ modified: 3n * second });
    expect(await guest.stat(3, 'ten')).toMatchObject({ modified: 4n * second });
    const directory = await guest.opened(3, 'folder', { directory: true });
    expect(await guest.call('fd_filestat_set_times', directory, 0, 5n * second, 4)).toBe('ok');
    expect(await guest.stat(3, 'folder')).toMatchObject({ modified: 5n * second });
    expect(await guest.setTimes(3, 'folder/', { modified: 6n * second, flags: 4 })).toBe('ok');
    expect(await guest.stat(3, 'folder')).toMatchObject({ modified: 6n * second });
    expect(await guest.setTimes(3, 'ten/', { flags: 4 })).toBe('ENOTDIR');
    expect(await guest.setTimes(3, 'ten', { flags: 12 })).toBe('EINVAL');
    expect(await guest.setTimes(3, 'none', { flags: 0 })).toBe('ENOENT');
  });
});

describe('room', () => {
  test('fd_allocate lengthens a file, and never shortens it', async () => {
    const fd = await create('ten');
    expect(await guest.call('fd_allocate', fd, 0, 5)).toBe('ok');
    expect(contents('ten')).toBe('0123456789');
    expect(await guest.call('fd_allocate', fd, 8, 4)).toBe('ok');
    expect([contents('ten'), await guest.tell(fd)]).toEqual(['0123456789\0\0', 0]);
    expect(await guest.call('fd_allocate', fd, 100, 2 * MIB)).toBe('ok');
    const { size, blocks } = statSync(join(folder, 'ten'));
    expect(size).toBe(2 * MIB + 100);
    expect(blocks * 512).toBeGreaterThanOrEqual(2 * MIB);
    expect(await guest.call('fd_allocate', fd, 0, 0)).toBe('EINVAL');
    if (process.platform === 'linux')
      expect(await guest.call('fd_allocate', fd, 0, 2 ** 50)).toMatch(/^(ENOSPC|EFBIG)$/);
    expect(statSync(join(folder, 'ten')).size).toBe(size);
    expect(await guest.call('fd_allocate', fd, 2n ** 62n, 2n ** 62n)).toBe('EFBIG');
    expect(await guest.call('fd_allocate', 1, 0, 1)).toBe('ESPIPE');
  });

  test('fd_advise knows six kinds of advice and changes nothing', async () => {
    const fd = await create('ten');
    for (let advice = 0; advice < 6; advice++)
      expect(await guest.call('fd_advise', fd, 2, 1000, advice)).toBe('ok');
    expect(await guest.call('fd_advise', fd, 0, 0, 6)).toBe('EINVAL');
    expect(await guest.call('fd_advise', fd, -1n, 0, 0)).toBe('EINVAL');
    expect(await guest.call('fd_advise', 1, 0, 0, 0)).toBe('ESPIPE');
    expect(await guest.call('fd_advise', 9, 0, 0, 0)).toBe('EBADF');
    expect(contents('ten')).toBe('0123456789');
  });

  test('fd_sync and fd_datasync wait for the disk, and others run meanwhile', async () => {
    const fd = await create('ten');
    const directory = await guest.opened(3, 'folder', { directory: true });
    for (const name of ['fd_sync', 'fd_datasync']) {
      expect(await guest.call(name, fd)).toBe('ok');
      expect(await guest.call(name, directory)).toBe('ok');
      expect(await guest.call(name, 1)).toBe('EINVAL');
      expect(await guest.call(name, 9)).toBe('EBADF');
    }
  });

  test('a kill while the disk works closes the file, later', async () => {
    const before = openFiles().length;
    const other = await WasiGuest.start([folder], { runtime: guest.runtime });
    await other.begin('fd_sync', await other.opened(3, 'ten', { rights: READ_WRITE }));
    while (other.process.wait !== Wait.Event) await new Promise((turn) => setImmediate(turn));
    await other.stop();
    await expect.poll(() => openFiles().length).toBe(before);
  });
});

describe('numbers', () => {
  test('fd_renumber gives a descriptor the number of another one', async () => {
    const from = await guest.opened(3, 'ten');
    const to = await guest.opened(3, 'folder', { directory: true });
    expect(await guest.read(from, 3)).toBe('012');
    expect(await guest.call('fd_renumber', from, to)).toBe('ok');
    expect([await guest.read(to, 3), await guest.read(from)]).toEqual(['345', 'EBADF']);
    expect(await guest.call('fd_renumber', to, from)).toBe('EBADF');
    expect(await guest.call('fd_renumber', from, to)).toBe('EBADF');
    expect(await guest.call('fd_renumber', to, to)).toBe('ok');
    const open = openFiles().length;
    expect(await guest.call('fd_renumber', await guest.opened(3, 'ten'), to)).toBe('ok');
    expect(openFiles().length).toBe(open);
    expect(await guest.call('fd_renumber', to, 3)).toBe('ok');
    expect(await guest.read(3)).toBe('0123456789');
  });

  test('of the streams are like any other', async () => {
    const fd = await create('out');
    expect(await guest.call('fd_renumber', fd, 1)).toBe('ok');
    expect(await guest.write(1, 'into the file')).toBe(13);
    expect([contents('out'), guest.stdout.text]).toEqual(['into the file', '']);
    expect(await guest.close(2)).toBe('ok');
    expect(await guest.write(2, 'x')).toBe('EBADF');
    expect(await guest.opened(3, 'ten')).toBe(2);
    expect(await guest.call('fd_renumber', 0, 2)).toBe('ok');
    input.push('in');
    expect([await guest.read(2), await guest.read(0)]).toEqual(['in', 'EBADF']);
  });
});

describe('poll_oneoff', () => {
  /** Polls for descriptors. @returns user data, error, type and bytes of each event */
  async function poll(...subscriptions: (readonly [type: number, fd: number])[]): Promise<unknown> {
    subscriptions.forEach(([type, fd], i) => {
      guest.memory.slice(DATA + i * 48, 48).fill(0);
      guest.memory.writeU64(DATA + i * 48, BigInt(i));
      guest.memory.writeU8(DATA + i * 48 + 8, type);
      guest.memory.writeU32(DATA + i * 48 + 16, fd);
    });
    const events = DATA + 0x1000;
    const errno = await guest.call('poll_oneoff', DATA, events, subscriptions.length, 0x100);
    if (errno !== 'ok') return errno;
    return Array.from({ length: guest.memory.readU32(0x100) }, (_, i) => {
      const at = events + i * 32;
      const { memory } = guest;
      return [
        memory.readU64(at),
        memory.readU16(at + 8),
        memory.readU8(at + 10),
        memory.readU64(at + 16),
      ].map(Number);
    });
  }

  test('finds files ready, with what is left of them', async () => {
    const fd = await create('ten');
    await guest.seek(fd, 4);
    expect(await poll([1, fd], [1, 0], [2, fd])).toEqual([
      [0, 0, 1, 6],
      [2, 0, 2, 1],
    ]);
    await guest.seek(fd, 100);
    expect(await poll([1, fd])).toEqual([[0, 0, 1, 0]]);
  });

  test('does not wait for a directory, or without the right', async () => {
    const fd = await guest.opened(3, 'ten', { rights: Right.FdRead });
    expect(await poll([1, 3], [1, fd], [2, 3])).toEqual([
      [0, 8, 1, 1],
      [1, 76, 1, 0],
      [2, 8, 2, 1],
    ]);
  });
});

/** Descriptors of this process, as far as the system tells. */
function openFiles(): number[] {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').map(Number) : [];
}

test('what a process leaves open is closed with it', async () => {
  const before = openFiles().length;
  for (let i = 0; i < 20; i++) {
    const other = await WasiGuest.start([folder, folder], { runtime: guest.runtime });
    await other.opened(3, 'ten');
    await other.readdirOnce(await other.opened(4, '.', { directory: true }), 0n, 64);
    expect(openFiles().length).toBeGreaterThan(process.platform === 'linux' ? before + 1 : -1);
    await other.stop();
  }
  expect(openFiles().length).toBe(before);
});
