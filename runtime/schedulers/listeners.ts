import type { Socket } from 'node:net';
import type { ByteReader } from '../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { acceptedSocket, Listening, type ListeningSocket } from '../net/listening.ts';
import { isPermitted } from '../net/permitted.ts';
import type { Sharer } from '../net/shares.ts';
import { handleOf } from '../net/socket.ts';
import { TcpListener } from '../net/tcp-listener.ts';
import { TlsIdentity } from '../net/tls-identity.ts';
import { TlsListener } from '../net/tls-listener.ts';
import type { Departures } from './departures.ts';
import type { HandlePassing } from './handle-passing.ts';
import { type GroupLinks, ListenerGroup } from './listener-group.ts';
import { readFlag, writeFlag } from './optional-bytes.ts';
import type { SchedulerIndex } from './peers.ts';
import { bodyOf, NOTHING, type Questions } from './questions.ts';
import { readEndpoint, writeEndpoint } from './socket-bytes.ts';

type Listener = TcpListener | TlsListener;

/** Schedulers that may listen on one socket. */
const MAX_MEMBERS = 65_536;

/** The listeners of this scheduler that others have, too. */
export class Listeners implements GroupLinks {
  readonly #own: SchedulerIndex;
  readonly #questions: Questions;
  readonly #handles: HandlePassing;
  readonly #departures: Departures;
  readonly #nextTicket: () => number;
  readonly #groups = new Map<string, ListenerGroup>();
  readonly #groupOf = new WeakMap<Listener, ListenerGroup>();

  constructor(
    own: SchedulerIndex,
    questions: Questions,
    handles: HandlePassing,
    departures: Departures,
    nextTicket: () => number,
  ) {
    this.#own = own;
    this.#questions = questions;
    this.#handles = handles;
    this.#departures = departures;
    this.#nextTicket = nextTicket;
    const readGroup = (reader: ByteReader): string => reader.text();
    questions.answer('listener/join', readGroup, (peer, id) => {
      const group = this.#groups.get(id);
      if (group === undefined) throw new Error('nobody here listens there any more');
      const body = bodyOf((writer) => writeMembers(writer, group.members));
      group.members.add(peer);
      return body;
    });
    questions.answer('listener/leave', readGroup, (peer, id) => {
      this.#groups.get(id)?.remove(peer);
      return NOTHING;
    });
    questions.answer('listener/want', readGroup, (peer, id) => this.#onWant(peer, id));
    questions.answer(
      'listener/give',
      (reader) => ({ id: reader.text(), ticket: reader.varint() }),
      async (peer, { id, ticket }) => {
        const socket = await this.#receive(peer, ticket, () => this.#groups.has(id));
        if (socket !== null) this.#groups.get(id)?.takeBack(socket);
        return bodyOf((writer) => writeFlag(writer, socket !== null));
      },
    );
  }

  /**
   * Sends the handle of a listener, and takes over the reference.
   * @returns a function that writes what its `arrive` reads
   */
  depart(listener: Listener, peer: SchedulerIndex, ticket: number): (writer: ByteWriter) => void {
    const { handle, local } = listener.listening;
    const group = this.#groupOf.get(listener) ?? this.#add(`${this.#own}.${ticket}`, listener);
    const release = (): void => listener.release();
    this.#departures.add(ticket, { peer, arrived: release, dropped: release, stays: release });
    const isSent = handle !== null && this.#handles.reaches(peer);
    if (isSent) this.#handles.send(peer, ticket, handle);
    return (writer) => {
      writer.text(group.id);
      writeFlag(writer, isSent);
      writeEndpoint(writer, local);
      writeMembers(writer, group.members);
      if (!(listener instanceof TlsListener)) return;
      writer.text(listener.identity.certificate);
      writer.text(listener.identity.key);
    };
  }

  /** Reads what `depart` wrote. Returns a function that makes the listener. */
  arrive(
    peer: SchedulerIndex,
    ticket: number,
    isTls: boolean,
    reader: ByteReader,
    owner: Sharer,
  ): () => Promise<Listener> {
    const id = reader.text();
    const hasHandle = readFlag(reader);
    const local = readEndpoint(reader);
    const members = new Set([peer, ...readMembers(reader)]);
    const pem = isTls ? { certificate: reader.text(), key: reader.text() } : null;
    return async () => {
      const handle = hasHandle ? await this.#handles.take(peer, ticket) : null;
      const known = this.#groups.get(id);
      if (known !== undefined) {
        closeHandle(handle);
        this.#confirm(peer, ticket);
        return known.listener.share();
      }
      const identity = pem === null ? null : new TlsIdentity(pem.certificate, pem.key);
      const make = (listening: ListeningSocket): Listener =>
        identity === null ? new TcpListener(listening, owner) : new TlsListener(listening, identity, owner);
      // Without a socket of its own it still gets connections from its partners.
      const listener = (await arriveHandle(handle, make)) ?? make({ local, handle: null, close: () => {} });
      // Another one may have arrived meanwhile.
      const group = this.#groups.get(id);
      if (group !== undefined) {
        listener.release();
        this.#confirm(peer, ticket);
        return group.listener.share();
      }
      // Nobody gives up listening before all know of this one.
      void this.#join(this.#add(id, listener), members).then(() => this.#confirm(peer, ticket));
      return listener;
    };
  }

  peerEnded(peer: SchedulerIndex): void {
    for (const group of this.#groups.values()) group.remove(peer);
  }

  #add(id: string, listener: Listener): ListenerGroup {
    const group = new ListenerGroup(id, listener, this);
    this.#groups.set(id, group);
    this.#groupOf.set(listener, group);
    return group;
  }

  /** Makes this scheduler known to all that listen. */
  async #join(group: ListenerGroup, members: Iterable<SchedulerIndex>): Promise<void> {
    const news = [...members].filter((peer) => peer !== this.#own && !group.members.has(peer));
    for (const peer of news) group.members.add(peer);
    await Promise.all(
      news.map(async (peer) => {
        try {
          const theirs = await this.#questions.ask(
            peer,
            'listener/join',
            (writer) => writer.text(group.id),
            readMembers,
          );
          await this.#join(group, theirs);
        } catch {
          group.remove(peer);
        }
      }),
    );
  }

