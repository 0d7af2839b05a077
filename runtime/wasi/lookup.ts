import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { descriptorsOf } from './descriptor-table.ts';
import { DirectoryDescriptor } from './directory.ts';
import { Errno } from './errno.ts';
import { FileDescriptor } from './file.ts';

/** Bytes of the longest path, as on Linux. */
const MAX_PATH = 4096;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Returns the file of a descriptor that has these rights, or an error: EBADF for none, EISDIR for a directory, ENOTCAPABLE
 * if a right is missing.
 * @param streams the error for a standard stream
 */
export function fileOf(process: Process, fd: number, rights: number, streams: Errno): FileDescriptor | Errno {
  const descriptor = descriptorsOf(process).get(fd);
  if (descriptor === undefined) return Errno.Badf;
  if (descriptor instanceof FileDescriptor) return descriptor.has(rights) ? descriptor : Errno.Notcapable;
  return descriptor instanceof DirectoryDescriptor ? Errno.Isdir : streams;
}

/** Returns the directory of a descriptor that has these rights, or an error: EBADF for none, ENOTDIR for a file or stream. */
export function directoryOf(process: Process, fd: number, rights: number): DirectoryDescriptor | Errno {
  const descriptor = descriptorsOf(process).get(fd);
  if (descriptor === undefined) return Errno.Badf;
  if (!(descriptor instanceof DirectoryDescriptor)) return Errno.Notdir;
  return descriptor.has(rights) ? descriptor : Errno.Notcapable;
}

/** Reads a path of the caller. Returns ENAMETOOLONG, or EILSEQ if it is not UTF-8. Traps if it is outside the memory. */
export function pathOf({ current, work }: Scheduler, pointer: number, length: number): string | Errno {
  const bytes = current.memory.slice(pointer, length);
  if (bytes.length > MAX_PATH) return Errno.Nametoolong;
  work.chargeText(bytes.length);
  try {
    return decoder.decode(bytes);
  } catch {
    return Errno.Ilseq;
  }
}

/** Converts a `u64` that was passed in halves. Returns Infinity if a number cannot hold it exactly. */
export function unsignedOf(low: number, high: number): number {
  const value = (high >>> 0) * 2 ** 32 + (low >>> 0);
  return Number.isSafeInteger(value) ? value : Number.POSITIVE_INFINITY;
}
