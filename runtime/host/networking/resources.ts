import { resourceSlot } from '../../kernel/slot.ts';
import type { DatagramSocket } from '../../net/datagrams.ts';
import type { Endpoint } from '../../net/endpoint.ts';
import { LEAST_PENDING, PENDING_COST } from '../../net/pending-sockets.ts';
import type { Stream } from '../../net/stream.ts';
import type { TcpListener } from '../../net/tcp-listener.ts';
import type { TlsListener } from '../../net/tls-listener.ts';

/** The addresses that somebody has got for a name. */
export interface AddressIterator {
  /** How many there were. */
  readonly count: number;
  /** Those that `resolve_next` has not returned yet, the next one last. */
  readonly rest: Endpoint[];
}

/** A resource that processes share. Each entry in their tables is one reference. */
interface Shared {
  release(): void;
}

/** What sockets take, with what they hold that nobody reads, or that the peer has not taken. */
const LISTENER_COST = 4096 + LEAST_PENDING * PENDING_COST;
const STREAM_COST = 48 * 1024;
const DATAGRAMS_COST = 320 * 1024;
/** A session of TLS besides, and a character of its certificates and keys when they have been read. */
const SESSION_COST = 96 * 1024;
const PEM_COST = 8;
/** An iterator and its first address, and each further address. Whoever answers for a name decides how many it has. */
const ITERATOR_COST = 512;
const ADDRESS_COST = 192;

/** What a TLS stream takes, also while it is made. @param pemLength characters of the certificates to trust */
export function sessionCost(pemLength: number): number {
  return STREAM_COST + SESSION_COST + PEM_COST * pemLength;
}

const release = (shared: Shared): void => shared.release();

export const ADDRESS_ITERATORS = resourceSlot<AddressIterator>(
  'DNS iterator',
  undefined,
  ({ count }) => ITERATOR_COST + ADDRESS_COST * (count - 1),
);
export const TCP_LISTENERS = resourceSlot<TcpListener>('TCP listener', release, () => LISTENER_COST);
export const TCP_STREAMS = resourceSlot<Stream>('TCP stream', release, () => STREAM_COST);
export const TLS_LISTENERS = resourceSlot<TlsListener>(
  'TLS listener',
  release,
  ({ pemLength }) => LISTENER_COST + PEM_COST * pemLength,
);
export const TLS_STREAMS = resourceSlot<Stream>('TLS stream', release, ({ pemLength }) =>
  sessionCost(pemLength),
);
export const UDP_SOCKETS = resourceSlot<DatagramSocket>('UDP socket', release, () => DATAGRAMS_COST);
