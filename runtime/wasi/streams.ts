import { andThen } from '../host/conventions.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { OutputError, type OutputStream } from '../kernel/stdio.ts';
import { Errno } from './errno.ts';
import { preview1, SINCE } from './preview1.ts';

/** File descriptors: the three standard streams, and the preopened directories from 3 on. */

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const FIRST_PREOPEN = 3;

const FileType = { Unknown: 0, CharacterDevice: 2, Directory: 3 } as const;
const FDFLAG_APPEND = 1;
const RIGHT_FD_READ = 2n;
const RIGHT_FD_WRITE = 64n;
const RIGHT_POLL = 1n << 27n;
const encoder = new TextEncoder();

export function outputOf(process: Process, fd: number): OutputStream | undefined {
  return fd === STDOUT ? process.stdio.output : fd === STDERR ? process.stdio.error : undefined;
}

export function isInput(fd: number): boolean {
  return fd === STDIN;
}

function preopen(process: Process, fd: number) {
  return fd >= FIRST_PREOPEN ? process.config.preopenedDirectories[fd - FIRST_PREOPEN] : undefined;
}

/** The answer for a descriptor that a function of streams was given: a directory is none, all else is unknown. */
function notAStream(process: Process, fd: number): Errno {
  return preopen(process, fd) === undefined ? Errno.Badf : Errno.Notsup;
}

function isOpen(process: Process, fd: number): boolean {
  return isInput(fd) || outputOf(process, fd) !== undefined || preopen(process, fd) !== undefined;
}

/** Buffers that one call may name, as Linux has it, and bytes that it transfers at most: more takes further calls. */
const MAX_VECTORS = 1024;
const MAX_TRANSFER = 2 ** 20;

/** The buffers of an `iovec` array, checked; undefined where there are too many. */
function vectors(
  process: Process,
  pointer: number,
  count: number,
): { pointer: number; length: number }[] | undefined {
  const { memory } = process;
  const start = memory.check(pointer, (count >>> 0) * 8);
  if (count >>> 0 > MAX_VECTORS) return undefined;
  return Array.from({ length: count >>> 0 }, (_, i) => {
    const length = memory.readU32(start + i * 8 + 4);
    return { pointer: memory.check(memory.readU32(start + i * 8), length), length };
  });
}

function waitForOutput(scheduler: Scheduler, process: Process, drained: Promise<void>): Promise<number> {
  // Handled from the start, also where the process is killed first: a rejection nobody handles would end Node.
  const settled = drained.then(() => Errno.Success, errnoOfOutput);
  return scheduler.waitForEvent(process, (wake) => {
    settled.then(wake);
    return () => {};
  });
}

function errnoOfOutput(error: unknown): Errno {
  return error instanceof OutputError ? Errno.Pipe : Errno.Io;
}

preview1.define(
  'fd_write',
  '(fd: i32, iovs: i32, iovs_len: i32, written: i32) -> i32',
  { since: SINCE, blocking: true },
  'Writes several buffers to a stream. Waits while the stream is full.',
  ({ scheduler }) =>
    (fd: number, iovs: number, count: number, written: number) => {
      const process = scheduler.current;
      const output = outputOf(process, fd);
      if (output === undefined) return notAStream(process, fd);
      const { memory } = process;
      const buffers = vectors(process, iovs, count);
      if (buffers === undefined) return Errno.Inval;
      memory.check(written, 4);
      let total = 0;
      let drained: Promise<void> | null = null;
      for (const { pointer, length } of buffers) {
        const size = Math.min(length, MAX_TRANSFER - total);
        if (size > 0) drained = output.write(memory.slice(pointer, size));
        total += size;
        // What does not fit is for the next call.
        if (drained !== null || total === MAX_TRANSFER) break;
      }
      memory.writeU32(written, total);
      return drained === null ? Errno.Success : waitForOutput(scheduler, process, drained);
    },
);

