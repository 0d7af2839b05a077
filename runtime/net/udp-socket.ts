import { createSocket, type Socket } from 'node:dgram';
import { type Endpoint, endpoint, hostBytes } from './endpoint.ts';
import { systemError } from './system-error.ts';
import { WaitLine } from './wait-line.ts';

/** Weight of datagrams that a socket keeps until they are received. Beyond that they are dropped, as the system does. */
const MAX_QUEUED = 2 ** 18;
/** Bytes that keeping a datagram costs besides its own. */
const DATAGRAM_WEIGHT = 512;
/** The value that systems set. Node cannot ask for it. */
const DEFAULT_TTL = 64;

/** A datagram and its sender. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

/** A datagram, or the system's error about one that was sent before. */
export type Received = Datagram | Error;

/** A look-up that does nothing: hosts are addresses here. */
function known(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, host.includes(':') ? 6 : 4);
}

/** A UDP socket, shared by everybody who has a reference to it. */
export class UdpSocket {
  readonly #socket: Socket;
  readonly #line = new WaitLine<Received>();
  #queue: Received[] = [];
  #weight = 0;
  #references = 1;
  #peer: Endpoint | null = null;
  #broadcast = false;
  #ttl = DEFAULT_TTL;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      this.#arrived({ bytes, from: endpoint(from) });
    });
    socket.on('error', (error) => this.#arrived(error));
  }

  /**
   * Binds a socket.
   * @param done called later with the socket, or with what is wrong with the address
   * @returns a function that gives up
   */
  static open(at: Endpoint, done: (result: UdpSocket | Error) => void): () => void {
    let giveUp = () => {};
    const bound = (result: Socket | Error) => done(result instanceof Error ? result : new UdpSocket(result));
    if (at.port !== 0) return bind(at, bound);
    // A port that the system chose would change each time the socket is disconnected. One that was asked for stays, so
    // a free one is found first and asked for then.
    giveUp = bind(at, (probe) => {
      if (probe instanceof Error) return done(probe);
      const { port } = probe.address();
      probe.close();
      giveUp = bind({ ...at, port }, (result) => {
        // Somebody else has taken it meanwhile.
        if (result instanceof Error) giveUp = bind(at, bound);
        else bound(result);
      });
    });
    return () => giveUp();
  }

  /** The address it is bound to. */
  get local(): Endpoint {
    return endpoint(this.#socket.address());
  }

  /** The address it is connected to. */
  get peer(): Endpoint | null {
    return this.#peer;
  }

  // -- references --------------------------------------------------------------------------------------

  /** Returns the socket, with one more reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /** Gives a reference back. The last one closes the socket. */
  release(): void {
    if (--this.#references > 0) return;
    this.#queue = [];
    this.#socket.close();
  }

  // -- datagrams ---------------------------------------------------------------------------------------

  /**
   * Sets the peer. Datagrams of others that have arrived are dropped.
   * @param done called later, with the error if there was one
   * @throws Error if nobody can be connected to this address
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
   * Sends a datagram.
   * @param bytes must not change any more
   * @param to null for the connected peer
   * @param done called later, with the error if there was one
   * @throws Error if the socket does not take it
   */
  send(bytes: Uint8Array, to: Endpoint | null, done: (error: Error | null) => void): void {
    const peer = this.#peer;
    if (to === null) {
      if (peer === null) throw systemError('EDESTADDRREQ');
      this.#socket.send(bytes, done);
    } else {
      // Node sends to others only from a socket that is not connected. It sends at once, so nothing that arrives
      // meanwhile is lost.
      if (to.port === 0) throw systemError('EINVAL');
      this.#disconnect();
      this.#socket.send(bytes, to.port, to.host, done);
      if (peer !== null) this.connect(peer, () => {});
    }
  }

  /** Takes a datagram that has arrived already. */
  receive(): Received | undefined {
    const received = this.#queue.shift();
    if (received !== undefined) this.#weight -= weightOf(received);
    return received;
  }

  /**
   * Waits for the next datagram.
   * @param take called once, later
   * @returns a function that gives up
   */
  awaitDatagram(take: (received: Received) => void): () => void {
    return this.#line.enter(take);
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
 * @returns a function that gives up
 */
function bind({ version, host, port }: Endpoint, done: (result: Socket | Error) => void): () => void {
  const socket = createSocket({ type: version === 4 ? 'udp4' : 'udp6', lookup: known });
  let wanted = true;
  const close = () => {
    wanted = false;
    socket.removeAllListeners().on('error', () => {});
    socket.close();
  };
  // Since nothing is looked up, Node gives the result within the call.
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
