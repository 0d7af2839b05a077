import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { ByteReader } from '../../kernel/codec/byte-reader.ts';
import { FormatError } from '../../kernel/codec/format-error.ts';
import { Waiters } from '../../kernel/waiters.ts';
import {
  ClusterError,
  LARGEST_FRAME,
  type NodeId,
  type NodeInfo,
  REQUEST_TIME,
  type Transport,
  type TransportListener,
} from '../transport.ts';
import { Channel, type ChannelReader, eachFrame, MUCH } from './channel.ts';
import type { Credentials } from './module-client.ts';
import { ModuleClient } from './module-client.ts';
import { NameClient } from './name-client.ts';
import { BEAT, Kind, readNode, readNodes } from './wire.ts';

/** Milliseconds in which the hub must be reached again. */
const RECONNECTION_TIME = 1000;
/** Milliseconds between two attempts. */
const RETRY = 50;
/** Milliseconds in which what was sent before must have gone when the node leaves. */
const FAREWELL_TIME = 1000;
/** From here on the codes of a WebSocket are the hub's, and it has given the node up. */
const FIRST_OWN_CODE = 4000;
const NORMAL = 1000;
const LONGEST_VARINT = 8;
const EMPTY = new Uint8Array(0);

/** An open WebSocket, and the connection below it. */
export interface Opened {
  readonly socket: WebSocket;
  readonly stream: Socket;
}

/** Opens a WebSocket to the hub, and says who the node is. @param resumed the number that it had, or 0 */
export type Open = (resumed: number) => Promise<Opened>;

/** A node's connection to the others, over the hub. */
export class HubTransport implements Transport, ChannelReader {
  readonly names: NameClient;
  readonly modules: ModuleClient;
  readonly #channel = new Channel(this);
  readonly #open: Open;
  readonly #listener: TransportListener;
  readonly #nodes = new Map<NodeId, NodeInfo>();
  /** Nodes that much waits for, at the hub. */
  readonly #busy = new Set<NodeId>();
  readonly #waiting = new Waiters();
  readonly #frame = new ByteReader(EMPTY, 'a frame');
  #self: NodeInfo;
  #welcomed: (() => void) | null = null;
  #failed: (error: Error) => void = () => {};
  /** What has come before whoever joins has the transport; null later. */
  #early: Buffer[] | null = [];
  #beats: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** Resolves when the connection is closed after a farewell. */
  #parted: (() => void) | null = null;

