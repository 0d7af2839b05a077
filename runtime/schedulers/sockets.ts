import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { SocketResource } from '../kernel/message-resources.ts';
import type { DatagramHandle } from '../net/datagram-handle.ts';
import { NetStream } from '../net/net-stream.ts';
import { isPermitted } from '../net/permitted.ts';
import type { Sharer } from '../net/shares.ts';
import { TcpListener } from '../net/tcp-listener.ts';
import { TlsListener } from '../net/tls-listener.ts';
import { UdpSocket } from '../net/udp-socket.ts';
import { Departures } from './departures.ts';
import type { HandlePassing } from './handle-passing.ts';
import { Listeners } from './listeners.ts';
import { readFlag, readOptional, writeFlag, writeOptional } from './optional-bytes.ts';
import type { Peers, SchedulerIndex } from './peers.ts';
import { bodyOf, NOTHING, Questions, readAll } from './questions.ts';
import { lostText, type Place, RemoteSocket, type SocketInfo } from './remote-socket.ts';
import { RemoteStream } from './remote-stream.ts';
import { RemoteUdpSocket } from './remote-udp-socket.ts';
import { ServedDatagrams } from './served-datagrams.ts';
import { ServedStreams } from './served-streams.ts';
import { infoOf, Serving } from './serving.ts';
import {
  readDatagrams,
  readEndpoint,
  readStream,
  readTimeout,
  writeDatagrams,
  writeEndpoint,
  writeStream,
} from './socket-bytes.ts';

type Kind = SocketResource['kind'];

const KINDS: readonly Kind[] = ['TCP stream', 'TLS stream', 'UDP socket', 'TCP listener', 'TLS listener'];

/** How a socket crosses. */
const Form = {
  /** Its handle comes, and what else it is. */
  Moved: 0,
  /** It stays with the scheduler that it comes from, which serves it. */
  Served: 1,
  /** It is that of a third scheduler, or of the receiver. */
  Remote: 2,
  /** A listener, with a handle for the same socket. */
  Listener: 3,
} as const;

/** Tickets are even if the owner has chosen them, and odd if a borrower has. */
const BORROWED = 1;

/** No scheduler has anything there. */
const NOWHERE: Place = { owner: Number.MAX_SAFE_INTEGER, ticket: 0 };

/** Bytes of what departs besides what it has read. */
const ROOM = 256;

/** What is read of bytes that arrive. */
interface Arriving {
  readonly form: number;
  readonly kind: Kind;
  readonly cost: number;
  readonly ticket: number;
}

/**
 * Lets sockets cross from one scheduler to another, in messages. A TCP stream or UDP socket to which there is one reference moves:
 * its handle and all that was read of it. One that is shared, and any TLS stream, is served by its owner: what arrives is a stand-in that
 * asks for all it does. A listener is duplicated, and its connections are for whoever accepts first. Where a handle cannot be passed
 * on (the receiver has no descriptors left, or Windows has no way) the owner serves it as well.
 *
 * To be called: `depart` for each socket of a message, when it is written; `arrive` with the bytes, before the message is delivered, which
 * later ones of the same sender wait for, or `drop`; `peerEnded` for each scheduler that has ended, once, after its last request. While
 * something arrives, requests and answers of its sender may be held up: it waits for nothing but handles.
 */
export class SocketCrossing {
  readonly #own: SchedulerIndex;
  readonly #handles: HandlePassing;
  readonly #questions: Questions;
  readonly #departures: Departures;
  readonly #serving: Serving;
  readonly #listeners: Listeners;
  /** Stand-ins, by owner and ticket. */
  readonly #remote = new Map<string, RemoteSocket>();
  #tickets = 0;

  readonly #nextTicket = (): number => 2 * ++this.#tickets;

