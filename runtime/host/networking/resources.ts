import { resourceSlot } from '../../kernel/slot.ts';
import type { Endpoint } from '../../net/endpoint.ts';
import type { NetStream } from '../../net/net-stream.ts';
import type { TcpListener } from '../../net/tcp-listener.ts';
import type { TlsListener } from '../../net/tls-listener.ts';
import type { UdpSocket } from '../../net/udp-socket.ts';

/** Addresses that `resolve_next` has not returned yet, the next one last. */
export type AddressIterator = Endpoint[];

/** A resource that processes share. Each entry in their tables is one reference. */
interface Shared {
  release(): void;
}

const release = (shared: Shared): void => shared.release();

export const ADDRESS_ITERATORS = resourceSlot<AddressIterator>('DNS iterator');
export const TCP_LISTENERS = resourceSlot<TcpListener>('TCP listener', release);
export const TCP_STREAMS = resourceSlot<NetStream>('TCP stream', release);
export const TLS_LISTENERS = resourceSlot<TlsListener>('TLS listener', release);
export const TLS_STREAMS = resourceSlot<NetStream>('TLS stream', release);
export const UDP_SOCKETS = resourceSlot<UdpSocket>('UDP socket', release);
