import type { Memory } from '../net/byte-queue.ts';
import { NetStream } from '../net/net-stream.ts';
import type { Outcome, Reader, Writer } from '../net/stream.ts';
import { unsent } from '../net/unsent.ts';
import { readFlag, readOptional } from './optional-bytes.ts';
import type { SchedulerIndex } from './peers.ts';
import { bodyOf, NOTHING, type Questions } from './questions.ts';
import { Answer, MOST_AT_ONCE } from './remote-stream.ts';
import type { Served, Serving } from './serving.ts';
import { readOperation, readTimeout, writeTimeout } from './socket-bytes.ts';

const ROOM = 16;

function cancelled(): Uint8Array {
  return bodyOf((writer) => writer.u8(Answer.Cancelled), ROOM);
}

function failed(failure: string): Uint8Array {
  return bodyOf((writer) => {
    writer.u8(Answer.Failed);
    writer.text(failure);
  });
}

function readAnswer(bytes: Uint8Array): Uint8Array {
  return bodyOf((writer) => {
    writer.u8(Answer.Done);
    writer.bytes(bytes);
  }, ROOM + bytes.length);
}

function writtenAnswer(outcome: Outcome): Uint8Array {
  if (typeof outcome === 'string') return failed(outcome);
  return bodyOf((writer) => {
    writer.u8(Answer.Done);
    writer.varint(outcome);
  }, ROOM);
}

/** Reads for another scheduler. Only when there is something it takes memory for it. */
class ServedReader implements Reader, Memory {
  readonly operation: 'offer' | 'peek';
  readonly size: number;
  readonly start = 0;
  readonly isTimed = false;
  readonly done: (outcome: Outcome) => void;
  limit: bigint | null = null;
  #bytes: Uint8Array | null = null;

  /** @param done `isOffer` if its stream waits for how many of the bytes are taken */
  constructor(
    operation: 'offer' | 'peek',
    size: number,
    done: (answer: Uint8Array, isOffer: boolean) => void,
  ) {
    this.operation = operation;
    this.size = size;
    this.done = (outcome) => {
      const bytes = this.#bytes ?? NOTHING;
      this.#bytes = null;
      if (typeof outcome === 'string') done(failed(outcome), false);
      else done(readAnswer(bytes.subarray(0, outcome)), operation === 'offer' && outcome > 0);
    };
  }

  get memory(): Memory {
    return this;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= new Uint8Array(this.size);
    return this.#bytes;
  }

  waits(limit: bigint): void {
    this.limit = limit;
  }
}

/** Writes, or flushes, for another scheduler. */
class ServedWriter implements Writer {
  readonly operation: 'write' | 'flush';
  readonly isTimed = false;
  readonly done: (outcome: Outcome) => void;
  taken = -1;
  limit: bigint | null = null;
  readonly #bytes: Uint8Array;

  constructor(operation: 'write' | 'flush', bytes: Uint8Array, done: (outcome: Outcome) => void) {
    this.operation = operation;
    this.#bytes = bytes;
    this.done = done;
  }

