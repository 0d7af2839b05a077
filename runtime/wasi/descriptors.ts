import { ALL_FD_FLAGS, FdFlag } from './descriptor.ts';
import { descriptorsOf } from './descriptor-table.ts';
import { DirectoryDescriptor } from './directory.ts';
import { attempt, Errno } from './errno.ts';
import { FileDescriptor } from './file.ts';
import { preview1, SINCE } from './preview1.ts';
import { Right } from './rights.ts';

/** Functions for descriptors themselves: their numbers, rights and flags, and the names of preopened directories. */

const encoder = new TextEncoder();

preview1.define('fd_close', '(fd: i32) -> i32', { since: SINCE }, 'Closes a descriptor.', ({ scheduler }) => {
  return (fd: number) => attempt(() => descriptorsOf(scheduler.current).close(fd));
});

preview1.define(
  'fd_renumber',
  '(fd: i32, to: i32) -> i32',
  { since: SINCE },
  'Gives a descriptor the number of another one, which is closed.',
  ({ scheduler }) =>
    (fd: number, to: number) =>
      attempt(() => descriptorsOf(scheduler.current).renumber(fd, to)),
);

/**
 *     0  type u8    8  rights u64
 *     2  flags u16  16 inheriting rights u64
 */
const FDSTAT_SIZE = 24;

preview1.define(
  'fd_fdstat_get',
  '(fd: i32, stat: i32) -> i32',
  { since: SINCE },
  'Writes type, flags and rights of a descriptor.',
  ({ scheduler }) =>
    (fd: number, pointer: number) => {
      const { current } = scheduler;
      const descriptor = descriptorsOf(current).get(fd);
      if (descriptor === undefined) return Errno.Badf;
      const { memory } = current;
      memory.slice(pointer, FDSTAT_SIZE).fill(0);
      const at = pointer >>> 0;
      memory.writeU8(at, descriptor.fileType);
      memory.writeU16(at + 2, descriptor.flags);
      memory.writeU32(at + 8, descriptor.rights);
      memory.writeU32(at + 16, descriptor.inheriting);
      return Errno.Success;
    },
);

preview1.define(
  'fd_fdstat_set_flags',
  '(fd: i32, flags: i32) -> i32',
  { since: SINCE },
  'Sets the flags of a descriptor. Streams and directories know none but NONBLOCK.',
  ({ scheduler }) =>
    (fd: number, flags: number) => {
      const descriptor = descriptorsOf(scheduler.current).get(fd);
      if (descriptor === undefined) return Errno.Badf;
      if (!descriptor.has(Right.FdFdstatSetFlags)) return Errno.Notcapable;
      if ((flags & ~ALL_FD_FLAGS) !== 0) return Errno.Inval;
      if (descriptor instanceof FileDescriptor) {
        return attempt(() => {
          descriptor.setFlags(flags);
          return Errno.Success;
        });
      }
      if ((flags & ~(FdFlag.Nonblock | FdFlag.Append)) !== 0) return Errno.Inval;
      // Whether a stream appends cannot be changed.
      const { flags: present } = descriptor;
      descriptor.flags = (present & ~FdFlag.Nonblock) | (flags & FdFlag.Nonblock);
      return Errno.Success;
    },
);

preview1.define(
  'fd_fdstat_set_rights',
  '(fd: i32, base: i64, inheriting: i64) -> i32',
  { since: SINCE, split: true },
  'Takes rights of a descriptor away. None can be added.',
  ({ scheduler }) =>
    (fd: number, base: number, baseHigh: number, inheriting: number, inheritingHigh: number) => {
      const descriptor = descriptorsOf(scheduler.current).get(fd);
      if (descriptor === undefined) return Errno.Badf;
      const added =
        (base & ~descriptor.rights) | (inheriting & ~descriptor.inheriting) | baseHigh | inheritingHigh;
      if (added !== 0) return Errno.Notcapable;
      descriptor.rights = base;
      descriptor.inheriting = inheriting;
      return Errno.Success;
    },
);

preview1.define(
  'fd_prestat_get',
  '(fd: i32, stat: i32) -> i32',
  { since: SINCE },
  'Writes the length of the name of a preopened directory.',
  ({ scheduler }) =>
    (fd: number, pointer: number) => {
      const { current } = scheduler;
      const descriptor = descriptorsOf(current).get(fd);
      if (!(descriptor instanceof DirectoryDescriptor) || descriptor.preopenedAs === undefined)
        return Errno.Badf;
      const at = current.memory.check(pointer, 8);
      current.memory.writeU32(at, 0);
      current.memory.writeU32(at + 4, Buffer.byteLength(descriptor.preopenedAs));
      return Errno.Success;
    },
);

preview1.define(
  'fd_prestat_dir_name',
  '(fd: i32, path: i32, path_len: i32) -> i32',
  { since: SINCE },
  'Writes the name of a preopened directory.',
  ({ scheduler }) =>
    (fd: number, pointer: number, length: number) => {
      const { current } = scheduler;
      const descriptor = descriptorsOf(current).get(fd);
      if (!(descriptor instanceof DirectoryDescriptor) || descriptor.preopenedAs === undefined)
        return Errno.Badf;
      const name = encoder.encode(descriptor.preopenedAs);
      if (name.length > length >>> 0) return Errno.Nametoolong;
      current.memory.write(pointer, name);
      return Errno.Success;
    },
);
