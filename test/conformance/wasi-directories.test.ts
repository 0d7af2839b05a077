import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { guest as guestText } from '../support/guest.ts';
import { run } from '../support/program.ts';
import { READ_WRITE, WasiGuest } from '../support/wasi-guest.ts';

let folder = '';
let guest: WasiGuest;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-directories-'));
  mkdirSync(join(folder, 'full/deeper'), { recursive: true });
  mkdirSync(join(folder, 'empty'));
  writeFileSync(join(folder, 'file'), 'text');
  symlinkSync('file', join(folder, 'link'));
  symlinkSync('full', join(folder, 'folder-link'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  guest = await WasiGuest.start([folder]);
});
afterEach(async () => {
  await guest.stop();
  rmSync(folder, { recursive: true, force: true });
});

const there = (name: string) => existsSync(join(folder, name));

describe('directories', () => {
  test('are made', async () => {
    for (const path of ['new', 'new/deeper', 'new/slash/', 'folder-link/through', 'full/../new/dots/.'])
      expect(await guest.mkdir(3, path), path).toBe('ok');
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['deeper', 'dots', 'slash']);
    expect(there('full/through')).toBe(true);
    for (const path of ['new', 'file', 'link', 'dangling', 'dangling/', '.', 'full/..'])
      expect(await guest.mkdir(3, path), path).toBe('EEXIST');
    expect(await guest.mkdir(3, 'none/x')).toBe('ENOENT');
    expect(await guest.mkdir(3, 'file/x')).toBe('ENOTDIR');
    expect(await guest.mkdir(3, '')).toBe('ENOENT');
    expect(await guest.mkdir(9, 'x')).toBe('EBADF');
  });

  test('are removed when they are empty, and nothing else is', async () => {
    expect(await guest.rmdir(3, 'full')).toBe('ENOTEMPTY');
    expect(await guest.rmdir(3, 'full/deeper/')).toBe('ok');
    for (const path of ['file', 'file/', 'link', 'folder-link', 'folder-link/', 'dangling'])
      expect(await guest.rmdir(3, path), path).toBe('ENOTDIR');
    expect(await guest.rmdir(3, 'empty')).toBe('ok');
    expect(await guest.rmdir(3, 'empty')).toBe('ENOENT');
    expect(await guest.rmdir(3, '.')).toBe('EINVAL');
    expect(there('full')).toBe(true);
  });

  test('files and links are removed, and no directory is', async () => {
    for (const path of ['full', 'full/', 'empty', 'empty//'])
      expect(await guest.unlink(3, path), path).toBe('EISDIR');
    expect(await guest.unlink(3, 'file/')).toBe('ENOTDIR');
    expect(await guest.unlink(3, 'link/')).toBe('ENOTDIR');
    expect(await guest.unlink(3, 'none/')).toBe('ENOENT');
    expect(await guest.unlink(3, 'none')).toBe('ENOENT');
    for (const path of ['link', 'folder-link', 'dangling', 'file'])
      expect(await guest.unlink(3, path), path).toBe('ok');
    expect(readdirSync(folder).sort()).toEqual(['empty', 'full']);
  });

  test('are gone while they are open: nothing can be made there', async () => {
    const fd = await guest.opened(3, 'empty', { directory: true });
    expect(await guest.rmdir(3, 'empty')).toBe('ok');
    expect(await guest.mkdir(3, 'empty')).toBe('ok');
    expect(await guest.open(fd, 'x', { create: true })).toBe('ENOENT');
    expect(await guest.mkdir(fd, 'x')).toBe('ENOENT');
    expect(await guest.close(fd)).toBe('ok');
    expect(readdirSync(join(folder, 'empty'))).toEqual([]);
  });
});

