import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';

/** What schedulers ask each other. */
export const Topic = {
  /** Whether a process exists. */
  Exists: 1,
  NameGet: 2,
  NamePut: 3,
  NameRemove: 4,
  NameReserve: 5,
  NameRelease: 6,
  /** Whether a program may have one more process. */
  Permit: 7,
  /** What was typed. */
  Input: 8,
} as const;
export type Topic = (typeof Topic)[keyof typeof Topic];

/** Answers a question. What it throws, or rejects with, is the answer as well. */
export type Answerer = (body: ByteReader, from: SchedulerIndex) => Uint8Array | Promise<Uint8Array>;

/** The scheduler that was asked has gone, or could not answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code = 'LUNATIC_SCHEDULER_REQUEST';
}

/** A question that has not been answered. */
interface Pending {
  readonly to: SchedulerIndex;
  resolve(answer: ByteReader): void;
  reject(error: Error): void;
}

const ANSWERED = 1;
const ROOM = 64;

/** Questions to other schedulers and their answers. They keep their place among signals. */
export class Requests {
  readonly #mesh: Mesh;
  readonly #answerers = new Map<Topic, Answerer>();
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  /** Lets questions of a topic be answered. */
  answer(topic: Topic, answerer: Answerer): void {
    this.#answerers.set(topic, answerer);
  }

  /**
   * Asks another scheduler.
   * @param write writes what the topic needs
   * @throws RequestError if there is no answer
   */
  ask(to: SchedulerIndex, topic: Topic, write: (writer: ByteWriter) => void): Promise<ByteReader> {
    if (this.#mesh.peer(to) === undefined) return Promise.reject(gone(to));
    const number = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { to, resolve, reject });
      this.#mesh.send(to, Frame.Request, (writer) => {
        writer.varint(number);
        writer.u8(topic);
        write(writer);
      });
    });
  }

  /** A question of another scheduler has come. */
  asked(from: SchedulerIndex, reader: ByteReader): void {
    const number = reader.varint();
    const topic = reader.u8() as Topic;
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      const answerer = this.#answerers.get(topic);
      if (answerer === undefined) throw new RequestError(`nobody answers questions of topic ${topic}`);
      answer = answerer(reader, from);
    } catch (error) {
      this.#refuse(from, number, error);
      return;
    }
    // At once where it can be: what was sent before and what will be sent later keep their places.
    if (answer instanceof Uint8Array) this.#reply(from, number, answer);
    else
      answer.then(
        (bytes) => this.#reply(from, number, bytes),
        (error) => this.#refuse(from, number, error),
      );
  }

  #reply(to: SchedulerIndex, number: number, answer: Uint8Array): void {
    this.#mesh.send(to, Frame.Answer, (writer) => {
      writer.varint(number);
      writer.u8(ANSWERED);
      writer.bytes(answer);
    });
  }

  #refuse(to: SchedulerIndex, number: number, error: unknown): void {
    this.#mesh.send(to, Frame.Answer, (writer) => {
      writer.varint(number);
      writer.u8(0);
      writer.text(error instanceof Error ? error.message : String(error));
    });
  }

  /** An answer has come. */
  answered(reader: ByteReader): void {
    const number = reader.varint();
    const pending = this.#pending.get(number);
    if (pending === undefined) return;
    this.#pending.delete(number);
    if (reader.u8() === ANSWERED) pending.resolve(reader.part(reader.varint()).copy());
    else pending.reject(new RequestError(reader.text()));
  }

  lose(index: SchedulerIndex): void {
    for (const [number, { to, reject }] of [...this.#pending]) {
      if (to !== index) continue;
      this.#pending.delete(number);
      reject(gone(index));
    }
  }
}

function gone(index: SchedulerIndex): RequestError {
  return new RequestError(`scheduler ${index} has gone`);
}

/** Bytes of an answer. */
export function answerOf(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(ROOM);
  write(writer);
  return writer.finish();
}