  /** @internal Use `joinHub`. */
  constructor(
    name: string,
    attributes: NodeInfo['attributes'],
    credentials: Credentials,
    open: Open,
    listener: TransportListener,
  ) {
    this.#self = { id: 0 as NodeId, name, attributes };
    this.#open = open;
    this.#listener = listener;
    this.names = new NameClient(this.#channel);
    this.modules = new ModuleClient(credentials);
  }

  get self(): NodeInfo {
    return this.#self;
  }

  get nodes(): ReadonlyMap<NodeId, NodeInfo> {
    return this.#nodes;
  }

  // -- connecting --------------------------------------------------------------------------------------

  /** @internal Connects for the first time. @throws ClusterError */
  async start(): Promise<void> {
    const { socket, stream } = await this.#open(0);
    const late = setTimeout(() => this.#lose('The hub has not answered in time.'), REQUEST_TIME);
    await new Promise<void>((done, fail) => {
      this.#welcomed = done;
      this.#failed = fail;
      this.#channel.attach(socket, stream);
    }).finally(() => clearTimeout(late));
    this.#beats = setInterval(() => {
      if (this.#channel.beat()) return;
      this.#lose('The hub has not been heard of for too long.');
    }, BEAT);
    // Whoever waits for the transport has it then.
    setImmediate(() => {
      const early = this.#early ?? [];
      this.#early = null;
      for (const bytes of early) this.#takeOrFail(bytes);
      this.#channel.resume();
    });
  }

  async #reconnect(): Promise<void> {
    this.names.interrupted();
    const until = performance.now() + RECONNECTION_TIME;
    let reason: unknown = null;
    while (!this.#isClosed && performance.now() < until) {
      try {
        const { socket, stream } = await this.#open(this.#self.id);
        if (this.#isClosed) socket.terminate();
        else this.#channel.attach(socket, stream);
        return;
      } catch (error) {
        reason = error;
        await new Promise((done) => setTimeout(done, RETRY));
      }
    }
    this.#lose('The connection to the hub has broken, and it cannot be reached again.', reason);
  }

  closed(code: number, reason: string): void {
    this.#parted?.();
    if (this.#isClosed) return;
    if (this.#welcomed !== null || code >= FIRST_OWN_CODE || code === NORMAL)
      this.#lose(reasonOf(code, reason));
    else void this.#reconnect();
  }

  #lose(reason: string, cause?: unknown): void {
    if (this.#isClosed) return;
    const error = new ClusterError(reason, cause == null ? undefined : { cause });
    this.#end(reason);
    this.#channel.detach();
    if (this.#welcomed === null) this.#listener.lost(error);
    else this.#failed(error);
  }

  #end(reason: string): void {
    this.#isClosed = true;
    clearInterval(this.#beats ?? undefined);
    this.names.close(reason);
    this.#ready(true);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#end('The node has left.');
    if (!this.#channel.isOpen) return;
    this.#channel.begin(Kind.Leave);
    this.#channel.end();
    this.#channel.flush();
    // The hub closes the connection when it has read all.
    await new Promise<void>((done) => {
      this.#parted = done;
      setTimeout(done, FAREWELL_TIME).unref();
    });
    this.#channel.detach();
  }

  // -- sending -----------------------------------------------------------------------------------------

  send(to: NodeId, environment: number, bytes: Uint8Array): void {
    if (bytes.length > LARGEST_FRAME - LONGEST_VARINT - 16)
      throw new ClusterError(
        `A message to another node has at most 64 MiB, and this one has ${bytes.length} bytes.`,
      );
    if (this.#isClosed || !this.#nodes.has(to) || !this.#channel.takesRelayed) return;
    const writer = this.#channel.begin(Kind.Relay);
    writer.u32(to);
    writer.varint(environment);
    writer.raw(bytes);
    this.#channel.end();
  }

  get isFull(): boolean {
    return !this.#isClosed && (this.#busy.size > 0 || this.#channel.waiting > MUCH);
  }

  whenWritable(ready: () => void): () => void {
    const giveUp = this.#waiting.whenWritable(ready);
    if (!this.isFull) setImmediate(() => this.#ready());
    return giveUp;
  }

  sent(): void {
    this.#ready();
  }

  #ready(always = false): void {
    if (!this.isFull || always) this.#waiting.letGo();
  }

  // -- receiving ---------------------------------------------------------------------------------------

  frames(bytes: Buffer): void {
    if (this.#isClosed) return;
    if (this.#early !== null && this.#welcomed === null) {
      this.#early.push(bytes);
      return;
    }
    eachFrame(bytes, (kind, from, end) => {
      this.#frame.begin(bytes, from, end);
      this.#take(kind, this.#frame);
      if (this.#isClosed) return false;
      if (this.#early === null || this.#welcomed !== null) return true;
      // It has just been welcomed: the rest is for the listener.
      if (end < bytes.length) this.#early.push(bytes.subarray(end));
      this.#channel.pause();
      return false;
    });
  }

  #takeOrFail(bytes: Buffer): void {
    try {
      this.frames(bytes);
    } catch (error) {
      this.malformed(error);
    }
  }

  malformed(error: unknown): void {
    this.#lose('What the hub has sent is malformed.', error);
  }

  #take(kind: number, reader: ByteReader): void {
    switch (kind) {
      case Kind.Relay: {
        const from = reader.u32() as NodeId;
        const environment = environmentOf(reader);
        if (environment !== null) this.#received(from, environment, reader.rest());
        break;
      }
      case Kind.Alive:
        break;
      case Kind.Welcome:
        this.#welcome(reader.varint() as NodeId, readNodes(reader));
        break;
      case Kind.Joined:
        this.#joined(readNode(reader));
        break;
      case Kind.Left:
        this.#left(reader.varint() as NodeId);
        break;
      case Kind.Busy:
        this.#busy.add(reader.varint() as NodeId);
        break;
      case Kind.Ready:
        this.#busy.delete(reader.varint() as NodeId);
        this.#ready();
        break;
      case Kind.Answer:
        this.names.answered(reader);
        break;
      default:
        throw new RangeError(`a frame of the kind ${kind}`);
    }
  }

  #received(from: NodeId, environment: number, bytes: Uint8Array): void {
    if (this.#nodes.has(from)) this.#listener.received(from, environment, bytes);
  }

  #welcome(id: NodeId, nodes: readonly NodeInfo[]): void {
    const welcomed = this.#welcomed;
    if (welcomed !== null) {
      this.#welcomed = null;
      this.#self = { ...this.#self, id };
      for (const node of nodes) this.#nodes.set(node.id, node);
      welcomed();
    } else this.#synchronize(id, nodes);
  }

  /** Takes what has happened while there was no connection. */
  #synchronize(id: NodeId, nodes: readonly NodeInfo[]): void {
    if (id !== this.#self.id) throw new RangeError('another number');
    this.#busy.clear();
    const present = new Set(nodes.map((node) => node.id));
    for (const known of [...this.#nodes.keys()]) if (!present.has(known)) this.#left(known);
    for (const node of nodes) this.#joined(node);
    this.#ready();
  }

  #joined(node: NodeInfo): void {
    if (this.#isClosed || this.#nodes.has(node.id)) return;
    this.#nodes.set(node.id, node);
    this.#listener.joined(node);
  }

  #left(id: NodeId): void {
    if (this.#isClosed || !this.#nodes.delete(id)) return;
    this.#listener.left(id);
    if (this.#busy.delete(id)) this.#ready();
  }
}

function reasonOf(code: number, reason: string): string {
  return reason === '' ? `The hub has closed the connection (code ${code}).` : reason;
}

/** Reads what another node has written, and the hub has not read; null if it is malformed, which is no fault of the hub. */
function environmentOf(reader: ByteReader): number | null {
  try {
    return reader.varint();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}
