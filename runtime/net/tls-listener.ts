import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { type Endpoint, endpoint } from './endpoint.ts';
import { type Doorkeeper, type Listening, refuse } from './listening.ts';
import { PendingSockets } from './pending-sockets.ts';
import { type Sharer, Shares } from './shares.ts';
import { acceptTls, HandshakeError, type TlsSession } from './tls-session.ts';
import { WaitLine } from './wait-line.ts';

/** Handshakes under way at the same time, together with connections whose handshake is done and that wait. */
const MAX_HANDSHAKES = 256;
/** The same at all listeners together, and those that each listener may have even then. Each takes 100 KiB. */
const MOST_HANDSHAKES = 2048;
const LEAST_HANDSHAKES = 4;

/** The handshakes and the connections that wait, at all listeners. */
const shares = new Shares(MOST_HANDSHAKES);
/** Milliseconds that a peer may take for a handshake. */
const HANDSHAKE_TIME = 30_000;

/** A connection, or why there is none. */
export type TlsAccepted = { readonly session: TlsSession; readonly peer: Endpoint } | Error;

/**
 * Takes connections that come in, and shakes hands with many at the same time while at least one caller waits: a peer
 * that is slow with its handshake does not delay the others.
 */
export class TlsListener implements Doorkeeper {
  readonly #listening: Listening;
  readonly #context: SecureContext | HandshakeError;
  readonly #line = new WaitLine<TlsAccepted>();
  readonly #pending: PendingSockets;
  readonly #owner: Sharer;
  /** Functions that give up the handshakes under way. */
  readonly #handshakes = new Set<() => void>();
  readonly #ready: Exclude<TlsAccepted, Error>[] = [];
  #references = 1;

  /** Characters of its certificate and its key. */
  readonly pemLength: number;

  /**
   * @param context certificate and key, or why they cannot be used
   * @param pemLength characters of the texts of which it was made
   * @param owner the process that listens
   */
  constructor(
    listening: Listening,
    context: SecureContext | HandshakeError,
    pemLength: number,
    owner: Sharer,
  ) {
    this.#pending = new PendingSockets(owner);
    this.#owner = owner;
    this.pemLength = pemLength;
    this.#listening = listening;
    this.#context = context;
  }

  /** The address it listens on. */
  get local(): Endpoint {
    return this.#listening.local;
  }

  /** Returns the listener, with one more reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /** Gives a reference back. The last one stops listening and closes connections that nobody has accepted. */
  release(): void {
    if (--this.#references > 0) return;
    this.#listening.close();
    this.#pending.refuseAll();
    for (const giveUp of this.#handshakes) giveUp();
    for (const { session } of this.#ready.splice(0)) {
      session.socket.destroy();
      shares.giveBack(this.#owner);
    }
  }

  /** Takes a connection whose handshake is done already. */
  accept(): TlsAccepted | undefined {
    const accepted = this.#ready.shift();
    if (accepted !== undefined) shares.giveBack(this.#owner);
    return accepted;
  }

  /**
   * Waits for the next connection.
   * @param take called once, later
   * @returns a function that gives up
   */
  awaitConnection(take: (accepted: TlsAccepted) => void): () => void {
    const leave = this.#line.enter(take);
    this.#shakeHands();
    return leave;
  }

  onConnection(socket: Socket): void {
    if (this.#references === 0) refuse(socket);
    else if (this.#pending.add(socket)) this.#shakeHands();
  }

  onFailure(error: Error): void {
    this.#line.give(error);
  }

  /** Begins handshakes while somebody waits for one. */
  #shakeHands(): void {
    while (!this.#line.isEmpty && this.#mayBegin) {
      const socket = this.#pending.take();
      if (socket === undefined) return;
      this.#begin(socket);
    }
  }

  get #mayBegin(): boolean {
    const own = this.#handshakes.size + this.#ready.length;
    return own < MAX_HANDSHAKES && (own < LEAST_HANDSHAKES || shares.hasRoom(this.#owner));
  }

  #begin(socket: Socket): void {
    const { remoteAddress = '0.0.0.0', remotePort = 0 } = socket;
    const peer = endpoint({ address: remoteAddress, port: remotePort });
    if (this.#context instanceof HandshakeError) {
      const failure = this.#context;
      refuse(socket);
      // It must not be called before the caller knows how to give up.
      setImmediate(() => this.#line.give(failure));
      return;
    }
    const giveUp = acceptTls(socket, this.#context, (result) => {
      leave();
      this.#settle(result instanceof Error ? result : { session: result, peer });
    });
    const late = setTimeout(() => {
      leave();
      giveUp();
      this.#settle(new HandshakeError('TLS handshake failed: the peer took too long'));
    }, HANDSHAKE_TIME).unref();
    const leave = (): void => {
      clearTimeout(late);
      if (this.#handshakes.delete(abandon)) shares.giveBack(this.#owner);
    };
    const abandon = (): void => {
      leave();
      giveUp();
    };
    this.#handshakes.add(abandon);
    shares.take(this.#owner);
  }

  #settle(result: TlsAccepted): void {
    // A failure that nobody waits for is dropped.
    if (!this.#line.give(result) && !(result instanceof Error)) {
      this.#ready.push(result);
      shares.take(this.#owner);
    }
    this.#shakeHands();
  }
}