  count(limit: number): number {
    return Math.min(limit, this.#bytes.length);
  }

  copyTo(target: Uint8Array): void {
    target.set(this.#bytes.subarray(0, target.length));
  }

  waits(limit: bigint): void {
    this.limit = limit;
  }
}

/** Does with the streams of this scheduler what others ask for who have a reference to them. */
export class ServedStreams {
  readonly #serving: Serving;
  readonly #questions: Questions;
  /** Readers that have been offered bytes and have not told how many they take, by what they are served under, and their call. */
  readonly #offers = new WeakMap<Served, Map<number, ServedReader>>();

  constructor(serving: Serving, questions: Questions) {
    this.#serving = serving;
    this.#questions = questions;
    questions.answer(
      'stream/read',
      (reader) => ({
        ticket: reader.varint(),
        call: reader.varint(),
        isPeek: readFlag(reader),
        size: reader.varint(),
        isTimed: readFlag(reader),
      }),
      (peer, { ticket, call, isPeek, size, isTimed }) =>
        this.#read(peer, ticket, call, isPeek, Math.min(size, MOST_AT_ONCE), isTimed),
    );
    questions.answer(
      'stream/accept',
      (reader) => ({ ticket: reader.varint(), call: reader.varint(), count: reader.varint() }),
      (peer, { ticket, call, count }) => {
        const served = serving.find(peer, ticket);
        const offered = served === undefined ? undefined : this.#offers.get(served)?.get(call);
        if (served === undefined || offered === undefined) return NOTHING;
        served.calls.delete(call);
        this.#offers.get(served)?.delete(call);
        if (served.socket instanceof NetStream) served.socket.accept(offered, count);
        return NOTHING;
      },
    );
    questions.answer(
      'stream/write',
      (reader) => ({
        ticket: reader.varint(),
        call: reader.varint(),
        isFlush: readFlag(reader),
        isTimed: readFlag(reader),
        bytes: reader.bytes(),
      }),
      (peer, { ticket, call, isFlush, isTimed, bytes }) =>
        this.#write(peer, ticket, call, isFlush, isTimed, bytes),
    );
    questions.answer(
      'stream/timeout',
      (reader) => ({
        ticket: reader.varint(),
        call: reader.varint(),
        operation: readOperation(reader),
        change: readOptional(reader, readTimeout),
      }),
      (peer, { ticket, call, operation, change }) => {
        const { stream, served } = this.#at(peer, ticket);
        const known = stream.timeout(operation, change);
        if (known !== undefined) return bodyOf((writer) => writeTimeout(writer, known));
        return served.wait(
          call,
          bodyOf((writer) => writeTimeout(writer, -1n)),
          (done) =>
            stream.awaitTimeout(operation, change, (timeout) =>
              done(bodyOf((writer) => writeTimeout(writer, timeout))),
            ),
        );
      },
    );
  }

  #at(peer: SchedulerIndex, ticket: number): { stream: NetStream; served: Served } {
    const served = this.#serving.at(peer, ticket);
    if (served.socket instanceof NetStream) return { stream: served.socket, served };
    throw new Error(`ticket ${ticket} is not that of a stream`);
  }

  #read(
    peer: SchedulerIndex,
    ticket: number,
    call: number,
    isPeek: boolean,
    size: number,
    isTimed: boolean,
  ): Promise<Uint8Array> {
    const { stream, served } = this.#at(peer, ticket);
    const offers = this.#offers.get(served) ?? new Map<number, ServedReader>();
    this.#offers.set(served, offers);
    let isAnswered = false;
    return served.wait(call, cancelled(), (done) => {
      const reader = new ServedReader(isPeek ? 'peek' : 'offer', size, (answer, isOffer) => {
        isAnswered = true;
        if (isOffer) offers.set(call, reader);
        done(answer, isOffer);
      });
      const outcome = isPeek ? stream.read('peek', reader.memory, 0, size) : undefined;
      if (outcome !== undefined) reader.done(outcome);
      else stream.awaitBytes(reader);
      if (!isAnswered) this.#tellWaits(peer, ticket, call, reader.limit, isTimed);
      return () => {
        offers.delete(call);
        stream.leave(reader);
      };
    });
  }

  #write(
    peer: SchedulerIndex,
    ticket: number,
    call: number,
    isFlush: boolean,
    isTimed: boolean,
    bytes: Uint8Array,
  ): Promise<Uint8Array> {
    const { stream, served } = this.#at(peer, ticket);
    return served.wait(call, cancelled(), (done) => {
      let held = 0;
      const settle = (answer: Uint8Array): void => {
        unsent.letGo(held);
        held = 0;
        done(answer);
      };
      const writer = new ServedWriter(isFlush ? 'flush' : 'write', bytes, (outcome) =>
        settle(writtenAnswer(outcome)),
      );
      const outcome = stream.write(writer);
      if (outcome !== undefined) {
        writer.done(outcome);
        return () => {};
      }
      held = bytes.length;
      unsent.hold(held);
      stream.awaitWrite(writer);
      this.#tellWaits(peer, ticket, call, writer.limit, isTimed);
      return () => stream.withdraw(writer, (taken) => settle(taken < 0 ? cancelled() : writtenAnswer(taken)));
    });
  }

  /** The process there may give up after a time, which begins now. */
  #tellWaits(
    peer: SchedulerIndex,
    ticket: number,
    call: number,
    limit: bigint | null,
    isTimed: boolean,
  ): void {
    if (limit === null || (limit < 0n && !isTimed)) return;
    this.#questions.tell(peer, 'stream/waits', (writer) => {
      writer.varint(ticket);
      writer.varint(call);
      writeTimeout(writer, limit);
    });
  }
}