  #confirm(peer: SchedulerIndex, ticket: number): void {
    this.#questions.tell(peer, 'socket/arrived', (writer) => writer.varint(ticket));
  }

  // -- connections -------------------------------------------------------------------------------------

  async want(peer: SchedulerIndex, id: string): Promise<Socket | null> {
    const ticket = await this.#questions.ask(
      peer,
      'listener/want',
      (writer) => writer.text(id),
      (reader) => reader.varint(),
    );
    if (ticket === 0) return null;
    const socket = await this.#receive(peer, ticket, () => true);
    if (socket === null) throw new Error('the handle of a connection was lost');
    return socket;
  }

  /** Answers with the ticket of a connection whose handle comes, 0 for none. */
  #onWant(peer: SchedulerIndex, id: string): Promise<Uint8Array> {
    return new Promise((resolve) => {
      const answer = (ticket: number): void => resolve(bodyOf((writer) => writer.varint(ticket)));
      const group = this.#groups.get(id);
      const take = (socket: Socket | null): void => {
        const back = (): void => {
          if (socket !== null) group?.takeBack(socket);
        };
        const ticket = socket === null ? 0 : this.#send(peer, socket, back);
        // One that has broken meanwhile is nothing to give.
        if (ticket === null) group?.onWant(peer, take);
        else answer(ticket);
      };
      if (group === undefined || !this.#handles.reaches(peer)) answer(0);
      else group.onWant(peer, take);
    });
  }

  async give(peer: SchedulerIndex, id: string, socket: Socket): Promise<boolean> {
    if (!this.#handles.reaches(peer)) return false;
    let isBack = false;
    const ticket = this.#send(peer, socket, () => {
      isBack = true;
    });
    if (ticket === null) return true;
    const isTaken = await this.#questions.ask(
      peer,
      'listener/give',
      (writer) => {
        writer.text(id);
        writer.varint(ticket);
      },
      readFlag,
    );
    return isTaken && !isBack;
  }

  leave(peer: SchedulerIndex, id: string): void {
    this.#questions.tell(peer, 'listener/leave', (writer) => writer.text(id));
  }

  closed(id: string): void {
    this.#groups.delete(id);
  }

  /**
   * Sends the handle of a connection.
   * @param back called if it does not get there
   * @returns its ticket, null if it has broken
   */
  #send(peer: SchedulerIndex, socket: Socket, back: () => void): number | null {
    const handle = handleOf(socket);
    if (handle === null) return null;
    const ticket = this.#nextTicket();
    this.#departures.add(ticket, {
      peer,
      arrived: () => socket.destroy(),
      dropped: back,
      stays: back,
    });
    this.#handles.send(peer, ticket, handle);
    return ticket;
  }

  /** Takes a connection whose handle comes. Null if it is lost, or not wanted any more: the peer keeps it. */
  async #receive(peer: SchedulerIndex, ticket: number, isWanted: () => boolean): Promise<Socket | null> {
    const handle = await this.#handles.take(peer, ticket);
    const isTaken = handle !== null && isWanted() && isPermitted({ _handle: handle });
    if (!isTaken) closeHandle(handle);
    this.#questions.tell(peer, isTaken ? 'socket/arrived' : 'socket/stays', (writer) =>
      writer.varint(ticket),
    );
    return isTaken ? acceptedSocket(handle) : null;
  }
}

function closeHandle(handle: object | null): void {
  (handle as { close(): void } | null)?.close();
}

async function arriveHandle(
  handle: object | null,
  make: (listening: Listening) => Listener,
): Promise<Listener | null> {
  if (handle === null) return null;
  if (!isPermitted({ _handle: handle })) {
    closeHandle(handle);
    return null;
  }
  return Listening.arrive(handle, make);
}

function writeMembers(writer: ByteWriter, members: ReadonlySet<SchedulerIndex>): void {
  writer.varint(members.size);
  for (const member of members) writer.varint(member);
}

function readMembers(reader: ByteReader): SchedulerIndex[] {
  const members: SchedulerIndex[] = [];
  for (let left = reader.count(1, MAX_MEMBERS); left > 0; left--) members.push(reader.varint());
  return members;
}
