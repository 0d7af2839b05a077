import { closeSync, constants, fsync, lstatSync, lutimesSync, openSync } from 'node:fs';
import { andThen } from '../hostcall/conventions.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Descriptor } from './descriptor.ts';
import { descriptorsOf } from './descriptor-table.ts';
import { DirectoryDescriptor } from './directory.ts';
import { attempt, Errno, errnoOrThrow } from './errno.ts';
import { FileDescriptor } from './file.ts';
import { FILESTAT_SIZE, fileTimes, writeFileStat, writeStreamStat } from './file-stat.ts';
import { fileOf, unsignedOf } from './lookup.ts';
import { preview1, SINCE } from './preview1.ts';
import { Right } from './rights.ts';
import { waitForDisk } from './wait-for-disk.ts';

/** Functions for open files and directories besides reading and writing. */

// -- position ------------------------------------------------------------------------------------------

const Whence = { Set: 0, Current: 1, End: 2 } as const;

preview1.define(
  'fd_seek',
  '(fd: i32, offset: i64, whence: i32, position: i32) -> i32',
  { since: SINCE, split: true },
  'Moves the position of a file, from its beginning, the position, or the end. Streams have none.',
  ({ scheduler }) =>
    (fd: number, low: number, high: number, whence: number, pointer: number) => {
      const { current } = scheduler;
      const tells = whence === Whence.Current && low === 0 && high === 0;
      const file = fileOf(current, fd, tells ? Right.FdTell : Right.FdSeek, Errno.Spipe);
      if (typeof file === 'number') {
        return tells && file === Errno.Notcapable ? seekAs(current, fd, pointer) : file;
      }
      const at = current.memory.check(pointer, 8);
      return attempt(() => {
        let from: number;
        switch (whence) {
          case Whence.Set:
            from = 0;
            break;
          case Whence.Current:
            from = file.position;
            break;
          case Whence.End:
            from = file.size;
            break;
          default:
            return Errno.Inval;
        }
        const position = from + high * 2 ** 32 + (low >>> 0);
        if (position < 0 || !Number.isSafeInteger(position)) return Errno.Inval;
        file.position = position;
        current.memory.writeId(at, position);
        return Errno.Success;
      });
    },
);

/** Seeks, or returns the position. A guest that may seek may also ask for the position. */
function seekAs(process: Process, fd: number, pointer: number): Errno {
  const file = fileOf(process, fd, Right.FdSeek, Errno.Spipe);
  if (typeof file === 'number') return file;
  process.memory.writeId(pointer, file.position);
  return Errno.Success;
}

preview1.define(
  'fd_tell',
  '(fd: i32, position: i32) -> i32',
  { since: SINCE },
  'Tells the position of a file. Streams have none.',
  ({ scheduler }) =>
    (fd: number, pointer: number) => {
      const { current } = scheduler;
      const file = fileOf(current, fd, Right.FdTell, Errno.Spipe);
      if (typeof file === 'number') return file;
      current.memory.writeId(pointer, file.position);
      return Errno.Success;
    },
);

// -- attributes ----------------------------------------------------------------------------------------

preview1.define(
  'fd_filestat_get',
  '(fd: i32, stat: i32) -> i32',
  { since: SINCE },
  'Writes the attributes of what a descriptor refers to.',
  ({ scheduler }) =>
    (fd: number, pointer: number) => {
      const { current } = scheduler;
      const descriptor = descriptorsOf(current).get(fd);
      if (descriptor === undefined) return Errno.Badf;
      if (!descriptor.has(Right.FdFilestatGet)) return Errno.Notcapable;
      current.memory.check(pointer, FILESTAT_SIZE);
      return attempt(() => {
        writeStat(current, pointer, descriptor);
        return Errno.Success;
      });
    },
);

function writeStat(process: Process, pointer: number, descriptor: Descriptor): void {
  if (descriptor instanceof FileDescriptor) writeFileStat(process, pointer, descriptor.stats);
  else if (descriptor instanceof DirectoryDescriptor) {
    writeFileStat(process, pointer, lstatSync(pathOfDirectory(descriptor), { bigint: true }));
  } else writeStreamStat(process, pointer, descriptor.fileType);
}

function pathOfDirectory({ directory }: DirectoryDescriptor): string {
  directory.check();
  return directory.at('.');
}

preview1.define(
  'fd_filestat_set_size',
  '(fd: i32, size: i64) -> i32',
  { since: SINCE, split: true, suspends: true },
  'Sets the size of a file in bytes. What is added is zero.',
  ({ scheduler }) =>
    (fd: number, low: number, high: number) => {
      const file = fileOf(scheduler.current, fd, Right.FdFilestatSetSize, Errno.Badf);
      if (typeof file === 'number') return file;
      const size = unsignedOf(low, high);
      if (size === Number.POSITIVE_INFINITY) return Errno.Fbig;
      if (file.cutsMuch(size)) return waitForDisk(scheduler, (done) => file.resizeApart(size, done));
      return attempt(() => {
        file.resize(size);
        return Errno.Success;
      });
    },
);

