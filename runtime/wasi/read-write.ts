import { descriptorsOf } from './descriptor-table.ts';
import { DirectoryDescriptor } from './directory.ts';
import { Errno } from './errno.ts';
import { FileDescriptor } from './file.ts';
import { fileOf, unsignedOf } from './lookup.ts';
import { preview1, SINCE } from './preview1.ts';
import { Right } from './rights.ts';
import { InputDescriptor, OutputDescriptor } from './stream-descriptor.ts';
import { readStream, writeStream } from './streams.ts';
import { transfer } from './transfer.ts';

/** Functions for reading and writing. */

preview1.define(
  'fd_write',
  '(fd: i32, iovs: i32, iovs_len: i32, written: i32) -> i32',
  { since: SINCE, blocking: true },
  'Writes several buffers to a file or stream. Waits while the stream is full.',
  ({ scheduler }) =>
    (fd: number, vectors: number, count: number, result: number) => {
      const descriptor = descriptorsOf(scheduler.current).get(fd);
      if (descriptor instanceof FileDescriptor) {
        if (!descriptor.has(Right.FdWrite)) return Errno.Notcapable;
        return transfer(scheduler, descriptor, {
          direction: 'write',
          vectors,
          count,
          result,
          offset: undefined,
        });
      }
      if (descriptor instanceof DirectoryDescriptor) return Errno.Isdir;
      if (!(descriptor instanceof OutputDescriptor)) return Errno.Badf;
      if (!descriptor.has(Right.FdWrite)) return Errno.Notcapable;
      return writeStream(scheduler, descriptor, vectors, count, result);
    },
);

preview1.define(
  'fd_read',
  '(fd: i32, iovs: i32, iovs_len: i32, read: i32) -> i32',
  { since: SINCE, blocking: true },
  'Reads from a file or stream into several buffers. Waits until something is there; 0 bytes are the end.',
  ({ scheduler }) =>
    (fd: number, vectors: number, count: number, result: number) => {
      const descriptor = descriptorsOf(scheduler.current).get(fd);
      if (descriptor instanceof FileDescriptor) {
        if (!descriptor.has(Right.FdRead)) return Errno.Notcapable;
        return transfer(scheduler, descriptor, {
          direction: 'read',
          vectors,
          count,
          result,
          offset: undefined,
        });
      }
      if (descriptor instanceof DirectoryDescriptor) return Errno.Isdir;
      if (!(descriptor instanceof InputDescriptor)) return Errno.Badf;
      if (!descriptor.has(Right.FdRead)) return Errno.Notcapable;
      return readStream(scheduler, descriptor, vectors, count, result);
    },
);

for (const [name, direction, right, result, doc] of [
  ['fd_pread', 'read', Right.FdRead, 'read', 'Reads from a file at an offset; its position stays.'],
  ['fd_pwrite', 'write', Right.FdWrite, 'written', 'Writes to a file at an offset; its position stays.'],
] as const) {
  preview1.define(
    name,
    `(fd: i32, iovs: i32, iovs_len: i32, offset: i64, ${result}: i32) -> i32`,
    { since: SINCE, blocking: true, split: true },
    doc,
    ({ scheduler }) =>
      (fd: number, vectors: number, count: number, low: number, high: number, result: number) => {
        const file = fileOf(scheduler.current, fd, right | Right.FdSeek, Errno.Spipe);
        if (typeof file === 'number') return file;
        const offset = unsignedOf(low, high);
        if (offset === Number.POSITIVE_INFINITY) return direction === 'read' ? Errno.Inval : Errno.Fbig;
        return transfer(scheduler, file, { direction, vectors, count, result, offset });
      },
  );
}
