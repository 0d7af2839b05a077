import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { Endpoint } from '../net/endpoint.ts';
import type { SchedulerIndex } from './peers.ts';
import type { Fill, Questions } from './questions.ts';

/** Where the socket is that a stand-in stands for. */
export interface Place {
  readonly owner: SchedulerIndex;
  /** Under which its owner serves it to this scheduler. */
  readonly ticket: number;
}

/** What is known of a socket that another scheduler serves. */
export interface SocketInfo {
  /** Of a stream the address of its peer, of a UDP socket its own; null if it was gone already. */
  readonly address: Endpoint | null;
  /** Characters of the certificates that a TLS session trusts instead of the usual ones. */
  readonly pemLength: number;
}

/** What failed because the scheduler has ended that has the socket. */
export function lostText(): string {
  return 'The connection was closed: the scheduler that it belongs to has ended';
}

/** Stands for a socket of another scheduler, which does all that is asked for. */
export abstract class RemoteSocket {
  readonly place: Place;
  readonly info: SocketInfo;
  readonly #questions: Questions;
  readonly #released: () => void;
  #references = 1;
  #calls = 0;

  /** @param released called when the last reference was given back */
  constructor(place: Place, info: SocketInfo, questions: Questions, released: () => void) {
    this.place = place;
    this.info = info;
    this.#questions = questions;
    this.#released = released;
  }

  share(): this {
    this.#references++;
    return this;
  }

  release(): void {
    if (--this.#references > 0) return;
    this.#released();
    this.tell('socket/release', () => {});
  }

  /** Returns a number for a call that the owner may be asked to give up. */
  protected nextCall(): number {
    return ++this.#calls;
  }

  protected cancel(call: number): void {
    this.tell('socket/cancel', (writer) => writer.varint(call));
  }

  protected ask<T>(kind: string, fill: Fill, read: (reader: ByteReader) => T, room?: number): Promise<T> {
    return this.#questions.ask(this.place.owner, kind, this.#withTicket(fill), read, room);
  }

  protected tell(kind: string, fill: Fill, room?: number): void {
    this.#questions.tell(this.place.owner, kind, this.#withTicket(fill), room);
  }

  #withTicket(fill: Fill): Fill {
    return (writer) => {
      writer.varint(this.place.ticket);
      fill(writer);
    };
  }
}
