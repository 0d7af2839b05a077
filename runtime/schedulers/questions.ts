import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { Peers, SchedulerIndex } from './peers.ts';

/** Bytes that are enough for most requests and answers. */
const ROOM = 64;

export type Fill = (writer: ByteWriter) => void;

/** Writes a body. */
export function bodyOf(fill: Fill, room = ROOM): Uint8Array {
  const writer = new ByteWriter(room);
  fill(writer);
  return writer.finish();
}

export const NOTHING = new Uint8Array(0);

/** Requests whose bodies are written and read value by value. */
export class Questions {
  readonly #peers: Peers;

  constructor(peers: Peers) {
    this.#peers = peers;
  }

  /**
   * Asks a scheduler.
   * @param read reads the answer, all of it
   * @throws Error if the peer has ended or could not answer
   */
  async ask<T>(
    peer: SchedulerIndex,
    kind: string,
    fill: Fill,
    read: (reader: ByteReader) => T,
    room?: number,
  ): Promise<T> {
    const answer = await this.#peers.request(peer, kind, bodyOf(fill, room));
    return readAll(answer, `the answer to ${kind}`, read);
  }

  /** Tells a scheduler something. If it has ended, nobody needs to know. */
  tell(peer: SchedulerIndex, kind: string, fill: Fill, room?: number): void {
    this.#peers.request(peer, kind, bodyOf(fill, room)).catch(() => {});
  }

  /**
   * Sets what answers requests of a kind.
   * @param read reads the body, all of it
   * @param handle returns the answer
   */
  answer<T>(
    kind: string,
    read: (reader: ByteReader) => T,
    handle: (peer: SchedulerIndex, question: T) => Uint8Array | Promise<Uint8Array>,
  ): void {
    this.#peers.answer(kind, (peer, body) => handle(peer, readAll(body, kind, read)));
  }
}

/** Reads a body. @throws FormatError also if anything is left */
export function readAll<T>(body: Uint8Array, subject: string, read: (reader: ByteReader) => T): T {
  const reader = new ByteReader(body, subject);
  const value = read(reader);
  reader.end();
  return value;
}
