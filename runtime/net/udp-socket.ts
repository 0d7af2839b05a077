import { createSocket, type Socket } from 'node:dgram';
import { type DatagramHandle, handleOf } from './datagram-handle.ts';
import type { DatagramSettings, DatagramSocket, DatagramState, Received } from './datagrams.ts';
import { type Endpoint, endpoint, hostBytes, type IpVersion } from './endpoint.ts';
import { systemError } from './system-error.ts';
import { WaitLine } from './wait-line.ts';

/** Weight of datagrams that a socket keeps until they are received. Beyond that they are dropped, as the system does. */
const MAX_QUEUED = 2 ** 18;
/** Bytes that keeping a datagram costs besides its own. */
const DATAGRAM_WEIGHT = 512;
/** The value that systems set. Node cannot ask for it. */
const DEFAULT_TTL = 64;

/** A look-up that does nothing: hosts are addresses here. */
function known(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, host.includes(':') ? 6 : 4);
}

/** A UDP socket of this OS process. */
export class UdpSocket implements DatagramSocket {
  readonly #socket: Socket;
  readonly #line = new WaitLine<Received>();
  #queue: Received[] = [];
  #weight = 0;
  #references = 1;
  #peer: Endpoint | null = null;
  #broadcast = false;
  #ttl = DEFAULT_TTL;
  /** Datagrams that the system has not taken yet. */
  #sending = 0;

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

  get local(): Endpoint {
    return endpoint(this.#socket.address());
  }

  // -- references --------------------------------------------------------------------------------------

  share(): this {
    this.#references++;
    return this;
  }

  release(): void {
    if (--this.#references > 0) return;
    this.#queue = [];
    this.#socket.close();
  }

  // -- datagrams ---------------------------------------------------------------------------------------

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

  send(bytes: Uint8Array, to: Endpoint | null, done: (error: Error | null) => void): void {
    const peer = this.#peer;
    const sent = (error: Error | null): void => {
      this.#sending--;
      done(error);
    };
    if (to === null) {
      if (peer === null) throw systemError('EDESTADDRREQ');
      this.#socket.send(bytes, sent);
    } else {
      // Node sends to others only from a socket that is not connected. It sends at once, so nothing that arrives
      // meanwhile is lost.
      if (to.port === 0) throw systemError('EINVAL');
      this.#disconnect();
      this.#socket.send(bytes, to.port, to.host, sent);
      if (peer !== null) this.connect(peer, () => {});
    }
    this.#sending++;
  }

  receive(): Received | undefined {
    const received = this.#queue.shift();
    if (received !== undefined) this.#weight -= weightOf(received);
    return received;
  }

  awaitDatagram(take: (received: Received) => void): () => void {
    return this.#line.enter(take);
  }

  /** Takes back what somebody was given who has gone. */
  giveBack(received: Received): void {
    if (this.#references === 0 || this.#line.give(received)) return;
    this.#weight += weightOf(received);
    this.#queue.unshift(received);
  }

  #arrived(received: Received): void {
    // Between two calls of the system it takes datagrams of others.
    if (this.#peer !== null && !(received instanceof Error) && !isSame(received.from, this.#peer)) return;
    if (this.#references === 0 || this.#line.give(received)) return;
    if (this.#weight > MAX_QUEUED) return;
    this.#weight += weightOf(received);
    this.#queue.push(received);
  }

  // -- options -----------------------------------------------------------------------------------------

  settings({ broadcast, ttl }: Partial<Omit<DatagramSettings, 'peer'>>): DatagramSettings {
    if (broadcast !== undefined) {
      this.#socket.setBroadcast(broadcast);
      this.#broadcast = broadcast;
    }
    if (ttl !== undefined) {
      this.#socket.setTTL(ttl);
      this.#ttl = ttl;
    }
    return { peer: this.#peer, broadcast: this.#broadcast, ttl: this.#ttl };
  }

  // -- moving to another OS process --------------------------------------------------------------------

  /**
   * Stops the socket so that it can go on in another OS process. Nothing is received, and `release` must not be called, before `stay`
   * or `abandon` tells what came of it.
   * @returns undefined if it cannot move: it is shared, or the system has not taken all that was sent
   */
  depart(): { readonly handle: object; readonly state: DatagramState } | undefined {
    const handle = handleOf(this.#socket);
    if (handle === null || this.#references !== 1 || this.#sending > 0 || !this.#line.isEmpty)
      return undefined;
    handle.recvStop();
    return { handle, state: { ...this.settings({}), queue: [...this.#queue] } };
  }

  /** The socket has not moved. It is as it was. */
  stay(): void {
    handleOf(this.#socket)?.recvStart();
  }

  /** The socket goes on elsewhere. */
  abandon(): void {
    this.release();
  }

  /** Makes the socket anew of what `depart` gave in another OS process. */
  static arrive(version: IpVersion, handle: DatagramHandle, state: DatagramState): UdpSocket {
    const socket = createSocket({ type: typeOf(version), lookup: known });
    const made = new UdpSocket(socket);
    // Node takes the handle of a socket here, as it does for those that OS processes send each other.
    socket.bind(handle as never);
    made.#broadcast = state.broadcast;
    made.#ttl = state.ttl;
    for (const received of state.queue) made.#arrived(received);
    // Node must be told of the peer that the system knows.
    if (state.peer !== null) {
      handle.disconnect();
      made.connect(state.peer, () => {});
    }
    return made;
  }
}

function typeOf(version: IpVersion): 'udp4' | 'udp6' {
  return version === 4 ? 'udp4' : 'udp6';
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
  const socket = createSocket({ type: typeOf(version), lookup: known });
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
