import { fail, timeoutFromGuest } from '../../hostcall/conventions.ts';
import { older } from '../../hostcall/function.ts';
import { endpoint } from '../../net/endpoint.ts';
import { Listening } from '../../net/listening.ts';
import { NetStream, receive } from '../../net/net-stream.ts';
import { readShared } from '../../net/socket.ts';
import { errorText } from '../../net/system-error.ts';
import { connectTcp } from '../../net/tcp-connect.ts';
import { type Accepted, TcpListener } from '../../net/tcp-listener.ts';
import {
  connectRefusal,
  listenRefusal,
  mayConnect,
  mayListen,
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
import { TCP_LISTENERS, TCP_STREAMS } from './resources.ts';
import { read } from './stream-operations.ts';
import { oldTimeout, waitWithTimeout } from './timeouts.ts';

networking.define(
  'tcp_bind',
  `(${ADDRESS}, id_u64_ptr: i32) -> i32`,
  { since: '0.5.0', needs: 'listen', blocking: true },
  'Binds a TCP socket and listens on it.',
  ({ scheduler }) =>
    (type: number, address: number, port: number, _flowInfo: number, scopeId: number, idPointer: number) => {
      const process = scheduler.current;
      const at = readEndpoint(process, type, address, port, scopeId);
      process.memory.check(idPointer, 8);
      if (!mayListen(process.config, at.host, at.port))
        return fail(process, idPointer, listenRefusal(`listen on ${endpointText(at)}`));
      const refused = refuseSocket(process, idPointer);
      if (refused !== undefined) return refused;
      return scheduler.waitForEvent(process, (wake) =>
        Listening.open(at, (result) => {
          if (result instanceof Error) {
            wake(fail(process, idPointer, errorText(result)));
            return undefined;
          }
          const listener = new TcpListener(result, process);
          wake(succeed(process, idPointer, process.slot(TCP_LISTENERS).add(listener)));
          return listener;
        }),
      );
    },
);

networking.define(
  'drop_tcp_listener',
  '(tcp_listener_id: i64)',
  { since: '0.5.0' },
  'Closes a TCP listener.',
  ({ scheduler }) =>
    (id: bigint) => {
      scheduler.current.slot(TCP_LISTENERS).remove(id).release();
    },
);

networking.define(
  'tcp_local_addr',
  '(tcp_listener_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.9.0' },
  'Gives the local address of a listener as an iterator of one address.',
  ({ scheduler }) =>
    (id: bigint, idPointer: number) => {
      const { current } = scheduler;
      const listener = current.slot(TCP_LISTENERS).get(id);
      return giveAddress(current, idPointer, () => listener.local);
    },
);

networking.define(
  'tcp_accept',
  '(listener_id: i64, id_u64_ptr: i32, socket_addr_id_ptr: i32) -> i32',
  { since: '0.5.0', blocking: true },
  'Waits for a connection.',
  ({ scheduler }) =>
    (id: bigint, idPointer: number, addressPointer: number) => {
      const process = scheduler.current;
      const listener = process.slot(TCP_LISTENERS).get(id);
      process.memory.check(idPointer, 8);
      process.memory.check(addressPointer, 8);
      const give = (accepted: Accepted): number => {
        if (accepted instanceof Error) {
          process.memory.writeId(addressPointer, 0);
          return fail(process, idPointer, errorText(accepted));
        }
        const { remoteAddress = '0.0.0.0', remotePort = 0 } = accepted;
        const peer = endpoint({ address: remoteAddress, port: remotePort });
        const stream = new NetStream(readShared(accepted, receive), process);
        process.memory.writeId(addressPointer, addIterator(process, [peer]));
        return succeed(process, idPointer, process.slot(TCP_STREAMS).add(stream));
      };
      const accepted = listener.accept();
      if (accepted !== undefined) return give(accepted);
      return scheduler.waitForEvent(process, (wake) => listener.awaitConnection((next) => wake(give(next))));
    },
);

networking.define(
  'tcp_connect',
  `(${ADDRESS}, timeout_duration: i64, id_u64_ptr: i32) -> i32`,
  {
    since: '0.5.0',
    needs: 'connect',
    blocking: true,
    older: [
      older(
        '(i32, i32, i32, i32, i32, i32, i32) -> i32',
        (current) =>
          (
            type: number,
            address: number,
            port: number,
            flowInfo: number,
            scopeId: number,
            timeout: number,
            idPointer: number,
          ) =>
            current(type, address, port, flowInfo, scopeId, oldTimeout(timeout), idPointer),
      ),
    ],
  },
  'Connects to an address.',
  ({ scheduler }) =>
    (
      type: number,
      address: number,
      port: number,
      _flowInfo: number,
      scopeId: number,
      timeout: bigint,
      idPointer: number,
    ) => {
      const process = scheduler.current;
      const to = readEndpoint(process, type, address, port, scopeId);
      process.memory.check(idPointer, 8);
      if (!mayConnect(process.config, to.host, to.port))
        return fail(process, idPointer, connectRefusal(process.config, `connect to ${endpointText(to)}`));
      const refused = refuseSocket(process, idPointer);
      if (refused !== undefined) return refused;
      return waitWithTimeout(scheduler, process, idPointer, timeoutFromGuest(timeout), (wake) =>
        connectTcp(
          [to.host],
          to.port,
          (result) => {
            if (result instanceof Error) wake(fail(process, idPointer, errorText(result)));
            else
              wake(
                succeed(process, idPointer, process.slot(TCP_STREAMS).add(new NetStream(result, process))),
              );
          },
          receive,
        ),
      );
    },
);

networking.define(
  'tcp_peer_addr',
  '(tcp_stream_id: i64, id_u64_ptr: i32) -> i32',
  { since: '0.13', blocking: true },
  "Gives the peer's address as an iterator of one address.",
  ({ scheduler }) =>
    (id: bigint, idPointer: number) => {
      const { current } = scheduler;
      const stream = current.slot(TCP_STREAMS).get(id);
      return giveAddress(current, idPointer, () => stream.peer);
    },
);

networking.define(
  'tcp_peek',
  '(stream_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
  { since: '0.10.1', blocking: true, split: true },
  'Reads without taking the bytes from the stream.',
  ({ scheduler }) =>
    (low: number, high: number, pointer: number, length: number, out: number) => {
      const { current } = scheduler;
      const stream = current.slot(TCP_STREAMS).at(low, high);
      const start = current.memory.check(pointer, length >>> 0);
      current.memory.check(out, 8);
      return read(scheduler, stream, 'peek', start, length >>> 0, out);
    },
);
