import type { Socket } from 'node:net';
import { type Endpoint, endpoint } from './endpoint.ts';
import { type Doorkeeper, type ListeningSocket, refuse } from './listening.ts';
import type { Partners } from './partners.ts';
import { PendingSockets } from './pending-sockets.ts';
import { type Sharer, Shares } from './shares.ts';
import type { TlsIdentity } from './tls-identity.ts';
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
  readonly listening: ListeningSocket;
  readonly identity: TlsIdentity;
  /** Null as long as nobody else accepts its connections. */
  partners: Partners | null = null;
  readonly #line = new WaitLine<TlsAccepted>();
  readonly #pending: PendingSockets;
  readonly #owner: Sharer;
  /** Functions that give up the handshakes under way. */
  readonly #handshakes = new Set<() => void>();
  readonly #ready: Exclude<TlsAccepted, Error>[] = [];
  #references = 1;

  /** @param owner the process that listens */
  constructor(listening: ListeningSocket, identity: TlsIdentity, owner: Sharer) {
    this.#pending = new PendingSockets(owner);
    this.#owner = owner;
    this.listening = listening;
    this.identity = identity;
  }

  /** Characters of its certificate and its key. */
  get pemLength(): number {
    return this.identity.pemLength;
  }

  /** The address it listens on. */
  get local(): Endpoint {
    return this.listening.local;
  }

  /** Returns the listener, with one more reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /**
   * Gives a reference back. The last one stops listening and closes connections that nobody has accepted. Partners get those with
   * which it has not begun to shake hands.
   */
  release(): void {
    if (--this.#references > 0) return;
    this.listening.close();
    if (this.partners === null) this.#pending.refuseAll();
    else this.partners.close(this.#pending.takeAll());
    for (const giveUp of this.#handshakes) giveUp();
    for (const { session } of this.#ready.splice(0)) {
      session.socket.destroy();
      shares.giveBack(this.#owner);
    }
  }

  /** Whether somebody waits for a connection with which no handshake has begun. */
  get isWanted(): boolean {
    return !this.#line.isEmpty && this.#handshakes.size === 0;
  }

  /** Takes a connection that nobody waits for, for a partner. */
  spare(): Socket | undefined {
    return this.#line.isEmpty ? this.#pending.take() : undefined;
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
    if (this.isWanted) this.partners?.want();
    return leave;
  }

  onConnection(socket: Socket): void {
    if (this.#references === 0) refuse(socket);
    else if (this.#line.isEmpty && this.partners?.offer(socket)) return;
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
    const { context } = this.identity;
    if (context instanceof HandshakeError) {
      refuse(socket);
      // It must not be called before the caller knows how to give up.
      setImmediate(() => this.#line.give(context));
      return;
    }
    const giveUp = acceptTls(socket, context, (result) => {
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
