import { execFileSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { READ_WRITE, WasiGuest } from './wasi-guest.ts';

/**
 * What a guest may try to get out of its directory, descriptor 3, and what it is answered. `base` holds
 *
 *     sandbox/   file  dir/file  and links, see `LINKS`
 *     outside/   secret  dir/deeper
 */
const LINKS: Readonly<Record<string, string>> = {
  in: 'dir',
  'in-file': 'dir/file',
  'in-dots': 'dir/../dir/./file',
  'dir/back': '../file',
  chain1: 'chain2',
  chain2: 'chain3/file',
  chain3: 'dir',
  'dangling-in': 'dir/not-there',
  up: '..',
  'up-and-in': '../sandbox/file',
  'out-file': '../outside/secret',
  'out-dir': '../outside',
  'dir/out': '../../outside/secret',
  'to-out': 'out-file',
  'dangling-out': '../outside/new',
  absolute: '/etc/passwd',
  'absolute-dir': '/etc',
  'proc-root': '/proc/self/root',
  'proc-cwd': '/proc/self/cwd',
  loop: 'loop',
  ping: 'pong',
  pong: 'ping',
  'loop-dir': 'loop-dir/x',
};

/** Ways out for every function. */
const OUT = [
  '..',
  '../outside/secret',
  '../sandbox/file',
  'dir/../../outside/secret',
  'dir/../..',
  './/..//outside/secret',
  '/',
  '/etc/passwd',
  '//etc/passwd',
  'out-dir/secret',
  'out-dir/dir/',
  'up/outside/secret',
  'up/sandbox/file',
  'in/../../outside/secret',
  'absolute-dir/passwd',
  'proc-root/etc/passwd',
  'proc-cwd/package.json',
];

/** Links that lead out where they are followed. */
const LINKS_OUT = [
  'up',
  'up-and-in',
  'out-file',
  'out-dir',
  'dir/out',
  'to-out',
  'in/out',
  'dangling-out',
  'absolute',
  'proc-root',
];

/** Everything that takes a path. Those of `FOLLOWING` follow a link at its end. */
const CALLS: Readonly<Record<string, (guest: WasiGuest, path: string) => Promise<unknown>>> = {
  open: (guest, path) => guest.open(3, path, { follow: true }),
  'open to write': (guest, path) => guest.open(3, path, { follow: true, rights: READ_WRITE }),
  'open to truncate': (guest, path) => guest.open(3, path, { follow: true, truncate: true }),
  'open as directory': (guest, path) => guest.open(3, path, { follow: true, directory: true }),
  create: (guest, path) => guest.open(3, path, { follow: true, create: true, rights: READ_WRITE }),
  stat: (guest, path) => guest.stat(3, path, true),
  'set times': (guest, path) => guest.setTimes(3, path, { follow: true, modified: 1n, flags: 4 }),
  'open, not following': (guest, path) => guest.open(3, path),
  'create, exclusive': (guest, path) => guest.open(3, path, { create: true, exclusive: true }),
  'stat, not following': (guest, path) => guest.stat(3, path),
  'set times, not following': (guest, path) => guest.setTimes(3, path, { modified: 1n, flags: 4 }),
  mkdir: (guest, path) => guest.mkdir(3, path),
  rmdir: (guest, path) => guest.rmdir(3, path),
  unlink: (guest, path) => guest.unlink(3, path),
  'rename from': (guest, path) => guest.rename(3, path, 'stolen'),
  'rename to': (guest, path) => guest.rename(3, 'file', path),
  'link from': (guest, path) => guest.link(3, path, 'stolen'),
  'link to': (guest, path) => guest.link(3, 'file', path),
  symlink: (guest, path) => guest.symlink(3, 'file', path),
  readlink: (guest, path) => guest.readlink(3, path),
};
const FOLLOWING = Object.keys(CALLS).slice(0, 7);

let base = '';
const sandbox = () => join(base, 'sandbox');

function build(): void {
  rmSync(base, { recursive: true, force: true });
  for (const folder of ['sandbox/dir', 'outside/dir/deeper'])
    mkdirSync(join(base, folder), { recursive: true });
  for (const file of ['sandbox/file', 'sandbox/dir/file', 'outside/secret'])
    writeFileSync(join(base, file), file);
  for (const [path, text] of Object.entries(LINKS)) symlinkSync(text, join(sandbox(), path));
}

/** All that is to be seen of a tree: kinds, contents, times. */
function look(path: string): unknown {
  const stats = lstatSync(path, { bigint: true });
  const what = stats.isDirectory()
    ? Object.fromEntries(readdirSync(path).map((name) => [name, look(join(path, name))]))
    : stats.isSymbolicLink()
      ? readlinkSync(path)
      : readFileSync(path, 'utf8');
  return [what, stats.mtimeNs, stats.nlink, stats.mode];
}

/** Descriptors of this process, where the system tells. */
function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

/** @param anchored whether the implementation holds against other programs too, at every moment */
export function describeSandbox(title: string, anchored: boolean): void {
  describe(title, () => {
    let guest: WasiGuest;
    let outside: unknown;
    let open: number;
    beforeAll(async () => {
      base = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-sandbox-')));
    });
    beforeEach(async () => {
      build();
      outside = look(join(base, 'outside'));
      open = openFiles();
      guest = await WasiGuest.start([sandbox()]);
      return async () => {
        await guest.stop();
        // Whatever way was gone, nothing of it stays open. What tests before this one have had open may be closed meanwhile.
        expect(openFiles()).toBeLessThanOrEqual(open);
        expect(look(join(base, 'outside'))).toEqual(outside);
      };
    });
    afterAll(() => rmSync(base, { recursive: true, force: true }));

    test.each(OUT)('%s leads outside: EPERM', async (path) => {
      const inside = look(sandbox());
      for (const [name, call] of Object.entries(CALLS)) {
        // Where the last component is `..` or a link there is nothing that these would touch.
        expect(await call(guest, path), name).toBe('EPERM');
      }
      expect(look(sandbox())).toEqual(inside);
    });

    test.each(LINKS_OUT)('the link %s leads outside: EPERM where it is followed', async (path) => {
      for (const name of FOLLOWING) expect(await CALLS[name]?.(guest, path), name).toBe('EPERM');
      expect(await guest.open(3, path)).toBe('ELOOP');
      expect(await guest.open(3, `${path}/`)).toBe('EPERM');
      expect(await guest.open(3, `${path}/.`)).toBe('EPERM');
      expect(await guest.open(3, path, { directory: true })).toBe('ENOTDIR');
      expect(await guest.open(3, path, { create: true, exclusive: true })).toBe('EEXIST');
      expect(await guest.stat(3, path)).toMatchObject({ type: 7 });
      expect(await guest.mkdir(3, path)).toBe('EEXIST');
      expect(await guest.rmdir(3, path)).toBe('ENOTDIR');
      expect(await guest.rmdir(3, `${path}/`)).toBe('ENOTDIR');
      expect(await guest.unlink(3, `${path}/`)).toBe('ENOTDIR');
      expect(await guest.rename(3, `${path}/`, 'stolen')).toBe('ENOTDIR');
      // The link itself is inside, and may be moved about: it leads nowhere from there either.
      expect(await guest.rename(3, path, 'moved')).toBe('ok');
      expect(await guest.stat(3, 'moved', true)).toMatch(/^(EPERM|ENOENT)$/);
      expect(await guest.unlink(3, 'moved')).toBe('ok');
    });

    test('links that stay inside are followed', async () => {
      const texts = [];
      for (const path of [
        'in/file',
        'in-file',
        'in-dots',
        'dir/back',
        'chain1',
        'in/back',
        'chain3/../file',
      ]) {
        const fd = await guest.opened(3, path, { follow: true });
        texts.push(await guest.read(fd));
        await guest.close(fd);
      }
      const [file, deeper] = ['sandbox/file', 'sandbox/dir/file'];
      expect(texts).toEqual([deeper, deeper, deeper, file, deeper, file, file]);
    });

    test.each(['loop', 'ping', 'loop-dir', 'loop/x', 'ping/', 'loop-dir/y'])(
      '%s goes round: ELOOP',
      async (path) => {
        for (const name of FOLLOWING) expect(await CALLS[name]?.(guest, path), name).toBe('ELOOP');
      },
    );

    test('forty links are followed, one more is not', async () => {
      symlinkSync('file', join(sandbox(), 'link1'));
      for (let i = 2; i <= 41; i++) symlinkSync(`link${i - 1}`, join(sandbox(), `link${i}`));
      expect(await guest.stat(3, 'link40', true)).toMatchObject({ type: 4 });
      expect(await guest.stat(3, 'link41', true)).toBe('ELOOP');
      expect(await guest.open(3, 'link40', { follow: true, create: true })).toBeTypeOf('number');
      expect(await guest.open(3, 'link41', { follow: true })).toBe('ELOOP');
    });

    test('links that multiply end as well', async () => {
      symlinkSync('.', join(sandbox(), 'same'));
      const long = 'same/'.repeat(700);
      symlinkSync(`${long}next`, join(sandbox(), 'first'));
      symlinkSync(`${long}first`, join(sandbox(), 'next'));
      expect(await guest.stat(3, 'first', true)).toBe('ELOOP');
    });

    test('a link to nothing makes a file where it leads, inside', async () => {
      expect(await guest.open(3, 'dangling-in', { follow: true })).toBe('ENOENT');
      expect(await guest.open(3, 'dangling-in', { create: true })).toBe('ELOOP');
      const fd = await guest.opened(3, 'dangling-in', { follow: true, create: true, rights: READ_WRITE });
      expect(await guest.write(fd, 'made')).toBe(4);
      expect(readFileSync(join(sandbox(), 'dir/not-there'), 'utf8')).toBe('made');
    });

    test('absolute links are neither made nor read', async () => {
      expect(await guest.symlink(3, '/etc/passwd', 'new')).toBe('EPERM');
      expect(await guest.readlink(3, 'absolute')).toBe('EPERM');
      expect(await guest.readlink(3, 'out-file')).toBe('-> ../outside/secret');
    });

    test('links of its own lead out no more than others', async () => {
      expect(await guest.symlink(3, '../outside', 'dir/own')).toBe('ok');
      expect(await guest.open(3, 'dir/own/secret')).toBe('ENOENT');
      expect(await guest.rename(3, 'dir/own', 'own')).toBe('ok');
      expect(await guest.open(3, 'own/secret')).toBe('EPERM');
      expect(await guest.symlink(3, '..', 'dir/up')).toBe('ok');
      expect(await guest.open(3, 'dir/up/../outside/secret')).toBe('EPERM');
      expect(await guest.open(3, 'dir/up/dir/up/file')).toBeTypeOf('number');
    });

    test('a directory opened in it is a boundary of its own', async () => {
      const fd = await guest.opened(3, 'dir', { directory: true });
      for (const path of ['..', '../file', 'back', '../dir/file', './../dir'])
        expect(await guest.open(fd, path, { follow: true }), path).toBe('EPERM');
      expect(await guest.open(fd, 'file')).toBeTypeOf('number');
    });

    test.each([
      ['', 'ENOENT'],
      ['file\0', 'EINVAL'],
      ['dir\0/../../outside/secret', 'EINVAL'],
      ['\0', 'EINVAL'],
      ['x'.repeat(256), 'ENAMETOOLONG'],
      ['x/'.repeat(2049), 'ENAMETOOLONG'],
      ['../'.repeat(1000), 'EPERM'],
      ['file/', 'ENOTDIR'],
      ['file///', 'ENOTDIR'],
      ['file/.', 'ENOTDIR'],
      ['file/..', 'ENOTDIR'],
      ['file/x', 'ENOTDIR'],
      ['in-file/', 'ENOTDIR'],
      ['not-there/..', 'ENOENT'],
    ])('%j: %s', async (path, errno) => {
      for (const name of ['open', 'stat', 'set times', 'open, not following', 'stat, not following'])
        expect(await CALLS[name]?.(guest, path), name).toBe(errno);
    });

    test('a path that is no UTF-8: EILSEQ', async () => {
      expect(await guest.open(3, new Uint8Array([0x66, 0xff]))).toBe('EILSEQ');
      expect(await guest.open(3, new Uint8Array([0xed, 0xa0, 0x80]))).toBe('EILSEQ');
    });

    test('a very long way and back ends where it began', async () => {
      expect(await guest.stat(3, `${'dir/../'.repeat(580)}file`)).toMatchObject({ type: 4 });
      expect(await guest.stat(3, `${'./'.repeat(2040)}file`)).toMatchObject({ type: 4 });
    });

    test.skipIf(process.platform === 'win32')(
      'FIFOs and sockets are seen, moved and removed, but not opened; nobody waits',
      async () => {
        execFileSync('mkfifo', [join(sandbox(), 'fifo')]);
        symlinkSync('fifo', join(sandbox(), 'to-fifo'));
        const server = createServer().listen(join(sandbox(), 'socket'));
        await new Promise((listening) => server.on('listening', listening));
        for (const options of [
          {},
          { rights: READ_WRITE },
          { create: true },
          { truncate: true },
          { flags: 4 },
        ]) {
          expect(await guest.open(3, 'fifo', options)).toBe('EACCES');
          expect(await guest.open(3, 'to-fifo', { ...options, follow: true })).toBe('EACCES');
          expect(await guest.open(3, 'socket', options)).toBe('ENXIO');
        }
        expect(await guest.open(3, 'fifo', { directory: true })).toBe('ENOTDIR');
        expect(await guest.stat(3, 'fifo')).toMatchObject({ type: 0 });
        expect(await guest.stat(3, 'socket')).toMatchObject({ type: 6 });
        expect(await guest.rename(3, 'fifo', 'moved')).toBe('ok');
        expect(await guest.unlink(3, 'moved')).toBe('ok');
        await new Promise((closed) => server.close(closed));
      },
    );

    test.skipIf(process.platform === 'win32')('devices are not opened: EACCES', async () => {
      const other = await WasiGuest.start(['/dev']);
      for (const path of ['null', 'zero', 'tty', 'random'])
        for (const rights of [undefined, READ_WRITE])
          expect(await other.open(3, path, rights === undefined ? {} : { rights }), path).toBe('EACCES');
      expect(await other.open(3, 'stdin', { follow: true })).toBe('EPERM');
      expect(await other.open(3, 'fd/0', { follow: true })).toBe('EPERM');
      expect(await other.stat(3, 'null')).toMatchObject({ type: 2 });
      await other.stop();
    });

    const onLinux = test.runIf(process.platform === 'linux');
    if (anchored)
      onLinux('nothing in /proc is reached: EACCES', async () => {
        const other = await WasiGuest.start(['/']);
        for (const path of [
          'proc',
          'proc/',
          'proc/self/mem',
          'proc/self/environ',
          'proc/self/fd/0',
          'proc/self/root/etc/passwd',
          `proc/${process.pid}/mem`,
          `proc/${process.pid}/cwd`,
          'dev/../proc/version',
        ]) {
          expect(await other.open(3, path, { follow: true }), path).toBe('EACCES');
          expect(await other.open(3, path, { follow: true, directory: true }), path).toBe('EACCES');
        }
        expect(await other.readlink(3, 'proc/self/exe')).toBe('EACCES');
        expect(await other.stat(3, 'proc/self')).toBe('EACCES');
        await other.stop();
        await expect(WasiGuest.start(['/proc/self'])).rejects.toThrow(
          /'\/proc\/self' cannot be opened: EACCES/,
        );
      });

    test('a hard link that somebody made inside is a file inside', async () => {
      linkSync(join(base, 'outside/secret'), join(sandbox(), 'hard'));
      const fd = await guest.opened(3, 'hard');
      expect(await guest.read(fd)).toBe('outside/secret');
      rmSync(join(sandbox(), 'hard'));
    });

    test('a directory that is moved outside while it is open leads nowhere from there', async () => {
      const fd = await guest.opened(3, 'dir', { directory: true });
      const moved = join(base, 'moved');
      renameSync(join(sandbox(), 'dir'), moved);
      for (const path of ['..', '../outside/secret', '../sandbox/file'])
        expect(await guest.open(fd, path, { follow: true }), path).toBe('EPERM');
      const file = await guest.open(fd, 'file');
      // With a descriptor it is still the directory that was opened; by its path it is gone.
      if (anchored) expect(await guest.read(file as number)).toBe('sandbox/dir/file');
      else expect(file).toBe('ENOENT');
      rmSync(moved, { recursive: true });
    });

    test('a directory that is exchanged for a link while it is open', async () => {
      const fd = await guest.opened(3, 'dir', { directory: true });
      writeFileSync(join(sandbox(), 'dir/secret'), 'inside');
      renameSync(join(sandbox(), 'dir'), join(sandbox(), 'gone'));
      symlinkSync('../outside', join(sandbox(), 'dir'));
      for (const options of [{}, { follow: true }, { rights: READ_WRITE }, { create: true }]) {
        const opened = await guest.open(fd, 'secret', options);
        if (anchored) expect(await guest.read(opened as number)).toBe('inside');
        else expect(opened).toBe('EPERM');
      }
      for (const name of ['mkdir', 'unlink'] as const)
        expect(await guest[name](fd, 'new')).toBe(
          anchored ? { mkdir: 'ok', unlink: 'EISDIR' }[name] : 'EPERM',
        );
      expect(await guest.readdirOnce(fd, 0n)).toEqual(anchored ? expect.anything() : 'EPERM');
    });

    // By paths alone this is not refused every time.
    if (anchored)
      test('directories and files exchanged for links all the time by another thread', {
        timeout: 30_000,
      }, async () => {
        const swapper = await Swapper.start(sandbox());
        const seen = new Set<unknown>();
        const note = (answer: unknown) => seen.add(typeof answer === 'object' ? 'ok' : answer);
        const others = /^(ok|EPERM|ENOENT|ELOOP|ENOTDIR|EEXIST|EISDIR|EAGAIN|ENOTEMPTY|EINVAL)$/;
        for (let i = 0; i < 400 || (i < 4000 && swapper.swaps < 500); i++) {
          for (const path of ['swap/secret', 'swapped-file', 'swap/dir/../secret']) {
            const fd = await guest.open(3, path, { follow: i % 2 === 0 });
            if (typeof fd === 'number') {
              expect(await guest.read(fd)).toBe('inside');
              await guest.close(fd);
            } else note(fd);
          }
          note(await guest.unlink(3, `swap/new${i - 1}`));
          const fd = await guest.open(3, `swap/new${i}`, { create: true, follow: true, rights: READ_WRITE });
          if (typeof fd === 'number') await guest.close(fd);
          else note(fd);
          note(await guest.mkdir(3, 'swap/made'));
          note(await guest.rename(3, 'swap/made', 'swap/dir2'));
          note(await guest.rmdir(3, 'swap/dir2'));
          note(await guest.stat(3, 'swap/secret', true));
        }
        expect(swapper.swaps).toBeGreaterThan(50);
        await swapper.stop();
        for (const errno of seen) expect(errno).toMatch(others);
        // It did meet the link, more than once.
        expect(seen).toContain('EPERM');
      });
  });
}

/**
 * A thread that exchanges `swap`, a directory, for a link to `../outside`, and `swapped-file`, a file, for a link to
 * `../outside/secret`, over and over.
 */
class Swapper {
  readonly #worker: Worker;
  readonly #state: Int32Array;

  private constructor(worker: Worker, state: Int32Array) {
    this.#worker = worker;
    this.#state = state;
  }

  static async start(folder: string): Promise<Swapper> {
    mkdirSync(join(folder, 'swap/dir'), { recursive: true });
    writeFileSync(join(folder, 'swap/secret'), 'inside');
    writeFileSync(join(folder, 'swapped-file'), 'inside');
    symlinkSync('../outside', join(folder, 'swap-link'));
    symlinkSync('../outside/secret', join(folder, 'file-link'));
    const state = new Int32Array(new SharedArrayBuffer(8));
    const program = `
      const { renameSync } = require('node:fs');
      const { workerData: { folder, state }, parentPort } = require('node:worker_threads');
      const move = (from, to) => renameSync(folder + '/' + from, folder + '/' + to);
      parentPort.postMessage('started');
      while (Atomics.load(state, 0) === 0) {
        move('swap', 'swap-away'); move('swap-link', 'swap');
        move('swapped-file', 'file-away'); move('file-link', 'swapped-file');
        move('swap', 'swap-link'); move('swap-away', 'swap');
        move('swapped-file', 'file-link'); move('file-away', 'swapped-file');
        Atomics.add(state, 1, 1);
      }`;
    const worker = new Worker(program, { eval: true, workerData: { folder, state } });
    await new Promise((started) => worker.once('message', started));
    return new Swapper(worker, state);
  }

  get swaps(): number {
    return Atomics.load(this.#state, 1);
  }

  async stop(): Promise<void> {
    const ended = new Promise((exit) => this.#worker.once('exit', exit));
    Atomics.store(this.#state, 0, 1);
    await ended;
  }
}
