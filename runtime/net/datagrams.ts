import type { Endpoint } from './endpoint.ts';

/** A datagram and its sender. */
export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
}

/** A datagram, or the system's error about one that was sent before. */
export type Received = Datagram | Error;

/** What is set of a UDP socket. */
export interface DatagramSettings {
  /** The address it is connected to. */
  readonly peer: Endpoint | null;
  readonly broadcast: boolean;
  /** Time to live of datagrams. */
  readonly ttl: number;
}

/**
 * A UDP socket, shared by everybody who has a reference to it. It is in this OS process (`UdpSocket`) or in another one, which
 * is asked then.
 */
export interface DatagramSocket {
  /** The address it is bound to. */
  readonly local: Endpoint;

  /** Returns the socket, with one more reference to it. */
  share(): this;
  /** Gives a reference back. The last one closes the socket. */
  release(): void;

  /**
   * Sets the peer. Datagrams of others that have arrived are dropped.
   * @param done called later, with the error if there was one
   * @throws Error if nobody can be connected to this address
   */
  connect(peer: Endpoint, done: (error?: Error) => void): void;
  /**
   * Sends a datagram.
   * @param bytes must not change any more
   * @param to null for the connected peer
   * @param done called later, with the error if there was one
   * @throws Error if the socket does not take it
   */
  send(bytes: Uint8Array, to: Endpoint | null, done: (error: Error | null) => void): void;
  /** Takes a datagram of which it is known that it has arrived. */
  receive(): Received | undefined;
  /**
   * Waits for the next datagram.
   * @param take called once, later
   * @returns a function that gives up
   */
  awaitDatagram(take: (received: Received) => void): () => void;
  /**
   * Changes settings, and returns them all.
   * @throws Error if the system refuses a change; or the promise fails
   */
  settings(change: Partial<Omit<DatagramSettings, 'peer'>>): DatagramSettings | Promise<DatagramSettings>;
}

/** What a UDP socket is on its way from one OS process to another, besides its handle. */
export interface DatagramState extends DatagramSettings {
  /** What has arrived and nobody has received. */
  readonly queue: readonly Received[];
}
