import { fail, OK, timeoutFromGuest } from '../../hostcall/conventions.ts';
import type { GuestMemory } from '../../kernel/guest-memory.ts';
import type { Operation } from '../../kernel/operation.ts';
import type { Process, ProcessSlot } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import type { Outcome, Reader, ReadOperation, Stream, StreamOperation, Writer } from '../../net/stream.ts';
import { succeed } from './addresses.ts';
import { gather } from './guest-buffers.ts';
import { armTimeout, timeOut } from './timeouts.ts';

/** Puts an outcome into the memory of a process and returns the code of the host call. */
function encode(process: Process, out: number, outcome: Outcome): number {
  return typeof outcome === 'number' ? succeed(process, out, outcome) : fail(process, out, outcome);
}

function isTimed(timeout: number | undefined): boolean {
  return timeout !== undefined && timeout !== Number.POSITIVE_INFINITY;
}

/** A process that waits for bytes of a stream. It has one for all of its reads, since it waits for one thing at a time. */
class GuestReader implements Reader, Operation {
  readonly process: Process;
  readonly memory: GuestMemory;
  scheduler: Scheduler | null = null;
  stream: Stream | null = null;
  operation: ReadOperation = 'read';
  start = 0;
  size = 0;
  /** Address of the count, or of the error id. */
  out = 0;
  /** Milliseconds, Infinity for no limit, undefined for the stream's. */
  timeout: number | undefined = undefined;

  constructor(process: Process) {
    this.process = process;
    this.memory = process.memory;
  }

  get isTimed(): boolean {
    return isTimed(this.timeout);
  }

  begin(): void {
    this.stream?.awaitBytes(this);
  }

  waits(limit: bigint): void {
    const timeout = this.timeout ?? timeoutFromGuest(limit);
    if (timeout === Number.POSITIVE_INFINITY) return;
    armTimeout(this.process, timeout, () => {
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
  stream: Stream,
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
  reader.timeout = timeout;
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
  /** Milliseconds, Infinity for no limit, undefined for the stream's. */
  timeout: number | undefined = undefined;
  stream: Stream | null = null;
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

  get isTimed(): boolean {
    return isTimed(this.timeout);
  }

  count(limit: number): number {
    return gather(this.process.memory, this.vectors, this.vectorCount, limit, null);
  }

  copyTo(target: Uint8Array): void {
    gather(this.process.memory, this.vectors, this.vectorCount, target.length, target);
  }

  waits(limit: bigint): void {
    const { process, out } = this;
    const timeout = this.timeout ?? timeoutFromGuest(limit);
    armTimeout(process, timeout, () => {
      this.stream?.withdraw(this, (taken) => {
        // Bytes that the socket has taken are written, only late.
        this.wake(taken < 0 ? timeOut(process, out) : succeed(process, out, taken));
      });
    });
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
  stream: Stream,
  vectors: number,
  vectorCount: number,
  out: number,
  timeout?: number,
): number | Promise<number> {
  const writer = GuestWriter.of(scheduler.current, 'write', vectors, vectorCount, out);
  const outcome = stream.write(writer);
  scheduler.work.chargeBytes(typeof outcome === 'number' ? outcome : Math.max(0, writer.taken));
  if (outcome !== undefined) return encode(writer.process, out, outcome);
  return awaitWrite(scheduler, stream, writer, timeout);
}

/** Waits until the system has everything that was written. Returns the result code. */
export function flush(scheduler: Scheduler, stream: Stream, out: number): number | Promise<number> {
  const writer = GuestWriter.of(scheduler.current, 'flush', 0, 0, out);
  const outcome = stream.write(writer);
  if (outcome !== undefined) return encode(writer.process, out, outcome);
  return awaitWrite(scheduler, stream, writer, Number.POSITIVE_INFINITY);
}

function awaitWrite(
  scheduler: Scheduler,
  stream: Stream,
  writer: GuestWriter,
  timeout: number | undefined,
): Promise<number> {
  writer.timeout = timeout;
  writer.stream = stream;
  return scheduler.waitForEvent(writer.process, (wake) => {
    writer.wake = wake;
    stream.awaitWrite(writer);
    return () => stream.withdraw(writer);
  });
}

/** Returns a stream's timeout in milliseconds, once no operation of this kind is under way. */
export function getTimeout(
  scheduler: Scheduler,
  stream: Stream,
  operation: StreamOperation,
): bigint | Promise<bigint> {
  return settled(scheduler, stream, operation, null);
}

/** Sets a stream's timeout in milliseconds, once no operation of this kind is under way. */
export function setTimeout(
  scheduler: Scheduler,
  stream: Stream,
  operation: StreamOperation,
  timeout: bigint,
): void | Promise<void> {
  const value = settled(scheduler, stream, operation, timeout);
  if (typeof value !== 'bigint') return value.then(() => {});
}

function settled(
  scheduler: Scheduler,
  stream: Stream,
  operation: StreamOperation,
  change: bigint | null,
): bigint | Promise<bigint> {
  const known = stream.timeout(operation, change);
  if (known !== undefined) return known;
  let timeout = -1n;
  const waiting = scheduler.waitForEvent(scheduler.current, (wake) =>
    stream.awaitTimeout(operation, change, (value) => {
      timeout = value;
      wake(OK);
    }),
  );
  return waiting.then(() => timeout);
}