describe('renaming', () => {
  const rename = (from: string, to: string) => guest.rename(3, from, to);

  test('moves files, links and directories, also between descriptors', async () => {
    expect(await rename('file', 'full/moved')).toBe('ok');
    expect(await rename('link', 'renamed-link')).toBe('ok');
    expect(await rename('full', 'renamed')).toBe('ok');
    expect([
      readFileSync(join(folder, 'renamed/moved'), 'utf8'),
      readlinkSync(join(folder, 'renamed-link')),
    ]).toEqual(['text', 'file']);
    const fd = await guest.opened(3, 'renamed', { directory: true });
    expect(await guest.rename(fd, 'moved', 'back', 3)).toBe('ok');
    expect(there('back')).toBe(true);
    expect(await guest.rename(3, 'back', 'x', 9)).toBe('EBADF');
    expect(await guest.rename(3, 'back', 'x', await guest.opened(3, 'back'))).toBe('ENOTDIR');
  });

  test('takes the place of a file, or of an empty directory', async () => {
    writeFileSync(join(folder, 'other'), 'other');
    expect(await rename('other', 'file')).toBe('ok');
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('other');
    expect(await rename('file', 'dangling')).toBe('ok');
    expect(statSync(join(folder, 'dangling')).isFile()).toBe(true);
    expect(await rename('full/deeper', 'empty')).toBe('ok');
    expect(await rename('empty', 'full')).toBe('ok');
    expect(there('empty')).toBe(false);
  });

  test('does not lose what is there', async () => {
    expect(await rename('empty', 'full')).toBe('ENOTEMPTY');
    expect(await rename('empty', 'file')).toBe('ENOTDIR');
    expect(await rename('file', 'empty')).toBe('EISDIR');
    expect(await rename('full', 'full/deeper/x')).toBe('EINVAL');
    expect(await rename('none', 'x')).toBe('ENOENT');
    expect(await rename('file', 'none/x')).toBe('ENOENT');
    expect(await rename('', 'x')).toBe('ENOENT');
    expect(await rename('file', '')).toBe('ENOENT');
    expect(await rename('file', 'file')).toBe('ok');
    expect(there('file')).toBe(true);
  });

  test('knows directories by their slashes', async () => {
    for (const [from, to] of [
      ['empty/', 'a'],
      ['a', 'b/'],
      ['b//', 'c/.'],
    ] as const)
      expect(await rename(from, to), from).toBe('ok');
    for (const [from, to] of [
      ['file/', 'x'],
      ['file', 'x/'],
      ['file', 'file/'],
      ['link/', 'x'],
      ['folder-link/', 'x'],
      ['file', 'full/'],
    ] as const)
      expect(await rename(from, to), `${from} ${to}`).toMatch(/^(ENOTDIR|EISDIR)$/);
    expect(there('file') && there('c')).toBe(true);
  });
});

