import { isIP } from 'node:net';
import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { DatagramState, Received } from '../net/datagrams.ts';
import type { Endpoint } from '../net/endpoint.ts';
import type { StreamOperation, StreamState } from '../net/stream.ts';
import { errorText } from '../net/system-error.ts';
import { readFlag, readOptional, readText, writeFlag, writeOptional, writeText } from './optional-bytes.ts';

// How sockets and what is done with them are written as bytes. Numbers are varints, texts have a length before them.

const MAX_PORT = 65_535;
/** Up to this a timeout is a whole number of milliseconds; -1 is none. Guests pass 64 bits. */
const TIMEOUT = /^(-1|0|[1-9]\d{0,19})$/;
/** Datagrams that a socket keeps at most, see `UdpSocket`, and those that somebody gives back. */
const MAX_DATAGRAMS = 1024;

export const OPERATIONS: readonly StreamOperation[] = ['read', 'peek', 'write'];

/** An IP version is not written: the text of the address tells. */
export function writeEndpoint(writer: ByteWriter, { host, port }: Endpoint): void {
  writer.text(host);
  writer.varint(port);
}

export function readEndpoint(reader: ByteReader): Endpoint {
  const host = reader.text();
  const version = isIP(host);
  if (version !== 4 && version !== 6) throw reader.error('value', 'a text that is no IP address');
  const port = reader.varint();
  if (port > MAX_PORT) throw reader.error('value', `port ${port}`);
  return { version, host, port };
}

export function writeTimeout(writer: ByteWriter, timeout: bigint): void {
  writer.text((timeout < 0n ? -1n : timeout).toString());
}

export function readTimeout(reader: ByteReader): bigint {
  const text = reader.text();
  if (!TIMEOUT.test(text)) throw reader.error('value', 'a text that is no timeout');
  return BigInt(text);
}

export function writeOperation(writer: ByteWriter, operation: StreamOperation): void {
  writer.u8(OPERATIONS.indexOf(operation));
}

export function readOperation(reader: ByteReader): StreamOperation {
  const operation = OPERATIONS[reader.u8()];
  if (operation === undefined) throw reader.error('kind', 'an unknown operation');
  return operation;
}

/** Unread bytes, whether the peer has ended, why it fails, and the timeouts. */
export function writeStream(writer: ByteWriter, { unread, ended, failure, timeouts }: StreamState): void {
  writer.bytes(unread);
  writeFlag(writer, ended);
  writeOptional(writer, failure, writeText);
  for (const operation of OPERATIONS) writeTimeout(writer, timeouts[operation]);
}

/** The bytes are copied. */
export function readStream(reader: ByteReader): StreamState {
  const unread = reader.bytes().slice();
  const ended = readFlag(reader);
  const failure = readOptional(reader, readText);
  const [read, peek, write] = [readTimeout(reader), readTimeout(reader), readTimeout(reader)];
  return { unread, ended, failure, timeouts: { read, peek, write } };
}

/** The sender and the bytes, or the text of an error. */
export function writeReceived(writer: ByteWriter, received: Received): void {
  const isError = received instanceof Error;
  writeOptional(writer, isError ? null : received.from, writeEndpoint);
  if (isError) writer.text(errorText(received));
  else writer.bytes(received.bytes);
}

/** The bytes are copied. */
export function readReceived(reader: ByteReader): Received {
  const from = readOptional(reader, readEndpoint);
  return from === null ? new Error(reader.text()) : { from, bytes: reader.bytes().slice() };
}

/** The settings, and what has arrived. */
export function writeDatagrams(writer: ByteWriter, { peer, broadcast, ttl, queue }: DatagramState): void {
  writeOptional(writer, peer, writeEndpoint);
  writeFlag(writer, broadcast);
  writer.varint(ttl);
  writer.varint(queue.length);
  for (const received of queue) writeReceived(writer, received);
}

export function readDatagrams(reader: ByteReader): DatagramState {
  const peer = readOptional(reader, readEndpoint);
  const broadcast = readFlag(reader);
  const ttl = reader.varint();
  const queue: Received[] = [];
  for (let left = reader.count(2, MAX_DATAGRAMS); left > 0; left--) queue.push(readReceived(reader));
  return { peer, broadcast, ttl, queue };
}
