import { Namespace } from '../../hostcall/function.ts';
import type { SocketResource } from '../../kernel/message-resources.ts';
import type { ProcessSlot } from '../../kernel/process.ts';
import type { ResourceTable } from '../../kernel/resource-table.ts';
import { hostTrap } from '../../kernel/trap.ts';
import type { DatagramSocket } from '../../net/datagrams.ts';
import type { Stream } from '../../net/stream.ts';
import { TcpListener } from '../../net/tcp-listener.ts';
import { TlsListener } from '../../net/tls-listener.ts';
import { carry, message, resourceAt } from '../message.ts';
import { TCP_LISTENERS, TCP_STREAMS, TLS_LISTENERS, TLS_STREAMS, UDP_SOCKETS } from './resources.ts';

/** Defines how sockets travel in messages (abi 6.4): a reference moves from one process's table to another's. */
function defineMoves<T extends SocketResource['socket']>(
  namespace: Namespace,
  name: string,
  parameter: string,
  kind: SocketResource['kind'],
  slot: ProcessSlot<ResourceTable<T>>,
  isKind: (socket: SocketResource['socket']) => socket is T,
  since: string,
): void {
  namespace.define(
    `push_${name}`,
    `(${parameter}: i64) -> i64`,
    { since },
    `Moves a ${kind} into the message and returns its index there.`,
    ({ scheduler }) =>
      (id: bigint) => {
        const process = scheduler.current;
        const sockets = process.slot(slot);
        const socket = sockets.get(id);
        // Unlike in upstream, a socket that cannot be pushed stays where it was (abi 19, number 23).
        const carrier = scheduler.scratch.data(process);
        const index = carry(scheduler, carrier, { kind, socket, cost: sockets.costOf(socket) });
        sockets.remove(id);
        return index;
      },
  );
  namespace.define(
    `take_${name}`,
    '(index: i64) -> i64',
    { since },
    `Takes a ${kind} out of the message and returns its new id.`,
    ({ scheduler }) =>
      (index: bigint) => {
        const process = scheduler.current;
        const carrier = scheduler.scratch.data(process);
        const { at, resource } = resourceAt(carrier, index);
        if (resource.kind !== kind || !isKind(resource.socket))
          throw hostTrap(`the resource of index ${at} is not a ${kind}`);
        carrier.takeResource(at);
        return BigInt(process.slot(slot).add(resource.socket));
      },
  );
}

const isStream = (socket: SocketResource['socket']): socket is Stream => 'awaitBytes' in socket;
const isTcpListener = (socket: SocketResource['socket']) => socket instanceof TcpListener;
const isTlsListener = (socket: SocketResource['socket']) => socket instanceof TlsListener;
const isUdp = (socket: SocketResource['socket']): socket is DatagramSocket => 'awaitDatagram' in socket;

defineMoves(message, 'tcp_stream', 'stream_id', 'TCP stream', TCP_STREAMS, isStream, '0.6.0');
defineMoves(message, 'tls_stream', 'stream_id', 'TLS stream', TLS_STREAMS, isStream, '0.12.0');
defineMoves(message, 'udp_socket', 'socket_id', 'UDP socket', UDP_SOCKETS, isUdp, '0.9.0');

/**
 * `lunatic::listener`: several processes accept on one listener. Upstream has no such functions: a guest that imports them
 * runs only here.
 */
export const listener = new Namespace('lunatic::listener');

/** Stands for a release of upstream. */
const SINCE = 'not in upstream';

/** Defines a function that makes another reference to a listener. It listens until the last one is dropped. */
function defineClone<T extends { share(): T }>(
  name: string,
  kind: SocketResource['kind'],
  slot: ProcessSlot<ResourceTable<T>>,
): void {
  listener.define(
    name,
    '(listener_id: i64) -> i64',
    { since: SINCE },
    `Makes another reference to a ${kind}. It listens until the last one is dropped.`,
    ({ scheduler }) =>
      (id: bigint) => {
        const listeners = scheduler.current.slot(slot);
        return BigInt(listeners.add(listeners.get(id).share()));
      },
  );
}

defineClone<TcpListener>('clone_tcp_listener', 'TCP listener', TCP_LISTENERS);
defineClone<TlsListener>('clone_tls_listener', 'TLS listener', TLS_LISTENERS);
defineMoves(listener, 'tcp_listener', 'listener_id', 'TCP listener', TCP_LISTENERS, isTcpListener, SINCE);
defineMoves(listener, 'tls_listener', 'listener_id', 'TLS listener', TLS_LISTENERS, isTlsListener, SINCE);
