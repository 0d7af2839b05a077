import type { SocketResource } from '../../kernel/message-resources.ts';
import type { ProcessSlot } from '../../kernel/process-slot.ts';
import type { ResourceTable } from '../../kernel/resource-table.ts';
import { hostTrap } from '../../kernel/trap.ts';
import { NetStream } from '../../net/net-stream.ts';
import { UdpSocket } from '../../net/udp-socket.ts';
import { data, message, resourceAt } from '../message.ts';
import { TCP_STREAMS, TLS_STREAMS, UDP_SOCKETS } from './resources.ts';

/** Streams and sockets in messages (semantics 6.4): a reference moves from one process's table to another's. */
function defineMoves<T extends SocketResource['socket']>(
  name: string,
  parameter: string,
  kind: SocketResource['kind'],
  slot: ProcessSlot<ResourceTable<T>>,
  isKind: (socket: SocketResource['socket']) => socket is T,
  since: string,
): void {
  message.define(
    `push_${name}`,
    `(${parameter}: i64) -> i64`,
    { since },
    `Moves a ${kind} into the message and returns its index there.`,
    ({ scheduler }) =>
      (id: bigint) => {
        const process = scheduler.current;
        const sockets = process.slot(slot);
        const socket = sockets.get(id);
        // Unlike upstream, what cannot be pushed stays where it was (semantics 19, number 23).
        const carrier = data(process);
        sockets.remove(id);
        return BigInt(carrier.addResource({ kind, socket }));
      },
  );
  message.define(
    `take_${name}`,
    '(index: i64) -> i64',
    { since },
    `Takes a ${kind} out of the message and returns its new id.`,
    ({ scheduler }) =>
      (index: bigint) => {
        const process = scheduler.current;
        const carrier = data(process);
        const { at, resource } = resourceAt(carrier, index);
        if (resource.kind !== kind || !isKind(resource.socket))
          throw hostTrap(`the resource of index ${at} is no ${kind}`);
        carrier.takeResource(at);
        return BigInt(process.slot(slot).add(resource.socket));
      },
  );
}

const isStream = (socket: SocketResource['socket']) => socket instanceof NetStream;
const isUdp = (socket: SocketResource['socket']) => socket instanceof UdpSocket;

defineMoves('tcp_stream', 'stream_id', 'TCP stream', TCP_STREAMS, isStream, '0.6.0');
defineMoves('tls_stream', 'stream_id', 'TLS stream', TLS_STREAMS, isStream, '0.12.0');
defineMoves('udp_socket', 'socket_id', 'UDP socket', UDP_SOCKETS, isUdp, '0.9.0');
