import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { CoreDumpError } from './core-dump-error.ts';

/** What a dump is read from, part by part. */
export interface DumpBytes {
  readonly size: number;
  /** @throws CoreDumpError if not all of the bytes are there */
  read(at: number, count: number): Uint8Array;
  close(): void;
}

/**
 * Opens a file.
 * @throws CoreDumpError if it cannot be read, or is none: a pipe or a device could be waited for without end
 */
export function openDumpFile(path: string): DumpBytes {
  const { O_RDONLY, O_NONBLOCK = 0 } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    throw new CoreDumpError(`it cannot be read: ${messageOf(error)}`, { cause: error });
  }
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  const stat = fstatSync(fd);
  if (!stat.isFile()) {
    close();
    throw new CoreDumpError('it is not a file');
  }
  return {
    size: stat.size,
    read(at, count) {
      if (!isOpen) throw new CoreDumpError('it is closed');
      if (at + count > stat.size) throw new CoreDumpError('it ends too early');
      const bytes = Buffer.allocUnsafeSlow(count);
      for (let length = 0; length < count; ) {
        const read = readSync(fd, bytes, length, count - length, at + length);
        if (read === 0) throw new CoreDumpError('it has become shorter while it was read');
        length += read;
      }
      return bytes;
    },
    close,
  };
}

/** A dump that is in memory. */
export function dumpIn(bytes: Uint8Array): DumpBytes {
  return {
    size: bytes.length,
    read(at, count) {
      if (at + count > bytes.length) throw new CoreDumpError('it ends too early');
      return bytes.subarray(at, at + count);
    },
    close() {},
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
