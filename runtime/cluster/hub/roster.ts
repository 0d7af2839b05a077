import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { ByteReader } from '../../kernel/codec/byte-reader.ts';
import type { NodeId } from '../transport.ts';
import { eachFrame } from './channel.ts';
import { type Hub, Member } from './member.ts';
import type { Names } from './names.ts';
import type { Registration } from './registrations.ts';
import { areAcceptable, BEAT, CloseCode, Kind, readAttributes, writeNode, writeNodes } from './wire.ts';

/** Nodes at the same time. */
const MOST_NODES = 1024;
/** Milliseconds in which a node must say who it is. */
const HELLO_TIME = 2000;

/** A node that has been started and not stopped, connected to the hub or not. */
export interface Started {
  readonly id: NodeId;
  readonly registration: Registration;
  readonly address: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The nodes of a cluster. */
export class Roster implements Hub {
  readonly names: Names;
  /** By the names of their registrations: each has one node at most. */
  readonly #started = new Map<string, Started>();
  readonly #members = new Map<NodeId, Member>();
  readonly #beats: NodeJS.Timeout;
  /** Connections of nodes that have not said who they are. */
  readonly #newcomers = new Set<WebSocket>();
  #count = 0;

  constructor(names: Names) {
    this.names = names;
    this.#beats = setInterval(() => {
      for (const member of this.#members.values()) member.beat();
    }, BEAT).unref();
  }

  member(id: NodeId): Member | undefined {
    return this.#members.get(id);
  }

  // -- starting and stopping ---------------------------------------------------------------------------

  /** Starts a node of a registration, in place of the one that it had. Returns null if there are too many. */
  start(
    registration: Registration,
    address: string,
    attributes: Readonly<Record<string, string>>,
  ): Started | null {
    this.stop(registration, CloseCode.Replaced, 'The node has joined once more.');
    if (this.#started.size >= MOST_NODES || !areAcceptable(attributes)) return null;
    const started = { id: ++this.#count as NodeId, registration, address, attributes };
    this.#started.set(registration.name, started);
    registration.isUsed = true;
    return started;
  }

  /** Stops the node of a registration. */
  stop(registration: Registration, code: number, reason: string): void {
    const started = this.#started.get(registration.name);
    if (started === undefined) return;
    this.#forget(started);
    this.#members.get(started.id)?.leave(code, reason);
  }

  #forget({ registration }: Started): void {
    this.#started.delete(registration.name);
    registration.isUsed = false;
  }

  /** Nodes that have all these attributes. */
  list(query: Iterable<readonly [string, string]>): Started[] {
    const pairs = [...query];
    return [...this.#started.values()].filter(({ attributes }) =>
      pairs.every(([key, value]) => Object.hasOwn(attributes, key) && attributes[key] === value),
    );
  }

  // -- connecting --------------------------------------------------------------------------------------

  /** Takes a connection of a node, which says who it is in its first frame. */
  connect(socket: WebSocket, stream: Socket, registration: Registration): void {
    this.#newcomers.add(socket);
    const late = setTimeout(() => socket.terminate(), HELLO_TIME);
    const settle = () => {
      clearTimeout(late);
      this.#newcomers.delete(socket);
    };
    socket.on('error', () => {});
    socket.once('close', settle);
    socket.once('message', (data, isBinary) => {
      settle();
      try {
        if (!isBinary || !Buffer.isBuffer(data)) throw new TypeError('a text');
        this.#hello(data, socket, stream, registration);
      } catch {
        socket.close(CloseCode.Malformed, 'The first frame of the node is malformed.');
      }
    });
  }

  #hello(bytes: Buffer, socket: WebSocket, stream: Socket, registration: Registration): void {
    let resumed = 0;
    let attributes: Readonly<Record<string, string>> = {};
    const end = eachFrame(bytes, (kind, from, frameEnd) => {
      if (kind !== Kind.Hello) throw new RangeError('another frame');
      const reader = new ByteReader(bytes, 'a frame', [from, frameEnd]);
      resumed = reader.varint();
      attributes = readAttributes(reader);
      reader.end();
      return false;
    });
    if (end === 0 || end < bytes.length) throw new RangeError('not one frame');
    const member =
      resumed === 0 ? this.#join(stream, registration, attributes) : this.#known(resumed, registration);
    if (member === null) {
      if (resumed > 0) socket.close(CloseCode.Unknown, 'The hub has given the node up.');
      else socket.close(CloseCode.Full, 'The cluster has too many nodes, or the node too many attributes.');
      return;
    }
    member.attach(socket, stream);
    const writer = member.channel.begin(Kind.Welcome);
    writer.varint(member.id);
    writeNodes(
      writer,
      [...this.#members.values()].filter((other) => other !== member),
    );
    member.channel.end();
  }

  #known(id: number, registration: Registration): Member | null {
    return this.#started.get(registration.name)?.id === id ? (this.#members.get(id as NodeId) ?? null) : null;
  }

  #join(
    stream: Socket,
    registration: Registration,
    attributes: Readonly<Record<string, string>>,
  ): Member | null {
    const { remoteAddress = '', remotePort = 0, remoteFamily } = stream;
    const host = remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress;
    const started = this.start(registration, `${host}:${remotePort}`, attributes);
    if (started === null) return null;
    const member = new Member({ id: started.id, name: registration.name, attributes }, this);
    for (const { channel } of this.#members.values()) {
      writeNode(channel.begin(Kind.Joined), member);
      channel.end();
    }
    this.#members.set(member.id, member);
    return member;
  }

  gone(member: Member): void {
    if (!this.#members.delete(member.id)) return;
    const started = this.#started.get(member.name);
    if (started?.id === member.id) this.#forget(started);
    for (const { channel } of this.#members.values()) {
      channel.begin(Kind.Left).varint(member.id);
      channel.end();
    }
  }

  /** Ends all connections, without a word: nodes look for the hub for a while. */
  close(): void {
    clearInterval(this.#beats);
    for (const socket of this.#newcomers) socket.terminate();
    const members = [...this.#members.values()];
    this.#members.clear();
    for (const member of members) member.leave(GOING_AWAY, 'The control server has ended.');
  }
}

/** The code of a WebSocket whose server ends (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001;
