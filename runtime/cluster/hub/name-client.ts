import type { ByteReader } from '../../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../../kernel/codec/byte-writer.ts';
import { ClusterError, type NameEntry, type NameStore, REQUEST_TIME } from '../transport.ts';
import type { Channel } from './channel.ts';
import { Ask, Kind, Status } from './wire.ts';

/** A question whose answer has not come. */
interface Pending {
  readonly done: (entry: NameEntry | null) => void;
  readonly fail: (error: ClusterError) => void;
  readonly late: NodeJS.Timeout;
}

/** The names of a hub, as a node sees them. */
export class NameClient implements NameStore {
  readonly #channel: Channel;
  readonly #pending = new Map<number, Pending>();
  #count = 0;
  /** Why nothing can be asked any more. */
  #end: string | null = null;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get(environment: number, name: string): Promise<NameEntry | null> {
    return this.#ask(Ask.Get, environment, name, () => {});
  }

  async create(environment: number, name: string, value: Uint8Array): Promise<number | null> {
    const entry = await this.#ask(Ask.Create, environment, name, (writer) => writer.bytes(value));
    return entry?.revision ?? null;
  }

  async update(
    environment: number,
    name: string,
    value: Uint8Array,
    revision: number,
  ): Promise<number | null> {
    const entry = await this.#ask(Ask.Update, environment, name, (writer) => {
      writer.bytes(value);
      writer.varint(revision);
    });
    return entry?.revision ?? null;
  }

  async remove(environment: number, name: string, revision: number): Promise<boolean> {
    const entry = await this.#ask(Ask.Remove, environment, name, (writer) => writer.varint(revision));
    return entry !== null;
  }

  #ask(
    ask: number,
    environment: number,
    name: string,
    more: (writer: ByteWriter) => void,
  ): Promise<NameEntry | null> {
    return new Promise((done, fail) => {
      if (this.#end !== null) return fail(new ClusterError(this.#end));
      if (!this.#channel.isOpen) return fail(new ClusterError('The hub cannot be reached.'));
      const request = ++this.#count;
      const writer = this.#channel.begin(Kind.Ask);
      writer.varint(request);
      writer.u8(ask);
      writer.varint(environment);
      writer.text(name);
      more(writer);
      this.#channel.end();
      const late = setTimeout(() => {
        this.#pending.delete(request);
        fail(new ClusterError('The hub has not answered in time.'));
      }, REQUEST_TIME);
      this.#pending.set(request, { done, fail, late });
    });
  }

  /** Takes an answer. @throws FormatError */
  answered(reader: ByteReader): void {
    const request = reader.varint();
    const status = reader.u8();
    const revision = status === Status.Done ? reader.varint() : 0;
    const value = status === Status.Done ? Uint8Array.from(reader.bytes()) : null;
    const text = status === Status.Refused ? reader.text() : '';
    reader.end();
    const pending = this.#pending.get(request);
    if (pending === undefined) return;
    this.#pending.delete(request);
    clearTimeout(pending.late);
    if (status === Status.Refused) pending.fail(new ClusterError(text));
    else pending.done(value === null ? null : { value, revision });
  }

  /** Nothing that was asked will be answered. */
  interrupted(): void {
    for (const { fail, late } of this.#pending.values()) {
      clearTimeout(late);
      fail(new ClusterError('The connection to the hub has broken before it answered.'));
    }
    this.#pending.clear();
  }

  /** Nothing can be asked any more. */
  close(reason: string): void {
    this.#end = reason;
    this.interrupted();
  }
}
