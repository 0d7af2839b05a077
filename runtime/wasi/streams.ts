import { andThen } from '../hostcall/conventions.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { OutputError } from '../kernel/stdio.ts';
import { FdFlag } from './descriptor.ts';
import { Errno } from './errno.ts';
import type { InputDescriptor, OutputDescriptor } from './stream-descriptor.ts';
import { readVectors } from './vectors.ts';

/** Reads and writes the standard streams. */

/** Bytes that one call transfers at most. */
const MAX_TRANSFER = 2 ** 20;

/** `fd_write` to a stream. Waits while the stream is full, before it takes anything and afterwards. */
export function writeStream(
  scheduler: Scheduler,
  { stream }: OutputDescriptor,
  iovs: number,
  count: number,
  written: number,
): Errno | Promise<number> {
  const process = scheduler.current;
  const { memory } = process;
  const buffers = readVectors(process, iovs, count);
  if (buffers === undefined) return Errno.Inval;
  memory.check(written, 4);

  const attempt = (): Errno | Promise<number> => {
    if (stream.isFull) {
      const writable = scheduler.waitForEvent(process, (wake) => stream.whenWritable(() => wake(0)));
      return andThen(writable, attempt);
    }
    let total = 0;
    let drained: Promise<void> | null = null;
    for (const { pointer, length } of buffers) {
      const size = Math.min(length, MAX_TRANSFER - total);
      if (size > 0) drained = stream.write(memory.slice(pointer, size));
      total += size;
      scheduler.work.chargeBytes(size);
      // The rest is for the next call.
      if (drained !== null || total === MAX_TRANSFER) break;
    }
    memory.writeU32(written, total);
    return drained === null ? Errno.Success : waitForOutput(scheduler, drained);
  };
  return attempt();
}

/** `fd_read` from a stream. Waits until something is there, unless the guest does not want to wait; 0 bytes are the end. */
export function readStream(
  scheduler: Scheduler,
  descriptor: InputDescriptor,
  iovs: number,
  count: number,
  readPointer: number,
): Errno | Promise<number> {
  const process = scheduler.current;
  const { stream } = descriptor;
  const buffers = readVectors(process, iovs, count);
  if (buffers === undefined) return Errno.Inval;
  const wanted = Math.min(
    MAX_TRANSFER,
    buffers.reduce((sum, { length }) => sum + length, 0),
  );
  process.memory.check(readPointer, 4);

  const take = (bytes: Uint8Array): Errno => {
    let rest = bytes;
    for (const { pointer, length } of buffers) {
      process.memory.write(pointer, rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    process.memory.writeU32(readPointer, bytes.length);
    return Errno.Success;
  };
  const attempt = (): Errno | Promise<number> => {
    const bytes = wanted === 0 ? new Uint8Array(0) : stream.read(wanted);
    if (bytes !== null) return take(bytes);
    const waits = (descriptor.flags & FdFlag.Nonblock) === 0;
    const fetch = stream.fetch?.bind(stream);
    if (fetch !== undefined) {
      const fetched = fetchInput(scheduler, (done) => fetch(wanted, waits, done));
      return fetched.then((found) => (found === null ? Errno.Again : take(found)));
    }
    if (!waits) return Errno.Again;
    const readable = scheduler.waitForEvent(process, (wake) => stream.whenReadable(() => wake(0)));
    return andThen(readable, attempt);
  };
  return attempt();
}

/**
 * Lets the process that has the turn wait for what another scheduler has for it.
 * @param ask asks for it, and returns a function that gives up
 */
function fetchInput(
  scheduler: Scheduler,
  ask: (done: (bytes: Uint8Array | null) => void) => () => void,
): Promise<Uint8Array | null> {
  let found: Uint8Array | null = null;
  const answered = scheduler.waitForEvent(scheduler.current, (wake) =>
    ask((bytes) => {
      found = bytes;
      wake(0);
    }),
  );
  return answered.then(() => found);
}

function waitForOutput(scheduler: Scheduler, drained: Promise<void>): Promise<number> {
  // Handled from the start, even if the process is killed first: an unhandled rejection would end Node.
  const settled = drained.then(() => Errno.Success, errnoOfOutput);
  return scheduler.waitForEvent(scheduler.current, (wake) => {
    settled.then(wake);
    return () => {};
  });
}

function errnoOfOutput(error: unknown): Errno {
  return error instanceof OutputError ? Errno.Pipe : Errno.Io;
}
