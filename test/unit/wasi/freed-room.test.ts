import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { closeFile, freeApart, MUCH_ROOM } from '../../../runtime/wasi/freed-room.ts';
import { WasiGuest } from '../../support/wasi-guest.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-freed-'));
afterAll(() => rmSync(folder, { recursive: true }));
const large = join(folder, 'large');
const small = join(folder, 'small');
/** Not only zeros, which some file systems do not keep. */
const CONTENTS = Buffer.alloc(MUCH_ROOM + 2 ** 20, 'contents');
const make = (size = CONTENTS.length): void => {
  writeFileSync(large, CONTENTS);
  if (size > CONTENTS.length) appendFileSync(large, Buffer.alloc(size - CONTENTS.length, 'more'));
  writeFileSync(small, 'small');
};

/** Files of the folder that are open and have no name any more. */
function nameless(): number {
  const open = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return open.filter((path) => path.startsWith(folder) && path.endsWith('(deleted)')).length;
}

/** Whether a file is seen that a thread has yet to free. It may be quicker than the look. */
async function isFreedApart(act: () => void | Promise<void>, size = CONTENTS.length): Promise<boolean> {
  for (let tries = 0; tries < 20; tries++) {
    make(size);
    await act();
    if (nameless() === 0) continue;
    await vi.waitUntil(() => nameless() === 0, { timeout: 20_000 });
    return true;
  }
  return false;
}

test.runIf(process.platform === 'linux').each<[string, () => void]>([
  ['removed', () => freeApart(large, () => unlinkSync(large))],
  ['replaced', () => freeApart(large, () => renameSync(small, large))],
  [
    'closed when it has no name any more',
    () => {
      const fd = openSync(large, 'r');
      unlinkSync(large);
      closeFile(fd);
    },
  ],
])('a large file that is %s is freed in a thread', async (_, act) => {
  expect(await isFreedApart(act)).toBe(true);
});

test.runIf(process.platform === 'linux')(
  'so it is when a guest removes or replaces it, or closes it',
  async () => {
    const guest = await WasiGuest.start([folder]);
    const size = 4 * MUCH_ROOM;
    expect(await isFreedApart(async () => expect(await guest.unlink(3, 'large')).toBe('ok'), size)).toBe(
      true,
    );
    expect(
      await isFreedApart(async () => expect(await guest.rename(3, 'small', 'large')).toBe('ok'), size),
    ).toBe(true);
    const closed = async (): Promise<void> => {
      const fd = await guest.opened(3, 'large');
      unlinkSync(large);
      expect(await guest.close(fd)).toBe('ok');
    };
    expect(await isFreedApart(closed, size)).toBe(true);
    await guest.stop();
  },
  60_000,
);

test.runIf(process.platform === 'linux').each<[string, () => void]>([
  ['a small file is removed', () => freeApart(small, () => unlinkSync(small))],
  [
    'a large file keeps another name',
    () => {
      rmSync(join(folder, 'other'), { force: true });
      linkSync(large, join(folder, 'other'));
      freeApart(large, () => unlinkSync(large));
    },
  ],
])('no thread is asked when %s', async (_, act) => {
  expect(await isFreedApart(act)).toBe(false);
});

test('what fails is told, and nothing stays open', async () => {
  make();
  expect(() => freeApart(large, () => unlinkSync(join(folder, 'none')))).toThrow('ENOENT');
  expect(existsSync(large)).toBe(true);
  expect(() => freeApart(join(folder, 'none'), () => unlinkSync(join(folder, 'none')))).toThrow('ENOENT');
});
