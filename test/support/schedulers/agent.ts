import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import type { SocketResource } from '../../../runtime/kernel/message-resources.ts';
import type { DatagramSocket, Received } from '../../../runtime/net/datagrams.ts';
import { endpoint } from '../../../runtime/net/endpoint.ts';
import { Listening } from '../../../runtime/net/listening.ts';
import { NetStream, receive } from '../../../runtime/net/net-stream.ts';
import { readShared } from '../../../runtime/net/socket.ts';
import type { Outcome, ReadOperation, Stream, StreamOperation } from '../../../runtime/net/stream.ts';
import { type Accepted, TcpListener } from '../../../runtime/net/tcp-listener.ts';
import { TlsIdentity } from '../../../runtime/net/tls-identity.ts';
import { type TlsAccepted, TlsListener } from '../../../runtime/net/tls-listener.ts';
import { UdpSocket } from '../../../runtime/net/udp-socket.ts';
import { HandlePassing, type IpcChannel } from '../../../runtime/schedulers/handle-passing.ts';
import type { SchedulerIndex } from '../../../runtime/schedulers/peers.ts';
import { SocketCrossing } from '../../../runtime/schedulers/sockets.ts';
import { IpcPeers } from './ipc-peers.ts';

const OWNER = { environment: {} };
const HERE = { version: 4, host: '127.0.0.1', port: 0 } as const;
const fixture = (name: string) =>
  readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');

/** What a reader gets: bytes, none at the end, or why it failed. */
export type Got = Uint8Array | string;

/** Has sockets under names in one OS process, and does with them what a test says. Names are the same in all of them. */
export class Agent {
  readonly peers: IpcPeers;
  readonly handles: HandlePassing;
  readonly crossing: SocketCrossing;
  readonly #resources = new Map<string, SocketResource>();
  readonly #files: number[] = [];
  /** What is being read or accepted, by a name. */
  readonly #pending = new Map<string, { readonly result: Promise<unknown>; readonly giveUp: () => void }>();

  constructor(own: SchedulerIndex) {
    this.peers = new IpcPeers(own);
    this.handles = new HandlePassing(own);
    this.crossing = new SocketCrossing(own, this.peers, this.handles);
    this.peers.answer('test/arrive', async (peer, body) => {
      const length = body[0] ?? 0;
      const name = Buffer.from(body.subarray(1, 1 + length)).toString();
      this.#put(name, await this.crossing.arrive(peer, body.subarray(1 + length), OWNER));
      return new Uint8Array(0);
    });
    this.peers.answer('test/drop', (peer, body) => {
      this.crossing.drop(peer, body.slice());
      return new Uint8Array(0);
    });
  }

  connect(peer: SchedulerIndex, channel: IpcChannel): void {
    this.peers.connect(peer, channel as Parameters<IpcPeers['connect']>[1]);
    this.handles.connect(peer, channel);
  }

  ended(peer: SchedulerIndex): void {
    this.peers.disconnect(peer);
    this.crossing.peerEnded(peer);
  }

  #put(name: string, resource: SocketResource): void {
    if (this.#resources.has(name)) throw new Error(`there is a ${name} already`);
    this.#resources.set(name, resource);
  }