describe('links', () => {
  test('hard ones are another name', async () => {
    expect(await guest.link(3, 'file', 'full/same')).toBe('ok');
    expect(await guest.stat(3, 'file')).toMatchObject({ links: 2n });
    const fd = await guest.opened(3, 'full/same', { rights: READ_WRITE });
    expect(await guest.write(fd, 'TE')).toBe(2);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('TExt');
    for (const to of ['file', 'full', 'dangling', 'full/same'])
      expect(await guest.link(3, 'file', to)).toBe('EEXIST');
    expect(await guest.link(3, 'file', 'full/')).toBe('EEXIST');
    expect(await guest.link(3, 'full', 'x')).toBe('EPERM');
    expect(await guest.link(3, 'none', 'x')).toBe('ENOENT');
    expect(await guest.link(3, 'file', 'x/')).toBe('ENOENT');
    expect(await guest.link(3, 'file', 'file/')).toBe('ENOTDIR');
    expect(await guest.link(3, 'file/', 'x')).toBe('ENOTDIR');
    expect(await guest.link(3, 'link/', 'x')).toBe('ENOTDIR');
    expect(await guest.link(3, 'file', 'x', { lookup: 1 })).toBe('EINVAL');
  });

  test.runIf(process.platform === 'linux')('hard ones of a symbolic link are the same link', async () => {
    expect(await guest.link(3, 'dangling', 'x')).toBe('ok');
    expect(readlinkSync(join(folder, 'x'))).toBe('nowhere');
  });

  test('symbolic ones say what they were given', async () => {
    for (const text of ['file', '../up', 'a/./b//c/', 'ä€😀', 'x'.repeat(1000)]) {
      expect(await guest.symlink(3, text, 'new')).toBe('ok');
      expect(readlinkSync(join(folder, 'new'))).toBe(text);
      expect(await guest.readlink(3, 'new')).toBe(`-> ${text}`);
      expect(await guest.unlink(3, 'new')).toBe('ok');
    }
    for (const name of ['file', 'full', 'full/', 'dangling', '.']) {
      expect(await guest.symlink(3, 'text', name), name).toBe('EEXIST');
    }
    expect(await guest.symlink(3, 'text', 'file/')).toBe('ENOTDIR');
    expect(await guest.symlink(3, 'text', 'new/')).toBe('ENOENT');
    expect(await guest.symlink(3, '', 'new')).toBe('ENOENT');
    expect(await guest.symlink(3, 'a\0b', 'new')).toBe('EINVAL');
    expect(await guest.symlink(3, 'x'.repeat(5000), 'new')).toBe('ENAMETOOLONG');
  });

  test('symbolic ones are read as far as there is room', async () => {
    expect(await guest.readlink(3, 'folder-link', 2)).toBe('-> fu');
    expect(await guest.readlink(3, 'folder-link', 0)).toBe('-> ');
    expect(await guest.readlink(3, 'file')).toBe('EINVAL');
    expect(await guest.readlink(3, 'folder-link/')).toBe('EINVAL');
    expect(await guest.readlink(3, 'none')).toBe('ENOENT');
    expect(await guest.readlink(3, 'file/')).toMatch(/EINVAL|ENOTDIR/);
  });
});

