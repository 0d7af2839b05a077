import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { DatagramSettings, DatagramSocket, Received } from '../net/datagrams.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { systemError } from '../net/system-error.ts';
import { readFlag, readOptional, readText, writeFlag, writeOptional } from './optional-bytes.ts';
import { lostText, RemoteSocket } from './remote-socket.ts';
import { readEndpoint, readReceived, writeEndpoint, writeReceived } from './socket-bytes.ts';

/** An address of nobody. */
const NOWHERE: Endpoint = { version: 4, host: '0.0.0.0', port: 0 };
/** Bytes of a request besides those of its datagram. */
const ROOM = 128;

/** A UDP socket that another scheduler serves. A datagram that was given to a reader which has gone meanwhile is given back. */
export class RemoteUdpSocket extends RemoteSocket implements DatagramSocket {
  get local(): Endpoint {
    return this.info.address ?? NOWHERE;
  }

  connect(peer: Endpoint, done: (error?: Error) => void): void {
    if (peer.port === 0) throw systemError('EINVAL');
    this.#finish(
      this.ask('udp/connect', (writer) => writeEndpoint(writer, peer), readFailure),
      (error) => done(error ?? undefined),
    );
  }

  send(bytes: Uint8Array, to: Endpoint | null, done: (error: Error | null) => void): void {
    if (to?.port === 0) throw systemError('EINVAL');
    const asked = this.ask(
      'udp/send',
      (writer) => {
        writeOptional(writer, to, writeEndpoint);
        writer.bytes(bytes);
      },
      readFailure,
      bytes.length + ROOM,
    );
    this.#finish(asked, done);
  }

  #finish(asked: Promise<string | null>, done: (error: Error | null) => void): void {
    asked.then(
      (failure) => done(failure === null ? null : new Error(failure)),
      () => done(new Error(lostText())),
    );
  }

  receive(): undefined {
    return undefined;
  }

  awaitDatagram(take: (received: Received) => void): () => void {
    const call = this.nextCall();
    let isWanted = true;
    const asked = this.ask(
      'udp/receive',
      (writer) => writer.varint(call),
      (reader) => readOptional(reader, readReceived),
    );
    const deliver = (received: Received | null): void => {
      if (received === null) return;
      if (isWanted) take(received);
      else this.#giveBack(received);
      isWanted = false;
    };
    asked.then(deliver, () => {
      if (isWanted) take(new Error(lostText()));
      isWanted = false;
    });
    return () => {
      if (isWanted) this.cancel(call);
      isWanted = false;
    };
  }

  #giveBack(received: Received): void {
    this.tell('udp/return', (writer) => writeReceived(writer, received), ROOM);
  }

  async settings(change: Partial<Omit<DatagramSettings, 'peer'>>): Promise<DatagramSettings> {
    const asked = this.ask(
      'udp/settings',
      (writer) => {
        writeOptional(writer, change.broadcast, writeFlag);
        writeOptional(writer, change.ttl, (body, ttl) => body.varint(ttl));
      },
      readSettings,
    );
    const result = await asked.catch(() => lostText());
    if (typeof result === 'string') throw new Error(result);
    return result;
  }
}

/** Why something failed, null if it did not. */
function readFailure(reader: ByteReader): string | null {
  return readOptional(reader, readText);
}

function readSettings(reader: ByteReader): DatagramSettings | string {
  const failure = readFailure(reader);
  if (failure !== null) return failure;
  return {
    peer: readOptional(reader, readEndpoint),
    broadcast: readFlag(reader),
    ttl: reader.varint(),
  };
}
