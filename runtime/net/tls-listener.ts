import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { type Doorkeeper, type Listening, MAX_PENDING, refuse } from './listening.ts';
import { acceptTls, HandshakeError, type TlsSession } from './tls-session.ts';
import { WaitLine } from './wait-line.ts';

/** Handshakes under way at the same time, with connections that are done and wait for a process. */
const MAX_HANDSHAKES = 256;
/** Milliseconds that a peer may take for a handshake. */
const HANDSHAKE_TIME = 30_000;

/** A connection, or why there is none. */
export type TlsAccepted = { readonly session: TlsSession; readonly peer: Endpoint } | Error;

/**
 * Takes connections that come in, and shakes hands with many at the same time while at least one process waits: a peer
 * that does not get on with it keeps no other from being accepted.
 */
export class TlsListener implements Doorkeeper {
  readonly #listening: Listening;
  readonly #context: SecureContext | HandshakeError;
  readonly #line: WaitLine<TlsAccepted>;
  readonly #pending = new Set<Socket>();
  /** How to give each of them up. */
  readonly #handshakes = new Set<() => void>();
  readonly #ready: Exclude<TlsAccepted, Error>[] = [];
  #references = 1;

  /** @param context certificate and key, or why they are of no use */
  constructor(scheduler: Scheduler, listening: Listening, context: SecureContext | HandshakeError) {
    this.#listening = listening;
    this.#context = context;
    this.#line = new WaitLine(scheduler);
  }

  /** Where it listens. */
  get local(): Endpoint {
    return this.#listening.local;
  }

  /** Another reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /** Gives a reference back; with the last one it stops listening, and connections that nobody has accepted are closed. */
  release(): void {
    if (--this.#references > 0) return;
    this.#listening.close();
    for (const socket of this.#pending) refuse(socket);
    this.#pending.clear();
    for (const giveUp of this.#handshakes) giveUp();
    for (const { session } of this.#ready) session.socket.destroy();
  }

  /**
   * Gives the current process the next connection.
   * @param serve takes it and gives the code that the host call returns
   */
  accept(process: Process, serve: (accepted: TlsAccepted) => number): number | Promise<number> {
    const ready = this.#ready.shift();
    if (ready !== undefined) return serve(ready);
    return this.#line.wait(process, serve, undefined, undefined, () => this.#shakeHands());
  }

  onConnection(socket: Socket): void {
    if (this.#references === 0 || this.#pending.size >= MAX_PENDING) {
      refuse(socket);
    } else {
      this.#pending.add(socket);
      this.#shakeHands();
    }
  }

  onFailure(error: Error): void {
    this.#line.give(error);
  }

  /** Begins handshakes while somebody waits for one. */
  #shakeHands(): void {
    for (const socket of this.#pending) {
      if (this.#line.isEmpty || this.#handshakes.size + this.#ready.length >= MAX_HANDSHAKES) return;
      this.#pending.delete(socket);
      this.#begin(socket);
    }
  }

  #begin(socket: Socket): void {
    const { remoteAddress = '0.0.0.0', remotePort = 0 } = socket;
    const peer = endpoint({ address: remoteAddress, port: remotePort });
    if (this.#context instanceof HandshakeError) {
      const failure = this.#context;
      refuse(socket);
      // Not within the call of the process that waits.
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
      this.#handshakes.delete(abandon);
    };
    const abandon = (): void => {
      leave();
      giveUp();
    };
    this.#handshakes.add(abandon);
  }

  #settle(result: TlsAccepted): void {
    // A failure that nobody waits for is nobody's.
    if (!this.#line.give(result) && !(result instanceof Error)) this.#ready.push(result);
    this.#shakeHands();
  }
}
