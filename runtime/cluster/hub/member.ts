import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { ByteReader } from '../../kernel/codec/byte-reader.ts';
import type { ByteWriter } from '../../kernel/codec/byte-writer.ts';
import type { NodeId, NodeInfo } from '../transport.ts';
import { Channel, type ChannelReader, eachFrame, MUCH } from './channel.ts';
import { NameRefusal, type Names } from './names.ts';
import { Ask, CloseCode, HEAD, Kind, Status } from './wire.ts';

/** Milliseconds in which a node whose connection has broken may come back. */
export const GRACE = 250;
/** Bytes that wait for a node from which on those who send to it are not read, and with which it is given up. */
const VERY_MUCH = 16 * 2 ** 20;
const TOO_MUCH = 64 * 2 ** 20;
const NODE_SIZE = 4;
/** The code of a WebSocket that has done its work (RFC 6455, section 7.4.1). */
const NORMAL = 1000;
const EMPTY = new Uint8Array(0);

/** What a member needs of the hub. */
export interface Hub {
  readonly names: Names;
  member(id: NodeId): Member | undefined;
  /** Tells all that the member has left, unless they know. */
  gone(member: Member): void;
}

/** A node that is connected to the hub, or was a moment ago. */
export class Member implements NodeInfo, ChannelReader {
  readonly id: NodeId;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly channel: Channel;
  readonly #hub: Hub;
  /** Members that were told to wait, and those that are not read meanwhile. */
  readonly #told = new Set<Member>();
  readonly #paused = new Set<Member>();
  /** For how many others it is not read. */
  #pauses = 0;
  #grace: NodeJS.Timeout | null = null;
  #hasLeft = false;
  readonly #frame = new ByteReader(EMPTY, 'a frame');

  constructor({ id, name, attributes }: NodeInfo, hub: Hub) {
    this.id = id;
    this.name = name;
    this.attributes = attributes;
    this.#hub = hub;
    this.channel = new Channel(this);
  }

  /** Uses a connection from now on. */
  attach(socket: WebSocket, stream: Socket): void {
    clearTimeout(this.#grace ?? undefined);
    this.channel.attach(socket, stream);
    if (this.#pauses > 0) this.channel.pause();
  }

  /** Ends the connection. Others are told at once. */
  leave(code: number, reason: string): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    clearTimeout(this.#grace ?? undefined);
    this.channel.close(code, reason);
    this.#hub.gone(this);
    this.#letGo(0);
  }

  /** Sends a sign of life, and gives the node up if there is none of it. */
  beat(): void {
    if (!this.channel.beat()) this.leave(CloseCode.Silent, 'The node has not been heard of for too long.');
  }

  // -- what comes --------------------------------------------------------------------------------------

  frames(bytes: Buffer): void {
    // Frames for the same node that follow each other go together.
    let to = 0;
    let begin = 0;
    const end = eachFrame(bytes, (kind, from, frameEnd) => {
      const receiver = kind === Kind.Relay && frameEnd - from >= NODE_SIZE ? bytes.readUInt32LE(from) : 0;
      const at = from - HEAD;
      if (receiver !== to) {
        this.#relay(to, bytes, begin, at);
        [to, begin] = [receiver, at];
      }
      if (receiver !== 0) bytes.writeUInt32LE(this.id, from);
      else this.#take(kind, bytes, from, frameEnd);
      return !this.#hasLeft;
    });
    this.#relay(to, bytes, begin, end);
  }

  #relay(to: number, bytes: Buffer, begin: number, end: number): void {
    if (to === 0) return;
    const member = to === this.id ? undefined : this.#hub.member(to as NodeId);
    if (member === undefined || !member.channel.takesRelayed) return;
    member.channel.append(begin === 0 && end === bytes.length ? bytes : bytes.subarray(begin, end));
    if (member.channel.waiting > MUCH) member.#holdUp(this);
  }

  #take(kind: number, bytes: Buffer, from: number, end: number): void {
    if (kind === Kind.Alive) return;
    if (kind === Kind.Leave) {
      this.leave(NORMAL, '');
      return;
    }
    if (kind !== Kind.Ask) throw new RangeError(`a frame of the kind ${kind}`);
    const frame = this.#frame;
    frame.begin(bytes, from, end);
    const request = frame.varint();
    const ask = frame.u8();
    this.#answer(request, ask, frame);
  }

