import { fail, OK, timeoutFromGuest } from '../../hostcall/conventions.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Operation } from '../../kernel/operation.ts';
import type { Process, ProcessSlot } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import type {
  NetStream,
  Outcome,
  Reader,
  ReadOperation,
  StreamOperation,
  Writer,
} from '../../net/net-stream.ts';
import { succeed } from './addresses.ts';
import { gather } from './guest-buffers.ts';
import { armTimeout, timeOut } from './timeouts.ts';

/** Puts an outcome into the memory of a process and returns the code of the host call. */
function encode(process: Process, out: number, outcome: Outcome): number {
  return typeof outcome === 'number' ? succeed(process, out, outcome) : fail(process, out, outcome);
}

/** A process that waits for bytes of a stream. It has one for all of its reads, since it waits for one thing at a time. */
class GuestReader implements Reader, Operation {
  readonly process: Process;
  readonly memory: GuestMemory;
  scheduler: Scheduler | null = null;
  stream: NetStream | null = null;
  operation: ReadOperation = 'read';
  start = 0;
  size = 0;
  /** Address of the count, or of the error id. */
  out = 0;
  /** Milliseconds, Infinity for no limit. */
  timeout = Number.POSITIVE_INFINITY;

  constructor(process: Process) {
    this.process = process;
    this.memory = process.memory;
  }

  begin(): void {
    this.stream?.awaitBytes(this);
    if (this.timeout === Number.POSITIVE_INFINITY) return;
    armTimeout(this.process, this.timeout, () => {
      this.giveUp();
      this.scheduler?.makeReady(this.process, timeOut(this.process, this.out));
    });
  }

  done(outcome: Outcome): void {
    this.stream = null;
    this.scheduler?.makeReady(this.process, encode(this.process, this.out, outcome));
  }

  readonly giveUp = (): void => {
    const { stream } = this;
    this.stream = null;
    stream?.leave(this);
  };
}

const READER: ProcessSlot<GuestReader> = { make: (process) => new GuestReader(process) };

/**
 * Reads or peeks for the current process. All ranges have been checked.
 * @param out address of the count, or of the error id
 * @param timeout milliseconds, Infinity for no limit; default: the stream's
 * @returns the result code
 */
export function read(
  scheduler: Scheduler,
  stream: NetStream,
  operation: ReadOperation,
  start: number,
  size: number,
  out: number,
  timeout?: number,
): number | Promise<number> {
  const process = scheduler.current;
  if (size === 0) return succeed(process, out, 0);
  const outcome = stream.read(operation, process.memory, start, size);
  if (outcome !== undefined) {
    if (typeof outcome === 'number') scheduler.work.chargeBytes(outcome);
    return encode(process, out, outcome);
  }
  const reader = process.slot(READER);
  reader.scheduler = scheduler;
  reader.stream = stream;
  reader.operation = operation;
  reader.start = start;
  reader.size = size;
  reader.out = out;
  reader.timeout = timeout ?? timeoutFromGuest(stream.timeouts[operation]);
  return scheduler.waitFor(process, reader);
}

function unset(): void {}

/**
 * A process that writes an array of buffers in its memory, or flushes what it wrote before. It has one for all of its writes, as it
 * has for its reads.
 */
class GuestWriter implements Writer {
  operation: 'write' | 'flush' = 'write';
  readonly process: Process;
  /** Address and length of the array of buffers. */
  vectors = 0;
  vectorCount = 0;
  out = 0;
  taken = -1;
  wake: (code: number) => void = unset;

  constructor(process: Process) {
    this.process = process;
  }

  /** Returns the writer of a process for its next call. */
  static of(
    process: Process,
    operation: 'write' | 'flush',
    vectors: number,
    vectorCount: number,
    out: number,
  ): GuestWriter {
    const writer = process.slot(WRITER);
    writer.operation = operation;
    writer.vectors = vectors;
    writer.vectorCount = vectorCount;
    writer.out = out;
    writer.taken = -1;
    return writer;
  }

  count(limit: number): number {
    return gather(this.process.memory, this.vectors, this.vectorCount, limit, null);
  }

  copyTo(target: Uint8Array): void {
    gather(this.process.memory, this.vectors, this.vectorCount, target.length, target);
  }

  done(outcome: Outcome): void {
    this.wake(encode(this.process, this.out, outcome));
  }
}

const WRITER: ProcessSlot<GuestWriter> = { make: (process) => new GuestWriter(process) };

/**
 * Writes the buffers of an array for the current process, or as many of their bytes as one write takes. All ranges have
 * been checked.
 * @param out address of the count, or of the error id
 * @param timeout milliseconds, Infinity for no limit; default: the stream's
 * @returns the result code
 */
export function write(
  scheduler: Scheduler,
  stream: NetStream,
  vectors: number,
  vectorCount: number,
  out: number,
  timeout?: number,
): number | Promise<number> {
  const writer = GuestWriter.of(scheduler.current, 'write', vectors, vectorCount, out);
  const outcome = stream.write(writer);
  scheduler.work.chargeBytes(typeof outcome === 'number' ? outcome : Math.max(0, writer.taken));
  if (outcome !== undefined) return encode(writer.process, out, outcome);
  return awaitWrite(scheduler, stream, writer, timeout ?? timeoutFromGuest(stream.timeouts.write));
}

/** Waits until the system has everything that was written. Returns the result code. */
export function flush(scheduler: Scheduler, stream: NetStream, out: number): number | Promise<number> {
  const writer = GuestWriter.of(scheduler.current, 'flush', 0, 0, out);
  const outcome = stream.write(writer);
  if (outcome !== undefined) return encode(writer.process, out, outcome);
  return awaitWrite(scheduler, stream, writer, Number.POSITIVE_INFINITY);
}

function awaitWrite(
  scheduler: Scheduler,
  stream: NetStream,
  writer: GuestWriter,
  timeout: number,
): Promise<number> {
  const { process, out } = writer;
  return scheduler.waitForEvent(process, (wake) => {
    writer.wake = wake;
    const leave = stream.awaitWrite(writer);
    armTimeout(process, timeout, () => {
      leave();
      // Bytes that the socket has taken are written, only late.
      wake(writer.taken < 0 ? timeOut(process, out) : succeed(process, out, writer.taken));
    });
    return leave;
  });
}

/** Returns a stream's timeout in milliseconds, once no operation of this kind is under way. */
export function getTimeout(
  scheduler: Scheduler,
  stream: NetStream,
  operation: StreamOperation,
): bigint | Promise<bigint> {
  const settled = awaitSettled(scheduler, stream, operation);
  return settled === null ? stream.timeouts[operation] : settled.then(() => stream.timeouts[operation]);
}

/** Sets a stream's timeout in milliseconds, once no operation of this kind is under way. */
export function setTimeout(
  scheduler: Scheduler,
  stream: NetStream,
  operation: StreamOperation,
  timeout: bigint,
): void | Promise<void> {
  const settled = awaitSettled(scheduler, stream, operation);
  const set = (): void => {
    stream.timeouts[operation] = timeout;
  };
  return settled === null ? set() : settled.then(set);
}

/** Returns null if no operation of this kind is under way. */
function awaitSettled(
  scheduler: Scheduler,
  stream: NetStream,
  operation: StreamOperation,
): Promise<number> | null {
  if (!stream.isBusy(operation)) return null;
  return scheduler.waitForEvent(scheduler.current, (wake) => stream.whenSettled(operation, () => wake(OK)));
}
