import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { SchedulerIndex } from '../kernel/ids.ts';
import { Frame } from './frame.ts';
import type { Mesh } from './mesh.ts';
import type { Peers, RequestHandler } from './peers.ts';

/** The scheduler that was asked has gone, or could not answer. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code = 'LUNATIC_SCHEDULER_REQUEST';
}

/** A request that has not been answered. */
interface Pending {
  readonly to: number;
  resolve(answer: Uint8Array): void;
  reject(error: Error): void;
}

const ANSWERED = 1;
const ROOM = 64;

/** Requests to other schedulers and their answers. They keep their place among signals. */
export class Requests implements Peers {
  readonly #mesh: Mesh;
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  answer(kind: string, handler: RequestHandler): void {
    this.#handlers.set(kind, handler);
  }

  request(peer: number, kind: string, body: Uint8Array): Promise<Uint8Array> {
    const to = peer as SchedulerIndex;
    if (this.#mesh.peer(to) === undefined) return Promise.reject(gone(peer));
    const number = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { to: peer, resolve, reject });
      this.#mesh.send(to, Frame.Request, (writer) => {
        writer.varint(number);
        writer.text(kind);
        writer.raw(body);
      });
    });
  }

  /**
   * Asks all others.
   * @param time milliseconds for which answers count
   * @returns the answers of those that could give one
   */
  async requestAll(kind: string, body: Uint8Array, time: number): Promise<Map<SchedulerIndex, Uint8Array>> {
    const answers = new Map<SchedulerIndex, Uint8Array>();
    const all = [...this.#mesh.peers.keys()].map(async (peer) => {
      answers.set(peer, await this.request(peer, kind, body));
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((done) => {
      timer = setTimeout(done, time);
    });
    await Promise.race([Promise.allSettled(all), late]);
    clearTimeout(timer);
    return answers;
  }

  /** A request of another scheduler has come. */
  asked(from: SchedulerIndex, reader: ByteReader): void {
    const number = reader.varint();
    const kind = reader.text();
    const body = reader.rest().slice();
    let answer: Uint8Array | Promise<Uint8Array>;
    try {
      const handler = this.#handlers.get(kind);
      if (handler === undefined) throw new RequestError(`nobody answers requests of kind ${kind}`);
      answer = handler(from, body);
    } catch (error) {
      this.#refuse(from, number, error);
      return;
    }
    // At once where it can be: what was sent before and what will be sent later keep their places.
    if (answer instanceof Promise)
      answer.then(
        (bytes) => this.#reply(from, number, bytes),
        (error) => this.#refuse(from, number, error),
      );
    else this.#reply(from, number, answer);
  }

  #reply(to: SchedulerIndex, number: number, answer: Uint8Array): void {
    this.#mesh.send(to, Frame.Answer, (writer) => {
      writer.varint(number);
      writer.u8(ANSWERED);
      writer.raw(answer);
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
    if (reader.u8() === ANSWERED) pending.resolve(reader.rest().slice());
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

function gone(index: number): RequestError {
  return new RequestError(`scheduler ${index} has gone`);
}

/** The bytes of a request or an answer. */
export function bytesOf(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(ROOM);
  write(writer);
  return writer.finish();
}

/** Bytes of a request or an answer that is a number. */
export function numberBytes(number: number): Uint8Array {
  return bytesOf((writer) => writer.varint(number));
}

export function numberIn(body: Uint8Array): number {
  return new ByteReader(body, 'a number').varint();
}
