import type { ProcessId } from '../ids.ts';
import { dataMessage, linkDiedMessage, type Message, MessageKind, processDiedMessage } from '../message.ts';
import type { MessageResource } from '../message-resources.ts';
import { type DeathReason, KILL, type Signal } from '../signal.ts';
import { NO_TAG } from '../tag.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { ResourcesInTransit } from './resources-in-transit.ts';
import { readVersion, writeVersion } from './version.ts';

const SIGNAL_CODES = {
  message: 1,
  kill: 2,
  'die-when-link-dies': 3,
  link: 4,
  unlink: 5,
  'link-died': 6,
  monitor: 7,
  'stop-monitoring': 8,
  'process-died': 9,
  'not-monitored': 10,
} as const satisfies Record<Signal['kind'], number>;

const REASONS: readonly DeathReason[] = ['normal', 'failure', 'no-process'];

/** The first is a hole: a resource that was taken from the message. */
const RESOURCES: readonly (MessageResource['kind'] | null)[] = [
  null,
  'module',
  'TCP stream',
  'TLS stream',
  'UDP socket',
  'TCP listener',
  'TLS listener',
];

const HAS_TAG = 1;
const HAS_POSITION = 2;
const HAS_RESOURCES = 4;

/** Read positions are `u64`; the largest ones are rounded up to this. */
const MAX_POSITION = 2 ** 64;

/** Bytes that are enough for all but the data of a message without resources, and for any other signal. */
const ROOM = 32;
/** Bytes of a resource: its kind and its handle. */
const RESOURCE_SIZE = 9;

/** A resource of a message that has been read but is still in transit. */
interface Arriving {
  readonly kind: MessageResource['kind'];
  readonly handle: number;
  readonly offset: number;
}

/**
 * Writes signals as bytes and reads them, for their way to another scheduler or node. The format:
 *
 * | signal               | bytes after the version (1)                                                       |
 * | -------------------- | --------------------------------------------------------------------------------- |
 * | `message`            | 1, message                                                                        |
 * | `kill`               | 2                                                                                 |
 * | `die-when-link-dies` | 3, 0 or 1                                                                         |
 * | `link`               | 4, peer: varint, tag: i64                                                         |
 * | `unlink`             | 5, peer: varint, own: 0 or 1                                                      |
 * | `link-died`          | 6, peer: varint, tag: i64, reason: 0 normal, 1 failure, 2 no process              |
 * | `monitor`            | 7, peer: varint                                                                   |
 * | `stop-monitoring`    | 8, peer: varint                                                                   |
 * | `process-died`       | 9, peer: varint                                                                   |
 * | `not-monitored`      | 10, peer: varint                                                                  |
 *
 * | message      | bytes                                                                                     |
 * | ------------ | ----------------------------------------------------------------------------------------- |
 * | data         | 0, flags, [1: tag: i64], [2: position: f64], length: varint, data,                         |
 * |              | [4: number of resources: varint, and each: kind, unless that is 0: handle: varint]         |
 * | link died    | 1, tag: i64                                                                               |
 * | process died | 2, process: varint                                                                        |
 *
 * What is in brackets is there if the flag of that value is set, which it is unless there is nothing to tell: a tag or a
 * position of 0, no resources. Kinds of resources: 0 taken before, 1 module, 2 TCP stream, 3 TLS stream, 4 UDP socket,
 * 5 TCP listener, 6 TLS listener. `ByteWriter` tells how numbers are written. Each signal has one encoding.
 *
 * Resources travel as handles into a table of the sender. Whoever wants to do away with bytes that will not be sent decodes
 * them and drops the message.
 */
export class SignalCodec {
  readonly #transit: ResourcesInTransit;

  /** @param transit where the resources of messages are while they are bytes */
  constructor(transit: ResourcesInTransit) {
    this.#transit = transit;
  }