preview1.define(
  'fd_filestat_set_times',
  '(fd: i32, atim: i64, mtim: i64, flags: i32) -> i32',
  { since: SINCE },
  'Sets the times of a file or directory, in nanoseconds.',
  ({ scheduler }) =>
    (fd: number, accessed: bigint, modified: bigint, flags: number) => {
      const descriptor = descriptorsOf(scheduler.current).get(fd);
      if (descriptor === undefined) return Errno.Badf;
      if (!(descriptor instanceof FileDescriptor || descriptor instanceof DirectoryDescriptor))
        return Errno.Badf;
      if (!descriptor.has(Right.FdFilestatSetTimes)) return Errno.Notcapable;
      const times = fileTimes(accessed, modified, flags);
      if (typeof times === 'number') return times;
      return attempt(() => {
        if (descriptor instanceof FileDescriptor) descriptor.setTimes(times.accessed, times.modified);
        else lutimesSync(pathOfDirectory(descriptor), times.accessed, times.modified);
        return Errno.Success;
      });
    },
);

// -- room ----------------------------------------------------------------------------------------------

const LAST_ADVICE = 5;

preview1.define(
  'fd_advise',
  '(fd: i32, offset: i64, len: i64, advice: i32) -> i32',
  { since: SINCE, split: true },
  'Announces how a file will be used. Changes nothing: the operating system is not told.',
  ({ scheduler }) =>
    (fd: number, _low: number, high: number, _lengthLow: number, lengthHigh: number, advice: number) => {
      const descriptor = descriptorsOf(scheduler.current).get(fd);
      if (descriptor === undefined) return Errno.Badf;
      const isFile = descriptor instanceof FileDescriptor || descriptor instanceof DirectoryDescriptor;
      if (!isFile) return Errno.Spipe;
      if (!descriptor.has(Right.FdAdvise)) return Errno.Notcapable;
      return advice >>> 0 > LAST_ADVICE || high < 0 || lengthHigh < 0 ? Errno.Inval : Errno.Success;
    },
);

/** Zeros that are written at once. */
const ZEROS = 2 ** 18;

preview1.define(
  'fd_allocate',
  '(fd: i32, offset: i64, len: i64) -> i32',
  { since: SINCE, blocking: true, split: true },
  'Makes a file at least this long, with room on the disk for what is added. A hole in it stays one.',
  ({ scheduler }) =>
    (fd: number, low: number, high: number, lengthLow: number, lengthHigh: number) => {
      const file = fileOf(scheduler.current, fd, Right.FdAllocate, Errno.Spipe);
      if (typeof file === 'number') return file;
      const end = unsignedOf(low, high) + unsignedOf(lengthLow, lengthHigh);
      if (lengthLow === 0 && lengthHigh === 0) return Errno.Inval;
      if (!Number.isSafeInteger(end)) return Errno.Fbig;
      return allocate(scheduler, file, end);
    },
);

/**
 * Lengthens a file with zeros, which is the only way in Node to make sure of the room. If it cannot succeed, it fails before
 * anything is written. If the disk fills up meanwhile, the zeros that nobody else can have seen are removed: those that
 * were written since it last gave way.
 */
function allocate(scheduler: Scheduler, file: FileDescriptor, end: number): Errno | Promise<Errno> {
  const zeros = new Uint8Array(ZEROS);
  const go = (): Errno | Promise<Errno> => {
    const start = file.size;
    try {
      for (let size = start; size < end; ) {
        size += file.write(zeros, 0, Math.min(ZEROS, end - size), size);
        const suspended = size < end ? scheduler.tick() : undefined;
        if (suspended !== undefined) return andThen(suspended, go);
      }
      return Errno.Success;
    } catch (error) {
      file.resize(start);
      return errnoOrThrow(error);
    }
  };
  const { size } = file;
  if (size >= end) return Errno.Success;
  try {
    if (end - size > file.room) return Errno.Nospc;
    file.resize(end);
    file.resize(size);
  } catch (error) {
    return errnoOrThrow(error);
  }
  return go();
}

// -- the disk ------------------------------------------------------------------------------------------

for (const [name, right, dataOnly, doc] of [
  ['fd_sync', Right.FdSync, false, 'Brings a file or directory to the disk. Only the calling process waits.'],
  [
    'fd_datasync',
    Right.FdDatasync,
    true,
    'Brings the data of a file to the disk. Only the calling process waits.',
  ],
] as const) {
  preview1.define(
    name,
    '(fd: i32) -> i32',
    { since: SINCE, blocking: true },
    doc,
    ({ scheduler }) =>
      (fd: number) => {
        const descriptor = descriptorsOf(scheduler.current).get(fd);
        if (descriptor === undefined) return Errno.Badf;
        const isFile = descriptor instanceof FileDescriptor || descriptor instanceof DirectoryDescriptor;
        if (!isFile) return Errno.Inval;
        if (!descriptor.has(right)) return Errno.Notcapable;
        if (descriptor instanceof FileDescriptor) {
          return waitForDisk(scheduler, (done) => descriptor.sync(dataOnly, done));
        }
        let fdOfHost: number;
        try {
          fdOfHost = openSync(pathOfDirectory(descriptor), constants.O_RDONLY);
        } catch (error) {
          return errnoOrThrow(error);
        }
        return waitForDisk(scheduler, (done) => {
          fsync(fdOfHost, (error) => {
            closeSync(fdOfHost);
            done(error);
          });
        });
      },
  );
}
