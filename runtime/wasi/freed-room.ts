import { close, closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { platform } from 'node:process';
import { sharedDatabases } from '../permissions/shared-databases.ts';

/** Bytes on the disk from which on the operating system takes milliseconds to free them. */
export const MUCH_ROOM = 32 * 2 ** 20;
/** Bytes of one of the `blocks` of a file's attributes. */
export const BLOCK = 512;

/** Linux: a file is kept, and not opened. Node does not name it. */
const O_PATH = 0o10_000_000;

/** Closes a file. If no name of it is left and it is large, its room is freed in a thread. A database may stay open for a while. */
export function closeFile(fd: number): void {
  if (sharedDatabases.keep(fd)) return;
  if (isLastOfMuch(fd)) closeApart(fd);
  else closeSync(fd);
}

function isLastOfMuch(fd: number): boolean {
  try {
    const { nlink, blocks } = fstatSync(fd);
    return nlink === 0 && blocks * BLOCK >= MUCH_ROOM;
  } catch {
    // Whatever is wrong with it, it has to be closed.
    return false;
  }
}

/**
 * Removes or replaces what has a path. If that was the last name of a large file, its room is freed in a thread: it is kept
 * meanwhile.
 */
export function freeApart(path: string, remove: () => void): void {
  const fd = keep(path);
  try {
    remove();
  } finally {
    if (fd !== null) closeApart(fd);
  }
}

/** Returns null if there is nothing to be kept, or it cannot be. */
function keep(path: string): number | null {
  if (platform === 'win32') return null;
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || stats.nlink > 1 || stats.blocks * BLOCK < MUCH_ROOM)
    return null;
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  try {
    return openSync(path, O_NOFOLLOW | (platform === 'linux' ? O_PATH : O_RDONLY | O_NONBLOCK));
  } catch {
    return null;
  }
}

function closeApart(fd: number): void {
  close(fd, () => {});
}
