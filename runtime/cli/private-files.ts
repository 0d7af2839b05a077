/** Files that make programs do anything, so that nobody but this user may be able to write them. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = constants;

/** Bytes that are written at a time: Node refuses 2 GiB. */
const MAX_WRITE = 2 ** 30;

/** How the names of files end that are being written. */
export const UNFINISHED = '.unfinished';

/**
 * Folders that were all there, and that nobody else could change, nor the ones that lead there: so nobody else can make them other
 * than they are. Looking at all of them takes half a millisecond, which short programs would pay several times.
 */
const safe = new Set<string>();

/**
 * Who could put another folder in the place of one, or change what is in it, as far as it is there already.
 * @returns a text for people; null if nobody could but this user
 */
export function whoElseCanWrite(path: string): string | null {
  // On Windows, rights are no bits, and nobody else may write into the folders of users.
  if (process.getuid === undefined) return null;
  const whole = resolve(path);
  try {
    const found = lstatSync(whole, { throwIfNoEntry: false });
    if (found !== undefined && !(found.isDirectory() && isPrivate(found)))
      return `others can write to ${whole}, or it is no folder`;
    // The folders that lead there, and those where links among them lead.
    const leading = foldersAbove(whole);
    const [nearest = whole] = leading;
    if (safe.has(nearest)) return null;
    const last = leading.find((folder) => existsSync(folder));
    const real = last === undefined ? [] : [realpathSync(last), ...foldersAbove(realpathSync(last))];
    const open = [...leading, ...real].find(isOpen);
    if (open !== undefined) return `others can write to ${open}`;
    // One that is not there yet somebody else might make.
    if (last === nearest) safe.add(nearest);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The folders that a path leads through, from its own one upwards. */
export function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [folder, ...foldersAbove(folder)];
}

/** Whether others can rename what is in a folder: it is theirs, or they can write to it and it is not sticky. */
function isOpen(folder: string): boolean {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return false;
  const isTrusted = found.uid === 0 || found.uid === process.getuid?.();
  return !isTrusted || ((found.mode & WRITABLE_BY_OTHERS) !== 0 && (found.mode & STICKY) === 0);
}

/** Whether a folder is there, and nobody else can change what is in it. */
export function isPrivateFolder(path: string): boolean {
  try {
    return (
      lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true && whoElseCanWrite(path) === null
    );
  } catch {
    // Its path leads through something that is no folder.
    return false;
  }
}

/** Whether nobody else can change what is in a folder, which is made if it is not there. */
export function makePrivateFolder(path: string): boolean {
  if (whoElseCanWrite(path) !== null) return false;
  try {
    makeFolder(path);
  } catch {
    return false;
  }
  return isPrivateFolder(path);
}

/** Makes a folder and those above it. Node's own way never ends where nobody can make one, as in `/proc`. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another command may have made it meanwhile.
    if (!existsSync(path)) throw error;
  }
}

/** Writes a file that is there as a whole or not at all. */
export function writePrivate(path: string, pieces: readonly Uint8Array[]): void {
  // In containers, commands have the same id again and again: a file that one of them left must not be in the way.
  const unfinished = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}${UNFINISHED}`;
  const fd = openSync(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    try {
      for (const piece of pieces) writeFully(fd, piece);
    } finally {
      // Otherwise what has filled the disk would stay there, without a name, until the command ends.
      closeSync(fd);
    }
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
    // A pipe of that name would otherwise be waited for.
    fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
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

/** Whether only this user can write something. Windows has no such bits. */
function isPrivate({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return process.getuid === undefined || (uid === process.getuid() && (mode & WRITABLE_BY_OTHERS) === 0);
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
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest, 0, Math.min(rest.length, MAX_WRITE)));
}