  /**
   * @param own the index of this scheduler
   * @param peers the others
   * @param handles over which handles are passed to them
   */
  constructor(own: SchedulerIndex, peers: Peers, handles: HandlePassing) {
    this.#own = own;
    this.#handles = handles;
    const questions = new Questions(peers);
    this.#questions = questions;
    this.#departures = new Departures(questions);
    this.#serving = new Serving(questions);
    new ServedStreams(this.#serving, questions);
    new ServedDatagrams(this.#serving, questions);
    this.#listeners = new Listeners(own, questions, handles, this.#departures, this.#nextTicket);
    questions.answer(
      'socket/lend',
      (reader) => ({ borrower: reader.varint(), ticket: reader.varint(), own: reader.varint() }),
      (peer, { borrower, ticket, own }) => {
        if (own % 2 !== BORROWED) throw new Error(`a borrower cannot choose ticket ${own}`);
        this.#serving.add(peer, own, this.#serving.at(borrower, ticket).socket.share());
        return NOTHING;
      },
    );
    questions.answer(
      'stream/waits',
      (reader) => ({ ticket: reader.varint(), call: reader.varint(), limit: readTimeout(reader) }),
      (peer, { ticket, call, limit }) => {
        const stream = this.#remote.get(keyOf({ owner: peer, ticket }));
        if (stream instanceof RemoteStream) stream.onWaits(call, limit);
        return NOTHING;
      },
    );
  }

  /** Sockets on their way to others, sockets that others have references to, and stand-ins for those of others. */
  get counts(): { readonly departing: number; readonly served: number; readonly remote: number } {
    return { departing: this.#departures.size, served: this.#serving.size, remote: this.#remote.size };
  }

  // -- departing ---------------------------------------------------------------------------------------

  /**
   * Takes over a reference, which goes to another scheduler.
   * @returns what its `arrive` must be given
   */
  depart({ kind, socket, cost }: SocketResource, peer: SchedulerIndex): Uint8Array {
    const ticket = this.#nextTicket();
    const write = (form: number, fill: (writer: ByteWriter) => void, room = ROOM): Uint8Array =>
      bodyOf((writer) => {
        writer.u8(form);
        writer.u8(KINDS.indexOf(kind));
        writer.varint(cost);
        writer.varint(ticket);
        fill(writer);
      }, room);

    if (socket instanceof TcpListener || socket instanceof TlsListener)
      return write(Form.Listener, this.#listeners.depart(socket, peer, ticket));
    if (socket instanceof RemoteSocket) {
      const release = (): void => socket.release();
      this.#departures.add(ticket, { peer, arrived: release, dropped: release, stays: release });
      const { owner, ticket: borrowed } = socket.place;
      return write(Form.Remote, (writer) => {
        writer.varint(owner);
        writer.varint(borrowed);
        writeInfo(writer, socket.info);
      });
    }
    if (!(socket instanceof NetStream || socket instanceof UdpSocket))
      throw new Error(`a ${kind} of an unknown class cannot cross`);
    const moving = this.#move(socket, peer, ticket);
    if (moving !== null) return write(Form.Moved, moving.fill, ROOM + moving.size);
    this.#serving.add(peer, ticket, socket);
    return write(Form.Served, (writer) => writeInfo(writer, infoOf(socket)));
  }

  /** Stops a socket, and sends its handle. Returns null if it cannot move. */
  #move(
    socket: NetStream | UdpSocket,
    peer: SchedulerIndex,
    ticket: number,
  ): { readonly fill: (writer: ByteWriter) => void; readonly size: number } | null {
    const info = infoOf(socket);
    const moving = this.#handles.reaches(peer) ? movingOf(socket) : null;
    if (moving === null) return null;
    this.#departures.add(ticket, {
      peer,
      arrived: () => socket.abandon(),
      stays: () => {
        socket.stay();
        this.#serving.add(peer, ticket, socket);
      },
      dropped: () => {
        socket.stay();
        socket.release();
      },
    });
    if (moving.handle !== null) this.#handles.send(peer, ticket, moving.handle);
    const fill = (writer: ByteWriter): void => {
      writeInfo(writer, info);
      moving.fill(writer);
    };
    return { fill, size: moving.size };
  }

  // -- arriving ----------------------------------------------------------------------------------------

  /**
   * Makes a socket of what its `depart` returned.
   * @param peer who sent it
   * @param owner the process that gets it
   * @throws FormatError for bytes that `depart` cannot have written
   */
  async arrive(peer: SchedulerIndex, bytes: Uint8Array, owner: Sharer): Promise<SocketResource> {
    const { arriving, make } = readAll(bytes, 'a socket', (reader) => this.#read(peer, reader, owner));
    const { kind, cost } = arriving;
    return { kind, cost, socket: await make() };
  }

  /** Does away with a socket whose message nobody wants. */
  drop(peer: SchedulerIndex, bytes: Uint8Array): void {
    const nobody = { environment: {} };
    // What arrives is released: so every form is given back as it must be.
    this.arrive(peer, bytes, nobody).then(
      ({ socket }) => socket.release(),
      () => {},
    );
  }

  #read(
    peer: SchedulerIndex,
    reader: ByteReader,
    owner: Sharer,
  ): { arriving: Arriving; make: () => Promise<SocketResource['socket']> } {
    const arriving = readArriving(reader);
    const { form, kind, ticket } = arriving;
    const isStream = kind === 'TCP stream' || kind === 'TLS stream';
    const isListener = kind === 'TCP listener' || kind === 'TLS listener';
    if (isListener !== (form === Form.Listener)) throw reader.error('kind', `a ${kind} in form ${form}`);
    switch (form) {
      case Form.Moved: {
        const info = readInfo(reader);
        const arrive = isStream ? streamMaker(reader, owner) : datagramsMaker(reader);
        const make = async (): Promise<SocketResource['socket']> => {
          const handle = arrive.hasHandle ? await this.#takeHandle(peer, ticket) : null;
          const isLost = arrive.hasHandle && handle === null;
          this.#questions.tell(peer, isLost ? 'socket/stays' : 'socket/arrived', (writer) =>
            writer.varint(ticket),
          );
          // The owner is told first that it serves the socket, and asked for what it is to do then.
          return isLost ? this.#standIn({ owner: peer, ticket }, info, isStream) : arrive.make(handle);
        };
        return { arriving, make };
      }
      case Form.Served: {
        const info = readInfo(reader);
        return { arriving, make: async () => this.#standIn({ owner: peer, ticket }, info, isStream) };
      }
      case Form.Remote: {
        const place = { owner: reader.varint(), ticket: reader.varint() };
        const info = readInfo(reader);
        return {
          arriving,
          make: async () => this.#receiveRemote(peer, ticket, place, info, isStream, owner),
        };
      }
      case Form.Listener: {
        const make = this.#listeners.arrive(peer, ticket, kind === 'TLS listener', reader, owner);
        return { arriving, make };
      }
      default:
        throw reader.error('kind', `unknown form ${form} of a socket`);
    }
  }

  /** Takes the handle of a ticket. Null if it is lost, or must not be had: it is closed then. */
  async #takeHandle(peer: SchedulerIndex, ticket: number): Promise<object | null> {
    const handle = await this.#handles.take(peer, ticket);
    if (handle === null || isPermitted({ _handle: handle })) return handle;
    (handle as { close(): void }).close();
    return null;
  }