  #answer(request: number, ask: number, frame: ByteReader): void {
    const answer = (status: number): ByteWriter => {
      const writer = this.channel.begin(Kind.Answer);
      writer.varint(request);
      writer.u8(status);
      return writer;
    };
    try {
      const found = this.#asked(ask, frame);
      const writer = answer(found === null ? Status.None : Status.Done);
      if (found !== null) {
        writer.varint(found.revision);
        writer.bytes(found.value);
      }
    } catch (error) {
      if (!(error instanceof NameRefusal)) throw error;
      answer(Status.Refused).text(error.message);
    }
    this.channel.end();
    if (this.channel.waiting > TOO_MUCH) this.#fallBehind();
  }

  #asked(ask: number, frame: ByteReader): { readonly revision: number; readonly value: Uint8Array } | null {
    const { names } = this.#hub;
    const environment = frame.varint();
    const name = frame.text();
    const value = ask === Ask.Create || ask === Ask.Update ? frame.bytes() : EMPTY;
    const revision = ask === Ask.Update || ask === Ask.Remove ? frame.varint() : 0;
    frame.end();
    const changed = (to: number | null) => (to === null ? null : { revision: to, value: EMPTY });
    switch (ask) {
      case Ask.Get:
        return names.get(environment, name);
      case Ask.Create:
        return changed(names.create(environment, name, value));
      case Ask.Update:
        return changed(names.update(environment, name, value, revision));
      case Ask.Remove:
        return changed(names.remove(environment, name, revision) ? 0 : null);
      default:
        throw new RangeError(`an unknown question ${ask}`);
    }
  }

  malformed(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.leave(CloseCode.Malformed, `What the node has sent is malformed: ${reason}`.slice(0, 120));
  }

  closed(): void {
    if (this.#hasLeft) return;
    this.#letGo(0);
    // It may be the connection alone.
    this.#grace = setTimeout(() => this.leave(NORMAL, ''), GRACE);
  }

  // -- when much waits ---------------------------------------------------------------------------------

  /** Asks a member that has sent something to this one to wait, since this one is slow. */
  #holdUp(sender: Member): void {
    const { waiting } = this.channel;
    if (waiting > TOO_MUCH) {
      this.#fallBehind();
      return;
    }
    if (!this.#told.has(sender)) {
      this.#told.add(sender);
      sender.#tell(Kind.Busy, this.id);
    }
    if (waiting > VERY_MUCH && !this.#paused.has(sender)) {
      this.#paused.add(sender);
      if (sender.#pauses++ === 0) sender.channel.pause();
    }
  }

  #fallBehind(): void {
    this.leave(CloseCode.Behind, 'Too much waits for the node: it takes less than others send to it.');
  }

  sent(): void {
    if (this.#told.size > 0) this.#letGo(this.channel.waiting);
  }

  /** Lets others send again. @param waiting bytes that wait for this one */
  #letGo(waiting: number): void {
    if (waiting <= VERY_MUCH / 2) {
      for (const sender of this.#paused) if (--sender.#pauses === 0) sender.channel.resume();
      this.#paused.clear();
    }
    if (waiting > MUCH / 2) return;
    for (const sender of this.#told) sender.#tell(Kind.Ready, this.id);
    this.#told.clear();
  }

  #tell(kind: Kind, node: NodeId): void {
    this.channel.begin(kind).varint(node);
    this.channel.end();
  }
}
