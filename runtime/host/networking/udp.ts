import { fail, timeoutFromGuest } from '../../hostcall/conventions.ts';
import { older } from '../../hostcall/function.ts';
import type { Process } from '../../kernel/process.ts';
import type { Scheduler } from '../../kernel/scheduler.ts';
import { hostTrap, KILLED } from '../../kernel/trap.ts';
import type { DatagramSettings, DatagramSocket, Received } from '../../net/datagrams.ts';
import type { Endpoint } from '../../net/endpoint.ts';
import { errorText, systemError } from '../../net/system-error.ts';
import { UdpSocket } from '../../net/udp-socket.ts';
import {
  connectRefusal,
  listenRefusal,
  mayBindDatagrams,
  mayConnect,
} from '../../permissions/network-permission.ts';
import {
  ADDRESS,
  addIterator,
  endpointText,
  giveAddress,
  readEndpoint,
  refuseSocket,
  succeed,
} from './addresses.ts';
import { networking } from './namespace.ts';
import { UDP_SOCKETS } from './resources.ts';
import { oldTimeout, waitWithTimeout } from './timeouts.ts';

/** Bytes of the largest datagram that fits into a packet. */
const MAX_DATAGRAM = 65_527;

networking.define(
  'udp_bind',
  `(${ADDRESS}, id_u64_ptr: i32) -> i32`,
  { since: '0.9.0', needs: 'datagrams', blocking: true },
  'Binds a UDP socket.',
  ({ scheduler }) =>
    (type: number, address: number, port: number, _flowInfo: number, scopeId: number, idPointer: number) => {
      const process = scheduler.current;
      const at = readEndpoint(process, type, address, port, scopeId);
      process.memory.check(idPointer, 8);
      if (!mayBindDatagrams(process.config, at.host, at.port))
        return fail(process, idPointer, listenRefusal(`bind ${endpointText(at)}`));
      const refused = refuseSocket(process, idPointer);
      if (refused !== undefined) return refused;
      return scheduler.waitForEvent(process, (wake) =>
        UdpSocket.open(at, (result) => {
          if (result instanceof Error) wake(fail(process, idPointer, errorText(result)));
          else wake(succeed(process, idPointer, process.slot(UDP_SOCKETS).add(result)));
        }),
      );
    },
);

networking.define(
  'udp_local_addr',
  '(udp_socket_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.9.0' },
  'Gives the local address of a socket as an iterator of one address.',
  ({ scheduler }) =>
    (id: bigint, idPointer: number) => {
      const { current } = scheduler;
      const socket = current.slot(UDP_SOCKETS).get(id);
      return giveAddress(current, idPointer, () => socket.local);
    },
);

networking.define(
  'udp_peer_addr',
  '(udp_socket_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.13', suspends: true },
  'Gives the address that a socket is connected to as an iterator of one address.',
  ({ scheduler }) =>
    (id: bigint, idPointer: number) => {
      const { current } = scheduler;
      const socket = current.slot(UDP_SOCKETS).get(id);
      // A socket without a peer fails.
      return withSettings(scheduler, socket, {}, ({ peer }) =>
        giveAddress(current, idPointer, () => peer ?? undefined),
      );
    },
);

networking.define(
  'drop_udp_socket',
  '(udp_socket_id: i64)',
  { since: '0.9.0' },
  'Releases a reference to a UDP socket.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.slot(UDP_SOCKETS).remove(id).release();
    },
);

networking.define(
  'clone_udp_socket',
  '(udp_socket_id: i64) -> i64',
  { since: '0.9.0' },
  'Makes another reference to a UDP socket.',
  ({ scheduler }) =>
    (id: bigint) => {
      const sockets = scheduler.current.slot(UDP_SOCKETS);
      return BigInt(sockets.add(sockets.get(id).share()));
    },
);

// -- receiving -----------------------------------------------------------------------------------------

/**
 * Receives a datagram for the current process.
 * @param addressPointer the address for the id of an iterator over the sender's address, or null
 */