  #receiveRemote(
    peer: SchedulerIndex,
    ticket: number,
    place: Place,
    info: SocketInfo,
    isStream: boolean,
    owner: Sharer,
  ): SocketResource['socket'] {
    const confirm = (): void =>
      this.#questions.tell(peer, 'socket/arrived', (writer) => writer.varint(ticket));
    if (place.owner === this.#own) {
      const own = this.#serving.find(peer, place.ticket)?.socket.share();
      confirm();
      return own ?? lostSocket(isStream, owner, this.#questions);
    }
    // What it is asked for comes after this. The peer must not give its reference back before.
    const own = this.#nextTicket() + BORROWED;
    const lent = this.#questions.ask(
      place.owner,
      'socket/lend',
      (writer) => {
        writer.varint(peer);
        writer.varint(place.ticket);
        writer.varint(own);
      },
      () => {},
    );
    lent.then(confirm, confirm);
    return this.#standIn({ owner: place.owner, ticket: own }, info, isStream);
  }

  #standIn(place: Place, info: SocketInfo, isStream: boolean): SocketResource['socket'] {
    const key = keyOf(place);
    const Class = isStream ? RemoteStream : RemoteUdpSocket;
    const standIn = new Class(place, info, this.#questions, () => this.#remote.delete(key));
    this.#remote.set(key, standIn);
    return standIn;
  }

  // -- the end -----------------------------------------------------------------------------------------

  /** Gives up all that was on its way to a scheduler that has ended, and releases what it had references to. */
  peerEnded(peer: SchedulerIndex): void {
    this.#handles.disconnect(peer);
    this.#departures.dropAll(peer);
    this.#serving.releaseAll(peer);
    this.#listeners.peerEnded(peer);
  }
}