  /** Writes a signal. Its message, if it is one, is used up: what that carries is in transit. */
  encode(signal: Signal): Uint8Array {
    if (signal.kind === 'message') return this.encodeMessage(signal.message);
    const writer = new ByteWriter(ROOM);
    writeVersion(writer);
    this.write(writer, signal);
    return writer.finish();
  }

  /** Appends a signal to what goes the same way, without a version. */
  write(writer: ByteWriter, signal: Signal): void {
    if (signal.kind === 'message') {
      this.writeMessage(writer, signal.message);
      return;
    }
    writer.u8(SIGNAL_CODES[signal.kind]);
    switch (signal.kind) {
      case 'kill':
        break;
      case 'die-when-link-dies':
        writer.u8(signal.die ? 1 : 0);
        break;
      case 'link':
        writer.varint(signal.peer);
        writer.tag(signal.tag);
        break;
      case 'link-died':
        writer.varint(signal.peer);
        writer.tag(signal.tag);
        writer.u8(REASONS.indexOf(signal.reason));
        break;
      case 'unlink':
        writer.varint(signal.peer);
        writer.u8(signal.own ? 1 : 0);
        break;
      case 'monitor':
      case 'not-monitored':
      case 'stop-monitoring':
      case 'process-died':
        writer.varint(signal.peer);
        break;
    }
  }

  /** `encode` for a message without its signal. */
  encodeMessage(message: Message): Uint8Array {
    const writer = new ByteWriter(ROOM + message.length);
    writeVersion(writer);
    this.writeMessage(writer, message);
    return writer.finish();
  }

  /** `write` for a message without its signal. */
  writeMessage(writer: ByteWriter, message: Message): void {
    const { kind, tag, processId } = message;
    writer.u8(SIGNAL_CODES.message);
    writer.u8(kind);
    switch (kind) {
      case MessageKind.Data:
        this.#writeData(writer, message);
        break;
      case MessageKind.LinkDied:
        writer.tag(tag);
        break;
      case MessageKind.ProcessDied:
        writer.varint(processId);
        break;
    }
    message.recycle();
  }

  #writeData(writer: ByteWriter, message: Message): void {
    const { tag, position, buffer, length } = message;
    const resources = message.resources?.length ? message.resources : null;
    let flags = 0;
    if (tag !== NO_TAG) flags |= HAS_TAG;
    if (position !== 0) flags |= HAS_POSITION;
    if (resources !== null) flags |= HAS_RESOURCES;
    writer.u8(flags);
    if (tag !== NO_TAG) writer.tag(tag);
    if (position !== 0) writer.f64(position);
    writer.beginningOf(buffer, length);
    if (resources === null) return;
    // Nothing is in transit before there is room for its handle.
    writer.reserve((resources.length + 1) * RESOURCE_SIZE);
    writer.varint(resources.length);
    for (const resource of resources) {
      writer.u8(RESOURCES.indexOf(resource?.kind ?? null));
      if (resource !== null) writer.varint(this.#transit.add(resource));
    }
    message.resources = null;
  }

  /**
   * Reads a signal that `encode` wrote. Its message owns the resources, which are no longer in transit.
   * @param bytes may be of anybody; they are copied
   * @throws FormatError for anything that `encode` cannot have written; resources in transit stay there then
   */
  decode(bytes: Uint8Array): Signal {
    const reader = new ByteReader(bytes, 'a signal');
    readVersion(reader);
    return this.read(reader);
  }

