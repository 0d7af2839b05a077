import {
  type BigIntStats,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { isAbsolute } from 'node:path';
import type { Scheduler } from '../kernel/scheduler.ts';
import { PathError } from '../permissions/host-directory.ts';
import { attempt, Errno } from './errno.ts';
import { FILESTAT_SIZE, fileTimes, writeFileStat } from './file-stat.ts';
import { freeApart } from './freed-room.ts';
import { directoryOf, pathOf } from './lookup.ts';
import { LOOKUP_FOLLOW } from './path-open.ts';
import { preview1, SINCE } from './preview1.ts';
import { Right } from './rights.ts';
import { Follow, requireNoIndex, Walk } from './walk.ts';

/** Functions for paths. */

const encoder = new TextEncoder();

/** Follows a guest's path and does something at its end. */
function at(
  { current, work }: Scheduler,
  fd: number,
  right: number,
  path: string | Errno,
  follow: Follow,
  action: (walk: Walk) => void,
): Errno {
  const parent = directoryOf(current, fd, right);
  if (typeof parent === 'number') return parent;
  if (typeof path === 'number') return path;
  return attempt(() => {
    const walk = new Walk(parent.directory, path, follow, work);
    try {
      action(walk);
      return Errno.Success;
    } finally {
      walk.close();
    }
  });
}

/** A path of the guest, and the rights that its directory must have. */
interface GuestPath {
  readonly fd: number;
  readonly right: number;
  readonly path: string | Errno;
}

/** Follows two paths and does something with both ends. */
function between(
  scheduler: Scheduler,
  from: GuestPath,
  to: GuestPath,
  action: (source: Walk, target: Walk) => void,
): Errno {
  let errno: Errno = Errno.Success;
  const outer = at(scheduler, from.fd, from.right, from.path, Follow.Never, (source) => {
    errno = at(scheduler, to.fd, to.right, to.path, Follow.Never, (target) => action(source, target));
  });
  return outer === Errno.Success ? errno : outer;
}

function followOf(lookup: number): Follow {
  return (lookup & LOOKUP_FOLLOW) !== 0 ? Follow.Always : Follow.Directories;
}

/** If a path has a slash at its end, what is to be changed must be a directory, and not a link. */
function requireDirectory(walk: Walk): void {
  if (!walk.mustBeDirectory) return;
  const stats = walk.look();
  if (stats === undefined) throw new PathError('ENOENT', 'there is nothing');
  if (!stats.isDirectory()) throw new PathError('ENOTDIR', 'it is not a directory');
}

// -- attributes ----------------------------------------------------------------------------------------

preview1.define(
  'path_filestat_get',
  '(fd: i32, flags: i32, path: i32, path_len: i32, stat: i32) -> i32',
  { since: SINCE },
  'Writes the attributes of what a path leads to.',
  ({ scheduler }) =>
    (fd: number, lookup: number, pathPointer: number, pathLength: number, pointer: number) => {
      const { current } = scheduler;
      const path = pathOf(scheduler, pathPointer, pathLength);
      current.memory.check(pointer, FILESTAT_SIZE);
      if ((lookup & ~LOOKUP_FOLLOW) !== 0) return Errno.Inval;
      return at(scheduler, fd, Right.PathFilestatGet, path, followOf(lookup), (walk) => {
        writeFileStat(current, pointer, statsAt(walk));
      });
    },
);

function statsAt(walk: Walk): BigIntStats {
  const stats = lstatSync(walk.path, { bigint: true });
  if (walk.mustBeDirectory && !stats.isDirectory()) throw new PathError('ENOTDIR', 'it is not a directory');
  return stats;
}

preview1.define(
  'path_filestat_set_times',
  '(fd: i32, flags: i32, path: i32, path_len: i32, atim: i64, mtim: i64, fst_flags: i32) -> i32',
  { since: SINCE },
  'Sets the times of what a path leads to, in nanoseconds.',
  ({ scheduler }) =>
    (
      fd: number,
      lookup: number,
      pathPointer: number,
      pathLength: number,
      accessed: bigint,
      modified: bigint,
      flags: number,
    ) => {
      const path = pathOf(scheduler, pathPointer, pathLength);
      if ((lookup & ~LOOKUP_FOLLOW) !== 0) return Errno.Inval;
      const times = fileTimes(accessed, modified, flags);
      if (typeof times === 'number') return times;
      return at(scheduler, fd, Right.PathFilestatSetTimes, path, followOf(lookup), (walk) => {
        // If no time is set, the operating system does not even look.
        if (walk.mustBeDirectory || flags === 0) statsAt(walk);
        lutimesSync(walk.path, times.accessed, times.modified);
      });
    },
);

// -- directories ---------------------------------------------------------------------------------------

preview1.define(
  'path_create_directory',
  '(fd: i32, path: i32, path_len: i32) -> i32',
  { since: SINCE },
  'Makes a directory.',
  ({ scheduler }) =>
    (fd: number, pathPointer: number, pathLength: number) => {
      const path = pathOf(scheduler, pathPointer, pathLength);
      return at(scheduler, fd, Right.PathCreateDirectory, path, Follow.Never, (walk) => {
        mkdirSync(walk.path);
      });
    },
);

preview1.define(
  'path_remove_directory',
  '(fd: i32, path: i32, path_len: i32) -> i32',
  { since: SINCE },
  'Removes an empty directory.',
  ({ scheduler }) =>
    (fd: number, pathPointer: number, pathLength: number) => {
      const path = pathOf(scheduler, pathPointer, pathLength);
      return at(scheduler, fd, Right.PathRemoveDirectory, path, Follow.Never, (walk) => {
        rmdirSync(walk.path);
      });
    },
);

preview1.define(
  'path_unlink_file',
  '(fd: i32, path: i32, path_len: i32) -> i32',
  { since: SINCE },
  'Removes a file, or a symbolic link.',
  ({ scheduler }) =>
    (fd: number, pathPointer: number, pathLength: number) => {
      const path = pathOf(scheduler, pathPointer, pathLength);
      return at(scheduler, fd, Right.PathUnlinkFile, path, Follow.Never, (walk) => {
        requireDirectory(walk);
        freeApart(walk.path, () => unlinkSync(walk.path));
      });
    },
);

preview1.define(
  'path_rename',
  '(fd: i32, old_path: i32, old_path_len: i32, new_fd: i32, new_path: i32, new_path_len: i32) -> i32',
  { since: SINCE },
  'Renames a file or directory, and replaces whatever has the new name.',
  ({ scheduler }) =>
    (
      fd: number,
      oldPointer: number,
      oldLength: number,
      newFd: number,
      newPointer: number,
      newLength: number,
    ) => {
      const oldPath = pathOf(scheduler, oldPointer, oldLength);
      const newPath = pathOf(scheduler, newPointer, newLength);
      const from = { fd, right: Right.PathRenameSource, path: oldPath };
      const to = { fd: newFd, right: Right.PathRenameTarget, path: newPath };
      return between(scheduler, from, to, (source, target) => {
        requireDirectory(source);
        if (target.mustBeDirectory && source.look()?.isDirectory() === false)
          throw new PathError('ENOTDIR', 'it is not a directory');
        if (source.look()?.isDirectory() !== true) for (const walk of [source, target]) requireNoIndex(walk);
        freeApart(target.path, () => renameSync(source.path, target.path));
      });
    },
);

// -- links ---------------------------------------------------------------------------------------------

preview1.define(
  'path_link',
  '(old_fd: i32, old_flags: i32, old_path: i32, old_path_len: i32, new_fd: i32, new_path: i32, new_path_len: i32) -> i32',
  { since: SINCE },
  'Makes a hard link. Symbolic links are not followed: asking for that is EINVAL.',
  ({ scheduler }) =>
    (
      fd: number,
      lookup: number,
      oldPointer: number,
      oldLength: number,
      newFd: number,
      newPointer: number,
      newLength: number,
    ) => {
      const oldPath = pathOf(scheduler, oldPointer, oldLength);
      const newPath = pathOf(scheduler, newPointer, newLength);
      if (lookup !== 0) return Errno.Inval;
      const from = { fd, right: Right.PathLinkSource, path: oldPath };
      const to = { fd: newFd, right: Right.PathLinkTarget, path: newPath };
      return between(scheduler, from, to, (source, target) => {
        requireDirectory(source);
        if (target.mustBeDirectory) {
          requireDirectory(target);
          throw new PathError('EEXIST', 'it is a directory');
        }
        // Systems other than Linux may follow the link.
        if (process.platform !== 'linux' && source.look()?.isSymbolicLink() === true)
          throw new PathError('ENOTSUP', 'a hard link to a symbolic link');
        for (const walk of [source, target]) requireNoIndex(walk);
        linkSync(source.path, target.path);
      });
    },
);

preview1.define(
  'path_symlink',
  '(old_path: i32, old_path_len: i32, fd: i32, new_path: i32, new_path_len: i32) -> i32',
  { since: SINCE },
  'Makes a symbolic link. What it says must not begin with a slash.',
  ({ scheduler }) =>
    (textPointer: number, textLength: number, fd: number, pathPointer: number, pathLength: number) => {
      const text = pathOf(scheduler, textPointer, textLength);
      const path = pathOf(scheduler, pathPointer, pathLength);
      if (typeof text === 'number') return text;
      return at(scheduler, fd, Right.PathSymlink, path, Follow.Never, (walk) => {
        if (isAbsolute(text)) throw new PathError('EPERM', 'a link to an absolute path');
        if (walk.mustBeDirectory && walk.look()?.isDirectory() === false)
          throw new PathError('ENOTDIR', 'it is not a directory');
        if (walk.mustBeDirectory && walk.look() === undefined)
          throw new PathError('ENOENT', 'a link cannot have the name of a directory');
        symlinkSync(text, walk.path);
      });
    },
);

preview1.define(
  'path_readlink',
  '(fd: i32, path: i32, path_len: i32, buf: i32, buf_len: i32, used: i32) -> i32',
  { since: SINCE },
  'Reads a symbolic link: as much of it as fits into the buffer. One that begins with a slash is EPERM.',
  ({ scheduler }) =>
    (fd: number, pathPointer: number, pathLength: number, buffer: number, length: number, used: number) => {
      const { current } = scheduler;
      const { memory } = current;
      const path = pathOf(scheduler, pathPointer, pathLength);
      const size = length >>> 0;
      const start = memory.check(buffer, size);
      const cell = memory.check(used, 4);
      return at(scheduler, fd, Right.PathReadlink, path, Follow.Directories, (walk) => {
        const text = readlinkSync(walk.path);
        if (isAbsolute(text)) throw new PathError('EPERM', 'a link to an absolute path');
        const bytes = encoder.encode(text).subarray(0, size);
        memory.write(start, bytes);
        memory.writeU32(cell, bytes.length);
      });
    },
);
