import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { Memory } from '../net/byte-queue.ts';
import { copyBytes } from '../net/copy-bytes.ts';
import type { Endpoint } from '../net/endpoint.ts';
import type { Outcome, Reader, ReadOperation, Stream, StreamOperation, Writer } from '../net/stream.ts';
import { unsent } from '../net/unsent.ts';
import { writeFlag, writeOptional } from './optional-bytes.ts';
import { lostText, RemoteSocket } from './remote-socket.ts';
import { readTimeout, writeOperation, writeTimeout } from './socket-bytes.ts';

/** Bytes that one read or write of a stand-in takes at most. */
export const MOST_AT_ONCE = 2 ** 16;

/** What the owner answers: a call may be given up, succeed, or fail. */
export const Answer = { Cancelled: 0, Done: 1, Failed: 2 } as const;

/** A writer that waits for the owner. */
interface Writing {
  readonly writer: Writer;
  /** Set when the writer has withdrawn: who wants to know how much was taken. */
  withdrawn: ((taken: number) => void) | null;
}

function forget(): void {}

/**
 * A stream that another scheduler serves. Nothing is read ahead. What the owner gives to a reader stays there until it is known
 * that the reader has it, so that nothing is lost if that is killed meanwhile.
 */
export class RemoteStream extends RemoteSocket implements Stream {
  readonly #readers = new Map<number, Reader>();
  readonly #writers = new Map<number, Writing>();
  #isGone = false;

  get peer(): Endpoint | undefined {
    return this.#isGone ? undefined : (this.info.address ?? undefined);
  }

  get pemLength(): number {
    return this.info.pemLength;
  }

  /** Called when the owner finds that a call has to wait. @param limit the stream's timeout */
  onWaits(call: number, limit: bigint): void {
    this.#readers.get(call)?.waits(limit);
    const writing = this.#writers.get(call);
    if (writing?.withdrawn === null) writing.writer.waits(limit);
  }

  // -- reading -----------------------------------------------------------------------------------------

  read(_operation: ReadOperation, _memory: Memory, _start: number, _size: number): undefined {
    return undefined;
  }

  awaitBytes(reader: Reader): void {
    const call = this.nextCall();
    const { operation, size, isTimed } = reader;
    this.#readers.set(call, reader);
    const asked = this.ask(
      'stream/read',
      (writer) => {
        writer.varint(call);
        writeFlag(writer, operation === 'peek');
        writer.varint(Math.min(size, MOST_AT_ONCE));
        writeFlag(writer, isTimed);
      },
      readBytes,
    );
    asked.then(
      (answer) => this.#deliver(call, operation === 'peek', answer),
      () => this.#deliver(call, true, lostText()),
    );
  }

  leave(reader: Reader): void {
    for (const [call, waiting] of this.#readers) {
      if (waiting !== reader) continue;
      this.#readers.delete(call);
      this.cancel(call);
    }
  }

  /** @param isOver whether the owner does not wait for how many of the bytes are taken */
  #deliver(call: number, isOver: boolean, answer: Uint8Array | string | null): void {
    const reader = this.#readers.get(call);
    this.#readers.delete(call);
    if (typeof answer === 'string') this.#isGone = true;
    // The owner has been told of a reader that has left.
    if (reader === undefined || answer === null) return;
    const size = typeof answer === 'string' ? 0 : answer.length;
    if (!isOver && size > 0) this.#accept(call, size);
    if (typeof answer !== 'string') copyBytes(answer, 0, reader.memory.bytes, reader.start, size);
    reader.done(typeof answer === 'string' ? answer : size);
  }

  #accept(call: number, count: number): void {
    this.tell('stream/accept', (writer) => {
      writer.varint(call);
      writer.varint(count);
    });
  }

  // -- writing -----------------------------------------------------------------------------------------

  write(_writer: Writer): undefined {
    return undefined;
  }

  awaitWrite(writer: Writer): void {
    const call = this.nextCall();
    const isFlush = writer.operation === 'flush';
    const size = isFlush ? 0 : writer.count(unsent.limit(MOST_AT_ONCE));
    const bytes = new Uint8Array(size);
    if (size > 0) writer.copyTo(bytes);
    unsent.hold(size);
    this.#writers.set(call, { writer, withdrawn: null });
    const asked = this.ask(
      'stream/write',
      (body) => {
        body.varint(call);
        writeFlag(body, isFlush);
        writeFlag(body, writer.isTimed);
        body.bytes(bytes);
      },
      readCount,
      size + 64,
    );
    asked.then(
      (answer) => this.#written(call, size, answer),
      () => this.#written(call, size, lostText()),
    );
  }

  #written(call: number, size: number, answer: Outcome | null): void {
    unsent.letGo(size);
    const writing = this.#writers.get(call);
    this.#writers.delete(call);
    if (typeof answer === 'string') this.#isGone = true;
    if (writing === undefined) return;
    const { writer, withdrawn } = writing;
    if (withdrawn !== null) withdrawn(typeof answer === 'number' ? answer : -1);
    else if (answer !== null) writer.done(answer);
  }

  withdraw(writer: Writer, left: (taken: number) => void = forget): void {
    for (const [call, writing] of this.#writers) {
      if (writing.writer !== writer) continue;
      // A writer that is killed while it hears how much was taken need not know it any more.
      if (writing.withdrawn === null) this.cancel(call);
      else if (writing.withdrawn === forget) continue;
      writing.withdrawn = left;
      return;
    }
  }

  // -- timeouts ----------------------------------------------------------------------------------------

  timeout(_operation: StreamOperation, _change: bigint | null): undefined {
    return undefined;
  }

  awaitTimeout(
    operation: StreamOperation,
    change: bigint | null,
    done: (timeout: bigint) => void,
  ): () => void {
    const call = this.nextCall();
    let isWanted = true;
    const asked = this.ask(
      'stream/timeout',
      (writer) => {
        writer.varint(call);
        writeOperation(writer, operation);
        writeOptional(writer, change, writeTimeout);
      },
      readTimeout,
    );
    const settle = (timeout: bigint): void => {
      if (isWanted) done(timeout);
      isWanted = false;
    };
    asked.then(settle, () => settle(change ?? -1n));
    return () => {
      if (isWanted) this.cancel(call);
      isWanted = false;
    };
  }
}

/** The bytes that were read, none at the end; why that failed; null if it was cancelled. */
function readBytes(reader: ByteReader): Uint8Array | string | null {
  return readAnswer(reader, () => reader.bytes());
}

function readCount(reader: ByteReader): Outcome | null {
  return readAnswer(reader, () => reader.varint());
}

function readAnswer<T>(reader: ByteReader, readResult: () => T): T | string | null {
  switch (reader.u8()) {
    case Answer.Cancelled:
      return null;
    case Answer.Done:
      return readResult();
    case Answer.Failed:
      return reader.text();
    default:
      throw reader.error('kind', 'an unknown answer');
  }
}