describe('listing', () => {
  const listed = async (path: string, length?: number) => {
    const fd = await guest.opened(3, path, { directory: true });
    const entries = await guest.readdir(fd, length);
    await guest.close(fd);
    return entries;
  };

  test('gives itself, its parent, and every entry with kind and inode', async () => {
    const entries = await listed('.');
    expect(entries.slice(0, 2).map(({ name, type }) => [name, type])).toEqual([
      ['.', 3],
      ['..', 3],
    ]);
    expect(entries[0]?.inode).toBe(statSync(folder, { bigint: true }).ino);
    const kinds = { file: 4, full: 3, empty: 3, link: 7, 'folder-link': 7, dangling: 7 };
    expect(Object.fromEntries(entries.slice(2).map(({ name, type }) => [name, type]))).toEqual(kinds);
    for (const { name, inode } of entries.slice(2)) {
      const stat = await guest.stat(3, name);
      expect(typeof stat === 'object' && stat.inode, name).toBe(inode);
    }
    expect((await listed('empty')).map(({ name }) => name)).toEqual(['.', '..']);
  });

  test('needs no more than one name of room at a time', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `${i}-${'n'.repeat(i % 200)}`);
    for (const name of names) writeFileSync(join(folder, 'empty', name), '');
    const all = await listed('empty');
    expect(all.map(({ name }) => name).sort()).toEqual(['.', '..', ...names].sort());
    for (const length of [24 + 203, 300, 1000, 65536])
      expect(
        (await listed('empty', length)).map(({ name }) => name),
        `${length}`,
      ).toEqual(all.map(({ name }) => name));
  });

  test('cuts what does not fit, also in the middle of its numbers', async () => {
    const fd = await guest.opened(3, '.', { directory: true });
    const whole = await guest.readdirOnce(fd, 0n);
    for (const length of [0, 1, 7, 23, 24, 25, 26, 50, 51]) {
      const part = await guest.readdirOnce(fd, 0n, length);
      expect(part).toEqual({
        entries: (typeof whole === 'object' ? whole.entries : []).slice(
          0,
          length < 25 ? 0 : length < 51 ? 1 : 2,
        ),
        end: false,
      });
    }
  });

  test('goes on where it stopped while the directory changes', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `file${i}`);
    for (const name of names) writeFileSync(join(folder, 'empty', name), '');
    const fd = await guest.opened(3, 'empty', { directory: true });
    const seen: string[] = [];
    for (let cookie = 0n; ; ) {
      const got = await guest.readdirOnce(fd, cookie, 700);
      if (typeof got === 'string') throw new Error(got);
      seen.push(...got.entries.map(({ name }) => name));
      if (got.end) break;
      cookie = got.entries.at(-1)?.next ?? 0n;
      // Those that were seen are removed, as by `rm -r`, and others come.
      for (const { name } of got.entries)
        if (name.startsWith('file')) unlinkSync(join(folder, 'empty', name));
      writeFileSync(join(folder, 'empty', `new${seen.length}`), '');
    }
    const old = seen.filter((name) => name.startsWith('file'));
    expect(old.length).toBe(1000);
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('goes back to any entry, and begins anew at 0', async () => {
    for (let i = 0; i < 1000; i++) writeFileSync(join(folder, 'empty', `file${i}`), '');
    const fd = await guest.opened(3, 'empty', { directory: true });
    const all = await guest.readdir(fd, 2000);
    for (const i of [999, 990, 500, 3, 2, 1, 700, 0, 1001]) {
      const got = await guest.readdirOnce(fd, BigInt(i), 2000);
      expect(typeof got === 'object' && got.entries[0], `${i}`).toEqual(all[i]);
    }
    for (const cookie of [1002n, 5000n, 2n ** 53n, 2n ** 64n - 1n])
      expect(await guest.readdirOnce(fd, cookie)).toEqual({ entries: [], end: true });
    unlinkSync(join(folder, 'empty', 'file7'));
    const now = (await guest.readdir(fd)).map(({ name }) => name);
    expect([now.length, now.includes('file7')]).toEqual([1001, false]);
  });

  test('of many entries lets others run, and ends with a kill', async () => {
    for (let i = 0; i < 5000; i++) closeSync(openSync(join(folder, 'empty', `file${i}`), 'w'));
    const fd = await guest.opened(3, 'empty', { directory: true });
    const other = await WasiGuest.start([folder], { runtime: guest.runtime });
    await guest.begin('fd_readdir', fd, 0x1_0000, 0x10_0000, 0, 0x100);
    const before = guest.calls;
    expect(await other.stat(3, 'file')).toBeTypeOf('object');
    expect(await other.stat(3, 'file')).toBeTypeOf('object');
    // It is still at it.
    expect(guest.calls).toBe(before);
    expect(await guest.result()).toBe('ok');
    await guest.begin('fd_readdir', fd, 0x1_0000, 0x10_0000, 4000, 0x100);
    await guest.stop();
    await other.stop();
  });

  test('of what is no directory: ENOTDIR', async () => {
    expect(await guest.readdirOnce(await guest.opened(3, 'file'), 0n)).toBe('ENOTDIR');
    expect(await guest.readdirOnce(0, 0n)).toBe('ENOTDIR');
    expect(await guest.readdirOnce(9, 0n)).toBe('EBADF');
  });

  test.runIf(process.platform === 'linux')(
    'shows names that are no UTF-8 with what stands for them',
    async () => {
      writeFileSync(Buffer.concat([Buffer.from(`${join(folder, 'empty')}/a`), Buffer.from([0xff])]), '');
      expect(
        (await listed('empty')).map(({ name, type, inode }) => [name, type, inode === 0n]),
      ).toContainEqual(['a\ufffd', 4, true]);
    },
  );
});

