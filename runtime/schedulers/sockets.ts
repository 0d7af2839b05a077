import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import type { SocketResource } from '../kernel/message-resources.ts';
import { NetStream } from '../net/net-stream.ts';
import { isPermitted } from '../net/permitted.ts';
import type { Sharer } from '../net/shares.ts';
import type { StreamState } from '../net/stream.ts';
import { TcpListener } from '../net/tcp-listener.ts';
import { TlsListener } from '../net/tls-listener.ts';
import { UdpSocket } from '../net/udp-socket.ts';
import { Departures } from './departures.ts';
import type { HandlePassing } from './handle-passing.ts';
import { Listeners } from './listeners.ts';
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
  readFlag,
  readOptional,
  readStream,
  readTimeout,
  writeDatagrams,
  writeEndpoint,
  writeFlag,
  writeOptional,
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
 * later ones of the same sender wait for, or `drop`; `peerEnded` for each scheduler that has ended, once, after its last request.
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
    this.#listeners = new Listeners(own, questions, handles, this.#departures, () => ++this.#tickets);
    questions.answer(
      'socket/no-handle',
      (reader) => reader.varint(),
      (peer, ticket) => {
        handles.giveUp(peer, ticket);
        return NOTHING;
      },
    );
    questions.answer(
      'socket/lend',
      (reader) => ({ borrower: reader.varint(), ticket: reader.varint() }),
      (peer, { borrower, ticket }) => {
        const { socket } = this.#serving.at(borrower, ticket);
        return bodyOf((writer) => writer.varint(this.#serve(peer, socket.share())));
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
    const ticket = ++this.#tickets;
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
      this.#departures.add(ticket, { peer, arrived: release, dropped: release, stays: () => NOTHING });
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
    const moving = movingOf(socket);
    if (moving === null) return null;
    this.#departures.add(ticket, {
      peer,
      arrived: () => socket.abandon(),
      stays: () => {
        socket.stay();
        this.#serving.add(peer, ticket, socket);
        return bodyOf((writer) => writeInfo(writer, infoOf(socket)));
      },
      dropped: () => {
        socket.stay();
        socket.release();
      },
    });
    if (moving.handle !== null) {
      this.#handles.send(peer, ticket, moving.handle, () =>
        this.#questions.tell(peer, 'socket/no-handle', (writer) => writer.varint(ticket)),
      );
    }
    return moving;
  }

  #serve(peer: SchedulerIndex, socket: NetStream | UdpSocket): number {
    const ticket = ++this.#tickets;
    this.#serving.add(peer, ticket, socket);
    return ticket;
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
      case Form.Moved:
        if (isStream) {
          const hasHandle = readFlag(reader);
          const state = readStream(reader);
          return { arriving, make: () => this.#receiveStream(peer, ticket, hasHandle, state, owner) };
        } else {
          const version = readFlag(reader) ? 6 : 4;
          const state = readDatagrams(reader);
          const make = async (): Promise<SocketResource['socket']> => {
            const handle = await this.#takeHandle(peer, ticket);
            if (handle === null) return this.#receiveLost(peer, ticket, isStream, owner);
            const socket = UdpSocket.arrive(version, handle as Parameters<typeof UdpSocket.arrive>[1], state);
            this.#confirm(peer, ticket);
            return socket;
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
        return { arriving, make: () => this.#receiveRemote(peer, ticket, place, info, isStream, owner) };
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

  #confirm(peer: SchedulerIndex, ticket: number): void {
    this.#questions.tell(peer, 'socket/arrived', (writer) => writer.varint(ticket));
  }

  async #receiveStream(
    peer: SchedulerIndex,
    ticket: number,
    hasHandle: boolean,
    state: StreamState,
    owner: Sharer,
  ): Promise<SocketResource['socket']> {
    const handle = hasHandle ? await this.#takeHandle(peer, ticket) : null;
    if (hasHandle && handle === null) return this.#receiveLost(peer, ticket, true, owner);
    const stream = NetStream.arrive(handle, state, owner);
    this.#confirm(peer, ticket);
    return stream;
  }

  /** Makes a stand-in for a socket whose handle was lost. */
  async #receiveLost(
    peer: SchedulerIndex,
    ticket: number,
    isStream: boolean,
    owner: Sharer,
  ): Promise<SocketResource['socket']> {
    try {
      const info = await this.#questions.ask(
        peer,
        'socket/stays',
        (writer) => writer.varint(ticket),
        readInfo,
      );
      return this.#standIn({ owner: peer, ticket }, info, isStream);
    } catch {
      return this.#lost(peer, ticket, isStream, owner);
    }
  }

  async #receiveRemote(
    peer: SchedulerIndex,
    ticket: number,
    place: Place,
    info: SocketInfo,
    isStream: boolean,
    owner: Sharer,
  ): Promise<SocketResource['socket']> {
    // If it is one of this scheduler, nobody has to be asked.
    try {
      if (place.owner === this.#own) return this.#serving.at(peer, place.ticket).socket.share();
      const lent = await this.#questions.ask(
        place.owner,
        'socket/lend',
        (writer) => {
          writer.varint(peer);
          writer.varint(place.ticket);
        },
        (reader) => reader.varint(),
      );
      return this.#standIn({ owner: place.owner, ticket: lent }, info, isStream);
    } catch {
      return this.#lost(place.owner, place.ticket, isStream, owner);
    } finally {
      this.#confirm(peer, ticket);
    }
  }

  /** A socket that has gone with the scheduler that had it. */
  #lost(peer: SchedulerIndex, ticket: number, isStream: boolean, owner: Sharer): SocketResource['socket'] {
    if (!isStream) return this.#standIn({ owner: peer, ticket }, { address: null, pemLength: 0 }, false);
    const timeouts = { read: -1n, peek: -1n, write: -1n };
    return NetStream.arrive(null, { unread: NOTHING, ended: false, failure: lostText(), timeouts }, owner);
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
