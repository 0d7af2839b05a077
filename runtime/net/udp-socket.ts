import { createSocket, type Socket } from 'node:dgram';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type Endpoint, endpoint, hostBytes } from './endpoint.ts';
import { systemError } from './system-error.ts';
import { WaitLine } from './wait-line.ts';

/** Weight of datagrams that a socket keeps until they are received. More are dropped, as the system does. */
const MAX_QUEUED = 2 ** 18;
/** What keeping a datagram costs besides its bytes. */
const DATAGRAM_WEIGHT = 512;
/** What systems set. Node cannot ask for it. */
const DEFAULT_TTL = 64;

/** What a socket received. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

/** A datagram, or what the system says became of one that was sent before. */
export type Received = Datagram | Error;

/** Hosts are addresses here: there is nothing to look up. */
function known(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, host.includes(':') ? 6 : 4);
}

/** A UDP socket, shared by all who have a reference to it. */
export class UdpSocket {
  readonly #socket: Socket;
  readonly #line: WaitLine<Received>;
  #queue: Received[] = [];
  #weight = 0;
  #references = 1;
  #peer: Endpoint | null = null;
  #broadcast = false;
  #ttl = DEFAULT_TTL;

  private constructor(scheduler: Scheduler, socket: Socket) {
    this.#socket = socket;
    this.#line = new WaitLine(scheduler);
    socket.on('message', (bytes, from) => {
      this.#arrived({ bytes, from: endpoint(from) });
    });
    socket.on('error', (error) => this.#arrived(error));
  }

  /**
   * Binds a socket.
   * @param done called later with the socket, or with what is wrong with the address
   * @returns gives up
   */
  static open(scheduler: Scheduler, at: Endpoint, done: (result: UdpSocket | Error) => void): () => void {
    let giveUp = () => {};
    const bound = (result: Socket | Error) =>
      done(result instanceof Error ? result : new UdpSocket(scheduler, result));
    if (at.port !== 0) return bind(at, bound);
    // A port that the system has chosen would be another one each time the socket is disconnected. One that was
    // asked for stays, so that a free one is asked for.
    giveUp = bind(at, (probe) => {
      if (probe instanceof Error) return done(probe);
      const { port } = probe.address();
      probe.close();
      giveUp = bind({ ...at, port }, (result) => {
        // Somebody else was faster.
        if (result instanceof Error) giveUp = bind(at, bound);
        else bound(result);
      });
    });
    return () => giveUp();
  }

  /** Where it is bound. */
  get local(): Endpoint {
    return endpoint(this.#socket.address());
  }

  /** Whom it is connected to. */
  get peer(): Endpoint | null {
    return this.#peer;
  }

  // -- references --------------------------------------------------------------------------------------

  /** Another reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /** Gives a reference back; with the last one the socket is closed. */
  release(): void {
    if (--this.#references > 0) return;
    this.#queue = [];
    this.#socket.close();
  }

  // -- datagrams ---------------------------------------------------------------------------------------

  /**
   * Fixes the peer, in place of the one before. Datagrams of others that have arrived are dropped.
   * @param done called later, with what went wrong if anything did
   * @throws Error where the peer cannot be one
   */
  connect(peer: Endpoint, done: (error?: Error) => void): void {
    if (peer.port === 0) throw systemError('EINVAL');
    this.#disconnect();
    this.#peer = peer;
    this.#socket.connect(peer.port, peer.host, (...[error]: [] | [Error]) => {
      if (error !== undefined) this.#peer = null;
      done(error);
    });
    this.#queue = this.#queue.filter((kept) => kept instanceof Error || isSame(kept.from, peer));
    this.#weight = this.#queue.reduce((sum, kept) => sum + weightOf(kept), 0);
  }

  #disconnect(): void {
    if (this.#peer !== null) this.#socket.disconnect();
    this.#peer = null;
  }

  /**
   * Sends a datagram, to the connected peer if to nobody else.
   * @param bytes nobody may change them any more
   * @param done called later, with what went wrong if anything did
   * @throws Error where the socket does not take it
   */
  send(bytes: Uint8Array, to: Endpoint | null, done: (error: Error | null) => void): void {
    const peer = this.#peer;
    if (to === null) {
      if (peer === null) throw systemError('EDESTADDRREQ');
      this.#socket.send(bytes, done);
    } else {
      // Node sends to others only what is not connected. It sends at once, and what comes meanwhile is not lost.
      if (to.port === 0) throw systemError('EINVAL');
      this.#disconnect();
      this.#socket.send(bytes, to.port, to.host, done);
      if (peer !== null) this.connect(peer, () => {});
    }
  }

  /**
   * Gives the current process the next datagram.
   * @param serve takes it and gives the code that the host call returns
   */
  receive(
    process: Process,
    serve: (received: Received) => number,
    timeout = Number.POSITIVE_INFINITY,
    expired?: () => number,
  ): number | Promise<number> {
    const received = this.#queue.shift();
    if (received === undefined) return this.#line.wait(process, serve, timeout, expired);
    this.#weight -= weightOf(received);
    return serve(received);
  }

  #arrived(received: Received): void {
    if (this.#references === 0 || this.#line.give(received)) return;
    if (this.#weight > MAX_QUEUED) return;
    this.#weight += weightOf(received);
    this.#queue.push(received);
  }

  // -- options -----------------------------------------------------------------------------------------

  get broadcast(): boolean {
    return this.#broadcast;
  }

  set broadcast(on: boolean) {
    this.#socket.setBroadcast(on);
    this.#broadcast = on;
  }

  get ttl(): number {
    return this.#ttl;
  }

  set ttl(ttl: number) {
    this.#socket.setTTL(ttl);
    this.#ttl = ttl;
  }
}

function weightOf(received: Received): number {
  return DATAGRAM_WEIGHT + (received instanceof Error ? 0 : received.bytes.length);
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.version === b.version && Buffer.compare(hostBytes(a), hostBytes(b)) === 0;
}

/**
 * Binds a socket of Node's.
 * @param done called later with the socket, or with what is wrong with the address
 * @returns gives up
 */
function bind({ version, host, port }: Endpoint, done: (result: Socket | Error) => void): () => void {
  const socket = createSocket({ type: version === 4 ? 'udp4' : 'udp6', lookup: known });
  let wanted = true;
  const close = () => {
    wanted = false;
    socket.removeAllListeners().on('error', () => {});
    socket.close();
  };
  // Where nothing is looked up Node tells the result within the call.
  const tell = (result: Socket | Error) => {
    process.nextTick(() => {
      if (!wanted) return;
      socket.removeAllListeners();
      if (result instanceof Error) close();
      done(result);
    });
  };
  socket.once('error', tell);
  socket.bind({ address: host, port, exclusive: true }, () => tell(socket));
  return () => {
    if (wanted) close();
  };
}
