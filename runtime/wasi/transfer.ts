import { andThen } from '../hostcall/conventions.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { Errno, errnoOrThrow } from './errno.ts';
import type { FileDescriptor } from './file.ts';
import { readVectors, viewsOf } from './vectors.ts';

/** Bytes that are read or written before giving way. */
const CHUNK = 2 ** 20;
/** Bytes that one call transfers at most, as on Linux. */
const MAX_TRANSFER = 0x7fff_f000;

/** The direction of a transfer. */
export type Direction = 'read' | 'write';

/** An `fd_read`, `fd_write`, `fd_pread` or `fd_pwrite` of a file. */
export interface Transfer {
  readonly direction: Direction;
  /** The address of the `iovec` array. */
  readonly vectors: number;
  readonly count: number;
  /** The address that the number of bytes goes to. */
  readonly result: number;
  /** The offset in the file; undefined for the file's position, which moves. */
  readonly offset: number | undefined;
}

/**
 * Reads or writes straight from or into guest memory. A transfer of more than a mebibyte gives way to other processes in
 * between. It is done completely unless the file ends or the host fails: then the bytes transferred so far count, and the
 * next call gets the error.
 */
export function transfer(
  scheduler: Scheduler,
  file: FileDescriptor,
  { direction, vectors, count, result, offset }: Transfer,
): Errno | Promise<Errno> {
  const process = scheduler.current;
  const { memory } = process;
  memory.check(result, 4);
  const start = offset ?? (direction === 'read' ? file.position : file.writePosition);
  if (count === 1) {
    const at = memory.check(vectors, 8);
    const length = memory.readU32(at + 4);
    const pointer = memory.check(memory.readU32(at), length);
    if (length > 0 && length <= CHUNK) {
      let done: number;
      try {
        done =
          direction === 'read'
            ? file.read(memory.bytes, pointer, length, start)
            : file.write(memory.bytes, pointer, length, start);
      } catch (error) {
        return errnoOrThrow(error);
      }
      scheduler.work.chargeBytes(done);
      return finish(process, file, direction, result, offset, start + done, done);
    }
  }
  return transferVectors(scheduler, file, { direction, vectors, count, result, offset }, start);
}

function transferVectors(
  scheduler: Scheduler,
  file: FileDescriptor,
  { direction, vectors, count, result, offset }: Transfer,
  start: number,
): Errno | Promise<Errno> {
  const process = scheduler.current;
  const buffers = readVectors(process, vectors, count);
  if (buffers === undefined) return Errno.Inval;
  const wanted = Math.min(
    MAX_TRANSFER,
    buffers.reduce((sum, { length }) => sum + length, 0),
  );
  const go = (total: number): Errno | Promise<Errno> => {
    let done = total;
    while (done < wanted) {
      const size = Math.min(CHUNK, wanted - done);
      const views = viewsOf(process, buffers, done, size);
      let moved: number;
      try {
        moved = direction === 'read' ? file.readv(views, start + done) : file.writev(views, start + done);
      } catch (error) {
        const errno = errnoOrThrow(error);
        if (done === 0) return errno;
        break;
      }
      done += moved;
      scheduler.work.chargeBytes(moved);
      if (moved < size) break;
      const suspended = done < wanted ? scheduler.tick() : undefined;
      if (suspended !== undefined) {
        const sofar = done;
        return andThen(suspended, () => go(sofar));
      }
    }
    return finish(process, file, direction, result, offset, start + done, done);
  };
  return go(0);
}

/** Writes the number of bytes, and moves the file's position if the transfer uses it. */
function finish(
  process: Process,
  file: FileDescriptor,
  direction: Direction,
  result: number,
  offset: number | undefined,
  end: number,
  done: number,
): Errno {
  if (offset === undefined && done > 0) {
    file.position = direction === 'write' && file.appends ? file.size : end;
  }
  process.memory.writeU32(result, done);
  return Errno.Success;
}