  /** Reads a signal without a version, which ends where the reader does. */
  read(reader: ByteReader): Signal {
    const code = reader.u8();
    switch (code) {
      case SIGNAL_CODES.message:
        return { kind: 'message', message: this.#readMessage(reader) };
      case SIGNAL_CODES.kill:
        return ended(reader, KILL);
      case SIGNAL_CODES['die-when-link-dies']:
        return ended(reader, { kind: 'die-when-link-dies', die: reader.flags(1) === 1 });
      case SIGNAL_CODES.link:
        return ended(reader, { kind: 'link', peer: readId(reader), tag: reader.tag() });
      case SIGNAL_CODES.unlink:
        return ended(reader, { kind: 'unlink', peer: readId(reader), own: reader.flags(1) === 1 });
      case SIGNAL_CODES['link-died']: {
        const signal = { kind: 'link-died', peer: readId(reader), tag: reader.tag() } as const;
        return ended(reader, { ...signal, reason: readReason(reader) });
      }
      case SIGNAL_CODES.monitor:
        return ended(reader, { kind: 'monitor', peer: readId(reader) });
      case SIGNAL_CODES['stop-monitoring']:
        return ended(reader, { kind: 'stop-monitoring', peer: readId(reader) });
      case SIGNAL_CODES['not-monitored']:
        return ended(reader, { kind: 'not-monitored', peer: readId(reader) });
      case SIGNAL_CODES['process-died']:
        return ended(reader, { kind: 'process-died', peer: readId(reader) });
      default:
        throw reader.error('kind', `unknown kind of signal ${code}`);
    }
  }

  #readMessage(reader: ByteReader): Message {
    const code = reader.u8();
    switch (code) {
      case MessageKind.Data:
        return this.#readData(reader);
      case MessageKind.LinkDied:
        return ended(reader, linkDiedMessage(reader.tag()));
      case MessageKind.ProcessDied:
        return ended(reader, processDiedMessage(readId(reader)));
      default:
        throw reader.error('kind', `unknown kind of message ${code}`);
    }
  }

  #readData(reader: ByteReader): Message {
    const flags = reader.flags(HAS_TAG | HAS_POSITION | HAS_RESOURCES);
    const tag = flags & HAS_TAG ? reader.tag() : NO_TAG;
    if (flags & HAS_TAG && tag === NO_TAG) throw reader.error('value', 'a tag of 0 in place of none');
    const position = flags & HAS_POSITION ? readPosition(reader) : 0;
    const message = dataMessage(tag);
    reader.appendTo(message);
    const arriving = flags & HAS_RESOURCES ? readResources(reader) : null;
    reader.end();
    const resources = arriving === null ? null : this.#claim(reader, arriving);
    message.position = position;
    message.resources = resources;
    return message;
  }

  /** Takes resources out of transit: all of them, or none. */
  #claim(reader: ByteReader, arriving: readonly (Arriving | null)[]): (MessageResource | null)[] {
    const transit = this.#transit;
    const handles = new Set<number>();
    const resources = arriving.map((wanted) => {
      if (wanted === null) return null;
      const { kind, handle, offset } = wanted;
      const resource = handles.has(handle) ? undefined : transit.get(handle);
      if (resource?.kind !== kind)
        throw reader.error('resource', `no ${kind} of handle ${handle} is in transit`, offset);
      handles.add(handle);
      return resource;
    });
    for (const handle of handles) transit.remove(handle);
    return resources;
  }
}

function ended<T>(reader: ByteReader, value: T): T {
  reader.end();
  return value;
}

function readId(reader: ByteReader): ProcessId {
  return reader.varint() as ProcessId;
}

function readReason(reader: ByteReader): DeathReason {
  const code = reader.u8();
  const reason = REASONS[code];
  if (reason === undefined) throw reader.error('kind', `unknown reason of a death ${code}`);
  return reason;
}

function readPosition(reader: ByteReader): number {
  const position = reader.f64();
  if (Number.isInteger(position) && position > 0 && position <= MAX_POSITION) return position;
  throw reader.error('value', `a read position of ${position}`);
}

function readResources(reader: ByteReader): (Arriving | null)[] {
  const count = reader.count(1);
  if (count === 0) throw reader.error('value', 'an empty list of resources in place of none');
  const resources: (Arriving | null)[] = [];
  for (let i = 0; i < count; i++) {
    const code = reader.u8();
    const kind = RESOURCES[code];
    if (kind === undefined) throw reader.error('kind', `unknown kind of resource ${code}`);
    resources.push(kind === null ? null : { kind, handle: reader.varint(), offset: reader.start });
  }
  return resources;
}