function receive(
  scheduler: Scheduler,
  id: bigint,
  pointer: number,
  length: number,
  out: number,
  addressPointer: number | null,
  timeout = Number.POSITIVE_INFINITY,
): number | Promise<number> {
  const process = scheduler.current;
  const { memory } = process;
  const size = length >>> 0;
  const start = memory.check(pointer, size);
  const socket = process.slot(UDP_SOCKETS).get(id);
  memory.check(out, 8);
  if (addressPointer !== null) memory.check(addressPointer, 8);
  const give = (received: Received): number => {
    if (received instanceof Error) return fail(process, out, errorText(received));
    const bytes = received.bytes.subarray(0, size);
    process.memory.write(start, bytes);
    if (addressPointer !== null)
      process.memory.writeId(addressPointer, addIterator(process, [received.from]));
    return succeed(process, out, bytes.length);
  };
  const received = socket.receive();
  if (received !== undefined) return give(received);
  return waitWithTimeout(scheduler, process, out, timeout, (wake) =>
    socket.awaitDatagram((next) => wake(give(next))),
  );
}

networking.define(
  'udp_receive',
  '(socket_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
  {
    since: '0.9.0',
    blocking: true,
    older: [
      older(
        '(i64, i32, i32, i32, i32) -> i32',
        (current) => (id: bigint, pointer: number, length: number, timeout: number, out: number) =>
          current(id, pointer, length, out, timeoutFromGuest(oldTimeout(timeout))),
      ),
    ],
  },
  'Waits for a datagram.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number, out: number, timeout?: number) =>
      receive(scheduler, id, pointer, length, out, null, timeout),
);

networking.define(
  'udp_receive_from',
  '(socket_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32, dns_iter_ptr: i32) -> i32',
  {
    since: '0.9.0',
    blocking: true,
    older: [
      older(
        '(i64, i32, i32, i32, i32, i32) -> i32',
        (current) =>
          (id: bigint, pointer: number, length: number, timeout: number, out: number, from: number) =>
            current(id, pointer, length, out, from, timeoutFromGuest(oldTimeout(timeout))),
      ),
    ],
  },
  'Waits for a datagram and gives its sender as an iterator of one address.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number, out: number, from: number, timeout?: number) =>
      receive(scheduler, id, pointer, length, out, from, timeout),
);

// -- sending -------------------------------------------------------------------------------------------

networking.define(
  'udp_connect',
  `(udp_socket_id: i64, ${ADDRESS}, timeout_duration: i64, id_u64_ptr: i32) -> i32`,
  {
    since: '0.9.0',
    needs: 'connect',
    blocking: true,
    // The timeout does not matter: no packet is sent.
    older: [older('(i64, i32, i32, i32, i32, i32, i32, i32) -> i32')],
  },
  'Sets the peer of a socket.',
  ({ scheduler }) =>
    (
      id: bigint,
      type: number,
      address: number,
      port: number,
      _flowInfo: number,
      scopeId: number,
      _timeout: bigint,
      idPointer: number,
    ) => {
      const process = scheduler.current;
      const peer = readEndpoint(process, type, address, port, scopeId);
      const socket = process.slot(UDP_SOCKETS).get(id);
      process.memory.check(idPointer, 8);
      if (!mayConnect(process.config, peer.host, peer.port))
        return fail(process, idPointer, connectRefusal(process.config, `connect to ${endpointText(peer)}`));
      return transfer(scheduler, process, idPointer, 0, (done) => socket.connect(peer, done));
    },
);

/** Waits until something has been handed to the system, and stores a count or an error. */
function transfer(
  scheduler: Scheduler,
  process: Process,
  out: number,
  count: number,
  begin: (done: (error?: Error | null) => void) => void,
): Promise<number> {
  return scheduler.waitForEvent(process, (wake) => {
    let wanted = true;
    const done = (error?: Error | null): void => {
      if (!wanted) return;
      if (error) wake(fail(process, out, errorText(error)));
      else wake(succeed(process, out, count));
    };
    try {
      begin(done);
    } catch (error) {
      setImmediate(done, error as Error);
    }
    return () => {
      wanted = false;
    };
  });
}

function send(
  scheduler: Scheduler,
  id: bigint,
  pointer: number,
  length: number,
  to: Endpoint | null,
  out: number,
): number | Promise<number> {
  const process = scheduler.current;
  const size = length >>> 0;
  const bytes = process.memory.slice(pointer, size);
  const socket = process.slot(UDP_SOCKETS).get(id);
  process.memory.check(out, 8);
  if (to !== null && !mayConnect(process.config, to.host, to.port))
    return fail(process, out, connectRefusal(process.config, `send to ${endpointText(to)}`));
  if (size > MAX_DATAGRAM) return fail(process, out, errorText(systemError('EMSGSIZE')));
  scheduler.work.chargeBytes(size);
  // The guest may change its memory while the system still reads.
  const copy = Buffer.from(bytes);
  return transfer(scheduler, process, out, size, (done) => socket.send(copy, to, done));
}