  #get(name: string): SocketResource {
    const resource = this.#resources.get(name);
    if (resource === undefined) throw new Error(`there is no ${name} here`);
    return resource;
  }

  #take(name: string): SocketResource {
    const resource = this.#get(name);
    this.#resources.delete(name);
    return resource;
  }

  stream(name: string): Stream {
    return this.#get(name).socket as Stream;
  }

  #udp(name: string): DatagramSocket {
    return this.#get(name).socket as DatagramSocket;
  }

  // -- what crosses ------------------------------------------------------------------------------------

  /** Moves a reference to another scheduler. Resolves when it is there. */
  async send(name: string, peer: SchedulerIndex): Promise<void> {
    const bytes = this.crossing.depart(this.#take(name), peer);
    await this.peers.request(
      peer,
      'test/arrive',
      Buffer.concat([Buffer.from([name.length]), Buffer.from(name), bytes]),
    );
  }

  /** Sends it to a scheduler whose message nobody reads. */
  async sendToNobody(name: string, peer: SchedulerIndex): Promise<void> {
    await this.peers.request(peer, 'test/drop', this.crossing.depart(this.#take(name), peer));
  }

  share(name: string, as: string): void {
    const { kind, cost, socket } = this.#get(name);
    this.#put(as, { kind, cost, socket: (socket as Stream).share() });
  }

  release(name: string): void {
    this.#take(name).socket.release();
  }

  /** Of what class it is here. */
  classOf(name: string): string {
    return this.#get(name).socket.constructor.name;
  }

  counts(): SocketCrossing['counts'] {
    return this.crossing.counts;
  }

  // -- TCP and TLS -------------------------------------------------------------------------------------

  /** Listens. Returns the port. */
  listen(name: string, isTls = false): Promise<number> {
    const identity = isTls ? new TlsIdentity(fixture('server.pem'), fixture('server.key')) : null;
    return new Promise((resolve, reject) => {
      Listening.open(HERE, (result) => {
        if (result instanceof Error) {
          reject(result);
          return undefined;
        }
        const listener =
          identity === null ? new TcpListener(result, OWNER) : new TlsListener(result, identity, OWNER);
        this.#put(name, { kind: isTls ? 'TLS listener' : 'TCP listener', cost: 1, socket: listener });
        resolve(result.local.port);
        return listener;
      });
    });
  }

  /** Accepts a connection under a name. Resolves when there is one. */
  accept(listenerName: string, name: string): Promise<void> {
    const { socket } = this.#get(listenerName);
    const listener = socket as TcpListener | TlsListener;
    const put = (accepted: Accepted | TlsAccepted): void => {
      if (accepted instanceof Error) throw accepted;
      const isTls = 'session' in accepted;
      const stream = isTls
        ? new NetStream(accepted.session.socket, OWNER, accepted.session.transport)
        : new NetStream(readShared(accepted, receive), OWNER);
      this.#put(name, { kind: isTls ? 'TLS stream' : 'TCP stream', cost: 1, socket: stream });
    };
    const accepted = listener.accept();
    if (accepted !== undefined) {
      put(accepted);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      listener.awaitConnection((next: Accepted | TlsAccepted) => {
        put(next);
        resolve();
      });
    });
  }

  /** Reads or peeks once. A `name` lets it be given up. */
  read(streamName: string, size: number, operation: ReadOperation = 'read', name = 'read'): Promise<Got> {
    const stream = this.stream(streamName);
    const memory = { bytes: new Uint8Array(size) };
    const got = (outcome: Outcome): Got =>
      typeof outcome === 'string' ? outcome : memory.bytes.slice(0, outcome);
    const outcome = stream.read(operation, memory, 0, size);
    if (outcome !== undefined) return Promise.resolve(got(outcome));
    const result = new Promise<Got>((resolve) => {
      const reader = {
        operation,
        memory,
        start: 0,
        size,
        isTimed: false,
        waits: (limit: bigint) => {
          if (limit < 0n) return;
          setTimeout(() => {
            stream.leave(reader);
            resolve('late');
          }, Number(limit));
        },
        done: (outcome: Outcome) => resolve(got(outcome)),
      };
      this.#pending.set(name, {
        result: Promise.resolve(),
        giveUp: () => {
          stream.leave(reader);
          resolve('given up');
        },
      });
      stream.awaitBytes(reader);
    });
    return result;
  }

  giveUp(name: string): void {
    this.#pending.get(name)?.giveUp();
  }

  /** Reads so many bytes, or fewer at the end. */
  async readAll(name: string, count: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for (let left = count; left > 0; ) {
      const got = await this.read(name, left);
      if (typeof got === 'string') throw new Error(got);
      if (got.length === 0) break;
      chunks.push(got);
      left -= got.length;
    }
    return Buffer.concat(chunks);
  }

  /** Writes once. Returns how many bytes were written, or why not. */
  write(name: string, bytes: Uint8Array, operation: 'write' | 'flush' = 'write'): Promise<Outcome> {
    const stream = this.stream(name);
    return new Promise((resolve) => {
      const writer = {
        operation,
        taken: -1,
        isTimed: false,
        count: (limit: number) => Math.min(limit, bytes.length),
        copyTo: (target: Uint8Array) => target.set(bytes.subarray(0, target.length)),
        waits: (limit: bigint) => {
          if (limit < 0n) return;
          setTimeout(
            () => stream.withdraw(writer, (taken) => resolve(taken < 0 ? 'late' : taken)),
            Number(limit),
          );
        },
        done: resolve,
      };
      const outcome = stream.write(writer);
      if (outcome !== undefined) resolve(outcome);
      else stream.awaitWrite(writer);
    });
  }

  async writeAll(name: string, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const written = await this.write(name, bytes.subarray(at));
      if (typeof written === 'string') throw new Error(written);
      at += written;
    }
  }

  timeout(name: string, operation: StreamOperation, change: bigint | null = null): Promise<bigint> {
    const stream = this.stream(name);
    const known = stream.timeout(operation, change);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      stream.awaitTimeout(operation, change, resolve);
    });
  }

  peerPort(name: string): number | undefined {
    return this.stream(name).peer?.port;
  }

  // -- UDP ---------------------------------------------------------------------------------------------

  bind(name: string): Promise<number> {
    return new Promise((resolve, reject) => {
      UdpSocket.open(HERE, (socket) => {
        if (socket instanceof Error) return reject(socket);
        this.#put(name, { kind: 'UDP socket', cost: 1, socket });
        resolve(socket.local.port);
      });
    });
  }

  receive(socketName: string, name = 'receive'): Promise<string> {
    const socket = this.#udp(socketName);
    const text = (received: Received) =>
      received instanceof Error ? received.message : Buffer.from(received.bytes).toString();
    const received = socket.receive();
    if (received !== undefined) return Promise.resolve(text(received));
    return new Promise((resolve) => {
      const leave = socket.awaitDatagram((next) => resolve(text(next)));
      this.#pending.set(name, {
        result: Promise.resolve(),
        giveUp: () => {
          leave();
          resolve('given up');
        },
      });
    });
  }

  sendDatagram(name: string, text: string, port: number | null): Promise<string> {
    const to = port === null ? null : endpoint({ address: '127.0.0.1', port });
    return new Promise((resolve) => {
      this.#udp(name).send(Buffer.from(text), to, (error) => resolve(error?.message ?? 'sent'));
    });
  }

  connectDatagrams(name: string, port: number): Promise<string> {
    return new Promise((resolve) => {
      const to = endpoint({ address: '127.0.0.1', port });
      this.#udp(name).connect(to, (error) => resolve(error?.message ?? 'connected'));
    });
  }

  async settings(name: string, change: { broadcast?: boolean; ttl?: number } = {}) {
    return this.#udp(name).settings(change);
  }

  async pid(): Promise<number> {
    return process.pid;
  }

  // -- descriptors -------------------------------------------------------------------------------------

  /** Opens files until the system gives no further descriptor. Returns how many. */
  async useUpDescriptors(): Promise<number> {
    try {
      for (;;) this.#files.push(openSync('/dev/null', 'r'));
    } catch {
      return this.#files.length;
    }
  }

  async freeDescriptors(): Promise<void> {
    for (const file of this.#files.splice(0)) closeSync(file);
  }
}

/** A TLS client that trusts anybody. */
export function tlsClient(port: number) {
  return connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
}

/** What is said to an agent in another OS process. */
export interface Command {
  readonly command: number;
  readonly method: string;
  readonly args: readonly unknown[];
}