preview1.define(
  'fd_read',
  '(fd: i32, iovs: i32, iovs_len: i32, read: i32) -> i32',
  { since: SINCE, blocking: true },
  'Reads from a stream into several buffers. Waits until something is there; 0 bytes are the end.',
  ({ scheduler }) =>
    (fd: number, iovs: number, count: number, readPointer: number) => {
      const process = scheduler.current;
      if (!isInput(fd)) return notAStream(process, fd);
      const { input } = process.stdio;
      const buffers = vectors(process, iovs, count);
      if (buffers === undefined) return Errno.Inval;
      const wanted = Math.min(
        MAX_TRANSFER,
        buffers.reduce((sum, { length }) => sum + length, 0),
      );
      process.memory.check(readPointer, 4);

      const attempt = (): Errno | Promise<number> => {
        const bytes = wanted === 0 ? new Uint8Array(0) : input.read(wanted);
        if (bytes === null) {
          const readable = scheduler.waitForEvent(process, (wake) => input.whenReadable(() => wake(0)));
          return andThen(readable, attempt);
        }
        let rest = bytes;
        for (const { pointer, length } of buffers) {
          process.memory.write(pointer, rest.subarray(0, length));
          rest = rest.subarray(length);
        }
        process.memory.writeU32(readPointer, bytes.length);
        return Errno.Success;
      };
      return attempt();
    },
);

preview1.define(
  'fd_fdstat_get',
  '(fd: i32, stat: i32) -> i32',
  { since: SINCE },
  'Writes type, flags and rights of a descriptor.',
  ({ scheduler }) =>
    (fd: number, pointer: number) => {
      const process = scheduler.current;
      const { memory, stdio } = process;
      const output = outputOf(process, fd);
      if (!isOpen(process, fd)) return Errno.Badf;
      const stream = isInput(fd) ? stdio.input : output;
      memory.slice(pointer, 24).fill(0);
      if (stream === undefined) {
        memory.writeU8(pointer, FileType.Directory);
        return Errno.Success;
      }
      memory.writeU8(pointer, stream.isTerminal ? FileType.CharacterDevice : FileType.Unknown);
      memory.writeU16(pointer + 2, output === undefined ? 0 : FDFLAG_APPEND);
      memory.writeU64(pointer + 8, RIGHT_POLL | (output === undefined ? RIGHT_FD_READ : RIGHT_FD_WRITE));
      return Errno.Success;
    },
);

preview1.define(
  'fd_filestat_get',
  '(fd: i32, stat: i32) -> i32',
  { since: SINCE },
  'Writes the attributes of what a descriptor refers to.',
  ({ scheduler }) =>
    (fd: number, pointer: number) => {
      const process = scheduler.current;
      const { memory, stdio } = process;
      const stream = isInput(fd) ? stdio.input : outputOf(process, fd);
      if (stream === undefined) return notAStream(process, fd);
      memory.slice(pointer, 64).fill(0);
      memory.writeU8(pointer + 16, stream.isTerminal ? FileType.CharacterDevice : FileType.Unknown);
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
      const process = scheduler.current;
      const directory = preopen(process, fd);
      if (directory === undefined) return Errno.Badf;
      process.memory.writeU32(pointer, 0);
      process.memory.writeU32(pointer + 4, Buffer.byteLength(directory.guestPath));
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
      const process = scheduler.current;
      const directory = preopen(process, fd);
      if (directory === undefined) return Errno.Badf;
      const name = encoder.encode(directory.guestPath);
      if (name.length > length >>> 0) return Errno.Nametoolong;
      process.memory.write(pointer, name);
      return Errno.Success;
    },
);

// Streams cannot seek.
for (const [name, signature] of [
  ['fd_seek', '(fd: i32, offset: i64, whence: i32, position: i32) -> i32'],
  ['fd_tell', '(fd: i32, position: i32) -> i32'],
] as const) {
  preview1.define(
    name,
    signature,
    { since: SINCE },
    'Moves or tells the position of a descriptor. Streams have none.',
    ({ scheduler }) =>
      (fd: number) => {
        const { current } = scheduler;
        const isStream = isInput(fd) || outputOf(current, fd) !== undefined;
        return isStream ? Errno.Spipe : notAStream(current, fd);
      },
  );
}