describe('preopened directories', () => {
  /** A root process with a directory that spawns a child with this one; the child opens "file" in descriptor 3. */
  const parent = (directory: string, root = folder) => {
    const config = ProcessConfig.forRoot();
    config.preopenedDirectories.push({ guestPath: 'root', hostPath: root });
    const source = guestText(`
      (func (export "child")
        (call $show32 (text "child") (call $path_open (i32.const 3) (i32.const 0) (text "file") (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0))))
      (func (export "_start") (local $c i64)
        (local.set $c (call $process.create_config))
        (call $wasi.config_preopen_dir (local.get $c) (text "${directory}"))
        (call $process.monitor (call $spawn_with (i64.const 0) (local.get $c) (text "child")))
        (call $expect (call $receive) (i32.const 2))
        (call $print (text "spawned")))`);
    return run(source, { config });
  };

  test('are given by a config, to children too', async () => {
    expect((await parent(folder)).stdout.lines).toEqual(['child 0', 'spawned']);
    expect((await parent(join(folder, 'empty'))).stdout.lines).toEqual(['child 44', 'spawned']);
    expect((await parent(homedir(), '/')).stdout.lines.at(-1)).toBe('spawned');
  });

  test('that cannot be opened trap the process that spawns, or keep a program from starting', async () => {
    const { exit } = await parent(join(folder, 'none'));
    expect(exit).toMatchObject({
      kind: 'trapped',
      message: expect.stringMatching(/the directory '.*none' cannot be opened: ENOENT/),
    });
    for (const [path, reason] of [
      ['none', /'.*none' cannot be opened: ENOENT/],
      ['file', /'.*file' cannot be opened: ENOTDIR/],
    ] as const)
      await expect(WasiGuest.start([folder, join(folder, path)])).rejects.toThrow(reason);
  });

  test('are shared by processes of a config, and closed after the last', async () => {
    const open = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
    const before = open();
    const config = ProcessConfig.forRoot();
    const guests = [await WasiGuest.start([folder], { runtime: guest.runtime, config })];
    const withOne = open();
    for (let i = 0; i < 9; i++) guests.push(await WasiGuest.start([], { runtime: guest.runtime, config }));
    expect(open()).toBe(withOne);
    // What one does with its descriptor is not seen by others.
    expect(await guests[0]?.close(3)).toBe('ok');
    expect(await guests[1]?.stat(3, 'file')).toBeTypeOf('object');
    for (const each of guests) await each.stop();
    expect(open()).toBe(before);
    const again = await WasiGuest.start([], { runtime: guest.runtime, config });
    expect(await again.stat(3, 'file')).toBeTypeOf('object');
    await again.stop();
  });

  test('may be closed and replaced like others', async () => {
    const fd = await guest.opened(3, 'full', { directory: true });
    expect(await guest.close(3)).toBe('ok');
    expect(await guest.call('fd_prestat_get', 3, 0x100)).toBe('EBADF');
    expect(await guest.stat(3, 'file')).toBe('EBADF');
    expect(await guest.stat(fd, 'deeper')).toMatchObject({ type: 3 });
    expect(await guest.call('fd_prestat_get', fd, 0x100)).toBe('EBADF');
    expect(await guest.opened(fd, '.', { directory: true })).toBe(3);
    expect(await guest.stat(3, 'deeper')).toMatchObject({ type: 3 });
  });

  test('that are links lead where they lead', async () => {
    const other = await WasiGuest.start([join(folder, 'folder-link')]);
    expect(await other.stat(3, 'deeper')).toMatchObject({ type: 3 });
    expect(await other.stat(3, '../file')).toBe('EPERM');
    await other.stop();
  });

  test('that are moved stay open', async () => {
    const other = await WasiGuest.start([join(folder, 'full')]);
    expect(await guest.rename(3, 'full', 'empty')).toBe('ok');
    expect(await other.stat(3, 'deeper')).toMatchObject({ type: 3 });
    expect(await guest.mkdir(3, 'full')).toBe('ok');
    expect(await other.stat(3, 'deeper')).toMatchObject({ type: 3 });
    await other.stop();
  });
});