function keyOf({ owner, ticket }: Place): string {
  return `${owner}:${ticket}`;
}

/** How a socket is made whose handle comes. */
interface Maker {
  readonly hasHandle: boolean;
  make(handle: object | null): SocketResource['socket'];
}

function streamMaker(reader: ByteReader, owner: Sharer): Maker {
  const hasHandle = readFlag(reader);
  const state = readStream(reader);
  return { hasHandle, make: (handle) => NetStream.arrive(handle, state, owner) };
}

function datagramsMaker(reader: ByteReader): Maker {
  const version = readFlag(reader) ? 6 : 4;
  const state = readDatagrams(reader);
  const make = (handle: object | null) => UdpSocket.arrive(version, handle as DatagramHandle, state);
  return { hasHandle: true, make };
}

/** A socket that has gone with the scheduler that had it. */
function lostSocket(isStream: boolean, owner: Sharer, questions: Questions): SocketResource['socket'] {
  if (!isStream) return new RemoteUdpSocket(NOWHERE, { address: null, pemLength: 0 }, questions, () => {});
  const timeouts = { read: -1n, peek: -1n, write: -1n };
  return NetStream.arrive(null, { unread: NOTHING, ended: false, failure: lostText(), timeouts }, owner);
}

/** Takes a socket out of this OS process. */
function movingOf(socket: NetStream | UdpSocket): {
  readonly handle: object | null;
  readonly fill: (writer: ByteWriter) => void;
  readonly size: number;
} | null {
  if (socket instanceof NetStream) {
    const moving = socket.depart();
    if (moving === undefined) return null;
    const { handle, state } = moving;
    const fill = (writer: ByteWriter): void => {
      writeFlag(writer, handle !== null);
      writeStream(writer, state);
    };
    return { handle, fill, size: state.unread.length };
  }
  const { version } = socket.local;
  const moving = socket.depart();
  if (moving === undefined) return null;
  const fill = (writer: ByteWriter): void => {
    writeFlag(writer, version === 6);
    writeDatagrams(writer, moving.state);
  };
  return { handle: moving.handle, fill, size: 0 };
}

function readArriving(reader: ByteReader): Arriving {
  const form = reader.u8();
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw reader.error('kind', 'an unknown kind of socket');
  return { form, kind, cost: reader.varint(), ticket: reader.varint() };
}

function writeInfo(writer: ByteWriter, { address, pemLength }: SocketInfo): void {
  writeOptional(writer, address, writeEndpoint);
  writer.varint(pemLength);
}

function readInfo(reader: ByteReader): SocketInfo {
  return { address: readOptional(reader, readEndpoint), pemLength: reader.varint() };
}
