import { timeoutFromGuest } from '../../hostcall/conventions.ts';
import { type HostImplementation, older } from '../../hostcall/function.ts';
import { afterPieces } from '../../hostcall/pieces.ts';
import type { ProcessSlot } from '../../kernel/process.ts';
import type { ResourceTable } from '../../kernel/resource-table.ts';
import type { Stream, StreamOperation } from '../../net/stream.ts';
import { checkVectors, VECTOR } from './guest-buffers.ts';
import { networking } from './namespace.ts';
import { TCP_STREAMS, TLS_STREAMS } from './resources.ts';
import { flush, getTimeout, read, setTimeout, write } from './stream-operations.ts';
import { oldTimeout } from './timeouts.ts';

/** Defines the functions that TCP and TLS streams have in common (abi 8.2, 8.3). */
function defineStream(
  kind: 'tcp' | 'tls',
  slot: ProcessSlot<ResourceTable<Stream>>,
  since: string,
  sinceTimeouts: string,
  timeouts: readonly (readonly [name: string, operation: StreamOperation])[],
): void {
  const what = kind.toUpperCase();

  networking.define(
    `drop_${kind}_stream`,
    `(${kind}_stream_id: i64)`,
    { since },
    `Releases a reference to a ${what} stream.`,
    ({ scheduler }) =>
      (id: bigint) => {
        scheduler.current.slot(slot).remove(id).release();
      },
  );

  networking.define(
    `clone_${kind}_stream`,
    `(${kind}_stream_id: i64) -> i64`,
    { since },
    `Makes another reference to a ${what} stream.`,
    ({ scheduler }) =>
      (id: bigint) => {
        const streams = scheduler.current.slot(slot);
        return BigInt(streams.add(streams.get(id).share()));
      },
  );

  // Up to 0.9, reads and writes had a timeout of their own. There was no TLS then.
  const withTimeout = (current: HostImplementation) => {
    return (low: number, high: number, pointer: number, length: number, timeout: number, out: number) =>
      current(low, high, pointer, length, out, timeoutFromGuest(oldTimeout(timeout)));
  };
  const olderOfFive = kind === 'tcp' ? [older('(i64, i32, i32, i32, i32) -> i32', withTimeout)] : [];

  networking.define(
    `${kind}_write_vectored`,
    '(stream_id: i64, ciovec_array_ptr: i32, ciovec_array_len: i32, opaque_ptr: i32) -> i32',
    { since, blocking: true, split: true, older: olderOfFive },
    'Writes several buffers at once.',
    ({ scheduler }) =>
      (low: number, high: number, vectors: number, count: number, out: number, timeout?: number) => {
        const { current } = scheduler;
        return afterPieces(checkVectors(scheduler, vectors, count), (empty) => {
          const stream = current.slot(slot).at(low, high);
          current.memory.check(out, 8);
          return write(
            scheduler,
            stream,
            (vectors >>> 0) + VECTOR * empty,
            (count >>> 0) - empty,
            out,
            timeout,
          );
        });
      },
  );

  networking.define(
    `${kind}_read`,
    '(stream_id: i64, buffer_ptr: i32, buffer_len: i32, opaque_ptr: i32) -> i32',
    { since, blocking: true, split: true, older: olderOfFive },
    'Reads the bytes that have arrived, at least one unless the peer has closed.',
    ({ scheduler }) =>
      (low: number, high: number, pointer: number, length: number, out: number, timeout?: number) => {
        const { current } = scheduler;
        const stream = current.slot(slot).at(low, high);
        const start = current.memory.check(pointer, length >>> 0);
        current.memory.check(out, 8);
        return read(scheduler, stream, 'read', start, length >>> 0, out, timeout);
      },
  );

  networking.define(
    `${kind}_flush`,
    '(stream_id: i64, error_id_ptr: i32) -> i32',
    { since, blocking: true, split: true },
    'Waits until all written bytes are handed to the system.',
    ({ scheduler }) =>
      (low: number, high: number, out: number) => {
        const { current } = scheduler;
        const stream = current.slot(slot).at(low, high);
        current.memory.check(out, 8);
        return flush(scheduler, stream, out);
      },
  );

  for (const [name, operation] of timeouts) {
    networking.define(
      `set_${name}_timeout`,
      '(stream_id: i64, duration: i64)',
      { since: sinceTimeouts, blocking: true },
      `Sets how long ${operation}s wait, in milliseconds.`,
      ({ scheduler }) =>
        (id: bigint, timeout: bigint) =>
          setTimeout(scheduler, scheduler.current.slot(slot).get(id), operation, timeout),
    );
    networking.define(
      `get_${name}_timeout`,
      '(stream_id: i64) -> i64',
      { since: sinceTimeouts, blocking: true },
      `Returns how long ${operation}s wait, in milliseconds.`,
      ({ scheduler }) =>
        (id: bigint) =>
          getTimeout(scheduler, scheduler.current.slot(slot).get(id), operation),
    );
  }
}

defineStream('tcp', TCP_STREAMS, '0.5.0', '0.10.1', [
  ['read', 'read'],
  ['write', 'write'],
  ['peek', 'peek'],
]);
defineStream('tls', TLS_STREAMS, '0.12.0', '0.12.0', [
  ['tls_read', 'read'],
  ['tls_write', 'write'],
]);
