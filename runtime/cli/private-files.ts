/** Files that make programs do anything, so that nobody but this user may be able to write them. */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_RDONLY, O_WRONLY } = constants;

/** How the names of files end that are being written. */
export const UNFINISHED = '.unfinished';

/** Whether a folder is there, and nobody else can write into it. */
export function isPrivateFolder(path: string): boolean {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found?.isDirectory() === true && isPrivate(found);
  } catch {
    // Its path leads through something that is no folder.
    return false;
  }
}

/** Whether nobody else can write into a folder, which is made if it is not there. */
export function makePrivateFolder(path: string): boolean {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch {
    return false;
  }
  return isPrivateFolder(path);
}

/** Writes a file that is there as a whole or not at all. */
export function writePrivate(path: string, pieces: readonly Uint8Array[]): void {
  const unfinished = `${path}.${process.pid}${UNFINISHED}`;
  const fd = openSync(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (const piece of pieces) writeFully(fd, piece);
    closeSync(fd);
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

/** Reads a file that nobody else could write, and when it was written, in milliseconds; null if there is none. */
export function readPrivate(
  path: string,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly written: number } | null {
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NOFOLLOW);
  } catch {
    return null;
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile() || !isPrivate(found)) return null;
    return { bytes: readFully(fd, found.size), written: found.mtimeMs };
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** Whether only this user can write something. On Windows, the folders of users are. */
function isPrivate({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}

/** Reads a file from its beginning: so many bytes, or fewer if it is shorter. */
function readFully(fd: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const read = readSync(fd, bytes, at, size - at, null);
    if (read === 0) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

function writeFully(fd: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
}