networking.define(
  'udp_send',
  '(socket_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
  {
    since: '0.9.0',
    blocking: true,
    older: [
      older(
        '(i64, i32, i32, i32, i32) -> i32',
        (current) => (id: bigint, pointer: number, length: number, _timeout: number, out: number) =>
          current(id, pointer, length, out),
      ),
    ],
  },
  'Sends a datagram to the connected peer.',
  ({ scheduler }) =>
    (id: bigint, pointer: number, length: number, out: number) =>
      send(scheduler, id, pointer, length, null, out),
);

networking.define(
  'udp_send_to',
  `(socket_id: i64, buffer_ptr: i32, buffer_len: i32, ${ADDRESS}, opaque_ptr: i32) -> i32`,
  {
    since: '0.9.0',
    needs: 'connect',
    blocking: true,
    older: [
      older(
        '(i64, i32, i32, i32, i32, i32, i32, i32, i32, i32) -> i32',
        (current) =>
          (
            id: bigint,
            pointer: number,
            length: number,
            type: number,
            address: number,
            port: number,
            flowInfo: number,
            scopeId: number,
            _timeout: number,
            out: number,
          ) =>
            current(id, pointer, length, type, address, port, flowInfo, scopeId, out),
      ),
    ],
  },
  'Sends a datagram to an address.',
  ({ scheduler }) =>
    (
      id: bigint,
      pointer: number,
      length: number,
      type: number,
      address: number,
      port: number,
      _flowInfo: number,
      scopeId: number,
      out: number,
    ) => {
      const to = readEndpoint(scheduler.current, type, address, port, scopeId);
      return send(scheduler, id, pointer, length, to, out);
    },
);

// -- options -------------------------------------------------------------------------------------------

/** Changes settings of a socket, and uses them. Traps if the system refuses a change. */
function withSettings<T>(
  scheduler: Scheduler,
  socket: DatagramSocket,
  change: Parameters<DatagramSocket['settings']>[0],
  use: (settings: DatagramSettings) => T,
): T | Promise<T> {
  let settings: DatagramSettings | Promise<DatagramSettings> | Error;
  try {
    settings = socket.settings(change);
  } catch (error) {
    throw hostTrap(errorText(error));
  }
  if (!(settings instanceof Promise)) return use(settings);
  const answered = scheduler.waitForAnswer(scheduler.current, settings);
  return answered.then(use, (error: unknown) => {
    throw error === KILLED ? error : hostTrap(errorText(error as Error));
  });
}

networking.define(
  'set_udp_socket_broadcast',
  '(udp_socket_id: i64, broadcast: i32)',
  { since: '0.9.0', suspends: true },
  'Allows or forbids broadcasts.',
  ({ scheduler }) =>
    (id: bigint, broadcast: number) => {
      const socket = scheduler.current.slot(UDP_SOCKETS).get(id);
      return withSettings(scheduler, socket, { broadcast: broadcast !== 0 }, () => {});
    },
);

networking.define(
  'get_udp_socket_broadcast',
  '(udp_socket_id: i64) -> i32',
  { since: '0.9.0', suspends: true },
  'Returns whether broadcasts are allowed.',
  ({ scheduler }) =>
    (id: bigint) => {
      const socket = scheduler.current.slot(UDP_SOCKETS).get(id);
      return withSettings(scheduler, socket, {}, ({ broadcast }) => Number(broadcast));
    },
);

networking.define(
  'set_udp_socket_ttl',
  '(udp_socket_id: i64, ttl: i32)',
  { since: '0.9.0', suspends: true },
  'Sets the time to live of datagrams.',
  ({ scheduler }) =>
    (id: bigint, ttl: number) => {
      const socket = scheduler.current.slot(UDP_SOCKETS).get(id);
      return withSettings(scheduler, socket, { ttl: ttl >>> 0 }, () => {});
    },
);

networking.define(
  'get_udp_socket_ttl',
  '(udp_socket_id: i64) -> i32',
  { since: '0.9.0', suspends: true },
  'Returns the time to live of datagrams.',
  ({ scheduler }) =>
    (id: bigint) => {
      const socket = scheduler.current.slot(UDP_SOCKETS).get(id);
      return withSettings(scheduler, socket, {}, ({ ttl }) => ttl);
    },
);
